// `parley plugin …`: what publishes plugins, and what an operator does with those that are published (docs/plugins-in-production.md). Writes to the data
// folder, whether or not the engine runs, and then has the running one take it.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Fault, isFault } from '@parley/core/faults.ts'
import { type Config, readConfig } from '../config.ts'
import type { PluginsView } from '../http/operator-plugins.ts'
import { choiceOf } from '../plugin-choice.ts'
import { loadPlugins } from '../plugin-host/load-plugin.ts'
import type { SignedBundle } from '../plugin-store/bundle-file.ts'
import type { Installed } from '../plugin-store/installed.ts'
import { changesOf } from '../plugin-store/manifest-changes.ts'
import { openPluginStore } from '../plugin-store/open-plugin-store.ts'
import { packPlugin } from '../plugin-store/pack-plugin.ts'
import type { InstalledPlugin, PluginStore, ShadowPlugin } from '../plugin-store/plugin-store.ts'
import { fingerprintOf, makeKeyPair, readPublicKey } from '../plugin-store/publisher.ts'
import { shopOf, type WrongUse } from './agent.ts'
import { askOperator } from './operator-request.ts'
import { askSeen } from './password-prompt.ts'

export interface StoreOptions {
  readonly url: string
  readonly shop?: string
}
export interface AskFirst {
  readonly yes?: true
}

/** Faults: KEY_INVALID. */
export function makeKey(file: string): void {
  const fingerprint = makeKeyPair(resolve(file))
  say(`${file} is secret: it signs what you publish. ${file}.pub is for operators: parley plugin trust ${file}.pub`)
  say(`Fingerprint, for them to compare: ${fingerprint}`)
}

/** Faults: PLUGIN_INVALID, KEY_INVALID, BUNDLE_INVALID, VERSION_PUBLISHED. */
export async function packFolder(folder: string, { key, out }: { readonly key: string; readonly out: string }): Promise<void> {
  const { file, manifest, hash, publisher, bytes } = await packPlugin(folder, key, out)
  say(`${file}: ${manifest.id} ${manifest.version}, ${(bytes / 1_024).toFixed(1)} KB, content ${hash}`)
  say(`signed by ${publisher}; install it with: parley plugin install ${file}`)
}

/** Without a file it lists those who are trusted. Faults: KEY_INVALID, UNKNOWN_PUBLISHER. */
export function trustPublisher(
  file: string | undefined,
  options: AskFirst & { readonly remove?: string; readonly url: string },
  wrongUse: WrongUse,
): Promise<void> {
  return withStore(async store => {
    if (options.remove !== undefined) {
      await store.distrust(options.remove)
      say(`${options.remove} is trusted no more; what it has published is off.`)
      return say(await takeEffect(options.url, 'plugins'))
    }
    if (file === undefined) {
      const trusted = store.publishers()
      for (const { publisher, since } of trusted) say(`${publisher}  since ${dayOf(since)}`)
      return trusted.length === 0 ? say('Nobody is trusted: no plugin can be installed.') : undefined
    }
    const publisher = fingerprintOf(readPublicKey(file))
    say(`Fingerprint: ${publisher}`)
    if (!(await agreed(`Install what this publisher signs? Compare the fingerprint with theirs first.`, options, wrongUse)))
      return say('Nobody was trusted.')
    say((await store.trust(publisher)) ? `${publisher} is trusted.` : `${publisher} was trusted already.`)
  })
}

/**
 * Shows what it asks for against the version in force, and asks; `shadow` leaves that version in force and has this one vote beside it. Faults: BUNDLE_INVALID, BUNDLE_UNTRUSTED, VERSION_PUBLISHED, PLUGIN_PINNED, UNKNOWN_SHOP,
 * PLUGIN_INVALID where the shop's settings do not fit it, and what the running server refuses: nothing has changed then.
 */
export function installBundle(
  file: string,
  options: StoreOptions & AskFirst & { readonly shadow?: true },
  wrongUse: WrongUse,
): Promise<void> {
  return withStore(async (store, config) => {
    const shop = knownShop(options, config, wrongUse)
    const bundle = await store.examine(file)
    const { manifest } = bundle
    const name = `${manifest.id} ${manifest.version}`
    const before = store.find(shop, manifest.id)
    if (before?.inForce.hash === bundle.hash) return say(`${name} is in force in shop ${shop} already.`)
    const isShadow = store.shadows().some(each => each.shop === shop && each.release.hash === bundle.hash)
    if (options.shadow && isShadow) return say(`${name} runs in shadow in shop ${shop} already.`)
    if (before?.isPinned && !options.shadow) throw new Fault('PLUGIN_PINNED', { plugin: manifest.id, version: before.inForce.version })
    const found = config.shops.find(({ id }) => id === shop)! // knownShop has looked
    const { settings, mesh } = choiceOf(found, [])
    const [fault] = (await loadPlugins([file], id => settings[id] ?? {}, [], [], mesh)).faults
    if (fault) throw fault
    say(proposalOf(store, shop, bundle, before))
    if (!(await agreed(options.shadow ? 'Run it in shadow?' : 'Install it?', options, wrongUse))) return say('Nothing was installed.')
    await changing(store, shop, manifest.id, options.url, async () => {
      if (options.shadow) {
        await store.installShadow(shop, bundle)
        return `${name} runs in shadow in shop ${shop}: it votes, is compared and does not count.`
      }
      await store.install(shop, bundle)
      return `${name} is installed in shop ${shop}${before?.isDisabled ? ', and disabled as the version before was' : ''}.`
    })
  })
}

/** Faults: UNKNOWN_PLUGIN, NO_EARLIER_VERSION, and what the running server refuses. */
export const rollBackPlugin = (id: string, options: StoreOptions, wrongUse: WrongUse): Promise<void> =>
  changeOne(id, options, wrongUse, async (store, shop) => {
    const { version } = await store.rollback(shop, id)
    return `${id} ${version} is in force again in shop ${shop}.`
  })

/** Faults: UNKNOWN_PLUGIN. */
export const pinPlugin = (id: string, options: StoreOptions & { readonly off?: true }, wrongUse: WrongUse): Promise<void> =>
  withStore(async (store, config) => {
    const shop = knownShop(options, config, wrongUse)
    const { version } = await store.set(shop, id, { isPinned: !options.off })
    say(
      options.off
        ? `${id} is pinned no more in shop ${shop}.`
        : `${id} is pinned to ${version} in shop ${shop}: an install changes nothing.`,
    )
  })

/** Faults: UNKNOWN_PLUGIN, and what the running server refuses. */
export const switchPlugin = (id: string, isDisabled: boolean, options: StoreOptions, wrongUse: WrongUse): Promise<void> =>
  changeOne(id, options, wrongUse, async (store, shop) => {
    const { version } = await store.set(shop, id, { isDisabled })
    return isDisabled ? `${id} is off in shop ${shop}.` : `${id} ${version} votes in shop ${shop}.`
  })

/** Faults: UNKNOWN_PLUGIN, and what the running server refuses. */
export const removePlugin = (id: string, options: StoreOptions & AskFirst, wrongUse: WrongUse): Promise<void> =>
  changeOne(id, options, wrongUse, async (store, shop) => {
    const found = store.find(shop, id)
    const shadow = store.shadows().find(each => each.shop === shop && each.id === id)
    const version = (found?.inForce ?? shadow?.release)?.version
    if (version === undefined) throw new Fault('UNKNOWN_PLUGIN', { shop, plugin: id })
    const earlier = found && found.earlier.length > 0 ? `, with ${found.earlier.length} earlier to roll back to` : ''
    if (!(await agreed(`Remove ${id} ${version}${earlier} from shop ${shop}?`, options, wrongUse))) return 'Nothing was removed.'
    await store.remove(shop, id)
    return `${id} is removed from shop ${shop}.`
  })

/** As `parley plugin list` prints it. */
export interface PluginRow {
  readonly shop: string
  readonly plugin: string
  readonly version: string
  readonly hash: string
  readonly publisher: string
  readonly isPinned: boolean
  readonly isDisabled: boolean
  readonly isTrusted: boolean
  /** It votes beside the version in force and does not count. */
  readonly isShadow: boolean
  /** How many versions it can be rolled back through. */
  readonly earlier: number
  /** What votes in the running server; null where it does not, undefined where no server answers. */
  readonly running: string | null | undefined
}

export function listPlugins(options: StoreOptions & { readonly json?: true }): Promise<void> {
  return withStore(async store => {
    const [view, shadowView] = [await running(options.url), await running(options.url, '/plugins/shadows')]
    const rows = [...store.list().map(each => rowOf(each, view)), ...store.shadows().map(each => shadowRowOf(each, shadowView))]
      .filter(({ shop }) => options.shop === undefined || shop === options.shop)
      .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
    if (options.json) return say(JSON.stringify(rows))
    if (rows.length === 0) return say('No plugin is installed; those of parley.yaml are: parley config check')
    sayTable([['shop', 'plugin', 'version', 'content', 'state', 'publisher', 'running'], ...rows.map(cellsOf)])
  })
}

/** A plugin's shadow stands below it. */
const placeOf = ({ shop, plugin, isShadow }: PluginRow): string => JSON.stringify([shop, plugin, isShadow ? 1 : 0])

/** Rows of as many cells. */
export function sayTable(table: readonly (readonly string[])[]): void {
  const widths = table[0]?.map((_, at) => Math.max(...table.map(row => row[at]!.length))) ?? []
  for (const row of table)
    say(
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
}

const rowOf = (
  { shop, id, inForce, earlier, isPinned, isDisabled, isTrusted }: InstalledPlugin,
  view: PluginsView | undefined,
): PluginRow => ({
  shop,
  plugin: id,
  version: inForce.version,
  hash: inForce.hash,
  publisher: inForce.publisher,
  isPinned,
  isDisabled,
  isTrusted,
  isShadow: false,
  earlier: earlier.length,
  running: view && (view[shop]?.find(({ plugin }) => plugin === id)?.version ?? null),
})

const shadowRowOf = ({ shop, id, release, isTrusted }: ShadowPlugin, view: PluginsView | undefined): PluginRow => {
  const found = view?.[shop]?.find(({ plugin }) => plugin === id)
  return {
    shop,
    plugin: id,
    ...release,
    isPinned: false,
    isDisabled: false,
    isTrusted,
    isShadow: true,
    earlier: 0,
    running: view && (found && found.off === undefined ? found.version : null),
  }
}

const cellsOf = ({ shop, plugin, version, hash, publisher, running: votes, ...state }: PluginRow): readonly string[] => [
  shop,
  plugin,
  version,
  hash.slice(0, 12),
  [
    state.isDisabled ? 'disabled' : !state.isTrusted ? 'untrusted' : state.isShadow ? 'in shadow' : 'in force',
    ...(state.isPinned ? ['pinned'] : []),
  ].join(', '),
  publisher.slice(0, 9),
  votes === undefined ? 'no server' : (votes ?? 'off'),
]

export function proposalOf(
  store: PluginStore,
  shop: string,
  { manifest, hash, publisher }: SignedBundle,
  before: Installed | undefined,
): string {
  const lines = [`${manifest.id} ${manifest.version}, content ${hash.slice(0, 12)}, signed by ${publisher}, for shop ${shop}`]
  if (!before) lines.push('not installed so far; it asks for')
  else {
    const { version, publisher: previous } = before.inForce
    lines.push(`in force: ${version}, content ${before.inForce.hash.slice(0, 12)}; against that`)
    if (previous !== publisher) lines.push(`  ~ ${'publisher'.padEnd(18)} ${previous} → ${publisher}`)
  }
  const changes = changesOf(before && store.bundleOf(before.inForce).manifest, manifest)
  for (const { field, sign, what } of changes) lines.push(`  ${sign} ${field.padEnd(18)} ${what}`)
  if (changes.length === 0) lines.push('  nothing of the manifest is different')
  return lines.join('\n')
}

/** A change that the running server refuses is put back. */
export async function changing(store: PluginStore, shop: string, id: string, url: string, change: () => Promise<string>): Promise<void> {
  const before = store.kept(shop, id)
  const done = await change()
  try {
    say(`${done} ${await takeEffect(url, 'plugins')}`)
  } catch (fault) {
    await store.putBack(shop, id, before)
    throw fault
  }
  await store.sweep()
}

const changeOne = (id: string, options: StoreOptions, wrongUse: WrongUse, change: (store: PluginStore, shop: string) => Promise<string>) =>
  withStore((store, config) => {
    const shop = knownShop(options, config, wrongUse)
    return changing(store, shop, id, options.url, () => change(store, shop))
  })

/** Has the running server read again what was changed. Faults: those of the change in the server, as it answers them. */
export async function takeEffect(url: string, what: 'plugins' | 'models' | 'phrases' | 'knowledge'): Promise<string> {
  try {
    await askOperator(url, `/${what}/reload`, {})
    return 'The running server has it.'
  } catch (fault) {
    if (isAbsent(fault)) return `It takes effect when the server starts (none of this data folder answers at ${url}).`
    throw fault
  }
}

/** Undefined where no server answers. */
export async function running(url: string, path: '/plugins' | '/plugins/shadows' = '/plugins'): Promise<PluginsView | undefined> {
  try {
    return (await askOperator(url, path)) as PluginsView // our own server's answer
  } catch (fault) {
    if (isAbsent(fault)) return undefined
    throw fault
  }
}

/** No server answers, or none was ever started on this data folder. */
export const isAbsent = (fault: unknown): boolean =>
  isFault(fault, 'SERVER_UNREACHABLE') || (isFault(fault, 'CONFIG_INVALID') && !existsSync(resolve(readConfig(process.env).data, 'secret')))

export async function agreed(question: string, { yes }: AskFirst, wrongUse: WrongUse): Promise<boolean> {
  if (yes) return true
  if (!process.stdin.isTTY) wrongUse('nobody can be asked here: say --yes')
  const [answer = ''] = await askSeen(`${question} [y/N] `)
  return /^y(es)?$/i.test(answer.trim())
}

/** Faults: UNKNOWN_SHOP. */
export function knownShop(options: Pick<StoreOptions, 'shop'>, config: Config, wrongUse: WrongUse): string {
  const shop = shopOf(options, config, wrongUse)
  if (!config.shops.some(({ id }) => id === shop)) throw new Fault('UNKNOWN_SHOP', { shop })
  return shop
}

export async function withStore(work: (store: PluginStore, config: Config) => Promise<void>): Promise<void> {
  const config = readConfig(process.env)
  const store = openPluginStore(config.data)
  try {
    await work(store, config)
  } finally {
    await store.close()
  }
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

export const say = (line: string): void => void process.stdout.write(`${line}\n`)
