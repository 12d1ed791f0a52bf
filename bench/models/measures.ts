// What a contender's answers are worth, with 95 % intervals: Wilson's for a share, the percentiles of a bootstrap by rows for macro-F1.
import { createRandom } from '../../test/random.ts'

export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** What was said of one sentence. */
export interface Answer {
  readonly label: string
  /** The best label but `oos`. */
  readonly inScope: string
  /** The higher, the likelier out of scope; of any scale. */
  readonly doubt: number
}

const Z = 1.959964

export function share(right: number, of: number): Interval {
  if (of === 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN }
  const p = right / of
  const middle = (p + (Z * Z) / (2 * of)) / (1 + (Z * Z) / of)
  const reach = (Z / (1 + (Z * Z) / of)) * Math.sqrt((p * (1 - p)) / of + (Z * Z) / (4 * of * of))
  return { value: p, low: middle - reach, high: middle + reach }
}

export const countRight = (said: readonly string[], truth: readonly string[]): number =>
  truth.reduce((sum, label, i) => sum + (said[i] === label ? 1 : 0), 0)

const SAMPLES = 500

export function macroF1(said: readonly string[], truth: readonly string[], seed: number): Interval {
  const random = createRandom(seed)
  const all = truth.map((_, i) => i)
  const samples = Array.from({ length: SAMPLES }, () => {
    const rows = all.map(() => Math.floor(random() * truth.length))
    return f1Over(rows, said, truth)
  }).sort((a, b) => a - b)
  return { value: f1Over(all, said, truth), low: samples[Math.floor(SAMPLES * 0.025)]!, high: samples[Math.floor(SAMPLES * 0.975)]! } // within the samples
}

/** The mean over the classes that stand in `truth` among these rows. */
function f1Over(rows: readonly number[], said: readonly string[], truth: readonly string[]): number {
  const counts = new Map<string, { hit: number; said: number; true: number }>()
  const of = (label: string) => {
    let count = counts.get(label)
    if (!count) {
      count = { hit: 0, said: 0, true: 0 }
      counts.set(label, count)
    }
    return count
  }
  for (const i of rows) {
    of(truth[i]!).true++ // as many answers as rows
    of(said[i]!).said++
    if (said[i] === truth[i]) of(truth[i]!).hit++
  }
  const f1s = [...counts.values()].filter(count => count.true > 0).map(count => (2 * count.hit) / (count.said + count.true))
  return f1s.reduce((sum, f1) => sum + f1, 0) / f1s.length
}

/** One point of the curve of in-scope accuracy and out-of-scope recall. */
export interface ScopePoint {
  readonly inScope: Interval
  readonly oosRecall: Interval
}

/** Everything whose doubt is above `threshold` is taken for out of scope. */
export function scopePoint(answers: readonly Answer[], truth: readonly string[], oos: string, threshold: number): ScopePoint {
  let [right, inside, refused, outside] = [0, 0, 0, 0]
  for (const [i, { inScope, doubt }] of answers.entries()) {
    const isRefused = doubt > threshold
    if (truth[i] === oos) {
      outside++
      if (isRefused) refused++
    } else {
      inside++
      if (!isRefused && inScope === truth[i]) right++
    }
  }
  return { inScope: share(right, inside), oosRecall: share(refused, outside) }
}

/** The threshold under which the mean of in-scope accuracy and out-of-scope recall is largest. */
export function bestThreshold(answers: readonly Answer[], truth: readonly string[], oos: string): number {
  return thresholds(answers).reduce(
    (best, threshold) => {
      const { inScope, oosRecall } = scopePoint(answers, truth, oos, threshold)
      const worth = inScope.value + oosRecall.value
      return worth > best.worth ? { threshold, worth } : best
    },
    { threshold: Number.POSITIVE_INFINITY, worth: Number.NEGATIVE_INFINITY },
  ).threshold
}

/** The largest out-of-scope recall that leaves an in-scope accuracy of `least`; undefined where no threshold does. For looking at, not for choosing. */
export function recallAt(answers: readonly Answer[], truth: readonly string[], oos: string, least: number): number | undefined {
  const fitting = thresholds(answers)
    .map(threshold => scopePoint(answers, truth, oos, threshold))
    .filter(({ inScope }) => inScope.value >= least)
  return fitting.length === 0 ? undefined : Math.max(...fitting.map(({ oosRecall }) => oosRecall.value))
}

const STEPS = 400

function thresholds(answers: readonly Answer[]): readonly number[] {
  const sorted = answers.map(({ doubt }) => doubt).sort((a, b) => a - b)
  return [
    ...Array.from({ length: STEPS }, (_, i) => sorted[Math.floor((i * sorted.length) / STEPS)]!), // within the list
    Number.POSITIVE_INFINITY,
  ]
}
