// One query on one connection, in one round trip: a transaction that may only read, the statement in it, and its end, without waiting in between. pg's
// own query has neither: its `rows` reads on until it has all of them, and its pipeline waits for each answer of its own.
import type { Connection, Submittable } from 'pg'
import type { Most } from '../database.ts'

export interface Field {
  readonly name: string
  /** Number of its type. */
  readonly type: number
}

export interface RawRows {
  readonly fields: readonly Field[]
  readonly rows: readonly (readonly (string | null)[])[]
}

/** There are more rows, or larger ones, than there may be. */
export class TooMuch extends Error {
  readonly of: keyof Most
  constructor(of: keyof Most) {
    super(`too many ${of}`)
    this.of = of
  }
}

/** What pg sends, by its names: pg's types leave out what a Submittable calls. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void }
  parse(query: { name: string; text: string; types: readonly number[] }): void
  bind(config: { portal: string; statement: string; values: readonly (string | null)[] }): void
  describe(what: { type: 'S' | 'P'; name: string }): void
  execute(config: { portal: string; rows: number }): void
  close(what: { type: 'S' | 'P'; name: string }): void
  sync(): void
  once(event: 'parameterDescription', listener: (message: { readonly dataTypeIDs: readonly number[] }) => void): void
  removeAllListeners(event: 'parameterDescription'): void
}
// A cast: a connection has these, and pg's types say of them what its own queries need.
const wireOf = (connection: Connection): Wire => connection as unknown as Wire

interface RowDescription {
  readonly fields: readonly {
    readonly name: string
    readonly dataTypeID: number
    readonly dataTypeModifier: number
    readonly tableID: number
    readonly columnID: number
  }[]
}

/** Statements that a connection has prepared. */
const prepared = new WeakMap<Connection, Set<string>>()

const BEGIN = 'BEGIN TRANSACTION READ ONLY'
const END = 'ROLLBACK'

export interface ReadQuery {
  /** Unique for the text. */
  readonly name: string
  readonly text: string
  readonly values: readonly (string | null)[]
  readonly most: Most
}

/** Resolves when the connection is ready for another one. After an error the transaction is still open; after TooMuch rows may come still. */
export function readQuery(query: ReadQuery): { readonly submittable: Submittable; readonly rows: Promise<RawRows> } {
  const { promise, resolve, reject } = Promise.withResolvers<RawRows>()
  const { name, text, values, most } = query
  let fields: readonly Field[] = []
  const rows: (readonly (string | null)[])[] = []
  let bytes = 0

  const handlers = {
    submit(connection: Connection): void {
      const wire = wireOf(connection)
      const known = prepared.get(connection) ?? new Set<string>()
      prepared.set(connection, known)
      const alone = (statement: string): void => {
        wire.parse({ name: '', text: statement, types: [] })
        wire.bind({ portal: '', statement: '', values: [] })
        wire.execute({ portal: '', rows: 0 })
      }
      wire.stream.cork()
      alone(BEGIN)
      if (!known.has(name)) {
        // There may be one after an error: to close what is not there is none.
        wire.close({ type: 'S', name })
        wire.parse({ name, text, types: [] })
        known.add(name)
      }
      wire.bind({ portal: '', statement: name, values })
      wire.describe({ type: 'P', name: '' })
      wire.execute({ portal: '', rows: most.rows + 1 })
      alone(END)
      wire.sync()
      wire.stream.uncork()
    },
    handleRowDescription(message: RowDescription): void {
      fields = message.fields.map(field => ({ name: field.name, type: field.dataTypeID }))
    },
    handleDataRow({ fields: row }: { readonly fields: readonly (string | null)[] }): void {
      for (const each of row) bytes += each?.length ?? 0
      if (bytes > most.bytes || rows.length >= most.rows) reject(new TooMuch(bytes > most.bytes ? 'bytes' : 'rows'))
      else rows.push(row)
    },
    handlePortalSuspended(): void {},
    handleCommandComplete(): void {},
    handleEmptyQuery(): void {},
    handleReadyForQuery(): void {
      resolve({ fields, rows })
    },
    handleError(error: Error, connection: Connection): void {
      prepared.get(connection)?.delete(name)
      reject(error)
    },
  }
  return { submittable: handlers as unknown as Submittable, rows: promise } // pg calls the handlers of whatever is submitted
}

export interface RawDescription {
  /** Numbers of types. */
  readonly parameters: readonly number[]
  readonly columns: RowDescription['fields']
}

/** Asks what a statement takes and gives, and runs nothing. */
export function describeQuery(text: string): { readonly submittable: Submittable; readonly description: Promise<RawDescription> } {
  const { promise, resolve, reject } = Promise.withResolvers<RawDescription>()
  let parameters: readonly number[] = []
  let columns: RowDescription['fields'] = []
  let wire: Wire | undefined
  const done = (): void => wire?.removeAllListeners('parameterDescription')
  const handlers = {
    submit(connection: Connection): void {
      wire = wireOf(connection)
      wire.once('parameterDescription', message => {
        parameters = message.dataTypeIDs
      })
      wire.stream.cork()
      wire.parse({ name: '', text, types: [] })
      wire.describe({ type: 'S', name: '' })
      wire.sync()
      wire.stream.uncork()
    },
    handleRowDescription(message: RowDescription): void {
      columns = message.fields
    },
    handleReadyForQuery(): void {
      done()
      resolve({ parameters, columns })
    },
    handleError(error: Error): void {
      done()
      reject(error)
    },
  }
  return { submittable: handlers as unknown as Submittable, description: promise } // as above
}
