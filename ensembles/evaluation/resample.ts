// How sure a figure is, by the paired bootstrap: conversations are drawn anew a thousand times, with replacement, and every figure is worked out on each draw.
// All ensembles see the same draws, so that a difference between two of them is not hidden by what makes a draw easy or hard for both.

/** How often each turn is in it. */
export type Draw = Uint16Array

/** A figure of the turns that a draw has; NaN where it has nothing to say of them (the recall of what does not occur). */
export interface Measure {
  (draw: Draw): number
  /** Of a share: the turns that it is a share of, by their place. */
  readonly among?: readonly number[]
}

export interface Estimate {
  /** Of the turns themselves; null where there is nothing to measure. */
  readonly value: number | null
  /** What holds the true value in 95 of 100 samples like this one. */
  readonly low: number | null
  readonly high: number | null
}

export interface Difference extends Estimate {
  /** The interval does not hold 0. */
  readonly isShown: boolean
}

/** A figure with what it is on each draw. */
export interface Sampled {
  readonly value: number
  readonly samples: Float64Array
  /** Of a share: the conversations that it is a share of. */
  readonly units?: number
}

/** Of the normal distribution, for 95 %, squared. */
const Z2 = 1.96 ** 2

export const DRAWS = 1_000

/** `random` gives numbers in [0, 1). `conversations`: of each turn. */
export function drawConversations(conversations: readonly number[], random: () => number, count = DRAWS): readonly Draw[] {
  const all = [...Map.groupBy(conversations.keys(), turn => conversations[turn]!).values()] // its own keys
  return Array.from({ length: count }, () => {
    const draw = new Uint16Array(conversations.length)
    for (let i = 0; i < all.length; i++) for (const turn of all[Math.floor(random() * all.length)]!) draw[turn]!++ // an index below its length
    return draw
  })
}

/** `conversations`: of each turn. */
export function sampled(measure: Measure, conversations: readonly number[], draws: readonly Draw[]): Sampled {
  const { among } = measure
  return {
    value: measure(new Uint16Array(conversations.length).fill(1)),
    samples: Float64Array.from(draws, draw => measure(draw)),
    ...(among && { units: new Set(among.map(turn => conversations[turn])).size }),
  }
}

/** Where all of it is alike, every draw is too, and says nothing: a share of 0 or 1 gets Wilson's interval. */
export function estimateOf({ value, samples, units }: Sampled): Estimate {
  if (Number.isNaN(value)) return { value: null, low: null, high: null }
  if (units !== undefined && value === 1) return { value, low: rounded(units / (units + Z2)), high: 1 }
  if (units !== undefined && value === 0) return { value, low: 0, high: rounded(Z2 / (units + Z2)) }
  const sorted = samples.filter(sample => !Number.isNaN(sample)).sort()
  const at = (share: number): number => rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!) // the value is of such a draw too
  return sorted.length === 0 ? { value: rounded(value), low: null, high: null } : { value: rounded(value), low: at(0.025), high: at(0.975) }
}

/** `a` less `b`, draw by draw. */
export function differenceOf(a: Sampled, b: Sampled): Difference {
  const estimate = estimateOf({ value: a.value - b.value, samples: a.samples.map((sample, i) => sample - b.samples[i]!) }) // of the same draws
  const { low, high } = estimate
  return { ...estimate, isShown: low !== null && high !== null && (low > 0 || high < 0) }
}

/** To five places: what figures of this many turns can tell. */
export const rounded = (value: number): number => Math.round(value * 1e5) / 1e5
