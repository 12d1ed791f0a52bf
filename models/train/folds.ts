// Splits examples for cross-validation so that the figures are honest: sentences that nearly repeat each other stand on the same side.
import { createRandom, shuffle } from './random.ts'

/** Share of common character pairs from which two sentences count as the same one said again. */
const SAME_FROM = 0.6

/** A number for every text; near-duplicates, and near-duplicates of those, have the same. */
export function nearDuplicateGroups(texts: readonly string[], sameFrom = SAME_FROM): Int32Array {
  const pairs = texts.map(characterPairs)
  const parent = Int32Array.from(texts, (_, i) => i)
  const root = (i: number): number => {
    let at = i
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]! // indices of `texts`
    return at
  }
  const rowsWith = new Map<string, number[]>()
  // Of the row that is looked at, by row: how many pairs are common. In a plain array, since there are hundreds of millions of them to count.
  const common = new Int32Array(texts.length)
  for (const [row, mine] of pairs.entries()) {
    const met: number[] = []
    for (const pair of mine) {
      const rows = rowsWith.get(pair) ?? []
      for (const other of rows) if (common[other]!++ === 0) met.push(other) // a row
      if (rows.push(row) === 1) rowsWith.set(pair, rows)
    }
    for (const other of met) {
      const count = common[other]!
      common[other] = 0
      if (count >= sameFrom * (mine.size + pairs[other]!.size - count)) parent[root(row)] = root(other) // both are rows
    }
  }
  return Int32Array.from(texts, (_, i) => root(i))
}

function characterPairs(text: string): ReadonlySet<string> {
  const letters = `^${text.replace(/[^\p{L}\p{N}]+/gu, '') || text}$`
  const pairs = new Set<string>()
  for (let i = 0; i + 1 < letters.length; i++) pairs.add(letters.slice(i, i + 2))
  return pairs
}

/** A fold from 0 to `count - 1` for every row: groups stay whole, every class is spread as evenly as its groups allow. The same for the same seed. */
export function assignFolds(groups: Int32Array, labels: readonly string[], count: number, seed: number): Int32Array {
  const members = new Map<number, number[]>()
  for (const [row, group] of groups.entries()) {
    const rows = members.get(group)
    if (rows) rows.push(row)
    else members.set(group, [row])
  }
  const order = [...members.keys()]
  shuffle(order, createRandom(seed))
  order.sort((a, b) => members.get(b)!.length - members.get(a)!.length) // large groups first: small ones fill the gaps
  const folds = new Int32Array(groups.length)
  const sizes = new Map<string, Int32Array>()
  const totals = new Int32Array(count)
  for (const group of order) {
    const rows = members.get(group)! // the keys of `members`
    const label = labels[rows[0]!]!
    const size = sizes.get(label) ?? new Int32Array(count)
    sizes.set(label, size)
    let best = 0
    for (let fold = 1; fold < count; fold++)
      if (size[fold]! < size[best]! || (size[fold] === size[best] && totals[fold]! < totals[best]!)) best = fold
    for (const row of rows) folds[row] = best
    size[best]! += rows.length
    totals[best]! += rows.length
  }
  return folds
}
