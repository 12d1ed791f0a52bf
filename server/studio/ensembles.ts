// A shop's ensembles as the Studio shows them, and its orders.
import { readdirSync } from 'node:fs'
import { isFault } from '@parley/core/faults.ts'
import type {
  CanaryView,
  EnsembleOrder,
  EnsemblesView,
  EnsembleView,
  ShadowView,
  StandingView,
  TrialToKeep,
  VersionView,
  Weights,
} from '@parley/core/protocol/studio.ts'
import { reweighedText } from '@parley/ensembles/reweigh.ts'
import type { EnsembleStore, EnsembleText } from '../ensemble-store/ensemble-store.ts'
import { readConfigured, resolveEnsemble, type ShopOf } from '../ensemble-store/resolve-ensemble.ts'
import type { EnsembleRouteParts } from '../http/operator-ensembles.ts'
import { PROJECT } from '../project.ts'

export interface StudioEnsembles {
  list(): EnsemblesView
  /** Faults: UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID. */
  look(named: string): EnsembleView
  /** As `look`, to be judged. */
  resolve(named: string): EnsembleText
  /** In force for the next turn when it resolves. Faults: UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, NO_EARLIER_ENSEMBLE, ENSEMBLE_REFUSED, STORAGE_FULL. */
  order(order: EnsembleOrder, who: string): Promise<void>
  /** As a version of its own, in force nowhere; gives its name. Faults: UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, STORAGE_FULL. */
  keep(trial: TrialToKeep, who: string): Promise<string>
  /** Null where there is none. */
  canary(): Promise<CanaryView | null>
  shadow(): Promise<ShadowView | null>
}

export interface StudioEnsembleParts {
  readonly shop: ShopOf
  readonly store: Pick<EnsembleStore, 'add' | 'list' | 'find' | 'read' | 'standing' | 'history' | 'note'>
  readonly ensembles: Pick<EnsembleRouteParts['ensembles'], 'view' | 'order' | 'canary' | 'shadow'>
}

export function studioEnsembles({ shop, store, ensembles }: StudioEnsembleParts): StudioEnsembles {
  /** What is shipped or named by the settings has a version too, kept or not. */
  const resolve = (named: string): EnsembleText =>
    [...shipped(), ...configured(shop)].find(({ version }) => version === named) ?? resolveEnsemble(named, shop, store)
  return {
    resolve,
    canary: () => ensembles.canary(shop.id),
    shadow: () => ensembles.shadow(shop.id),
    look: named => {
      const found = resolve(named)
      return { ...viewOf(found, isShipped(found)), text: found.text }
    },
    list() {
      const kept = store.list()
      const texts = kept.flatMap(each => ('fault' in each ? [] : [each]))
      // What the settings name, which need not be shipped, and what is shipped: each once, by its text.
      const release = shipped()
      const ofRelease = new Set(release.map(({ hash }) => hash))
      const others = new Map([...configured(shop), ...release].map(each => [each.hash, each]))
      for (const { hash } of texts) others.delete(hash)
      return {
        versions: [
          ...[...texts, ...others.values()].map(each => viewOf(each, ofRelease.has(each.hash))),
          ...kept.flatMap(each =>
            'fault' in each ? [{ version: each.hash, isShipped: false, description: '', weights: {}, fault: each.fault.message }] : [],
          ),
        ],
        standing: standingOf(),
        history: store.history(shop.id),
      }
    },
    async keep({ ensemble, weights, name, why }, who) {
      const from = resolve(ensemble)
      const taken = [...store.list(), ...shipped(), ...configured(shop)].flatMap(each =>
        'file' in each && each.file.name === name ? [each.file.version] : [],
      )
      const { version } = store.add(reweighedText(from.text, weights, name, Math.max(0, ...taken) + 1), `${name}.yaml`)
      await store.note(shop.id, { what: 'keep', version, who, why })
      return version
    },
    async order(order, who) {
      if (!('ensemble' in order)) return void (await ensembles.order(shop.id, { ...order, who }))
      const { version } = store.add(resolve(order.ensemble).text, order.ensemble)
      await ensembles.order(shop.id, { ...order, ensemble: version, who })
    },
  }

  function standingOf(): StandingView {
    const { inForce, canary, shadow } = ensembles.view()[shop.id]! // a shop in force has one
    return { inForce, canary, shadow, rollback: rollbackOf() }
  }

  function rollbackOf(): StandingView['rollback'] {
    const { canary, earlier } = store.standing(shop.id)
    if (canary !== null) return { what: 'ends-canary' }
    const before = earlier.at(-1)
    if (before === undefined) return null
    const known = store.list().find(({ hash }) => hash === before)
    return { what: 'puts-back', version: before === null ? 'settings' : known && 'version' in known ? known.version : before }
  }
}

const shipped = (): readonly EnsembleText[] =>
  readdirSync(PROJECT.ensembles)
    .filter(name => name.endsWith('.yaml'))
    .map(name => readConfigured(name.slice(0, -'.yaml'.length)))

/** None where it cannot be read any more. */
function configured({ ensemble }: ShopOf): readonly EnsembleText[] {
  try {
    return [readConfigured(ensemble)]
  } catch (error) {
    if (isFault(error)) return []
    throw error
  }
}

const isShipped = ({ hash }: EnsembleText): boolean => shipped().some(each => each.hash === hash)

const viewOf = ({ version, file }: EnsembleText, isShippedToo: boolean): VersionView => ({
  version,
  isShipped: isShippedToo,
  description: file.description ?? '',
  weights: Object.fromEntries(Object.entries(file.voters).map(([voter, { weight }]) => [voter, weight])) satisfies Weights,
  fault: null,
})
