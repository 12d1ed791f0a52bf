// Leaves a service alone that keeps failing, or asks for it. Afterwards one request is let through: if it goes well the service is back, if not it is
// left alone for twice as long.
import type { Clock } from '@parley/core/ports/clock.ts'

export const FAILURES_IN_A_ROW = 5
const FIRST_PAUSE_MS = 10_000
const LONGEST_PAUSE_MS = 600_000

export interface Breaker {
  /** Whether it may be asked now. After a pause the first to ask takes the one try. */
  admits(): boolean
  answered(): void
  /** `leaveAloneMs`: it asks to be left alone for so long. */
  failed(leaveAloneMs?: number): void
  /** It was admitted and it is not known how it would have gone. */
  leftOff(): void
  /** Milliseconds until it is tried again, 0 while it is tried; undefined where it is asked as ever. */
  pausedMs(): number | undefined
}

/** Is told of changes; each is optional. */
export interface BreakerObserver {
  off?(forMs: number): void
  back?(): void
}

type State = { readonly is: 'closed' } | { readonly is: 'off'; readonly until: number } | { readonly is: 'trying' }

export function createBreaker(clock: Pick<Clock, 'monotonic'>, observer: BreakerObserver = {}): Breaker {
  let state: State = { is: 'closed' }
  let failures = 0
  let nextPauseMs = FIRST_PAUSE_MS

  const switchOff = (ms: number): void => {
    state = { is: 'off', until: clock.monotonic() + ms }
    observer.off?.(ms)
  }

  return {
    admits() {
      if (state.is === 'closed') return true
      if (state.is === 'trying' || clock.monotonic() < state.until) return false
      state = { is: 'trying' }
      return true
    },
    answered() {
      failures = 0
      if (state.is !== 'trying') return
      nextPauseMs = FIRST_PAUSE_MS
      state = { is: 'closed' }
      observer.back?.()
    },
    failed(leaveAloneMs) {
      failures++
      const isTooOften = state.is === 'trying' || (state.is === 'closed' && failures >= FAILURES_IN_A_ROW)
      const left = state.is === 'off' ? state.until - clock.monotonic() : 0
      const ms = Math.max(isTooOften ? nextPauseMs : 0, leaveAloneMs ?? 0)
      if (isTooOften) nextPauseMs = Math.min(2 * nextPauseMs, LONGEST_PAUSE_MS)
      if (ms > left) switchOff(ms)
    },
    leftOff() {
      if (state.is === 'trying') state = { is: 'off', until: clock.monotonic() }
    },
    pausedMs: () => (state.is === 'closed' ? undefined : state.is === 'trying' ? 0 : Math.max(0, state.until - clock.monotonic())),
  }
}
