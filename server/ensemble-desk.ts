// What the operator does with ensembles while the engine runs: kept, and in force for the next turn.
import { isFault } from '@parley/core/faults.ts'
import type { ConversationKey } from '@parley/core/ids.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Erasures } from '@parley/core/ports/erasures.ts'
import type { Brain } from './brain.ts'
import { systemClock } from './drivers/clock.system.ts'
import type { EnsemblesInForce, RunningEnsembles } from './ensemble-in-force.ts'
import { figuresOf, type Tally, tallyOf } from './ensemble-store/canary-figures.ts'
import { changeEnsemble, keptVersion } from './ensemble-store/change-ensemble.ts'
import type { EnsembleStore } from './ensemble-store/ensemble-store.ts'
import type { ShopOf } from './ensemble-store/resolve-ensemble.ts'
import { type EnsembleShadows, keepEnsembleShadows, type Outcome, readComparison } from './ensemble-store/shadow-comparison.ts'
import type { EnsembleRouteParts, EnsembleView } from './http/operator-ensembles.ts'
import { createEnsembleShadowRunner, type EnsembleShadowRunner } from './shadow/run-ensemble-shadows.ts'

export interface EnsembleDeskParts {
  readonly shops: readonly ShopOf[]
  readonly store: EnsembleStore
  readonly brain: Pick<Brain, 'ensembles' | 'shops' | 'stages'>
  readonly conversations: Pick<Conversations, 'read'>
  readonly erasures: Pick<Erasures, 'ages' | 'isErased'>
  readonly isStrained: () => boolean
  /** Hears of each turn that a shadow was to decide once more. */
  readonly compared: (shop: string, outcome: Outcome) => void
  readonly broke: (error: unknown) => void
}

export interface EnsembleDesk extends Pick<EnsembleShadowRunner, 'decided'>, Pick<EnsembleShadows, 'forget'> {
  readonly routes: EnsembleRouteParts['ensembles']
  /** Resolves when what was compared is written. */
  close(): Promise<void>
}

export function openEnsembleDesk(parts: EnsembleDeskParts): EnsembleDesk {
  const { store, brain, erasures, broke } = parts
  const comparisons = keepEnsembleShadows(store.records, systemClock, broke)
  const shadows = createEnsembleShadowRunner({
    running: brain.ensembles.running,
    shop: id => brain.shops.get(id),
    stages: brain.stages,
    isStrained: parts.isStrained,
    comparisons: {
      forget: comparisons.forget,
      note(shadow, compared) {
        parts.compared(shadow.shop, compared.outcome)
        comparisons.note(shadow, compared)
      },
    },
    isErased: erasures.isErased,
    broke,
  })
  return {
    decided: shadows.decided,
    forget: comparisons.forget,
    routes: routesOf(parts, async () => {
      await shadows.settled()
      await comparisons.flush()
    }),
    async close() {
      await shadows.close()
      await comparisons.close()
    },
  }
}

/** `written` resolves when all that was compared is. */
function routesOf(
  { shops, store, brain, conversations, erasures }: EnsembleDeskParts,
  written: () => Promise<void>,
): EnsembleDesk['routes'] {
  const { ensembles } = brain
  const shopOf = (id: string): ShopOf => shops.find(shop => shop.id === id)! // the routes have looked
  return {
    view: () => ensemblesViewOf(shops, ensembles),
    async order(id, { who, why, ...order }) {
      const shop = shopOf(id)
      const change = 'ensemble' in order ? { ...order, hash: keptVersion(store, order.ensemble, shop, order.what) } : order
      const isNew = await changeEnsemble(store, shop, change, { who, why })
      ensembles.reload(id)
      return isNew
    },
    history: store.history,
    async shadow(id) {
      const { shadow } = ensembles.running(id)
      if (!shadow) return null
      await written()
      return readComparison(store.records, { shop: id, since: shadow.since })
    },
    async canary(id) {
      const { inForce, canary } = ensembles.running(id)
      if (!canary) return null
      const versions = { inForce: inForce.version, canary: canary.ensemble.version }
      const tallies: Partial<Record<'inForce' | 'canary', Tally>>[] = []
      let unread = 0
      for (const key of await active(id, canary.since))
        try {
          const { events } = await conversations.read(key, 0)
          tallies.push(tallyOf(events, versions, canary.since))
        } catch (error) {
          if (!isFault(error)) throw error
          if (error.code !== 'CONVERSATION_ERASED') unread++ // else while the others were read
        }
      return figuresOf(tallies, versions, canary.since, unread)
    },
    add: (text, name) => store.add(text, name).version,
    reload: () => ensembles.reload(),
  }

  async function active(shop: string, since: number): Promise<readonly ConversationKey[]> {
    const keys: ConversationKey[] = []
    for await (const { key, lastAt } of erasures.ages()) if (key.shop === shop && lastAt >= since) keys.push(key)
    return keys
  }
}

export const ensemblesViewOf = (
  shops: readonly { readonly id: string }[],
  ensembles: Pick<EnsemblesInForce, 'running'>,
): Readonly<Record<string, EnsembleView>> => Object.fromEntries(shops.map(({ id }) => [id, viewOf(ensembles.running(id))]))

const viewOf = ({ inForce, canary, shadow }: RunningEnsembles): EnsembleView => ({
  inForce: inForce.version,
  canary: canary && { version: canary.ensemble.version, share: canary.share, since: canary.since },
  shadow: shadow && { version: shadow.ensemble.version, since: shadow.since },
})
