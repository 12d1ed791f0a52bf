// Turns as rows of n-grams, of words or of characters, each turn as long as any other.
import type { Row } from './softmax-regression.ts'

/** An n-gram of fewer texts says nothing that could be learned. */
const LEAST_TEXTS = 3

export interface Ngrams {
  /** Numbers a row may have. */
  readonly width: number
  rowOf(parts: readonly string[]): Row
}

/** Those that occur in `texts`, each given as its parts in order: runs of 1 to `longest` of them. */
export function ngramsOf(texts: readonly (readonly string[])[], longest: number): Ngrams {
  const counts = new Map<string, number>()
  for (const parts of texts) for (const run of runsOf(parts, longest)) counts.set(run, (counts.get(run) ?? 0) + 1)
  const places = new Map([...counts].filter(([, count]) => count >= LEAST_TEXTS).map(([run], i) => [run, i]))
  return {
    width: places.size,
    rowOf(parts) {
      const known = [...runsOf(parts, longest)].flatMap(run => places.get(run) ?? [])
      const value = 1 / Math.sqrt(Math.max(1, known.length))
      return { places: known, values: known.map(() => value) }
    },
  }
}

function runsOf(parts: readonly string[], longest: number): ReadonlySet<string> {
  const runs = new Set<string>()
  for (let length = 1; length <= longest; length++)
    for (let from = 0; from + length <= parts.length; from++) runs.add(parts.slice(from, from + length).join('\u0001'))
  return runs
}

/** How much of what either says both say, 0 to 1, by pairs of parts. */
export function likeness(a: readonly string[], b: readonly string[]): number {
  const [mine, theirs] = [pairsOf(a), pairsOf(b)]
  if (mine.size === 0 || theirs.size === 0) return 0
  const common = [...mine].filter(pair => theirs.has(pair)).length
  return common / (mine.size + theirs.size - common)
}

const pairsOf = (parts: readonly string[]): ReadonlySet<string> => new Set(parts.slice(1).map((part, i) => `${parts[i]}\u0001${part}`)) // the one before
