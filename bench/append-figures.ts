// Appends a second and how long one takes, of whatever appends: what benches that hold a log against something else have in common.
export interface Figures {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export const hundredths = (value: number): number => Math.round(value * 100) / 100

/** Of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return hundredths((sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2) // both lie within
}

export const medians = (rounds: readonly Figures[]): Figures => ({
  perSecond: median(rounds.map(r => r.perSecond)),
  p50Ms: median(rounds.map(r => r.p50Ms)),
  p99Ms: median(rounds.map(r => r.p99Ms)),
})

/** Appends the `seq`th event of a conversation; a writer has one under way. */
export type Append = (conversation: string, seq: number) => Promise<unknown>

export interface Load {
  readonly writers: number
  readonly round: number
  readonly seconds: number
}

/** Each writer appends to a conversation of its own, one event after another. */
export async function measure(append: Append, { writers, round, seconds }: Load): Promise<Figures> {
  const times: number[] = []
  const started = performance.now()
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let seq = 1; performance.now() - started < seconds * 1000; seq++) {
        const at = performance.now()
        await append(`w${writers}-${round}-${writer}`, seq)
        times.push(performance.now() - at)
      }
    }),
  )
  times.sort((a, b) => a - b)
  const at = (share: number): number => hundredths(times[Math.floor(times.length * share)] ?? Number.NaN)
  return { perSecond: Math.round(times.length / ((performance.now() - started) / 1000)), p50Ms: at(0.5), p99Ms: at(0.99) }
}
