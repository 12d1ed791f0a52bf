// Asks a PostgreSQL what declared queries take and give, and tries each: in a transaction that may only read, with a value of each parameter, and
// for one row alone.
import type { ClientBase } from 'pg'
import type { Looked } from '../database.ts'
import type { DescribedColumn, DescribedParameter, DescribedQuery } from '../described-file.ts'
import type { DeclaredQuery } from '../query-file.ts'
import { sampleOf, type Value } from '../values.ts'
import { sqlState } from './errors.ts'
import { describeQuery, type RawDescription, readQuery } from './read-query.ts'
import { textOf, valueOfType } from './types.ts'

interface TypeRow {
  readonly oid: number
  readonly typname: string
  /** Of a domain what it stands on, of a list what it is made of. */
  readonly base: number
  readonly element: number
  readonly labels: readonly string[] | null
}
const TYPES = `
  WITH RECURSIVE known AS (
    SELECT t.* FROM pg_type t WHERE t.oid = ANY ($1)
    UNION
    SELECT t.* FROM known k JOIN pg_type t ON t.oid IN (k.typbasetype, CASE WHEN k.typcategory = 'A' THEN k.typelem END)
  )
  SELECT oid, typname, typbasetype AS base, CASE WHEN typcategory = 'A' THEN typelem ELSE 0::oid END AS element,
    (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = known.oid) AS labels FROM known`

interface ColumnRow {
  readonly table: number
  readonly place: number
  readonly not_null: boolean
  readonly description: string | null
}
const COLUMNS = `
  SELECT attrelid AS table, attnum AS place, attnotnull AS not_null, col_description(attrelid, attnum) AS description
  FROM pg_attribute WHERE attrelid = ANY ($1)`

const WRITABLE = `
  SELECT current_user AS role, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super,
    (SELECT min(c.oid::regclass::text) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE relkind IN ('r', 'p') AND nspname !~ '^(pg_|information_schema)' AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')) AS one`

/** A column that may be null though its table says it may not. */
const OUTER = /\b(left|right|full|rollup|cube|grouping)\b/i

/** Rejects with what the connection says. */
export async function look(client: ClientBase, queries: readonly DeclaredQuery[]): Promise<Looked> {
  const problems = new Map<string, string>()
  const raw = new Map<DeclaredQuery, RawDescription>()
  for (const query of queries)
    try {
      const { submittable, description } = describeQuery(query.numbered)
      client.query(submittable)
      raw.set(query, await description)
    } catch (error) {
      problems.set(query.name, wordsOf(error, query))
    }
  const all = [...raw.values()]
  const types = await typesOf(client, [...all.flatMap(each => [...each.parameters, ...each.columns.map(column => column.dataTypeID)])])
  const columns = await client.query<ColumnRow>(COLUMNS, [[...new Set(all.flatMap(each => each.columns.map(column => column.tableID)))]])
  const described = new Map<string, DescribedQuery>()
  for (const [query, { parameters, columns: found }] of raw) {
    const names = await client.query<{ readonly name: string }>(
      'SELECT format_type(t, m) AS name FROM unnest($1::oid[], $2::int4[]) WITH ORDINALITY AS all_of (t, m, place) ORDER BY place',
      [
        [...parameters, ...found.map(column => column.dataTypeID)],
        [...parameters.map(() => null), ...found.map(column => (column.dataTypeModifier === -1 ? null : column.dataTypeModifier))],
      ],
    )
    const nameAt = (place: number): string => names.rows[place]?.name ?? ''
    const given = query.parameters.map(({ name }, i) => [name, { type: nameAt(i), ...types(parameters[i] ?? 0) }] as const)
    const wrong = query.parameters.flatMap(({ name, value, isList }, i) => {
      const is = given[i]![1] // one each
      return value !== undefined && (value !== is.as || isList !== (is.list === true)) && !isNear(value, is.as)
        ? [`@param ${name}: the database takes ${is.type} there`]
        : []
    })
    if (found.length === 0) problems.set(query.name, 'it gives nothing')
    else if (wrong.length > 0) problems.set(query.name, wrong.join('; '))
    const isSure = !OUTER.test(query.text)
    described.set(query.name, {
      text: query.hash,
      parameters: Object.fromEntries(given),
      columns: found.map(({ name, dataTypeID, tableID, columnID }, i): DescribedColumn => {
        const of = columns.rows.find(each => each.table === tableID && each.place === columnID)
        return {
          name,
          type: nameAt(parameters.length + i),
          ...types(dataTypeID),
          ...(isSure && of?.not_null === true && { notNull: true }),
          ...(of?.description && { description: of.description }),
        }
      }),
    })
  }
  for (const query of queries) {
    const found = described.get(query.name)
    if (!found || problems.has(query.name)) continue
    const problem = await tried(client, query, found)
    if (problem !== undefined) problems.set(query.name, problem)
  }
  const {
    role = '',
    super: isSuper,
    one,
  } = (await client.query<{ role: string; super: boolean; one: string | null }>(WRITABLE)).rows[0] ?? {}
  const may = isSuper ? 'is a superuser' : one ? `may write (${one})` : undefined
  const warnings = may === undefined ? [] : [`the role ${role} ${may}: give the mesh one that may only read`]
  return { described, problems, warnings }
}

/** A text stands for what is a text in JSON, and a whole number for any. */
const isNear = (said: Value, is: Value): boolean =>
  (said === 'string' && ['uuid', 'date', 'date-time', 'time', 'decimal', 'duration'].includes(is)) ||
  (said === 'integer' && (is === 'int64' || is === 'number'))

async function typesOf(client: ClientBase, numbers: readonly number[]): Promise<(number: number) => Omit<DescribedParameter, 'type'>> {
  const { rows } = await client.query<TypeRow>(TYPES, [[...new Set(numbers)]])
  const byNumber = new Map(rows.map(row => [row.oid, row]))
  const typed = (number: number): Omit<DescribedParameter, 'type'> => {
    const row = byNumber.get(number)
    if (!row) return { as: 'string' }
    if (row.base !== 0) return typed(row.base)
    if (row.element !== 0) return { ...typed(row.element), list: true }
    return { as: valueOfType(row.typname), ...(row.labels && { values: [...row.labels] }) }
  }
  return typed
}

/** Whether the database says that it writes, or that it may not be asked. What else is wrong with our values is no fault of the query's. */
async function tried(client: ClientBase, query: DeclaredQuery, { parameters }: DescribedQuery): Promise<string | undefined> {
  const values = query.parameters.map(each => {
    const { as = 'string', list, values: only } = parameters[each.name] ?? {}
    const one = sampleOf(as, only, each)
    return textOf(list ? [one] : one, list ? 'string' : as)
  })
  try {
    const { submittable, rows } = readQuery({
      name: `q${query.hash}`,
      text: query.numbered,
      values,
      most: { rows: 10_000, bytes: 2 ** 30 },
    })
    client.query(submittable)
    await rows
    return undefined
  } catch (error) {
    await client.query('ROLLBACK')
    const state = sqlState(error) ?? ''
    if (state.startsWith('25')) return 'it writes: the mesh only reads'
    return state.startsWith('42') ? wordsOf(error, query) : undefined
  }
}

/** What the database says of the text; there are no values in it but those that stand in the text. Parameters are called as the text calls them. */
function wordsOf(error: unknown, { parameters }: DeclaredQuery): string {
  const words = error instanceof Error ? error.message : String(error)
  const named = words.replaceAll(/\$(\d+)/g, (number, place: string) => `:${parameters[Number(place) - 1]?.name ?? number}`)
  return sqlState(error) === '42P18' ? `${named}: write its type behind it where it comes first, as :since::date` : named
}
