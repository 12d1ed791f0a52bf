// Who of the nodes lives, from what was heard and when: by this node's own monotonic clock alone, so that a wall clock which jumps, here or there, says
// nothing. It judges nobody unless its own lease has stood without a break for as long as a lease lasts, and its own renewals come back to it: when the
// servers elect a leader, when its line is broken or when it was halted itself, everybody would seem dead.
import type { NodeName } from '../ports/nodes.ts'

/** What has changed. `self` has a lease (`held`) or none (`fenced`); it can judge the others again (`judging`). */
export type NodeChange =
  | { readonly type: 'joined' | 'returned' | 'died' | 'left'; readonly node: NodeName }
  | { readonly type: 'held' | 'fenced' | 'judging' }

export interface Judge {
  readonly isFenced: boolean
  /** A row that was found at the start: nobody knows yet whether its node lives. */
  found(node: NodeName): void
  /** Another node has renewed its lease. */
  heard(node: NodeName): void
  /** It has given its lease up. */
  left(node: NodeName): void
  /** This node's own renewal, which was sent at `sentAt`, is acknowledged. */
  renewed(sentAt: number): void
  /** This node has heard a renewal of its own, in the way in which it hears those of others. */
  echoed(): void
  isDead(node: NodeName): boolean
  /** The others that live. */
  alive(): readonly NodeName[]
  /** Looks at the clock, and tells each change since the last look. To be called often. */
  look(): void
}

export interface JudgeParts {
  /** Milliseconds, monotonic. */
  readonly now: () => number
  readonly leaseMs: number
  readonly changed: (change: NodeChange) => void
}

interface Other {
  state: 'unknown' | 'alive' | 'dead' | 'left'
  heardAt: number
}

export function createJudge({ now, leaseMs, changed }: JudgeParts): Judge {
  const others = new Map<NodeName, Other>()
  let leaseUntil = Number.NEGATIVE_INFINITY
  /** Since when the lease has stood without a break. */
  let steadySince = 0
  let echoedAt = Number.NEGATIVE_INFINITY
  let wasFenced = true
  let wasJudging = false

  const isFenced = (): boolean => now() >= leaseUntil
  /** An echo that is late says that others' renewals may lie unread beside it. */
  const isJudging = (): boolean => !isFenced() && now() - steadySince >= leaseMs && now() - echoedAt <= leaseMs / 2

  function look(): void {
    const fenced = isFenced()
    if (fenced !== wasFenced) {
      wasFenced = fenced
      changed({ type: fenced ? 'fenced' : 'held' })
    }
    const judging = isJudging()
    if (judging)
      for (const [node, other] of others)
        if ((other.state === 'alive' || other.state === 'unknown') && now() - other.heardAt >= leaseMs) {
          other.state = 'dead'
          changed({ type: 'died', node })
        }
    if (judging === wasJudging) return
    wasJudging = judging
    if (judging) changed({ type: 'judging' })
  }

  return {
    get isFenced() {
      return isFenced()
    },
    found(node) {
      if (!others.has(node)) others.set(node, { state: 'unknown', heardAt: now() })
    },
    heard(node) {
      const before = others.get(node)?.state
      others.set(node, { state: 'alive', heardAt: now() })
      if (before !== 'alive') changed({ type: before === 'dead' || before === 'left' ? 'returned' : 'joined', node })
    },
    left(node) {
      const before = others.get(node)?.state
      others.set(node, { state: 'left', heardAt: now() })
      if (before !== 'left') changed({ type: 'left', node })
    },
    renewed(sentAt) {
      look() // whoever was halted is told that it was fenced
      if (isFenced()) steadySince = now()
      leaseUntil = Math.max(leaseUntil, sentAt + leaseMs)
      look()
    },
    echoed() {
      echoedAt = now()
    },
    isDead(node) {
      if (!isJudging()) return false
      const state = others.get(node)?.state
      return state !== 'alive' && state !== 'unknown'
    },
    alive: () => [...others].flatMap(([node, { state }]) => (state === 'alive' ? [node] : [])),
    look,
  }
}
