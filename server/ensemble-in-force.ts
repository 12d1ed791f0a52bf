// The ensembles of each shop, and their exchange while turns go on: the next turn takes the new one, and a turn takes one once. With a canary, the
// conversation says which. What cannot be read changes nothing.
import { Fault, isFault } from '@parley/core/faults.ts'
import type { Ensemble } from '@parley/core/ports/ensemble.ts'
import { ensembleOf } from '@parley/ensembles/ensemble.ts'
import type { ParsedEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { isCanarys } from './ensemble-store/canary-share.ts'
import type { EnsembleStore, EnsembleText } from './ensemble-store/ensemble-store.ts'
import { readConfigured } from './ensemble-store/resolve-ensemble.ts'
import type { Standing } from './ensemble-store/standing.ts'

/** The ensembles of a shop now. */
export interface RunningEnsembles {
  readonly inForce: Ensemble
  readonly canary: (NonNullable<Standing['canary']> & { readonly ensemble: Ensemble }) | null
  readonly shadow: (NonNullable<Standing['shadow']> & { readonly ensemble: Ensemble }) | null
}

export interface EnsemblesInForce {
  /** What decides the next turn of a conversation; with an empty id, what is in force. A turn takes it once. */
  of(shop: string, conversation: string): Ensemble
  running(shop: string): RunningEnsembles
  /**
   * Reads settings' files and records again, of one shop or of all. A shop with which something is wrong stays as it was, the others are exchanged.
   * Faults: ENSEMBLE_INVALID, UNKNOWN_ENSEMBLE, STORE_DAMAGED, of the first such shop.
   */
  reload(shop?: string): void
}

/** `name` is that of a shipped ensemble, or the path of a `.yaml` file. Faults: ENSEMBLE_INVALID. */
export const readEnsemble = (name: string): ParsedEnsemble => readConfigured(name)

/**
 * `broken` hears of a version that is named by the records and cannot be read: what the settings name decides in its place, and a canary or shadow is
 * left out. Faults: ENSEMBLE_INVALID of what the settings name; STORE_DAMAGED.
 */
export function putEnsemblesInForce(
  shops: readonly { readonly id: string; readonly ensemble: string }[],
  store: Pick<EnsembleStore, 'standing' | 'read'> | undefined,
  broken: (shop: string, fault: Fault) => void,
): EnsemblesInForce {
  /** By hash: the same text is one ensemble, in however many shops and roles. */
  const made = new Map<string, Ensemble>()
  const current = new Map<string, RunningEnsembles>()
  for (const shop of shops) current.set(shop.id, read(shop, orBroken(shop.id)))

  function ensembleIn(text: EnsembleText): Ensemble {
    const found = made.get(text.hash) ?? ensembleOf(text)
    made.set(text.hash, found)
    return found
  }

  function read({ id, ensemble }: (typeof shops)[number], readVersion: (hash: string) => EnsembleText | undefined): RunningEnsembles {
    const standing = store?.standing(id)
    const versionOf = (hash: string | undefined | null): EnsembleText | undefined => (hash ? readVersion(hash) : undefined)
    const inForce = versionOf(standing?.inForce) ?? readConfigured(ensemble)
    const [canary, shadow] = [versionOf(standing?.canary?.hash), versionOf(standing?.shadow?.hash)]
    return {
      inForce: ensembleIn(inForce),
      canary: standing?.canary && canary ? { ...standing.canary, ensemble: ensembleIn(canary) } : null,
      shadow: standing?.shadow && shadow ? { ...standing.shadow, ensemble: ensembleIn(shadow) } : null,
    }
  }

  function orBroken(shop: string): (hash: string) => EnsembleText | undefined {
    return hash => {
      try {
        return store!.read(hash) // a hash is the store's
      } catch (fault) {
        if (!isFault(fault, 'ENSEMBLE_INVALID') && !isFault(fault, 'UNKNOWN_ENSEMBLE')) throw fault
        broken(shop, fault)
        return undefined
      }
    }
  }

  function forgetUnused(): void {
    const used = new Set([...current.values()].flatMap(({ inForce, canary, shadow }) => [inForce, canary?.ensemble, shadow?.ensemble]))
    for (const [hash, ensemble] of made) if (!used.has(ensemble)) made.delete(hash)
  }

  const running = (shop: string): RunningEnsembles => current.get(shop)! // asked of shops alone
  return {
    of(shop, conversation) {
      const { inForce, canary } = running(shop)
      return canary && isCanarys(conversation, canary) ? canary.ensemble : inForce
    },
    running,
    reload(only) {
      if (only !== undefined && !current.has(only)) throw new Fault('UNKNOWN_SHOP', { shop: only })
      const faults: unknown[] = []
      for (const shop of shops) {
        if (only !== undefined && shop.id !== only) continue
        try {
          current.set(
            shop.id,
            read(shop, hash => store!.read(hash)), // as above
          )
        } catch (fault) {
          faults.push(fault)
        }
      }
      forgetUnused()
      if (faults.length > 0) throw faults[0]
    },
  }
}
