// `parley mesh add` and `describe` of databases: they are asked what declared queries take and give, which is written beside these.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, relative, resolve } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Means } from '@parley/mesh/source/kind.ts'
import type { Look } from '@parley/mesh/source/sql/describe.ts'
import type { SqlSettings } from '@parley/mesh/source/sql/sql-source.ts'
import { SourceError } from '@parley/mesh/upstream/source-error.ts'
import { isPrivateAddress, lookupPublic } from '../outgoing/public-address.ts'
import { say } from './plugin-store.ts'

export interface SqlPlace {
  readonly database?: string
  readonly databaseEnv?: string
  readonly sql?: string
}

export interface AddSqlOptions extends SqlPlace {
  readonly file: string
  readonly private?: true
  readonly tokenEnv?: string
}

const PATIENCE_MS = 20_000

const meansFor = (file: string): Means => ({
  environment: process.env,
  isPrivateAddress,
  lookupPublic: lookupPublic(host => new Error(`${host} is a private address`)),
  besides: each => resolve(dirname(file), each),
})

/** Writes the source into the file, with its queries and what the database says of them beside it. Faults: CONFIG_INVALID, SOURCE_UNAVAILABLE. */
export async function addSqlToMesh(name: string, options: AddSqlOptions): Promise<void> {
  const { file, database, databaseEnv, tokenEnv, sql } = options
  const [{ addSource }, { SourceSettings }, { describeQueries, tablesOf }, { proposeQueries }, { describedFile }, { sayAdded }] =
    await Promise.all([
      import('@parley/mesh/joined/add-source.ts'),
      import('@parley/mesh/source/kinds.ts'),
      import('@parley/mesh/source/sql/describe.ts'),
      import('@parley/mesh/source/sql/propose-queries.ts'),
      import('@parley/mesh/source/sql/described-file.ts'),
      import('./mesh-add.ts'),
    ])
  const means = meansFor(file)
  if (sql !== undefined && !existsSync(sql)) throw new Fault('CONFIG_INVALID', { file: sql, path: '', reason: 'the file cannot be read' })
  const queriesFile = sql === undefined ? `${name}.sql` : fileBeside(file, sql)
  if (sql === undefined && existsSync(means.besides(queriesFile)))
    throw new Fault('CONFIG_INVALID', { file: queriesFile, path: '', reason: 'it is there already: name it with --sql' })
  const given = {
    sql: queriesFile,
    ...(database !== undefined && { database: placeBeside(file, database) }),
    ...(databaseEnv !== undefined && { databaseEnv }),
    ...(options.private && { private: true }),
    ...(tokenEnv !== undefined && { tokenEnv }),
  }
  const parsed = SourceSettings.safeParse(given)
  if (!parsed.success || parsed.data.kind !== 'sql')
    throw new Fault('CONFIG_INVALID', { file, path: `sources.${name}`, reason: parsed.error?.issues[0]?.message ?? 'it is no database' })
  const settings: SqlSettings = parsed.data
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const asking = { file: queriesFile, name }

  const proposed = sql === undefined ? await asked(asking, async () => tablesOf(name, settings, means, signal)) : undefined
  const { queries, fields } = proposed
    ? proposeQueries(name, proposed.tables, proposed.dialect)
    : { queries: new Map<string, string>(), fields: {} }
  let text = sql === undefined ? [...queries.values()].join('\n') : readFileSync(sql, 'utf8')
  let look = await asked(asking, () => describeQueries(name, settings, text, means, signal))
  if (proposed && look.wrong.length > 0) {
    // Of ours those that the database does not take are left out: a column whose type it does not say.
    for (const reason of look.wrong) {
      queries.delete(reason.split(':', 1)[0] ?? '')
      say(`Left out: ${reason}`)
    }
    text = [...queries.values()].join('\n')
    look = await asked(asking, () => describeQueries(name, settings, text, means, signal))
  }
  refuseWrong(queriesFile, look)
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const files = new Map([
    [queriesFile, text],
    [describedFile(queriesFile), look.text],
  ])
  const added = addSource(file, before, { name, settings: given, files, fields }, each => readFileSync(means.besides(each), 'utf8'))
  for (const [each, content] of files)
    if (each !== queriesFile || sql === undefined || resolve(sql) !== means.besides(each)) writeFileSync(means.besides(each), content)
  writeFileSync(file, added.text)
  if (proposed) say(`Queries for ${proposed.tables.length} tables are in ${queriesFile}: leave there what the mesh is to ask.`)
  sayAdded(
    name,
    file,
    added,
    look.warnings.map(warning => `! ${warning}`),
  )
}

/** Writes beside the queries what their databases say now. Faults: CONFIG_INVALID, SOURCE_UNAVAILABLE. */
export async function describeMesh(only: string | undefined, { file }: { readonly file: string }): Promise<void> {
  const [{ readMeshConfig }, { describeQueries }, { describedFile }] = await Promise.all([
    import('@parley/mesh/joined/read-mesh.ts'),
    import('@parley/mesh/source/sql/describe.ts'),
    import('@parley/mesh/source/sql/described-file.ts'),
  ])
  const means = meansFor(file)
  const sources = Object.entries(readMeshConfig(file).sources).filter(([name]) => only === undefined || name === only)
  const databases = sources.flatMap(([name, source]) => (source.kind === 'sql' ? [[name, source] as const] : []))
  if (databases.length === 0)
    throw new Fault('CONFIG_INVALID', {
      file,
      path: 'sources',
      reason: only === undefined ? 'none is a database' : `${only} is no database`,
    })
  for (const [name, settings] of databases) {
    const text = readFileSync(means.besides(settings.sql), 'utf8')
    const look = await asked({ file: settings.sql, name }, () =>
      describeQueries(name, settings, text, means, AbortSignal.timeout(PATIENCE_MS)),
    )
    refuseWrong(settings.sql, look)
    writeFileSync(means.besides(describedFile(settings.sql)), look.text)
    for (const change of look.changed) say(`${name}: ${change}`)
    for (const warning of look.warnings) say(`! ${name}: ${warning}`)
    say(`${name}: written to ${describedFile(settings.sql)}.`)
  }
}

/** Where a file lies, from the folder of the mesh's file; elsewhere it is copied there. */
function fileBeside(file: string, path: string): string {
  const from = relative(dirname(resolve(file)), resolve(path))
  return from.startsWith('..') ? basename(path) : from
}

/** A file of SQLite is named from the folder of the mesh's file. */
const placeBeside = (file: string, place: string): string =>
  /^\w+:\/\//.test(place) ? place : relative(dirname(resolve(file)), resolve(place))

function refuseWrong(file: string, { wrong }: Look): void {
  if (wrong.length > 0) throw new Fault('CONFIG_INVALID', { file, path: '', reason: wrong.join('\n') })
}

async function asked<T>({ file, name }: { readonly file: string; readonly name: string }, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof SourceError) throw new Fault('SOURCE_UNAVAILABLE', { source: name, reason: cause.message }, { cause })
    if (cause instanceof Error && cause.name === 'TimeoutError')
      throw new Fault('SOURCE_UNAVAILABLE', { source: name, reason: 'it did not answer in time' }, { cause })
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: cause instanceof Error ? cause.message : String(cause) }, { cause })
  }
}
