// A closed loop: so many ask, each again as soon as it is answered.
export interface Drive {
  readonly atOnce: number
  readonly ms: number
  readonly ids: readonly string[]
  /** Each id is asked for once, and that is the end. */
  readonly isOnce: boolean
}

export interface Driven {
  readonly answered: number
  /** What came to an error instead of an answer. */
  readonly failed: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** The ids are asked for in turn. */
export async function drive(ask: (id: string) => Promise<unknown>, { atOnce, ms, ids, isOnce }: Drive): Promise<Driven> {
  const times: number[] = []
  let failed = 0
  const started = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() - started < ms && !(isOnce && next >= ids.length)) {
        const id = ids[next++ % ids.length]! // within the list
        const at = performance.now()
        try {
          await ask(id)
          times.push(performance.now() - at)
        } catch {
          failed++
        }
      }
    }),
  )
  const seconds = (performance.now() - started) / 1000
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN
  return { answered: times.length, failed, seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}
