// Finds every one of many patterns in a text in one pass (Aho and Corasick). The automaton is a handful of typed arrays: edges in one open hash
// table, since the Chinese alphabet is too wide for a row a state; a scan allocates nothing but room for what it finds, once.

/** Every occurrence in a text, also those within another: three numbers each, `start`, `end` (exclusive) and pattern, in the order of their ends. */
export interface Matches {
  readonly count: number
  /** Belongs to the automaton: read it before the next scan. */
  readonly data: Int32Array
}

export interface Automaton {
  scan(text: string): Matches
}

const ROOT = 0
const NONE = -1

/** `patterns` are distinct and not empty; a match names the pattern by its index. */
export function createAutomaton(patterns: readonly string[]): Automaton {
  const { states, edges, patternAt } = buildTrie(patterns)
  const table = tableOf(edges)
  const { fail, nextOutput } = linkSuffixes(states, edges, patternAt, table)
  const fromRoot = new Int32Array(0x1_0000) // zero is the root: a unit that opens no pattern stays there
  for (const { from, unit, to } of edges) if (from === ROOT) fromRoot[unit] = to
  const lengths = Int32Array.from(patterns, pattern => pattern.length)
  let data = new Int32Array(3 * 64)
  const scan = (text: string): Matches => {
    let count = 0
    let state = ROOT
    // Every index below is a state, a unit or a slot of these arrays.
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      let next = NONE
      while (state !== ROOT) {
        next = step(table, state, unit)
        if (next !== NONE) break
        state = fail[state]!
      }
      state = next === NONE ? fromRoot[unit]! : next
      for (let out = patternAt[state] === NONE ? nextOutput[state]! : state; out !== NONE; out = nextOutput[out]!) {
        if (3 * count === data.length) {
          const larger = new Int32Array(2 * data.length)
          larger.set(data)
          data = larger
        }
        const pattern = patternAt[out]!
        data[3 * count] = i + 1 - lengths[pattern]!
        data[3 * count + 1] = i + 1
        data[3 * count + 2] = pattern
        count++
      }
    }
    return { count, data }
  }
  return { scan }
}

interface Edge {
  readonly from: number
  readonly unit: number
  readonly to: number
}

interface Trie {
  readonly states: number
  /** An edge's `to` is greater than its `from`. */
  readonly edges: readonly Edge[]
  /** The pattern that ends in a state, or NONE. */
  readonly patternAt: Int32Array
}

function buildTrie(patterns: readonly string[]): Trie {
  const next = new Map<number, number>()
  const edges: Edge[] = []
  const ends: number[] = []
  let states = 1
  for (const pattern of patterns) {
    let state = ROOT
    for (let i = 0; i < pattern.length; i++) {
      const unit = pattern.charCodeAt(i)
      const key = state * 0x1_0000 + unit
      let to = next.get(key)
      if (to === undefined) {
        to = states++
        next.set(key, to)
        edges.push({ from: state, unit, to })
      }
      state = to
    }
    ends.push(state)
  }
  const patternAt = new Int32Array(states).fill(NONE)
  for (const [pattern, state] of ends.entries()) patternAt[state] = pattern
  return { states, edges, patternAt }
}

interface EdgeTable {
  readonly mask: number
  readonly from: Int32Array
  readonly unit: Uint16Array
  readonly to: Int32Array
}

function tableOf(edges: readonly Edge[]): EdgeTable {
  let size = 16
  while (size < 3 * edges.length) size *= 2
  const table = { mask: size - 1, from: new Int32Array(size).fill(NONE), unit: new Uint16Array(size), to: new Int32Array(size) }
  for (const { from, unit, to } of edges) {
    let slot = slotOf(from, unit) & table.mask
    while (table.from[slot] !== NONE) slot = (slot + 1) & table.mask
    table.from[slot] = from
    table.unit[slot] = unit
    table.to[slot] = to
  }
  return table
}

function step({ mask, from, unit, to }: EdgeTable, state: number, read: number): number {
  let slot = slotOf(state, read) & mask
  for (;;) {
    const holder = from[slot]! // masked
    if (holder === NONE) return NONE
    if (holder === state && unit[slot] === read) return to[slot]!
    slot = (slot + 1) & mask
  }
}

function slotOf(state: number, unit: number): number {
  const hash = Math.imul(state, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)
  return hash ^ (hash >>> 15)
}

/** `fail`: the state of the longest proper suffix. `nextOutput`: the nearest state on that chain in which a pattern ends. */
function linkSuffixes(
  states: number,
  edges: readonly Edge[],
  patternAt: Int32Array,
  table: EdgeTable,
): { fail: Int32Array; nextOutput: Int32Array } {
  const fail = new Int32Array(states)
  const nextOutput = new Int32Array(states).fill(NONE)
  const depth = new Int32Array(states)
  for (const { from, to } of edges) depth[to] = depth[from]! + 1 // a state's edge comes after the edge to it
  for (const { from, unit, to } of [...edges].sort((a, b) => depth[a.to]! - depth[b.to]!)) {
    let suffix = from === ROOT ? NONE : fail[from]!
    let target = NONE
    while (suffix !== NONE && target === NONE) {
      target = step(table, suffix, unit)
      suffix = suffix === ROOT ? NONE : fail[suffix]!
    }
    fail[to] = target === NONE ? ROOT : target
    nextOutput[to] = patternAt[fail[to]!] === NONE ? nextOutput[fail[to]!]! : fail[to]!
  }
  return { fail, nextOutput }
}
