// Records that the nodes of a cluster share: rows of a JetStream stream, all of them in memory at every node. A node hears each change; its own are there
// when they are acknowledged. A change is what `work` makes of the rows as this node has them, and the servers take it only where nothing has been changed
// since: else it is worked out again from what there is now. So of all nodes and commands one at a time is in it, as with a lock, and nobody holds one.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type ApiError, JetStreamApiError, type JsMsg, jetstream } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { Fault } from '@parley/core/faults.ts'
import { createLanes } from '@parley/core/lanes.ts'
import type { RecordsToChange, SharedRecordStore } from '../records.ts'
import { isApiError } from './log-streams.ts'
import { API_MS, type Nats } from './nats.ts'
import { createRowSeal, type Made, type Row } from './row-seal.ts'
import { openRowsStream, type RowsSettings, rowsSubject } from './rows-stream.ts'
import { createOverlay, createSortedRows, readsOf } from './sorted-rows.ts'
import { listenToStream } from './stream-listener.ts'

export interface NatsRecords<K extends readonly string[]> extends SharedRecordStore<K> {
  /** True where nobody has ever put anything. */
  readonly isNew: boolean
  /**
   * How long ago it was certain that this node has all that is acknowledged: a node that is cut off from most servers has what there was, and can't know
   * what came since. Asked for every few seconds where `isWatched`.
   */
  ageMs(): number
}

export interface NatsRecordsOptions extends RowsSettings {
  readonly table: string
  /** Of the installation's secret: seals the rows. */
  readonly key: Buffer
  /** Told of damage. */
  readonly broke: (error: unknown) => void
  readonly isWatched?: boolean
  /** Told of each row that is put or removed while it is open, whoever did it: in their order, before `moved` and before a change resolves. */
  readonly written?: (row: Row) => void
}

const TRY_MS = 2_000
/** How long a change is tried. A new leader is elected within some ten seconds. */
const DECIDED_MS = 15_000
const PAUSE_MS = 100
const RETRY_AFTER_MS = 2_000
/** How often it is asked for what there is. */
const LOOK_MS = 3_000

/** Rows that the servers take as one. What is more is put in the order in which it was, so many at a time. */
const MOST_AT_ONCE = 1_000
/** Changes that are kept in mind. */
const MADE = 24
const WRONG_LAST_SEQUENCE = 10071
/** The server has no room, or its limits are reached. */
const NO_ROOM = [10023, 10047, 10077]

/** Resolves when all rows are here. Faults: LOG_REFUSED, LOG_UNAVAILABLE, STORE_DAMAGED. */
export async function openNatsRecords<K extends readonly string[]>(nats: Nats, options: NatsRecordsOptions): Promise<NatsRecords<K>> {
  const { name, table, broke, isWatched = false, written: tellWritten } = options
  const info = await openRowsStream(nats, options, table)
  const stream = info.config.name
  const base = rowsSubject(name, table)
  const client = jetstream(nats.connection, { timeout: API_MS })
  const seal = createRowSeal(options.key)
  const lanes = createLanes()
  const rows = createSortedRows()
  const listeners: ((keys: readonly K[]) => unknown)[] = []
  const waiting = new Set<() => void>()
  /** The newest changes, in their order. */
  let made: readonly Made[] = []
  let place = 0
  let certainAt = performance.now()
  let damage: Fault | undefined
  let isOpen = false
  let isClosed = false

  const subjectOf = (names: readonly string[]): string => `${base}.${seal.nameOf(names)}`
  function set(row: Row): void {
    if (row.text === undefined) rows.remove(row.names)
    else rows.put(row.names, row.text)
    if (isOpen) tellWritten?.(row)
  }
  function hear({ seq, subject, data }: JsMsg): void {
    if (seq <= place) return
    const message = seal.open(subject, data)
    if (message) {
      set(message.row)
      made = message.made ?? made
    } else {
      const fault = new Fault('STORE_DAMAGED', { file: `stream ${stream}`, reason: `what stands at ${seq} is not as it was written` })
      if (isOpen) broke(fault)
      damage ??= fault
    }
    place = seq
    for (const look of [...waiting]) look()
    if (isOpen && message) for (const listener of listeners) listener([message.row.names as unknown as K]) // a node has put it so
  }
  const listener = listenToStream({ connection: nats.connection, client, stream, place: () => place, heard: hear, broke })

  /** Resolves when all up to this place is here. */
  function reached(seq: number, ms: number): Promise<void> {
    if (place >= seq) return Promise.resolve()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = (): void => {
      if (place >= seq) resolve()
    }
    const timer = setTimeout(() => reject(new Error(`${seq} was not heard within ${Math.round(ms)} ms`)), Math.max(0, ms))
    waiting.add(look)
    return promise.finally(() => {
      clearTimeout(timer)
      waiting.delete(look)
    })
  }

  async function look(): Promise<void> {
    const asOf = performance.now()
    const { state } = await nats.manager.streams.info(stream) // the leader alone answers, and one without a majority steps down
    await reached(state.last_seq, LOOK_MS)
    certainAt = asOf
  }

  try {
    await nats.withinOpening(() => reached(info.state.last_seq, API_MS))
    if (damage) throw damage
  } catch (error) {
    await listener.close()
    throw error
  }
  isOpen = true
  let looking: Promise<void> = Promise.resolve()
  const watching = isWatched ? setInterval(() => (looking = looking.then(() => look().catch(() => {}))), LOOK_MS).unref() : undefined

  /** One message for each row, taken together where nothing stands behind `at`. */
  async function send(written: readonly Row[], at: number, known: readonly Made[]): Promise<void> {
    const batch = written.length > 1 ? randomBytes(12).toString('base64url') : undefined
    for (const [i, row] of written.entries()) {
      const isLast = i === written.length - 1
      const given = headers()
      if (i === 0) given.set('Nats-Expected-Last-Sequence', String(at))
      if (row.text === undefined) given.set('KV-Operation', 'DEL')
      if (batch !== undefined) {
        given.set('Nats-Batch-Id', batch)
        given.set('Nats-Batch-Sequence', String(i + 1))
        if (isLast) given.set('Nats-Batch-Commit', '1')
      }
      const subject = subjectOf(row.names)
      const sealed = seal.seal(subject, { row, made: isLast ? known : undefined })
      if (!isLast) {
        nats.connection.publish(subject, sealed, { headers: given })
        continue
      }
      const answer = await nats.connection.request(subject, sealed, { headers: given, timeout: TRY_MS })
      const { seq, error } = answer.json<{ readonly seq?: number; readonly error?: ApiError }>()
      if (error) throw new JetStreamApiError(error)
      if (seq !== at + written.length) throw new Error(`it stands at ${seq} instead of ${at + written.length}`)
    }
  }

  /** True when the rows stand, and are here; false where something else has come first, which is here then. */
  async function say(written: readonly Row[], at: number, until: number): Promise<boolean> {
    const change = randomBytes(6).toString('base64url')
    const end = at + written.length
    const known: readonly Made[] = [...made, [change, end] as const].slice(-MADE)
    /** An answer did not come: nobody knows what it would have been. */
    let isUnknown = false
    try {
      for (;;) {
        try {
          await send(written, at, known)
          if (place < end) {
            for (const row of written) set(row)
            made = known
            place = end
          }
          return true
        } catch (error) {
          if (NO_ROOM.some(code => isApiError(error, code)))
            throw new Fault('STORAGE_FULL', { what: `stream ${stream}`, retryAfterMs: RETRY_AFTER_MS }, { cause: error })
          const last = isApiError(error, WRONG_LAST_SEQUENCE) ? Number(/\d+$/.exec(error.message)?.[0]) : Number.NaN
          if (last > at) {
            await reached(last, until - performance.now())
            if (!isUnknown) return false
            if (made.some(([name]) => name === change)) return true
            if (made.length < MADE || made[0]![1] <= end) return false
            throw new Error('nobody knows whether it stands')
          }
          isUnknown = true
          if (performance.now() > until || isClosed) throw error
          await delay(PAUSE_MS)
        }
      }
    } catch (error) {
      if (error instanceof Fault) throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new Fault('LOG_UNAVAILABLE', { reason, retryAfterMs: RETRY_AFTER_MS }, { cause: error })
    }
  }

  async function decide<T>(work: (records: RecordsToChange<K>) => T): Promise<T> {
    const until = performance.now() + DECIDED_MS
    for (;;) {
      const at = place
      const over = createOverlay<K>(rows)
      const result = work(over.view)
      const written = over.written().map(([names, text]): Row => ({ names, text }))
      let isTaken = true
      for (let from = 0; isTaken && from < written.length; from += MOST_AT_ONCE)
        isTaken = await say(written.slice(from, from + MOST_AT_ONCE), at + from, until)
      if (isTaken) return result
    }
  }

  const reads = readsOf<K>(rows)
  return {
    ...reads,
    isShared: true,
    isNew: place === 0,
    change: work =>
      lanes.run('', async () => {
        if (isClosed) throw new Error(`the records of ${table} are closed`)
        return decide(work)
      }),
    moved: added => void listeners.push(added),
    ageMs: () => performance.now() - certainAt,
    async close() {
      isClosed = true
      clearInterval(watching)
      await lanes.run('', async () => {})
      await listener.close()
    },
  }
}
