// Queries for the tables of a database that nobody has written any for: one thing by its key, several by theirs, and what belongs to another thing. A
// proposal, for a person to read and cut down.
import { capital, singular } from '../words.ts'
import type { Table } from './database.ts'
import type { Dialect } from './sql-text.ts'

export interface ProposedQueries {
  /** Their texts, by name. */
  readonly queries: Map<string, string>
  /** Joins along foreign keys, of the thing to the one that it names: `OrderItem.product`. */
  readonly fields: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Not for eyes, whatever they are there for. */
const SECRET = /pass(word|wd|phrase)?|secret|token|hash|salt|api_?key|iban|card_?number|cvv?/i
const CUSTOMER = /^(customer|client|account|user|member)(_?(id|number|code))?$/i
const IDS = /^(id|number|code|key)$/

export function proposeQueries(source: string, tables: readonly Table[], dialect: Dialect): ProposedQueries {
  const queries = new Map<string, string>()
  const fields: Record<string, Readonly<Record<string, unknown>>> = {}
  const byName = new Map(tables.map(table => [table.name, table]))
  for (const table of tables) {
    const { name, primaryKey, foreignKeys } = table
    const [key, ...more] = primaryKey
    const type = typeOf(name)
    const plural = capital(camel(name))
    const columns = columnsOf(table)
    const from = `FROM ${quoted(name)}`
    const left = table.columns.filter(column => SECRET.test(column))
    const note = left.length > 0 ? `/* Left out, since it may be secret: ${left.join(', ')}. */\n` : '' // no description: nobody else needs to know
    const query = (title: string, many: ':one' | ':many', saying: string, params: readonly string[], where: string): void => {
      const said = params.map(each => `-- @param ${each}\n`).join('')
      const text = `-- name: ${title} ${many}\n-- ${saying}\n${note}-- @returns {${type}}\n${said}SELECT ${columns}\n${from}\n${where};\n`
      if (!queries.has(title)) queries.set(title, text)
    }
    const owner = table.columns.find(column => CUSTOMER.test(column) && column !== key)
    const order = primaryKey.length > 0 ? `\nORDER BY ${primaryKey.map(quoted).join(', ')}` : ''
    if (key !== undefined && more.length === 0) {
      const own = IDS.test(key) ? key : 'id'
      const isTheirs = owner === undefined ? '' : ` AND ${quoted(owner)} = :customer`
      query(
        `get${type}`,
        ':one',
        owner === undefined ? `One of ${name}.` : `One of a customer's ${name}.`,
        [...typed(dialect, own), ...(owner === undefined ? [] : typed(dialect, 'customer'))],
        `WHERE ${quoted(key)} = :${own}${isTheirs}`,
      )
      query(
        `find${plural}`,
        ':many',
        `Several of ${name}.`,
        typed(dialect, camel(name), '[]'),
        `WHERE ${isAmong(dialect, key, camel(name))}`,
      )
    }
    if (owner !== undefined)
      query(
        `list${plural}`,
        ':many',
        `A customer's ${name}, page by page.`,
        [
          ...typed(dialect, 'customer'),
          '{integer 1..100} [limit=20] - At most so many.',
          '{integer 0..10000} [offset=0] - Behind so many.',
        ],
        `WHERE ${quoted(owner)} = :customer${order || `\nORDER BY ${quoted(owner)}`}\nLIMIT :limit OFFSET :offset`,
      )
    for (const { column, table: target, to } of foreignKeys) {
      const other = byName.get(target)
      if (!other || column === owner) continue
      const things = camel(target)
      query(
        queries.has(`list${plural}By${typeOf(target)}`) ? `list${plural}By${capital(camel(column))}` : `list${plural}By${typeOf(target)}`,
        ':many',
        `Of ${name} those of these ${target}.`,
        typed(dialect, things, '[]'),
        `WHERE ${isAmong(dialect, column, things)}${order}`,
      )
      const field = camel(column.replace(new RegExp(`_?(id|number|code|${to})$`, 'i'), '') || singular(target))
      const [only, ...others] = other.primaryKey
      if (only !== to || others.length > 0 || table.columns.some(each => camel(each) === field)) continue
      fields[`${type}.${field}`] = {
        from: `${source}.find${capital(things)}`,
        with: { [things]: aliasOf(table, column) },
        batch: aliasOf(other, to),
      }
    }
  }
  return { queries, fields }
}

/** In SQLite a parameter has no type of its own; PostgreSQL knows it. */
const typed = (dialect: Dialect, name: string, list = ''): readonly string[] => (dialect === 'sqlite' ? [`{string${list}} ${name}`] : [])

const isAmong = (dialect: Dialect, column: string, parameter: string): string =>
  dialect === 'postgres' ? `${quoted(column)} = ANY (:${parameter})` : `${quoted(column)} IN (SELECT value FROM json_each(:${parameter}))`

const columnsOf = (table: Table): string =>
  table.columns
    .filter(column => !SECRET.test(column))
    .map(column => {
      const alias = aliasOf(table, column)
      return alias === column ? quoted(column) : `${quoted(column)} AS "${alias}"`
    })
    .join(', ')

/** As fields are called; the key of a thing is its id, so that what names it can find it. */
function aliasOf({ columns, primaryKey }: Table, column: string): string {
  const isOwn = primaryKey.length === 1 && primaryKey[0] === column && !IDS.test(column)
  return isOwn && !columns.includes('id') ? 'id' : camel(column)
}

const camel = (name: string): string => {
  const words = name.toLowerCase() === name ? name : name.charAt(0).toLowerCase() + name.slice(1)
  return words.replaceAll(/[^A-Za-z0-9]+([A-Za-z0-9])?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? '')
}

const typeOf = (table: string): string => capital(camel(singular(table)))

/** Plain names as people write them. */
const quoted = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) && !WORDS.has(name) ? name : `"${name.replaceAll('"', '""')}"`)
const WORDS = new Set(
  'all analyse and any array as asc between both by case cast check collate column constraint create current_date default desc distinct do else end except false fetch for foreign from grant group having in index initially intersect into is join key lateral leading like limit not null offset on only or order placing primary references right select set some symmetric table then to trailing true union unique user using values when where window with'.split(
    ' ',
  ),
)
