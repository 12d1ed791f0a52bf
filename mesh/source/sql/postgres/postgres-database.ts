// A PostgreSQL as a source: its connections, each of which may only read, and one query at a time on each.
import pg from 'pg'
import { SourceError } from '../../../upstream/source-error.ts'
import type { Credential } from '../../credential.ts'
import { type Database, type Most, tooMuch } from '../database.ts'
import type { SqlOperation } from '../sql-catalogue.ts'
import { type Address, mayReach, type Reach, socketFor } from './address.ts'
import { cancel } from './cancel.ts'
import { isOvertaken, sourceErrorOf, sqlState } from './errors.ts'
import { look } from './look.ts'
import { type RawRows, readQuery, TooMuch } from './read-query.ts'
import { tablesIn } from './tables.ts'
import { reader, textOf } from './types.ts'

export interface PostgresOptions {
  readonly source: string
  readonly address: Address
  readonly credential: Credential
  readonly reach: Reach
  readonly connections: number
  readonly deadlineMs: number
}

const IDLE_MS = 60_000

/** Asks nothing yet. */
export function openPostgres(options: PostgresOptions): Database {
  const { source, address, credential, reach, connections, deadlineMs } = options
  const { host, port, user, database, tls } = address
  let isAgain = false
  // Everything is said: pg would take what is left out from the environment and from files of its own.
  const pool = new pg.Pool({
    host,
    port,
    user,
    database,
    ssl: tls ?? false,
    password: () => address.password ?? credential(isAgain) ?? '',
    stream: () => socketFor(reach),
    max: connections,
    idleTimeoutMillis: IDLE_MS,
    connectionTimeoutMillis: deadlineMs,
    allowExitOnIdle: true,
    keepAlive: true,
    application_name: 'parley',
    client_encoding: 'UTF8',
    // The second lock on the door: every query has a transaction of its own that may only read. Should this process die, the server's own clock ends
    // what it does for it.
    options: [
      'default_transaction_read_only=on',
      `statement_timeout=${deadlineMs}`,
      'timezone=UTC',
      'datestyle=ISO',
      'intervalstyle=iso_8601',
      'bytea_output=hex',
      'extra_float_digits=1',
      'standard_conforming_strings=on',
    ]
      .map(setting => `-c ${setting}`)
      .join(' '),
  })
  pool.on('error', () => {}) // of a connection that nobody uses: it is out of the pool, and the next query makes another

  // Of its socket, while it is in use: the query under way is told of it too.
  pool.on('connect', client => client.on('error', () => {}))

  const connect = async (signal: AbortSignal): Promise<pg.PoolClient> => {
    if (!mayReach(address, reach)) throw new SourceError('SOURCE_DOWN', source, { reason: 'its address is a private one' })
    const connecting = pool.connect()
    const left = Promise.withResolvers<never>()
    const leave = (): void => left.reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    try {
      signal.throwIfAborted()
      const client = await Promise.race([connecting, left.promise])
      isAgain = false
      return client
    } catch (error) {
      if (signal.aborted)
        connecting.then(client => client.release()).catch(() => {}) // it was not wanted any more
      else if (sqlState(error)?.startsWith('28')) isAgain = true // the password may have been renewed in its file
      throw error
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  /** Ends what the server does for the connection, and the connection: so nothing that comes late can be another query's. */
  const stop = (client: pg.PoolClient): void => {
    const { processID, secretKey } = client as unknown as { readonly processID: number; readonly secretKey: number } // pg has them, its types do not
    cancel(address, reach, processID, secretKey)
    client.release(true)
  }

  const putBack = async (client: pg.PoolClient): Promise<void> => {
    try {
      await client.query('ROLLBACK')
      client.release()
    } catch {
      client.release(true)
    }
  }

  const readOnce = async (
    operation: SqlOperation,
    values: readonly (string | null)[],
    most: Most,
    signal: AbortSignal,
  ): Promise<RawRows> => {
    const client = await connect(signal)
    const { numbered: text, hash } = operation.query
    const { submittable, rows } = readQuery({ name: `q${hash}`, text, values, most })
    const left = Promise.withResolvers<never>()
    const leave = (): void => left.reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    try {
      signal.throwIfAborted()
      client.query(submittable)
      const found = await Promise.race([rows, left.promise])
      client.release()
      return found
    } catch (error) {
      if (signal.aborted || error instanceof TooMuch) {
        rows.catch(() => {}) // its connection ends
        stop(client)
      } else if (sqlState(error) === undefined) client.release(true)
      else void putBack(client)
      throw error
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  return {
    async read(operation, values, most, signal) {
      const { query, described } = operation
      const texts = query.parameters.map(({ name, value = 'string' }, i) => textOf(values[i], described.parameters[name]?.as ?? value))
      try {
        const { fields, rows } = await readOnce(operation, texts, most, signal).catch(error => {
          if (isOvertaken(error) && !signal.aborted) return readOnce(operation, texts, most, signal)
          throw error
        })
        const readers = fields.map(({ name, type }) => reader(type, described.columns.find(each => each.name === name)?.list === true))
        return {
          columns: fields.map(({ name }) => name),
          rows: rows.map(row => row.map((text, i) => (text === null ? null : readers[i]!(text)))), // a row has the columns
        }
      } catch (error) {
        if (signal.aborted) throw signal.reason
        if (error instanceof TooMuch) throw tooMuch(source, error.of)
        throw sourceErrorOf(error, source, query.name)
      }
    },
    look: (queries, signal) => withClient(signal, client => look(client, queries)),
    tables: signal => withClient(signal, tablesIn),
    close() {
      pool.end().catch(() => {}) // what is under way is ended by its signal
    },
  }

  /** For who looks it over: one after the other, on one connection, which then is closed. */
  async function withClient<T>(signal: AbortSignal, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined
    try {
      client = await connect(signal)
      return await work(client)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw sourceErrorOf(error, source, '')
    } finally {
      client?.release(true)
    }
  }
}
