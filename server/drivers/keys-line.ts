// Putting, reading and overwriting rows of the keys' stream. What is not answered is asked again until it is known, as in the log (log-shard.ts).
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { StreamInfo } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { Fault } from '@parley/core/faults.ts'
import { isApiError } from './log-streams.ts'
import type { Nats } from './nats.ts'
import { createAsker } from './nats-asker.ts'

export const TRY_MS = 2_000
const DECIDED_MS = 15_000
export const PAUSE_MS = 100
const SHORT_MS = 5
const RETRY_AFTER_MS = 2_000

const NO_MESSAGE = [10037, 10057, 10043]
const WRONG_LAST_SEQUENCE = 10071
/** Another row on the subject, or this very one, is under way. */
const UNDER_WAY = [10164, 10158]
/** The server has no room, or its limits are reached. */
const NO_ROOM = [10023, 10047, 10077]

export interface StoredRow {
  readonly seq: number
  readonly data: Uint8Array
}

/** Faults of all of it: LOG_UNAVAILABLE: nobody knows whether it was done. STORAGE_FULL. */
export interface KeysLine {
  /** The place at which it stands. */
  put(subject: string, payload: Uint8Array): Promise<number>
  /** As `put`, where nothing is on its subject; else undefined. */
  make(subject: string, payload: Uint8Array): Promise<number | undefined>
  /** What stands there, as the server has it that leads the stream. */
  rowAt(subject: string): Promise<StoredRow | undefined>
  /** Overwrites it on the disks of the servers. One that is not there is not missed. */
  wipe(seq: number): Promise<void>
  info(subjects?: string): Promise<StreamInfo>
  /** Rejects where `work` does not come to its end in time. */
  within<T>(work: Promise<T>): Promise<T>
  /** What is not answered is not asked again. */
  hurry(): void
}

export function createKeysLine(nats: Nats, stream: string): KeysLine {
  const asker = createAsker(nats.connection)
  const writer = randomBytes(8).toString('hex')
  let said = 0
  let isHurried = false

  function unavailable(cause: unknown): Fault {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new Fault('LOG_UNAVAILABLE', { reason, retryAfterMs: RETRY_AFTER_MS }, { cause })
  }

  async function insisting<T>(work: () => Promise<T>): Promise<T> {
    const until = performance.now() + DECIDED_MS
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (error instanceof Fault || isApiError(error, WRONG_LAST_SEQUENCE)) throw error
        if (NO_ROOM.some(code => isApiError(error, code)))
          throw new Fault('STORAGE_FULL', { what: `stream ${stream}`, retryAfterMs: RETRY_AFTER_MS }, { cause: error })
        if (performance.now() > until || isHurried) throw unavailable(error)
        await delay(UNDER_WAY.some(code => isApiError(error, code)) ? SHORT_MS : PAUSE_MS)
      }
    }
  }

  function publish(subject: string, payload: Uint8Array, expected?: string): Promise<number> {
    const named = headers()
    named.set('Nats-Msg-Id', `${writer}-${++said}`)
    if (expected !== undefined) named.set('Nats-Expected-Last-Subject-Sequence', expected)
    return insisting(() => asker.publish(subject, payload, named, TRY_MS))
  }

  return {
    put: publish,
    async make(subject, payload) {
      try {
        return await publish(subject, payload, '0')
      } catch (error) {
        if (isApiError(error, WRONG_LAST_SEQUENCE)) return undefined
        throw error
      }
    },
    async rowAt(subject) {
      const found = await insisting(() => nats.manager.streams.getMessage(stream, { last_by_subj: subject }))
      return found ? { seq: found.seq, data: found.data } : undefined
    },
    wipe: seq =>
      insisting(async () => {
        try {
          await nats.manager.streams.deleteMessage(stream, seq, true)
        } catch (error) {
          if (!NO_MESSAGE.some(code => isApiError(error, code))) throw error
        }
      }),
    info: subjects =>
      insisting(() => nats.manager.streams.info(stream, subjects === undefined ? undefined : { subjects_filter: subjects })),
    async within(work) {
      const { promise: late, reject } = Promise.withResolvers<never>()
      const timer = setTimeout(() => reject(unavailable(new Error(`nothing was heard within ${DECIDED_MS} ms`))), DECIDED_MS)
      try {
        return await Promise.race([work, late])
      } finally {
        clearTimeout(timer)
      }
    },
    hurry() {
      isHurried = true
    },
  }
}

/** `most` at once. */
export async function inParallel<T>(items: readonly T[], most: number, work: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!) // there is one
  }
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker))
}
