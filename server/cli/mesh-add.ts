// `parley mesh add` and `parley mesh update`: a system is written into a mesh's file by what it says of itself, and what it says is read again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Added } from '@parley/mesh/joined/add-source.ts'
import type { Change } from '@parley/mesh/source/compare.ts'
import type { Means } from '@parley/mesh/source/kind.ts'
import { isPrivateAddress, lookupPublic } from '../outgoing/public-address.ts'
import type { WrongUse } from './agent.ts'
import type { SqlPlace } from './mesh-sql.ts'
import { say, sayTable } from './plugin-store.ts'

export interface AddOptions extends SqlPlace {
  readonly openapi?: string
  readonly graphql?: string
  readonly json?: string
  readonly url?: string
  readonly get: readonly string[]
  readonly file: string
  readonly private?: true
  readonly tokenEnv?: string
  readonly tokenFile?: string
  readonly tokenHeader?: string
  readonly tokenAs?: string
}

/** For what a source says of itself: large documents come slowly. */
const PATIENCE_MS = 30_000

const KINDS = ['openapi', 'graphql', 'json'] as const

/** Writes the source into the file, and what it names beside it. Faults: CONFIG_INVALID, SOURCE_UNAVAILABLE. */
export async function addToMesh(name: string, options: AddOptions, wrongUse: WrongUse): Promise<void> {
  if (options.database !== undefined || options.databaseEnv !== undefined)
    return (await import('./mesh-sql.ts')).addSqlToMesh(name, options)
  const [kind, ...more] = KINDS.filter(each => options[each] !== undefined)
  if (kind === undefined || more.length > 0)
    return wrongUse('say of which kind it is by one of --openapi, --graphql, --json and --database')
  const place = options[kind]! // it was found by that
  const isAddress = /^https?:\/\//.test(place)
  if (!isAddress && kind === 'json') return wrongUse('--json is an address: https://…')
  const { url, file, get: gets, tokenEnv, tokenFile, tokenHeader, tokenAs } = options
  const given = { tokenEnv, tokenFile, tokenHeader, tokenAs, private: options.private }
  const settings = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const [{ addSource }, { learnSource }] = await Promise.all([
    import('@parley/mesh/joined/add-source.ts'),
    import('@parley/mesh/source/learn.ts'),
  ])
  const wanted = {
    ...{ name, kind, gets, settings },
    ...(isAddress ? { place: new URL(place) } : { text: textOf(place) }),
    ...(url !== undefined && { url }),
  }
  const learned = await unavailable(name, place, signal => learnSource(wanted, meansFor(file), signal))
  const beside = (each: string): string => resolve(dirname(file), each)
  for (const [each, text] of learned.files)
    if (existsSync(beside(each)) && readFileSync(beside(each), 'utf8') !== text)
      throw new Fault('CONFIG_INVALID', {
        file: each,
        path: '',
        reason: 'it is there already, and is another one: name the source otherwise, or take it away',
      })
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const added = addSource(file, before, { name, ...learned }, each => readFileSync(beside(each), 'utf8'))
  for (const [each, text] of learned.files) writeFileSync(beside(each), text)
  writeFileSync(file, added.text)
  sayAdded(name, file, added, learned.remarks)
  if (tokenEnv === undefined && tokenFile === undefined) say('It has no credential: --token-env or --token-file, if it wants one.')
}

export function sayAdded(name: string, file: string, added: Added, remarks: readonly string[]): void {
  say(`${name} is in ${file}, with ${added.fields.length} fields: read them before you use them.`)
  sayTable(added.fields.map(({ path, how }) => [`  ${path}`, how]))
  for (const remark of remarks) say(remark)
  for (const { field, reason } of added.leftOut) say(`Left out: ${field}, since ${reason.split('\n')[0]}`)
}

export interface UpdateOptions {
  readonly file: string
  /** What it is, where the source does not serve it. */
  readonly from?: string
  readonly yes?: true
}

/** Reads again what a source says of itself, and says what has changed. What is used and gone is written with `yes` alone. Faults: as `addToMesh`. */
export async function updateInMesh(name: string, { file, from, yes }: UpdateOptions): Promise<void> {
  const [{ readMeshConfig }, { catalogueOf, servedFiles }, { changesBetween }, { usedBy }] = await Promise.all([
    import('@parley/mesh/joined/read-mesh.ts'),
    import('@parley/mesh/source/kinds.ts'),
    import('@parley/mesh/source/compare.ts'),
    import('@parley/mesh/joined/used-by.ts'),
  ])
  const config = readMeshConfig(file)
  const source = config.sources[name]
  const invalid = (reason: string): Fault => new Fault('CONFIG_INVALID', { file, path: `sources.${name}`, reason })
  if (!source) throw invalid('there is no source of this name')
  const means = meansFor(file)
  const read = (each: string): string => readFileSync(means.besides(each), 'utf8')
  const [main = ''] = Object.entries(source).flatMap(([key, value]) => (key === source.kind ? [String(value)] : []))
  const files =
    from === undefined ? await unavailable(name, name, signal => servedFiles(name, source, means, signal)) : new Map([[main, textOf(from)]])
  if (!files) throw invalid('nobody has said where it serves what it is: openapiUrl, or --from FILE')
  const before = catalogueOf(source, read)
  let changes: readonly Change[]
  try {
    changes = changesBetween(
      before,
      catalogueOf(source, each => files.get(each) ?? read(each)),
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw invalid(`what it is now does not fit: ${reason}. Nothing was written`)
  }
  if (changes.length === 0) say(`${name} is as it was.`)
  const users = new Map(changes.map(change => [change, usedBy(config, name, before, change)]))
  sayTable(
    changes.map(change => [
      change.what,
      change.place,
      change.detail ?? '',
      ...(users.get(change)?.length ? [`used by ${users.get(change)?.join(', ')}`] : ['']),
    ]),
  )
  const broken = changes.filter(change => change.isBreaking && users.get(change)?.length)
  if (broken.length > 0 && !yes) {
    say(`Nothing was written: ${broken.length} of these may break what the mesh uses. With --yes it is written nevertheless.`)
    process.exitCode = 1
    return
  }
  for (const [each, text] of files) writeFileSync(means.besides(each), text)
  if (changes.length > 0)
    say(`${[...files.keys()].map(each => basename(each)).join(', ')} written. \`parley mesh check\` says whether all answers.`)
}

export const meansFor = (file: string): Means => ({
  environment: process.env,
  besides: each => resolve(dirname(file), each),
  isPrivateAddress,
  lookupPublic: lookupPublic(host => new Error(`${host} is a private address`)),
})

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'the file cannot be read' }, { cause })
  }
}

/** Says whom it waits for, when that takes long. Faults: SOURCE_UNAVAILABLE, with what went wrong. */
async function unavailable<T>(source: string, place: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const waiting = setTimeout(() => console.error(`Waiting for ${place}, ${PATIENCE_MS / 1_000} s at most.`), 1_000)
  try {
    return await ask(AbortSignal.timeout(PATIENCE_MS))
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    const isLate = cause instanceof Error && cause.name === 'TimeoutError'
    const reason = isLate ? `it did not answer within ${PATIENCE_MS / 1_000} s` : cause instanceof Error ? cause.message : String(cause)
    throw new Fault('SOURCE_UNAVAILABLE', { source, reason }, { cause })
  } finally {
    clearTimeout(waiting)
  }
}
