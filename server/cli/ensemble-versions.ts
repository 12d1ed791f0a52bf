// `parley ensemble list`, `show`, `add`, `promote`, `rollback` and `history`: which ensembles there are, which decides in a shop, and to change that. A
// running server makes the change itself, so that the next turn has it; without one it is made in the data folder.
import { readdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { Fault } from '@parley/core/faults.ts'
import { type Config, readConfig, type ShopConfig } from '../config.ts'
import { changeEnsemble, keptVersion } from '../ensemble-store/change-ensemble.ts'
import type { EnsembleKey, EnsembleStore, EnsembleText } from '../ensemble-store/ensemble-store.ts'
import { openEnsembleStore } from '../ensemble-store/open-ensemble-store.ts'
import { IN_FORCE, readConfigured, resolveEnsemble } from '../ensemble-store/resolve-ensemble.ts'
import { PROJECT } from '../project.ts'
import { openRecords } from '../shared-records.ts'
import type { WrongUse } from './agent.ts'
import { askOperator } from './operator-request.ts'
import { isAbsent, knownShop, type StoreOptions, say, sayTable } from './plugin-store.ts'

/** As `parley ensemble list --json` prints it. */
export interface EnsembleRow {
  readonly version: string
  readonly hash: string
  /** `kept`: a version in the data folder. */
  readonly from: 'shipped' | 'settings' | 'kept'
  /** Where it decides, or is tried. `share`: of the shop's conversations, 0 to 1. */
  readonly shops: readonly { readonly shop: string; readonly as: 'in force' | 'canary' | 'shadow'; readonly share?: number }[]
  /** Why it cannot be used. */
  readonly broken?: string
}

export interface ChangeOptions extends StoreOptions {
  readonly why?: string
  readonly who?: string
}

export function listEnsembles({ shop, json }: { readonly shop?: string; readonly json?: true }): Promise<void> {
  return withStore((store, config) => {
    const shops = config.shops.filter(({ id }) => shop === undefined || id === shop)
    if (shop !== undefined && shops.length === 0) throw new Fault('UNKNOWN_SHOP', { shop })
    const rows = rowsOf(store, shops)
    if (json) return say(JSON.stringify(rows))
    sayTable([
      ['version', 'from', 'where'],
      ...rows.map(({ version, from, shops: where, broken }) => [version, from, broken ?? where.map(placeOf).join(', ')]),
    ])
  })
}

const placeOf = ({ shop, as, share }: EnsembleRow['shops'][number]): string =>
  `${as}${share === undefined ? '' : ` of ${percent(share)}`} in ${shop}`

function rowsOf(store: EnsembleStore, shops: readonly ShopConfig[]): readonly EnsembleRow[] {
  const standings = shops.map(shop => {
    const { inForce, canary, shadow } = store.standing(shop.id)
    return { shop, inForce: inForce ?? readConfigured(shop.ensemble).hash, isSettings: inForce === null, canary, shadow }
  })
  const rowOf = ({ version, hash }: EnsembleText, from: EnsembleRow['from']): EnsembleRow => ({
    version,
    hash,
    from,
    shops: standings.flatMap(({ shop: { id }, isSettings, ...standing }) => [
      ...(standing.inForce === hash && isSettings === (from !== 'kept') ? [{ shop: id, as: 'in force' as const }] : []),
      ...(from === 'kept' && standing.canary?.hash === hash ? [{ shop: id, as: 'canary' as const, share: standing.canary.share }] : []),
      ...(from === 'kept' && standing.shadow?.hash === hash ? [{ shop: id, as: 'shadow' as const }] : []),
    ]),
  })
  const shipped = readdirSync(PROJECT.ensembles)
    .filter(name => name.endsWith('.yaml'))
    .map(name => readConfigured(name.slice(0, -'.yaml'.length)))
  const named = [...new Set(shops.map(({ ensemble }) => ensemble).filter(name => name.endsWith('.yaml')))].map(readConfigured)
  return [
    ...shipped.map(each => rowOf(each, 'shipped')),
    ...named.map(each => rowOf(each, 'settings')),
    ...store
      .list()
      .map(each =>
        'fault' in each
          ? { version: each.hash.slice(0, 12), hash: each.hash, from: 'kept' as const, shops: [], broken: each.fault.message }
          : rowOf(each, 'kept'),
      ),
  ]
}

/** Prints its file. Faults: UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, UNKNOWN_SHOP. */
export function showEnsemble(named: string, options: { readonly shop?: string; readonly json?: true }, wrongUse: WrongUse): Promise<void> {
  return withStore((store, config) => {
    const shop = named === IN_FORCE ? shopIn(config, options, wrongUse) : { id: '', ensemble: '' }
    const { version, hash, text, file } = resolveEnsemble(named, shop, store)
    if (options.json) return say(JSON.stringify({ ensemble: version, hash, ...file }))
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  })
}

/** Keeps the file as a version. Faults: ENSEMBLE_INVALID. */
export function addEnsemble(file: string, wrongUse: WrongUse): Promise<void> {
  if (!file.endsWith('.yaml')) wrongUse('an ensemble is a .yaml file')
  return withStore(store => {
    const { text } = readConfigured(file)
    say(`${store.add(text, file).version} is kept. It decides nothing yet: parley ensemble compare, shadow, canary, promote`)
  })
}

/** Faults: UNKNOWN_SHOP, UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, and what the running server refuses. */
export const promoteEnsemble = (named: string, options: ChangeOptions, wrongUse: WrongUse): Promise<void> =>
  changing(options, wrongUse, (store, shop) => {
    const hash = keptVersion(store, named, shop, 'promote')
    return { change: { what: 'promote', hash }, done: `${store.read(hash).version} is in force in shop ${shop.id}.` }
  })

/** Faults: UNKNOWN_SHOP, NO_EARLIER_ENSEMBLE, and what the running server refuses. */
export const rollBackEnsemble = (options: ChangeOptions, wrongUse: WrongUse): Promise<void> =>
  changing(options, wrongUse, (store, shop) => {
    const { canary } = store.standing(shop.id)
    const done = (): string => {
      const now = resolveEnsemble(IN_FORCE, shop, store).version
      return canary ? `The canary has ended; ${now} decides everything in shop ${shop.id}.` : `${now} is in force again in shop ${shop.id}.`
    }
    return { change: { what: 'rollback' }, done }
  })

export function showHistory(options: Omit<StoreOptions, 'url'> & { readonly json?: true }, wrongUse: WrongUse): Promise<void> {
  return withStore((store, config) => {
    const history = store.history(shopIn(config, options, wrongUse).id)
    if (options.json) return say(JSON.stringify(history))
    if (history.length === 0) return say('Nothing was changed so far.')
    sayTable([
      ['when', 'what', 'version', 'who', 'why'],
      ...history.map(({ at, what, version, share, who, why }) => [
        timeOf(at),
        share === undefined ? what : `${what} ${percent(share)}`,
        version ?? "the settings'",
        who,
        why === '' ? '-' : why,
      ]),
    ])
  })
}

interface Planned {
  readonly change: Parameters<typeof changeEnsemble>[2]
  readonly done: string | (() => string)
}

/** The running server makes the change; without one it is made here. */
export function changing(
  { url, why = '', who = nameOfUser(), ...options }: ChangeOptions,
  wrongUse: WrongUse,
  plan: (store: EnsembleStore, shop: ShopConfig) => Planned,
): Promise<void> {
  return withStore(async (store, config) => {
    const shop = shopIn(config, options, wrongUse)
    const { change, done } = plan(store, shop)
    const before = store.history(shop.id).length
    let [isNew, where] = [true, 'The running server has it.']
    try {
      const { hash, ...order } = { hash: undefined, ...change }
      const body = { ...order, ...(hash !== undefined && { ensemble: hash }), who, why }
      const answer = await askOperator(url, `/shops/${encodeURIComponent(shop.id)}/ensemble`, body)
      isNew = (answer as { readonly isNew: boolean }).isNew // our own server's
    } catch (fault) {
      if (!isAbsent(fault)) throw fault
      where = `It takes effect when the server starts (none of this data folder answers at ${url}).`
      // One that was killed with the answer on its way may have made it.
      if (store.history(shop.id).length === before) isNew = await changeEnsemble(store, shop, change, { who, why })
    }
    const said = typeof done === 'string' ? done : done()
    say(isNew ? `${said} ${where}` : `${said} It was so already.`)
  })
}

export const shopIn = (config: Config, options: { readonly shop?: string }, wrongUse: WrongUse): ShopConfig => {
  const id = knownShop(options, config, wrongUse)
  return config.shops.find(shop => shop.id === id)! // it is known
}

/** Whoever gives the command, as this machine calls them. */
function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    return 'operator' // an account without a name, as in a container
  }
}

export const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`
export const timeOf = (at: number): string => new Date(at).toISOString().replace('T', ' ').slice(0, 19)

export async function withStore(work: (store: EnsembleStore, config: Config) => void | Promise<void>): Promise<void> {
  const config = readConfig(process.env)
  const store = openEnsembleStore(config.data, await openRecords<EnsembleKey>(config, 'ensembles'))
  try {
    await work(store, config)
  } finally {
    await store.close()
  }
}
