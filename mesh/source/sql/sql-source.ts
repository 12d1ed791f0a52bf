// A source that is a database: declared queries in a file are all that it can be asked.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { SourceError } from '../../upstream/source-error.ts'
import { CREDENTIAL_SETTINGS, credentialOf, credentialRules } from '../credential.ts'
import { GUARD_SETTINGS, type Kind, type Means } from '../kind.ts'
import type { Asking } from '../source.ts'
import type { Database, Rows } from './database.ts'
import { LOCALE, readSqlCatalogue, type SqlOperation } from './sql-catalogue.ts'
import type { Dialect } from './sql-text.ts'

const isPostgres = (database: string): boolean => /^postgres(ql)?:\/\//.test(database)

const Settings = z
  .strictObject({
    sql: z.string().describe('Its declared queries: a file, from the folder of this one. What they give is written beside it.'),
    database: z.string().min(1).optional().describe('postgres://USER@HOST:PORT/DATABASE, or a file of SQLite.'),
    databaseEnv: z.string().optional().describe('Environment variable with that, where it has a password in it.'),
    ...CREDENTIAL_SETTINGS,
    private: z.boolean().default(false).describe('Whether its address may be a private one: a machine of the house, or this one.'),
    ...GUARD_SETTINGS,
    atOnce: z.int().min(1).max(1_000).default(10).describe('Queries under way, and so connections, at most.'),
    mostRows: z.int().min(1).max(100_000).default(1_000).describe('Rows of one answer at most; what has more is refused.'),
  })
  .superRefine((settings, context) => {
    const { database, databaseEnv } = settings
    if ((database === undefined) === (databaseEnv === undefined))
      context.addIssue({ code: 'custom', path: ['database'], message: 'give either database or databaseEnv' })
    if (database !== undefined && /^\w+:\/\/[^/?#@]*:[^/?#@]*@/.test(database))
      context.addIssue({
        code: 'custom',
        path: ['database'],
        message: 'a password is no part of the address: databaseEnv, tokenEnv, tokenFile',
      })
    credentialRules(settings, context)
  })
export type SqlSettings = z.infer<typeof Settings>

const LARGEST_BYTES = 4 * 1024 * 1024

/** Throws an Error that says what is wrong with the settings, and nothing of where it is. */
export async function openDatabase(
  name: string,
  settings: SqlSettings,
  means: Means,
): Promise<{ readonly database: Database; readonly dialect: Dialect }> {
  const { databaseEnv, atOnce, deadlineMs, private: isPrivate } = settings
  const place = settings.database ?? means.environment[databaseEnv ?? '']
  if (!place) throw new Error(`databaseEnv: the environment has no ${databaseEnv}`)
  // A driver is loaded where there is a source for it, and not with every mesh.
  if (!isPostgres(place)) {
    const { openSqlite } = await import('./sqlite/sqlite-database.ts')
    return { dialect: 'sqlite', database: openSqlite({ source: name, file: means.besides(place), atOnce }) }
  }
  const [{ openPostgres }, { readAddress }] = await Promise.all([
    import('./postgres/postgres-database.ts'),
    import('./postgres/address.ts'),
  ])
  const { lookupPublic, isPrivateAddress } = means
  const database = openPostgres({
    source: name,
    address: readAddress(place, isPrivate, file => readFileSync(means.besides(file), 'utf8')),
    credential: credentialOf(settings, means),
    reach: { isPrivate, lookupPublic, isPrivateAddress },
    connections: atOnce,
    deadlineMs,
  })
  return { dialect: 'postgres', database }
}

export const SQL: Kind<SqlSettings> = {
  settings: Settings,
  catalogue: ({ sql }, read) => readSqlCatalogue(sql, read).catalogue,
  open(name, settings, means) {
    const { catalogue, dialect } = readSqlCatalogue(settings.sql, file => readFileSync(means.besides(file), 'utf8'))
    let opening: Promise<Database> | undefined
    const open = async (): Promise<Database> => {
      try {
        const { database, dialect: is } = await openDatabase(name, settings, means)
        if (is !== dialect) throw new Error(`${settings.sql} was described by another kind of database: run parley mesh describe`)
        return database
      } catch (error) {
        throw new SourceError('SOURCE_DOWN', name, { reason: error instanceof Error ? error.message : 'it cannot be opened' })
      }
    }
    return {
      catalogue,
      async call(operation, asking, signal) {
        opening ??= open()
        const database = await opening
        const asked = catalogue.operations.get(operation)! // the caller has it from the catalogue
        const most = { rows: asked.query.isMany ? settings.mostRows : 1, bytes: LARGEST_BYTES }
        const rows = await database.read(asked, valuesOf(name, asked, asking), most, signal).catch(error => {
          throw !asked.query.isMany && isTooMany(error) ? moreThanOne(name, asked) : error
        })
        return answerOf(asked, rows)
      },
      async check(signal) {
        try {
          const { describeQueries } = await import('./describe.ts')
          const text = readFileSync(means.besides(settings.sql), 'utf8')
          const { wrong, changed, warnings } = await describeQueries(name, settings, text, means, signal)
          const again = changed.length > 0 ? [`parley mesh describe ${name} writes down what it is like now`] : []
          return { wrong: [...wrong, ...changed].map(each => `${name}: ${each}`), warnings: [...warnings, ...again] }
        } catch (error) {
          const reason = error instanceof SourceError ? error.message : `${name}: ${error instanceof Error ? error.message : String(error)}`
          return { wrong: [signal.aborted ? new SourceError('SOURCE_TIMEOUT', name).message : reason], warnings: [] }
        }
      },
      close() {
        opening?.then(database => database.close()).catch(() => {}) // what could not be opened holds nothing
      },
    }
  },
}

const isTooMany = (error: unknown): boolean => error instanceof SourceError && error.details.reason === 'too-many'

const moreThanOne = (source: string, { query }: SqlOperation): SourceError =>
  new SourceError('SOURCE_CHANGED', source, { reason: `${query.name}: more than one` })

function valuesOf(source: string, { query }: SqlOperation, { args, headers }: Asking): readonly unknown[] {
  return query.parameters.map(({ name }) => {
    const value = name === LOCALE ? headers['accept-language'] : args[name]
    // Half a character is another text in UTF-8, which might be one that is there.
    if ([value].flat().some(each => typeof each === 'string' && !each.isWellFormed()))
      throw new SourceError('SOURCE_REFUSED', source, { reason: 'bad-value' })
    return value ?? null
  })
}

/** Rows as objects; columns called `parcel.carrier` are fields of `parcel`, which is null where all of them are. */
function answerOf({ query }: SqlOperation, { columns, rows }: Rows): unknown {
  const paths = columns.map(column => column.split('.'))
  const isFlat = paths.every(path => path.length === 1)
  const told = rows.map(row => (isFlat ? Object.fromEntries(row.map((value, i) => [columns[i], value])) : nested(paths, row)))
  if (query.isMany) return told
  return told[0] ?? null
}

function nested(paths: readonly (readonly string[])[], row: readonly unknown[], level = 0): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  const groups = new Map<string, number[]>()
  for (const [i, path] of paths.entries()) {
    const name = path[level]! // paths of a group are as long
    if (path.length === level + 1) object[name] = row[i]
    else groups.set(name, [...(groups.get(name) ?? []), i])
  }
  for (const [name, group] of groups) {
    const values = group.map(i => row[i])
    object[name] = values.every(value => value === null)
      ? null
      : nested(
          group.map(i => paths[i]!),
          values,
          level + 1,
        ) // of the paths
  }
  return object
}
