// A change of how a shop's ensembles stand, as the command line and the operator's API make it.
import { Fault } from '@parley/core/faults.ts'
import type { By, EnsembleStore } from './ensemble-store.ts'
import { IN_FORCE, readConfigured, resolveEnsemble, type ShopOf } from './resolve-ensemble.ts'
import type { Change } from './standing.ts'

/** False where nothing was to change. Faults: those of `EnsembleStore.change`. */
export async function changeEnsemble(store: EnsembleStore, shop: ShopOf, change: Change, by: By): Promise<boolean> {
  // What its settings name may come back, and can be another by now, or none.
  const { canary, earlier } = store.standing(shop.id)
  if (change.what === 'rollback' && canary === null && earlier.at(-1) === null) readConfigured(shop.ensemble)
  return store.change(shop.id, change, by)
}

/**
 * The hash of the one that is meant for this, which is a version of the store afterwards. Faults: UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, STORAGE_FULL, and
 * ENSEMBLE_REFUSED where a canary or shadow would be what is in force: nothing could be told of it.
 */
export function keptVersion(store: EnsembleStore, named: string, shop: ShopOf, what: 'promote' | 'canary' | 'shadow'): string {
  const { text, hash } = resolveEnsemble(named, shop, store)
  if (what !== 'promote' && resolveEnsemble(IN_FORCE, shop, store).hash === hash)
    throw new Fault('ENSEMBLE_REFUSED', { shop: shop.id, reason: 'this is the ensemble that is in force in it' })
  return store.add(text, named).hash
}
