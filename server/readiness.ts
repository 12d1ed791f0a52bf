// Whether a balancer should send anybody to this process, and what is missing where it should not.
import type { NodeChange } from '@parley/core/nodes/judge.ts'
import type { Clock } from '@parley/core/ports/clock.ts'

export interface Readiness {
  /** The plugins have been loaded. */
  loaded(): void
  /** It was told to stop. */
  leaving(): void
  changed(change: NodeChange): void
  /** Undefined when turns can be taken. */
  missing(behind: number): 'plugins' | 'leaving' | 'lease' | 'log' | undefined
}

/**
 * Longer than the NATS servers take to choose a leader: meanwhile no node has a lease, and a balancer that turned away from all of them would keep customers from
 * a service that takes their messages.
 */
const FENCED_MS = 15_000
/** Messages of the log that this node's copy may lack: half a second of what three servers take. */
const MOST_BEHIND = 5_000

export function createReadiness(clock: Pick<Clock, 'monotonic'>): Readiness {
  let isLoaded = false
  let isLeaving = false
  let fencedAt: number | undefined
  return {
    loaded() {
      isLoaded = true
    },
    leaving() {
      isLeaving = true
    },
    changed({ type }) {
      if (type === 'fenced') fencedAt ??= clock.monotonic()
      if (type === 'held') fencedAt = undefined
    },
    missing(behind) {
      if (isLeaving) return 'leaving'
      if (!isLoaded) return 'plugins'
      if (fencedAt !== undefined && clock.monotonic() - fencedAt >= FENCED_MS) return 'lease'
      return behind > MOST_BEHIND ? 'log' : undefined
    },
  }
}
