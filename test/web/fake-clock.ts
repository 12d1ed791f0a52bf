// A clock that a test turns by hand, and a pause that lets promises settle without letting time pass.
import type { Clock } from '@parley/web/client/world.ts'

export interface FakeClock extends Clock {
  /** Lets `ms` pass; timers that fall due are called in order, each at its own time. */
  advance(ms: number): Promise<void>
}

/** Resolves when all promises that can settle by themselves have. */
export const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** `settled` waits for what goes on without time passing. */
export function createFakeClock(settled: () => Promise<void> = settle): FakeClock {
  let now = 1_000
  let nextId = 0
  const timers = new Map<number, { readonly at: number; readonly callback: () => void }>()

  function nextDue(until: number): [number, { readonly at: number; readonly callback: () => void }] | undefined {
    return [...timers].filter(([, timer]) => timer.at <= until).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0]
  }

  return {
    now: () => 1_700_000_000_000 + now,
    monotonic: () => now,
    after(ms, callback) {
      const id = nextId++
      timers.set(id, { at: now + ms, callback })
      return () => void timers.delete(id)
    },
    async advance(ms) {
      const until = now + ms
      for (let due = nextDue(until); due; due = nextDue(until)) {
        const [id, { at, callback }] = due
        timers.delete(id)
        now = at
        callback()
        await settled()
      }
      now = until
      await settled()
    },
  }
}
