// How sure a figure is: intervals that hold the true value in 95 of 100 samples like this one.
import { createRandom } from './random.ts'

export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Of the normal distribution, for 95 %. */
const Z = 1.96
const RESAMPLES = 400

/** Wilson's, of a share: right also for few rows and for shares near 0 and 1. */
export function shareOf(hits: number, count: number): Interval {
  if (count === 0) return { value: 0, low: 0, high: 1 }
  const p = hits / count
  const z2 = (Z * Z) / count
  const centre = (p + z2 / 2) / (1 + z2)
  const reach = (Z / (1 + z2)) * Math.sqrt((p * (1 - p)) / count + z2 / (4 * count))
  return rounded({ value: p, low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) })
}

/**
 * By bootstrap, for what is no share: `measure` is told how often each row is drawn. Whole groups are drawn, since sentences that nearly repeat each
 * other are right or wrong together, and rows drawn one by one would look surer than they are.
 */
export function bootstrap(groups: ArrayLike<number>, measure: (times: Uint16Array) => number, seed: number): Interval {
  const members = new Map<number, number[]>()
  for (let row = 0; row < groups.length; row++) {
    const group = groups[row]! // `row` is within the list
    const rows = members.get(group)
    if (rows) rows.push(row)
    else members.set(group, [row])
  }
  const all = [...members.values()]
  const value = measure(new Uint16Array(groups.length).fill(1))
  if (all.length < 2) return rounded({ value, low: 0, high: 1 })
  const random = createRandom(seed)
  const drawn = Array.from({ length: RESAMPLES }, () => {
    const times = new Uint16Array(groups.length)
    for (let i = 0; i < all.length; i++) for (const row of all[Math.floor(random() * all.length)]!) times[row]!++ // an index below its length
    return measure(times)
  }).sort((a, b) => a - b)
  return rounded({ value, low: drawn[Math.floor(RESAMPLES * 0.025)]!, high: drawn[Math.ceil(RESAMPLES * 0.975) - 1]! }) // RESAMPLES of them
}

/** Mean of paired differences, with its standard error. */
export function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>): { readonly mean: number; readonly error: number } {
  const count = a.length
  if (count < 2) return { mean: 0, error: Number.POSITIVE_INFINITY }
  let sum = 0
  let squares = 0
  for (let i = 0; i < count; i++) {
    const difference = a[i]! - b[i]! // as many of each
    sum += difference
    squares += difference * difference
  }
  const mean = sum / count
  return { mean, error: Math.sqrt(Math.max(0, squares / count - mean * mean) / (count - 1)) }
}

const rounded = ({ value, low, high }: Interval): Interval => ({ value: places(value), low: places(low), high: places(high) })

/** To four places: what figures of this many rows can tell. */
export const places = (value: number): number => Math.round(value * 1e4) / 1e4
