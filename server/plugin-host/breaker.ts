// Takes a plugin out of the turns for a while when it keeps costing processes or time. Afterwards one call is let through: if it goes well
// the plugin is back, if not it is off for as long again.
import type { Clock } from '@parley/core/ports/clock.ts'

const DEATHS = 3
const DEATHS_WITHIN_MS = 3_600_000
const OFF_AFTER_DEATHS_MS = 600_000
/** It may do at once what it has just done. */
const SUSPECT_MS = 60_000
const TIMEOUTS = 5
const OFF_AFTER_TIMEOUTS_MS = 5_000

export type OffReason = 'host-deaths' | 'timeouts'

/** What is told of a plugin's standing; each is optional. */
export interface BreakerObserver {
  off?(reason: OffReason, forMs: number): void
  /** The try after an off time went well. */
  back?(): void
}

export interface Breaker {
  /** Whether the plugin may be asked now. After an off time the first to ask takes the one try. */
  admits(): boolean
  /** It answered in time, well or badly. */
  answered(): void
  timedOut(): void
  hostDied(): void
  /** It was admitted and then not asked after all. */
  notAsked(): void
  /** True when it has cost a host in the last minute. */
  hasKilled(): boolean
  /** Why it is off; undefined when it is asked. */
  off(): OffReason | undefined
}

type State =
  | { readonly is: 'closed' }
  | { readonly is: 'off'; readonly until: number; readonly reason: OffReason; readonly forMs: number }
  | { readonly is: 'trying'; readonly reason: OffReason; readonly forMs: number }

export function createBreaker(clock: Pick<Clock, 'monotonic'>, observer: BreakerObserver): Breaker {
  let state: State = { is: 'closed' }
  let deaths: readonly number[] = []
  let timeouts = 0

  const switchOff = (reason: OffReason, forMs: number): void => {
    state = { is: 'off', until: clock.monotonic() + forMs, reason, forMs }
    observer.off?.(reason, forMs)
  }
  const failedAgain = (): boolean => {
    if (state.is === 'trying') switchOff(state.reason, state.forMs)
    return state.is === 'off'
  }

  return {
    admits() {
      if (state.is === 'closed') return true
      if (state.is === 'trying' || clock.monotonic() < state.until) return false
      state = { is: 'trying', reason: state.reason, forMs: state.forMs }
      return true
    },
    answered() {
      timeouts = 0
      if (state.is !== 'trying') return
      state = { is: 'closed' }
      observer.back?.()
    },
    timedOut() {
      timeouts++
      if (!failedAgain() && timeouts >= TIMEOUTS) switchOff('timeouts', OFF_AFTER_TIMEOUTS_MS)
    },
    hostDied() {
      deaths = [...deaths.filter(at => clock.monotonic() - at < DEATHS_WITHIN_MS), clock.monotonic()]
      if (!failedAgain() && deaths.length >= DEATHS) switchOff('host-deaths', OFF_AFTER_DEATHS_MS)
    },
    notAsked() {
      if (state.is === 'trying') state = { ...state, is: 'off', until: clock.monotonic() }
    },
    hasKilled: () => deaths.some(at => clock.monotonic() - at < SUSPECT_MS),
    off: () => (state.is === 'closed' ? undefined : state.reason),
  }
}
