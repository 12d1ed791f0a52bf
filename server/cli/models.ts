// `parley models …`: the versions that were trained or brought here, and which of them is in force in a shop. Writes to the data folder, whether or not
// the engine runs, and then has the running one take it.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { percent } from '@parley/models/train/card.ts'
import { KINDS, type Kind } from '@parley/models/train/data-file.ts'
import { type Config, readConfig } from '../config.ts'
import { type ModelStore, SHIPPED, type StoredModel } from '../model-store/model-store.ts'
import { openModelStore } from '../model-store/open-model-store.ts'
import type { WrongUse } from './agent.ts'
import { knownShop, type StoreOptions, say, sayTable, takeEffect } from './plugin-store.ts'

/** As `parley models list` prints it. */
interface ModelRow {
  readonly kind: Kind
  readonly version: string
  readonly trainedAt: string | null
  readonly sentences: number | null
  /** On the locked part. */
  readonly accuracy: number | null
  /** Shops in which it is in force. */
  readonly shops: readonly string[]
}

/** Faults: UNKNOWN_SHOP. */
export function listModels({ shop, json }: { readonly shop?: string; readonly json?: true }): Promise<void> {
  return withStore(async (store, config) => {
    const shops = config.shops.map(({ id }) => id).filter(id => shop === undefined || id === shop)
    if (shop !== undefined && shops.length === 0) throw new Fault('UNKNOWN_SHOP', { shop })
    const shopsOf = (kind: Kind, version: string): readonly string[] => shops.filter(id => store.inForce(id, kind) === version)
    const rows: ModelRow[] = KINDS.flatMap(kind => [
      { kind, version: SHIPPED, trainedAt: null, sentences: null, accuracy: null, shops: shopsOf(kind, SHIPPED) },
      ...store
        .list()
        .filter(model => model.kind === kind)
        .map(({ version, card }) => ({
          kind,
          version,
          trainedAt: card?.trainedAt ?? null,
          sentences: card?.data.sentences ?? null,
          accuracy: card?.test.all.accuracy.value ?? null,
          shops: shopsOf(kind, version),
        })),
    ])
    if (json) return say(JSON.stringify(rows))
    sayTable([['kind', 'version', 'trained', 'sentences', 'locked test', 'in force in'], ...rows.map(cellsOf)])
  })
}

const cellsOf = ({ kind, version, trainedAt, sentences, accuracy, shops }: ModelRow): readonly string[] => [
  kind,
  version.slice(0, 12),
  trainedAt?.slice(0, 16).replace('T', ' ') ?? '-',
  sentences === null ? '-' : String(sentences),
  accuracy === null ? '-' : percent(accuracy),
  shops.join(', '),
]

/** Prints a model's card. Faults: UNKNOWN_MODEL. */
export function showModel(kind: Kind, version: string, { json }: { readonly json?: true }): Promise<void> {
  return withStore(async store => {
    const { folder, version: found } = store.find(kind, version)
    const file = join(folder, json ? 'card.json' : 'card.md')
    if (!existsSync(file))
      throw new Fault('UNKNOWN_MODEL', { kind, model: found.slice(0, 12), reason: 'it was brought here without its card' })
    process.stdout.write(readFileSync(file, 'utf8'))
  })
}

/**
 * `model` is a version or its beginning, `shipped`, or the folder that a training has written: what lies there is kept as a version first. Faults:
 * UNKNOWN_SHOP, UNKNOWN_MODEL, MODEL_INVALID, and what the running server refuses: nothing has changed then.
 */
export function useModel(kind: Kind, model: string, options: StoreOptions, wrongUse: WrongUse): Promise<void> {
  return withStore(async (store, config) => {
    const shop = knownShop(options, config, wrongUse)
    const version = model === SHIPPED ? SHIPPED : stored(store, kind, model).version
    const name = `${kind} ${version.slice(0, 12)}`
    if (store.inForce(shop, kind) === version) return say(`${name} is in force in shop ${shop} already.`)
    await changing(store, shop, kind, options.url, async () => {
      await store.use(shop, kind, version)
      return `${name} is in force in shop ${shop}.`
    })
  })
}

/** Faults: UNKNOWN_SHOP, NO_EARLIER_MODEL, and what the running server refuses. */
export function rollBackModel(kind: Kind, options: StoreOptions, wrongUse: WrongUse): Promise<void> {
  return withStore(async (store, config) => {
    const shop = knownShop(options, config, wrongUse)
    await changing(store, shop, kind, options.url, async () => {
      const version = await store.rollback(shop, kind)
      return `${kind} ${version.slice(0, 12)} is in force again in shop ${shop}.`
    })
  })
}

const stored = (store: ModelStore, kind: Kind, model: string): StoredModel =>
  existsSync(join(model, `${kind}.json`)) ? store.add(kind, model) : store.find(kind, model)

/** A change that the running server refuses is put back. */
async function changing(store: ModelStore, shop: string, kind: Kind, url: string, change: () => Promise<string>): Promise<void> {
  const before = store.kept(shop, kind)
  const done = await change()
  try {
    say(`${done} ${await takeEffect(url, 'models')}`)
  } catch (fault) {
    await store.putBack(shop, kind, before)
    throw fault
  }
}

async function withStore(work: (store: ModelStore, config: Config) => Promise<void>): Promise<void> {
  const config = readConfig(process.env)
  const store = openModelStore(config.data)
  try {
    await work(store, config)
  } finally {
    await store.close()
  }
}
