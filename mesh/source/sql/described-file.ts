// What the database has said of a file's queries, written beside it (orders.sql.json): so that a mesh is read without asking anything, and so that what
// has changed since is known.
import { z } from 'zod'
import type { Dialect } from './sql-text.ts'
import { VALUE_NAMES } from './values.ts'

const Typed = {
  /** As the database calls it: `numeric(10,2)`. */
  type: z.string(),
  as: z.enum(VALUE_NAMES),
  list: z.literal(true).optional(),
  /** The only ones that there are. */
  values: z.array(z.string()).optional(),
}

const Query = z.strictObject({
  /** Of the text that was described. */
  text: z.string(),
  parameters: z.record(z.string(), z.strictObject(Typed)),
  columns: z.array(z.strictObject({ name: z.string(), ...Typed, notNull: z.literal(true).optional(), description: z.string().optional() })),
})
export type DescribedQuery = z.infer<typeof Query>
export type DescribedColumn = DescribedQuery['columns'][number]
export type DescribedParameter = DescribedQuery['parameters'][string]

const Described = z.strictObject({
  about: z.string(),
  dialect: z.enum(['postgres', 'sqlite']),
  queries: z.record(z.string(), Query),
})
export type Described = z.infer<typeof Described>

export const describedFile = (file: string): string => `${file}.json`

/** Throws an Error that says what is wrong. */
export function readDescribed(file: string, text: string): Described {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error(`${file}: it is no JSON`)
  }
  const parsed = Described.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Error(`${file}: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`)
}

/** One line a parameter and a column: it is read in diffs. */
export function writeDescribed(of: string, dialect: Dialect, queries: Described['queries']): string {
  const about = `What the database has said of the queries in ${of}. Written by parley mesh add and parley mesh describe.`
  const lines = (indent: string, all: readonly string[]): string =>
    all.length === 0 ? '' : `\n${indent}  ${all.join(`,\n${indent}  `)}\n${indent}`
  const written = Object.entries(queries).map(([name, { text, parameters, columns }]) => {
    const named = Object.entries(parameters).map(([parameter, value]) => `${JSON.stringify(parameter)}: ${JSON.stringify(value)}`)
    return `${JSON.stringify(name)}: {
      "text": ${JSON.stringify(text)},
      "parameters": {${lines('      ', named)}},
      "columns": [${lines(
        '      ',
        columns.map(column => JSON.stringify(column)),
      )}]
    }`
  })
  return `{
  "about": ${JSON.stringify(about)},
  "dialect": ${JSON.stringify(dialect)},
  "queries": {${lines('  ', written)}}
}
`
}

/** What has changed in a query from `before` to `now`, in words. */
export function changesOf(name: string, before: DescribedQuery, now: DescribedQuery): readonly string[] {
  const changes: string[] = []
  const compare = (what: string, was: DescribedParameter | undefined, is: DescribedParameter | undefined): void => {
    if (!is) changes.push(`${what} is not there any more`)
    else if (!was) changes.push(`${what} is new (${is.type})`)
    else if (was.type !== is.type) changes.push(`${what} is ${is.type} now, it was ${was.type}`)
    else if (JSON.stringify(was.values) !== JSON.stringify(is.values)) changes.push(`${what} may have other values now`)
  }
  for (const parameter of new Set([...Object.keys(before.parameters), ...Object.keys(now.parameters)]))
    compare(`${name}(${parameter})`, before.parameters[parameter], now.parameters[parameter])
  const columnOf = (query: DescribedQuery, column: string): DescribedColumn | undefined => query.columns.find(each => each.name === column)
  for (const column of new Set([...before.columns, ...now.columns].map(each => each.name)))
    compare(`${name}.${column}`, columnOf(before, column), columnOf(now, column))
  return changes
}
