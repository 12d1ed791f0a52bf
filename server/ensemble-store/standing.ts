// How a shop's ensembles stand: which is in force, which were before, which has a share of the conversations, and which is tried in shadow. A change is
// a function of how they stood.
import { Fault } from '@parley/core/faults.ts'
import { z } from 'zod'

const EARLIER_KEPT = 50

/** SHA-256 of a version's text. */
export const Hash = z.string().regex(/^[0-9a-f]{64}$/)

export const Standing = z.strictObject({
  /** Null: the one that the shop's settings name. */
  inForce: Hash.nullable(),
  /** Those that were in force before, the last one last. */
  earlier: z.array(Hash.nullable()),
  /** Decides a share (0 to 1) of the conversations. `since`, in milliseconds since 1970: it has had a share from then on, which may have been another. */
  canary: z.strictObject({ hash: Hash, share: z.number().min(0).max(1), since: z.number() }).nullable(),
  /** Decides everything once more, after it is decided, and counts for nothing. No two shadows of a shop have the same `since`. */
  shadow: z.strictObject({ hash: Hash, since: z.number() }).nullable(),
})
export type Standing = z.infer<typeof Standing>

export const atFirst: Standing = { inForce: null, earlier: [], canary: null, shadow: null }

export const CHANGES = ['promote', 'rollback', 'canary', 'canary-off', 'shadow', 'shadow-off'] as const

export type Change =
  | { readonly what: 'promote' | 'shadow'; readonly hash: string }
  | { readonly what: 'canary'; readonly hash: string; readonly share: number }
  | { readonly what: 'rollback' | 'canary-off' | 'shadow-off' }

/**
 * `now` in milliseconds since 1970. Who is promoted is no canary and no shadow any more, and any other canary ends, since what it was compared with is in
 * force no longer. A rollback takes back what customers have met last: a canary where there is one, else the version in force. Gives the same standing
 * where nothing changes. Faults: NO_EARLIER_ENSEMBLE, ENSEMBLE_REFUSED.
 */
export function changed(standing: Standing, change: Change, shop: string, now: number): Standing {
  const { inForce, earlier, canary, shadow } = standing
  switch (change.what) {
    case 'promote':
      if (inForce === change.hash && canary === null) return standing
      return {
        inForce: change.hash,
        earlier: inForce === change.hash ? earlier : [...earlier, inForce].slice(-EARLIER_KEPT),
        canary: null,
        shadow: shadow?.hash === change.hash ? null : shadow,
      }
    case 'rollback': {
      if (canary !== null) return { ...standing, canary: null }
      const before = earlier.at(-1)
      if (before === undefined) throw new Fault('NO_EARLIER_ENSEMBLE', { shop })
      return { ...standing, inForce: before, earlier: earlier.slice(0, -1) }
    }
    case 'canary':
      if (canary?.hash === change.hash && canary.share === change.share) return standing
      return { ...standing, canary: { hash: change.hash, share: change.share, since: canary?.hash === change.hash ? canary.since : now } }
    case 'canary-off':
      if (canary === null) throw new Fault('ENSEMBLE_REFUSED', { shop, reason: 'no ensemble has a share of its conversations' })
      return { ...standing, canary: null }
    case 'shadow':
      if (shadow?.hash === change.hash) return standing
      return { ...standing, shadow: { hash: change.hash, since: Math.max(now, (shadow?.since ?? 0) + 1) } }
    case 'shadow-off':
      if (shadow === null) throw new Fault('ENSEMBLE_REFUSED', { shop, reason: 'no ensemble runs in shadow in it' })
      return { ...standing, shadow: null }
  }
}
