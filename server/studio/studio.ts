// What stands behind the pages of /studio, by shop: everything that a data team can see and do.

import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { ShopView } from '@parley/core/protocol/studio.ts'
import type { ShopConfig } from '../config.ts'
import type { EnsembleStore } from '../ensemble-store/ensemble-store.ts'
import type { EnsembleRouteParts } from '../http/operator-ensembles.ts'
import type { LabelStore } from '../label-store/label-store.ts'
import { releaseHere } from '../project.ts'
import { type StudioEnsembles, studioEnsembles } from './ensembles.ts'
import { openSets, type Sets } from './sets.ts'

export interface StudioShop {
  view(): ShopView
  readonly ensembles: StudioEnsembles
  readonly sets: Sets
}

export interface StudioParts {
  readonly data: string
  readonly shops: readonly ShopConfig[]
  readonly shop: (id: string) => Shop
  readonly ensembleStore: EnsembleStore
  readonly ensembles: EnsembleRouteParts['ensembles']
  readonly labels: LabelStore
  readonly now: () => number
}

export interface Studio {
  readonly of: (shop: string) => StudioShop
  /** Nothing here tells of the conversation any more when it resolves. */
  forget(shop: string, conversation: string): Promise<void>
}

export async function openStudio(parts: StudioParts): Promise<Studio> {
  const { data, shops, labels, now } = parts
  const opened = new Map<string, StudioShop>()
  for (const settings of shops) {
    const { id } = settings
    const shop = parts.shop(id)
    const actions = new Set(Object.keys(shop.actions))
    const sets = await openSets({ data, shop: id, actions, labels, now })
    const ensembles = studioEnsembles({ shop: settings, store: parts.ensembleStore, ensembles: parts.ensembles })
    opened.set(id, { view: () => viewOf(parts.shop(id)), ensembles, sets })
  }
  return {
    of: shop => opened.get(shop)!, // sessions are of shops in force
    async forget(shop, conversation) {
      await opened.get(shop)?.sets.forget(conversation)
    },
  }
}

function viewOf(shop: Shop): ShopView {
  const { alwaysPerson, costs } = shop.situation
  return {
    release: releaseHere(),
    actions: Object.entries(shop.actions).map(([id, { label }]) => ({
      id,
      label,
      alwaysPerson: alwaysPerson.includes(id),
      severity: costs.severity[id] ?? 1,
    })),
    voters: [...new Set(shop.pools().flatMap(pool => pool.voters.map(({ voter }) => voter)))].sort(),
    costs: { wrongAnswer: costs.wrongAnswer, clarify: costs.clarify, handoff: costs.handoff, handoffVaries: shop.handover !== undefined },
  }
}
