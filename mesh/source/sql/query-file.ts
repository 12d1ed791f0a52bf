// Reads a file of declared queries. Each begins with a line as sqlc has it, and what is to be said of it follows in comments as JSDoc has them:
//
//   -- name: listOrders :many
//   -- A customer's orders, the newest first.
//   -- @returns {Order}
//   -- @param {string} customer - Whose orders.
//   -- @param {integer 1..50} [limit=10] - At most so many.
//   SELECT number, customer, status FROM orders WHERE customer = :customer ORDER BY placed_on DESC LIMIT :limit;
import { createHash } from 'node:crypto'
import { bareText, type Dialect, problemOf, type Token, tokensOf } from './sql-text.ts'
import { VALUES, type Value } from './values.ts'

export interface QueryParameter {
  readonly name: string
  readonly isRequired: boolean
  readonly description?: string
  /** As the file says; undefined where it does not. */
  readonly value?: Value
  /** The only ones that there are. */
  readonly values?: readonly string[]
  readonly isList: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: string | number | boolean
}

export interface QueryColumn {
  readonly value?: Value
  readonly values?: readonly string[]
  readonly description?: string
}

export interface DeclaredQuery {
  readonly name: string
  /** Whether it gives a list, or one object or nothing. */
  readonly isMany: boolean
  readonly description?: string
  /** Name of the type of a row. */
  readonly type: string
  /** In the order in which they come in the text. */
  readonly parameters: readonly QueryParameter[]
  /** What the file says of columns, by name. */
  readonly columns: ReadonlyMap<string, QueryColumn>
  /** With parameters as `:name`. */
  readonly text: string
  /** With parameters as `$1`, one number a name. */
  readonly numbered: string
  /** Changes with what the database is asked, and with nothing else. */
  readonly hash: string
}

const NAME = /^--\s*name:\s*(\S+)(?:\s+(\S+))?\s*$/
const PARAM = /^@param\s+(?:\{([^}]*)\}\s*)?(\[)?\s*([A-Za-z_]\w*)\s*(?:=\s*([^\]]*?)\s*)?(\])?\s*(?:-\s*(.*))?$/
const COLUMN = /^@column\s+(?:\{([^}]*)\}\s*)?([\w.]+)\s*(?:-\s*(.*))?$/
const RETURNS = /^@returns?\s+\{([A-Za-z_]\w*)\}\s*$/
const TYPE = /^\s*([a-z-]+\d*)?(\[\])?\s*(?:(-?\d+)\.\.(-?\d+))?\s*$/

/** Throws an Error that says what is wrong, and in which query. */
export function readQueries(text: string, dialect: Dialect): readonly DeclaredQuery[] {
  const queries: DeclaredQuery[] = []
  let head: RegExpExecArray | undefined
  let tokens: Token[] = []
  const finish = (): void => {
    if (head) queries.push(queryOf(head, tokens))
    else if (tokens.some(({ kind }) => kind !== 'comment' && kind !== 'space'))
      throw new Error('a query begins with a line -- name: NAME :many')
    tokens = []
  }
  for (const token of tokensOf(text, dialect)) {
    const begun = token.kind === 'comment' ? NAME.exec(token.text) : null
    if (!begun) {
      tokens.push(token)
      continue
    }
    finish()
    head = begun
  }
  finish()
  if (queries.length === 0) throw new Error('there is no query in it: one begins with a line -- name: NAME :many')
  const twice = queries.find(({ name }, i) => queries.findIndex(each => each.name === name) < i)
  if (twice) throw new Error(`${twice.name} stands there twice`)
  return queries
}

function queryOf(head: RegExpExecArray, tokens: readonly Token[]): DeclaredQuery {
  const [, name = '', many = ''] = head
  const wrong = (reason: string): Error => new Error(`${name}: ${reason}`)
  if (!/^[A-Za-z_]\w{0,59}$/.test(name)) throw wrong('a query is called by letters, digits and _')
  if (many !== ':one' && many !== ':many') throw wrong('behind the name stands :one or :many')
  const problem = problemOf(tokens)
  if (problem !== undefined) throw wrong(problem)

  const said = new Map<string, QueryParameter>()
  const columns = new Map<string, QueryColumn>()
  const description: string[] = []
  let type: string | undefined
  for (const line of tokens.flatMap(({ kind, text }) => (kind === 'comment' && text.startsWith('--') ? [text.slice(2).trim()] : []))) {
    const [param, column, returns] = [PARAM.exec(line), COLUMN.exec(line), RETURNS.exec(line)]
    if (param)
      said.set(param[3]!, parameterOf(param, wrong)) // the pattern has it
    else if (column) columns.set(column[2]!, { ...typeOf(column[1], wrong), ...described(column[3]) })
    else if (returns) type = returns[1]
    else if (line.startsWith('@')) throw wrong(`-- ${line}: there are @param, @column and @returns`)
    else if (line !== '') description.push(line)
  }
  const used = [...new Set(tokens.flatMap(({ kind, text }) => (kind === 'parameter' ? [text.slice(1)] : [])))]
  const unused = [...said.keys()].find(each => !used.includes(each))
  if (unused !== undefined) throw wrong(`@param ${unused}: there is no :${unused}`)
  const text = bareText(tokens)
  const numbered = bareText(
    tokens.map(token => (token.kind === 'parameter' ? { ...token, text: `$${used.indexOf(token.text.slice(1)) + 1}` } : token)),
  )
  return {
    name,
    isMany: many === ':many',
    ...described(description.join(' ')),
    type: type ?? typeNameOf(name),
    parameters: used.map(each => said.get(each) ?? { name: each, isRequired: true, isList: false }),
    columns,
    text,
    numbered,
    hash: createHash('sha256').update(text).digest('hex').slice(0, 16),
  }
}

const described = (text: string | undefined): { readonly description?: string } => (text ? { description: text } : {})

function parameterOf(
  [, given, open, name = '', fallback, close, description]: RegExpExecArray,
  wrong: (reason: string) => Error,
): QueryParameter {
  if ((open === undefined) !== (close === undefined)) throw wrong(`@param ${name}: what may be left out is written [${name}]`)
  if (fallback !== undefined && open === undefined) throw wrong(`@param ${name}: what has a default is written [${name}=…]`)
  const { isList = false, ...typed } = typeOf(given, wrong)
  return {
    name,
    isRequired: open === undefined,
    isList,
    ...typed,
    ...described(description),
    ...(fallback !== undefined && { default: literal(fallback) }),
  }
}

function literal(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text.replace(/^(['"])(.*)\1$/, '$2')
}

function typeOf(
  given: string | undefined,
  wrong: (reason: string) => Error,
): Pick<QueryParameter, 'value' | 'values' | 'minimum' | 'maximum'> & { readonly isList?: boolean } {
  if (given === undefined) return {}
  if (given.includes('|')) return { value: 'string', values: given.split('|').map(each => each.trim()) }
  const [, name, list, minimum, maximum] = TYPE.exec(given) ?? []
  const value = name as Value | undefined // held to the table just below
  if ((name === undefined && minimum === undefined) || (value !== undefined && !Object.hasOwn(VALUES, value)))
    throw wrong(
      `{${given}}: there are ${Object.keys(VALUES).join(', ')}, with [] for a list and 1..50 for what a number may be, and words with | between`,
    )
  return {
    ...(value !== undefined && { value }),
    ...(list !== undefined && { isList: true }),
    ...(minimum !== undefined && { minimum: Number(minimum), maximum: Number(maximum) }),
  }
}

/** `Order` of `listOrders`, `findOrdersByNumber` and `getOrder`. */
function typeNameOf(query: string): string {
  const name = query.replace(/^(get|list|find|fetch|search|read|query)(?=[A-Z_])_?/, '').replace(/(By|Of|For)[A-Z].*$|_(by|of|for)_.*$/, '')
  const one = name.replace(/ies$/, 'y').replace(/([^s])s$/, '$1')
  return one.charAt(0).toUpperCase() + one.slice(1).replaceAll(/_+([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
