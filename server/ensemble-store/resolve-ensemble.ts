// Which ensemble is meant: the one function that every command and request goes through.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { PROJECT } from '../project.ts'
import type { EnsembleStore, EnsembleText } from './ensemble-store.ts'
import { findEnsembleStore } from './open-ensemble-store.ts'
import { parseOnce } from './parse-once.ts'

/** What is in force in the shop, as `resolveEnsemble` takes it; with a canary, what decides the other conversations. */
export const IN_FORCE = 'in-force'

export interface ShopOf {
  readonly id: string
  /** What its settings name: a shipped ensemble, or the path of a `.yaml` file. */
  readonly ensemble: string
}

/**
 * `named` is the path of a `.yaml` file, `in-force`, the name of a shipped ensemble (`retail`), or a version of the store, by its version
 * (`retail@2-3f2a9c01b2d4`), its hash, or the beginning of either; in this order. Without a store there are no versions, and what the settings name is in
 * force. Faults: UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID.
 */
export function resolveEnsemble(named: string, shop: ShopOf, store?: Pick<EnsembleStore, 'find' | 'read' | 'standing'>): EnsembleText {
  if (named === IN_FORCE) {
    const hash = store?.standing(shop.id).inForce ?? null
    return hash === null ? readConfigured(shop.ensemble) : store!.read(hash) // a hash is the store's
  }
  if (isPath(named) || existsSync(shippedFile(named))) return readConfigured(named)
  if (store) return store.find(named)
  throw new Fault('UNKNOWN_ENSEMBLE', { ensemble: named, reason: 'it is neither shipped nor kept here: parley ensemble list' })
}

/** As `resolveEnsemble`, with the store of a data folder, which need not be there. */
export async function ensembleNamed(named: string, shop: ShopOf, data: string): Promise<EnsembleText> {
  const store = findEnsembleStore(data)
  try {
    return resolveEnsemble(named, shop, store)
  } finally {
    await store?.close()
  }
}

/** `name` as a shop's settings have it. Faults: ENSEMBLE_INVALID. */
export function readConfigured(name: string): EnsembleText {
  const file = isPath(name) ? name : shippedFile(name)
  const shown = isPath(name) ? name : `${name}.yaml`
  if (!existsSync(file)) throw new Fault('ENSEMBLE_INVALID', { file: shown, path: '', reason: 'the file is not there' })
  const text = readFileSync(file, 'utf8')
  return { ...parseOnce(text, shown), text }
}

const isPath = (name: string): boolean => name.endsWith('.yaml')
const shippedFile = (name: string): string => join(PROJECT.ensembles, `${name}.yaml`)
