// The catalogue of a file of queries: what they take and give as JSON schemas, by what the file says and what the database has said of it.
import type { Catalogue, JsonSchema, Operation, Parameter } from '../catalogue.ts'
import {
  type Described,
  type DescribedColumn,
  type DescribedParameter,
  type DescribedQuery,
  describedFile,
  readDescribed,
} from './described-file.ts'
import { type DeclaredQuery, type QueryParameter, readQueries } from './query-file.ts'
import type { Dialect } from './sql-text.ts'
import { VALUES } from './values.ts'

export interface SqlOperation extends Operation {
  readonly query: DeclaredQuery
  readonly described: DescribedQuery
}

/** In this parameter a query has the locale that is asked in. */
export const LOCALE = 'locale'
const PLACE = '#/types/'

/** `file` and what is written beside it. Throws an Error that says what is wrong, and where. */
export function readSqlCatalogue(
  file: string,
  read: (file: string) => string,
): { readonly catalogue: Catalogue<SqlOperation>; readonly dialect: Dialect } {
  const beside = describedFile(file)
  let text: string
  try {
    text = read(beside)
  } catch (cause) {
    throw new Error(`${beside} is not there: parley mesh describe writes it`, { cause })
  }
  const described = readDescribed(beside, text)
  const { dialect } = described
  return { catalogue: sqlCatalogue(readQueries(read(file), dialect), described), dialect }
}

/** Throws an Error that says what is wrong, and in which query. */
export function sqlCatalogue(queries: readonly DeclaredQuery[], { queries: described }: Described): Catalogue<SqlOperation> {
  const operations = new Map<string, SqlOperation>()
  const schemas = new Map<string, JsonSchema>()
  const words = wordTypes()
  const from = new Map<string, string>()
  for (const query of queries) {
    const found = Object.hasOwn(described, query.name) ? described[query.name] : undefined
    if (found?.text !== query.hash)
      throw new Error(
        `${query.name}: it is ${found ? 'another one than' : 'not what'} the database was asked about: run parley mesh describe`,
      )
    const row = rowSchema(query, found, words)
    const known = schemas.get(query.type)
    if (known && shapeOf(known) !== shapeOf(row))
      throw new Error(
        `${query.name}: it gives other columns than ${from.get(query.type)}, and both call a row ${query.type}: call one otherwise, with -- @returns {NAME}`,
      )
    if (!known) {
      schemas.set(query.type, row)
      from.set(query.type, query.name)
    }
    const one = { $ref: PLACE + query.type }
    operations.set(query.name, {
      id: query.name,
      isSafe: true,
      ...(query.description !== undefined && { description: query.description }),
      parameters: query.parameters.map(each => parameterOf(query, each, found.parameters[each.name], words)),
      answer: query.isMany ? { type: 'array', items: one } : one,
      query,
      described: found,
    })
  }
  return {
    operations,
    schemas,
    resolve(schema) {
      if (typeof schema.$ref !== 'string') return { schema }
      const name = schema.$ref.slice(PLACE.length)
      const found = schemas.get(name) ?? words.named.get(name)
      if (!found) throw new Error(`${schema.$ref} leads nowhere`)
      return { name, schema: found }
    },
  }
}

const IDS = /^(id|number|code|key)$/

function parameterOf(
  { isMany, type }: DeclaredQuery,
  declared: QueryParameter,
  described: DescribedParameter | undefined,
  words: WordTypes,
): Parameter {
  const { name, isRequired, description, minimum, maximum, default: fallback } = declared
  if (name === LOCALE) return { name: 'accept-language', isRequired: false, schema: { type: 'string' }, in: 'header' }
  const as =
    declared.value ?? (described?.as === 'int64' && Math.abs(maximum ?? 2 ** 31) < 2 ** 31 ? 'integer' : (described?.as ?? 'string'))
  const bare: JsonSchema = described ? words.schemaOf({ ...described, as }, type, name) : VALUES[as]
  const ranged = { ...bare, ...(minimum !== undefined && { minimum, maximum }), ...(fallback !== undefined && { default: fallback }) }
  const isList = described?.list ?? declared.isList
  return {
    name,
    isRequired,
    schema: isList ? { type: 'array', items: bare } : ranged,
    ...(description !== undefined && { description }),
    // One thing's own id: it is asked for by it, as by a path's.
    in: !isMany && IDS.test(name) ? 'path' : 'query',
  }
}

interface WordTypes {
  readonly named: ReadonlyMap<string, JsonSchema>
  /** Of a column or parameter `name` of the type `of`. What may have some words alone has a name: so that it is one type wherever it comes. */
  schemaOf(described: DescribedParameter, of: string, name: string): JsonSchema
}

function wordTypes(): WordTypes {
  const named = new Map<string, JsonSchema>()
  return {
    named,
    schemaOf({ type, as, values }, of, name) {
      if (!values) return VALUES[as]
      const own = Object.hasOwn(VALUES, type) || type === '' || /\W/.test(type) ? of + pascal(name) : pascal(type)
      const known = named.get(own)
      if (known && JSON.stringify(known.enum) !== JSON.stringify(values)) return { type: 'string', enum: values }
      if (!known) named.set(own, { type: 'string', enum: values })
      return { $ref: PLACE + own }
    },
  }
}

const pascal = (name: string): string => name.replaceAll(/(?:^|[\W_]+)(\w)/g, (_, letter: string) => letter.toUpperCase())

interface Nested {
  readonly properties: Record<string, JsonSchema | Nested>
}

/** Columns called `parcel.carrier` are fields of an object `parcel`, which is null where all of them are. */
function rowSchema(query: DeclaredQuery, { columns }: DescribedQuery, words: WordTypes): JsonSchema {
  const row: Nested = { properties: {} }
  for (const column of columns) {
    const path = column.name.split('.')
    const last = path.pop()! // a name has a part
    let at = row
    for (const part of path) {
      const inner = at.properties[part] ?? { properties: {} }
      at.properties[part] = inner
      if (!isNested(inner)) throw new Error(`${query.name}: ${column.name}: ${part} is a column already`)
      at = inner
    }
    if (at.properties[last] !== undefined) throw new Error(`${query.name}: two columns are called ${column.name}`)
    at.properties[last] = columnSchema(
      column,
      words.schemaOf(column, query.type, column.name),
      query.columns.get(column.name)?.description ?? column.description,
    )
  }
  return objectOf(row)
}

const isNested = (value: JsonSchema | Nested): value is Nested => !('type' in value) && 'properties' in value

const objectOf = ({ properties }: Nested, isRow = true): JsonSchema => ({
  type: isRow ? 'object' : ['object', 'null'],
  ...(isRow && { required: Object.keys(properties) }),
  properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, isNested(each) ? objectOf(each, false) : each])),
})

function columnSchema({ list, notNull }: DescribedColumn, bare: JsonSchema, description: string | undefined): JsonSchema {
  const schema: JsonSchema = list ? { type: 'array', items: bare } : bare
  const orNull =
    notNull || (schema.type === undefined && schema.$ref === undefined)
      ? schema
      : schema.type === undefined
        ? { anyOf: [schema, { type: 'null' }] }
        : { ...schema, type: [schema.type, 'null'] }
  return { ...orNull, ...(description !== undefined && { description }) }
}

const shapeOf = (schema: JsonSchema): string =>
  JSON.stringify(schema, (key, value) => (key === 'description' && typeof value === 'string' ? undefined : value))
