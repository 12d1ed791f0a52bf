// What an operator wants to know of plugins: handed in by the composition root for metrics and the log. Nothing here depends on it.
import type { Fault } from '@parley/core/faults.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import type { Runtime } from '@parley/plugin-sdk/manifest.ts'
import type { OffReason } from './breaker.ts'

export interface HostDeath {
  readonly runtime: Runtime
  /** `time`, `memory`: killed by the watchdog or spent; `crash`: ended by itself; `start`: did not come up. */
  readonly reason: 'time' | 'memory' | 'crash' | 'start'
  /** Whose call is held to have caused it; undefined when none was under way. */
  readonly plugin: string | undefined
  /** How it ended, in words. */
  readonly detail: string
}

/** Each is optional; none may throw. */
export interface PluginObserver {
  /** The plugin abstains until the server is started again. */
  onInvalid?(fault: Fault<'PLUGIN_INVALID'>): void
  /** A host has loaded its plugins and is at work or in reserve. */
  onHostReady?(host: { readonly runtime: Runtime; readonly pid: number }): void
  onHostDeath?(death: HostDeath): void
  onPluginOff?(off: { readonly plugin: string; readonly reason: OffReason; readonly forMs: number }): void
  /** A plugin that was off has answered its one try. */
  onPluginBack?(back: { readonly plugin: string }): void
  /** Every ballot, with the fault behind an abstention that is not silence: PLUGIN_TIMEOUT, PLUGIN_FAILED, PLUGIN_CRASHED or PLUGIN_OFF. */
  onBallot?(ballot: Ballot, fault: Fault | undefined): void
  /** A vote for an action that the manifest does not list. */
  onVoteDropped?(dropped: { readonly plugin: string; readonly action: string }): void
}

/** What one is told, the other is told too. */
export const together = (one: PluginObserver, other: PluginObserver): Required<PluginObserver> => ({
  onInvalid(fault) {
    one.onInvalid?.(fault)
    other.onInvalid?.(fault)
  },
  onHostReady(host) {
    one.onHostReady?.(host)
    other.onHostReady?.(host)
  },
  onHostDeath(death) {
    one.onHostDeath?.(death)
    other.onHostDeath?.(death)
  },
  onPluginOff(off) {
    one.onPluginOff?.(off)
    other.onPluginOff?.(off)
  },
  onPluginBack(back) {
    one.onPluginBack?.(back)
    other.onPluginBack?.(back)
  },
  onBallot(ballot, fault) {
    one.onBallot?.(ballot, fault)
    other.onBallot?.(ballot, fault)
  },
  onVoteDropped(dropped) {
    one.onVoteDropped?.(dropped)
    other.onVoteDropped?.(dropped)
  },
})
