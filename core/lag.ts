// How far the engine's thread is behind: how late a timer comes that is set again and again while there are turns. It is what an overloaded engine
// has more of, and a slow source or a slow voter does not make it.
import type { Clock } from './ports/clock.ts'

export interface Lag {
  /** Smoothed: a single long step (a collection of garbage, say) shows for a few measurements only. */
  readonly ms: number
  /** Measures from now on for as long as it is needed. */
  watch(): void
}

const EVERY_MS = 20
/** What a new measurement counts for. */
const WEIGHT = 0.3

export function createLag(clock: Clock, isNeeded: () => boolean): Lag {
  let ms = 0
  let isWatching = false
  const measure = (): void => {
    const due = clock.monotonic() + EVERY_MS
    clock.after(EVERY_MS, () => {
      ms += WEIGHT * (Math.max(0, clock.monotonic() - due) - ms)
      isWatching = isNeeded()
      if (isWatching) measure()
    })
  }
  return {
    get ms() {
      return ms
    },
    watch() {
      if (isWatching) return
      isWatching = true
      ms = 0 // what was before the pause says nothing
      measure()
    },
  }
}
