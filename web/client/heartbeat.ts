// Notices a line that is dead without saying so: it sends a ping when nothing was heard for `everyMs`, and gives up after twice that.
import type { Clock } from './world.ts'

export interface Heartbeat {
  /** Something was heard, whatever it was. */
  heard(): void
  /** The device woke up or changed its network: ask now, and give up soon if nothing comes back. */
  probe(): void
  stop(): void
}

/** Longest wait for an answer to a probe. */
const PROBE_MS = 5_000

export function startHeartbeat(clock: Clock, everyMs: number, act: { ping(): void; giveUp(): void }): Heartbeat {
  let heardAt = clock.monotonic()
  let hasAsked = false
  let cancelWatch = clock.after(everyMs, watch)
  let cancelProbe: (() => void) | undefined

  function watch(): void {
    const silence = clock.monotonic() - heardAt
    if (silence >= 2 * everyMs) return act.giveUp()
    if (silence >= everyMs && !hasAsked) {
      hasAsked = true
      act.ping()
    }
    cancelWatch = clock.after((hasAsked ? 2 * everyMs : everyMs) - silence, watch)
  }

  function endProbe(): void {
    cancelProbe?.()
    cancelProbe = undefined
  }

  return {
    heard() {
      heardAt = clock.monotonic()
      hasAsked = false
      endProbe()
    },
    probe() {
      if (cancelProbe) return
      cancelProbe = clock.after(PROBE_MS, act.giveUp)
      act.ping()
    },
    stop() {
      cancelWatch()
      endProbe()
    },
  }
}
