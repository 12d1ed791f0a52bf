// A process that reads one SQLite file, one question at a time. It is a process since SQLite holds up its thread until it is done, and nothing but the
// end of the process ends that: a worker thread waited 16 s for a query of 17. It is opened to read, and its authorizer lets nothing else be prepared.
import { statSync } from 'node:fs'
import { constants, DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Table } from '../database.ts'
import type { FromReader, LookedColumn, ReaderSettings, ToReader } from './messages.ts'
import { readValue, scaleOf, valueOfType } from './values.ts'

const { file, lockMs } = JSON.parse(process.argv[2] ?? '{}') as ReaderSettings // by who starts it
/** Of functions, those that reach out of the database. */
const CLOSED = /^(load_extension|readfile|writefile|edit|fts3_tokenizer)$/i
const MAY = new Set([constants.SQLITE_SELECT, constants.SQLITE_READ, constants.SQLITE_RECURSIVE])

interface Open {
  readonly database: DatabaseSync
  readonly statements: Map<string, StatementSync>
  /** A file that was put in the place of this one is another. */
  readonly inode: bigint
}
let open: Open | undefined

function opened(): Open {
  const { ino: inode } = statSync(file, { bigint: true, throwIfNoEntry: false }) ?? { ino: 0n }
  if (open?.inode === inode) return open
  open?.database.close()
  open = undefined
  const database = new DatabaseSync(file, { readOnly: true, allowExtension: false, timeout: lockMs })
  database.exec('PRAGMA query_only = ON')
  database.setAuthorizer((action, _, name) =>
    MAY.has(action) || (action === constants.SQLITE_FUNCTION && !CLOSED.test(name ?? '')) ? constants.SQLITE_OK : constants.SQLITE_DENY,
  )
  open = { database, statements: new Map(), inode }
  return open
}

function prepared(text: string): StatementSync {
  const { database, statements } = opened()
  let statement = statements.get(text)
  if (!statement) {
    statement = database.prepare(text)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    statement.setAllowUnknownNamedParameters(true)
    statements.set(text, statement)
  }
  return statement
}

function read({ text, values, as, most }: Extract<ToReader, { readonly type: 'read' }>): FromReader {
  const statement = prepared(text)
  const columns = statement.columns()
  const scales = columns.map(({ type }) => scaleOf(type))
  const rows: unknown[][] = []
  let bytes = 0
  for (const row of statement.iterate(values) as Iterable<unknown>) {
    const told = (row as unknown[]).map((value, i) => readValue(value, as[i] ?? 'string', scales[i])) // rows are arrays, as was set
    for (const value of told) bytes += typeof value === 'string' ? value.length : 8
    if (rows.length >= most.rows || bytes > most.bytes) return { type: 'too-much', of: bytes > most.bytes ? 'bytes' : 'rows' }
    rows.push(told)
  }
  return { type: 'rows', rows: { columns: columns.map(({ name }) => name), rows } }
}

function look({ text }: Extract<ToReader, { readonly type: 'look' }>): FromReader {
  const statement = prepared(text)
  const isOuter = /\b(left|right|full)\b/i.test(text)
  const columns = statement.columns().map(({ name, table, column, type }): LookedColumn => {
    const isNotNull =
      !isOuter &&
      table !== null &&
      column !== null &&
      rowsOf(`SELECT 1 FROM pragma_table_info(?) WHERE name = ? AND ("notnull" OR pk)`, table, column).length > 0
    return { name, type: type ?? '', ...(type !== null && { as: valueOfType(type) }), ...(isNotNull && { notNull: true }) }
  })
  return { type: 'columns', columns }
}

function tables(): readonly Table[] {
  const names = rowsOf(
    `SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
  )
  return names.map(([name = '']) => {
    const columns = rowsOf('SELECT name, pk FROM pragma_table_info(?)', name)
    const keys = rowsOf('SELECT "from", "table", "to" FROM pragma_foreign_key_list(?) WHERE seq = 0', name)
    const primaryKey = columns.filter(([, pk]) => pk !== '0').map(([column = '']) => column)
    return {
      name,
      columns: columns.map(([column = '']) => column),
      primaryKey,
      foreignKeys: keys.map(([column = '', table = '', to = '']) => ({
        column,
        table,
        to: to || (rowsOf('SELECT name FROM pragma_table_info(?) WHERE pk = 1', table)[0]?.[0] ?? ''),
      })),
    }
  })
}

let own: DatabaseSync | undefined

/** Of our own questions about tables, which no authorizer is in the way of; as texts. */
function rowsOf(text: string, ...values: readonly string[]): readonly (readonly string[])[] {
  own ??= new DatabaseSync(file, { readOnly: true, allowExtension: false, timeout: lockMs })
  const statement = own.prepare(text)
  statement.setReturnArrays(true)
  return (statement.all(...values) as unknown as unknown[][]).map(row => row.map(value => (value === null ? '' : String(value))))
}

function answer(message: ToReader): FromReader {
  try {
    if (message.type === 'read') return read(message)
    if (message.type === 'look') return look(message)
    return { type: 'tables', tables: tables() }
  } catch (error) {
    // A statement that has failed may hold on to what it has begun.
    open?.database.close()
    open = undefined
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
    return { type: 'failed', code, words: error instanceof Error ? error.message : String(error) }
  }
}

process.on('message', (message: ToReader) => void process.send?.(answer(message)))
process.send?.({ type: 'ready' } satisfies FromReader)
