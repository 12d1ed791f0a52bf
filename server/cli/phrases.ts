// `parley phrases …`: writes to the data folder, whether or not the engine runs, and then has the running one take it.
import { join } from 'node:path'
import { type Config, readConfig } from '../config.ts'
import type { ModelStore } from '../model-store/model-store.ts'
import { openModelStore } from '../model-store/open-model-store.ts'
import { readPack } from '../pack-folder.ts'
import { PROJECT } from '../project.ts'
import type { WrongUse } from './agent.ts'
import { knownShop, type StoreOptions, say, sayTable, takeEffect } from './plugin-store.ts'

/** Faults: UNKNOWN_SHOP, PHRASE_INVALID, PACK_INVALID. */
export function addPhrase(
  phrase: string,
  { action, weight, template, ...options }: StoreOptions & { readonly action: string; readonly weight: number; readonly template?: string },
  wrongUse: WrongUse,
): Promise<void> {
  return withStore(async (store, config) => {
    const shop = knownShop(options, config, wrongUse)
    const pack = readPack(join(PROJECT.packs, config.shops.find(({ id }) => id === shop)!.pack)) // a shop that is known
    const isNew = await store.phrases.add(shop, { phrase, action, weight, ...(template !== undefined && { template }) }, pack)
    const said = `${JSON.stringify(phrase)} means ${action} in shop ${shop}, with weight ${weight}`
    say(isNew ? `${said}. ${await takeEffect(options.url, 'phrases')}` : `${said}, already.`)
  })
}

/** Faults: UNKNOWN_SHOP, UNKNOWN_PHRASE. */
export function removePhrase(
  phrase: string,
  { action, ...options }: StoreOptions & { readonly action: string },
  wrongUse: WrongUse,
): Promise<void> {
  return withStore(async (store, config) => {
    const shop = knownShop(options, config, wrongUse)
    await store.phrases.remove(shop, action, phrase)
    say(`${JSON.stringify(phrase)} means ${action} in shop ${shop} no more. ${await takeEffect(options.url, 'phrases')}`)
  })
}

/** Faults: UNKNOWN_SHOP. */
export function listPhrases({ json, ...options }: Omit<StoreOptions, 'url'> & { readonly json?: true }, wrongUse: WrongUse): Promise<void> {
  return withStore(async (store, config) => {
    const added = store.phrases.list(knownShop(options, config, wrongUse))
    if (json) return say(JSON.stringify(added))
    if (added.length === 0) return say('The shop has added none.')
    sayTable([
      ['action', 'phrase', 'weight', 'template', 'added'],
      ...added.map(({ action, phrase, weight, template, at }) => [
        action,
        phrase,
        String(weight),
        template ?? '-',
        new Date(at).toISOString().slice(0, 16).replace('T', ' '),
      ]),
    ])
  })
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
