// The stores that bench/log.ts lets do the same: append 450 bytes to the end of a writer's own conversation, on the condition that it ends where the
// writer thinks, on the disk when the promise resolves. They do not do equally much for it:
//   log      decides on the exact position, follows a hash chain (SHA-256), keeps shop and marks, copies the body; in this process
//   sqlite   the primary key is the condition: nothing is there yet with that seq; no chain; in this process, and it blocks it
//   redis    the entry's id is the condition: it is behind the last one, next to it or not; no chain; a process, and so a core, of its own
//   rawLmdb  no condition, no chain; lmdb-js as it is by default, which lets others see a put before it is flushed
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import type { ConversationLog, Head } from '@parley/core/ports/conversation-log.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { open } from 'lmdb'
import { startRedis } from './redis.ts'

export const BODY = Buffer.alloc(450, 'x')

export interface Appender {
  readonly store: string
  /** Appends the `seq`th event of a conversation; a writer has one under way. */
  append(conversation: string, seq: number): Promise<unknown>
  close(): Promise<void>
}

export interface Skipped {
  readonly store: string
  readonly skipped: string
}

/** One log for all, or one for each shard, among which conversations are divided by their name. */
export async function openLog(folder: string, store = 'log', shards = 1): Promise<Appender> {
  const logs: ConversationLog[] = []
  for (let shard = 0; shard < shards; shard++) logs.push(await openLmdbLog(join(folder, `${store}-${shard}`)))
  const heads = new Map<string, Head>()
  return {
    store,
    async append(conversation) {
      const log = logs[crc32(conversation) % shards]! // one of them
      const key = { shop: asShopId('bench'), conversation: asConversationId(conversation) }
      const { position } = heads.get(conversation) ?? (await log.head(key))
      const event = { v: 1, type: 'message', at: 0, body: BODY }
      heads.set(conversation, await log.append(key, [event], position, { isUnsettled: false, isWithPeople: false }))
    },
    async close() {
      for (const log of logs) await log.close()
    },
  }
}

/** lmdb-js by itself: one put, no condition. */
export async function openRawLmdb(folder: string): Promise<Appender> {
  const raw = open({ path: join(folder, 'raw'), maxDbs: 8 })
  const table = raw.openDB<Buffer, [string, number]>({ name: 'events', encoding: 'binary' })
  return {
    store: 'rawLmdb',
    async append(conversation, seq) {
      await table.put([conversation, seq], BODY)
      await raw.flushed
    },
    close: () => raw.close(),
  }
}

/**
 * SQLite blocks, so that what comes meanwhile stands in line, and the wait counts. With `most` 1 each append is a transaction, as a program does it
 * that knows nothing of batches; with more, those that stand in line share one.
 */
export async function openSqlite(folder: string, store: string, most: number): Promise<Appender> {
  mkdirSync(join(folder, store))
  const database = new DatabaseSync(join(folder, store, 'log.sqlite'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE events (conversation TEXT, seq INTEGER, body BLOB, PRIMARY KEY (conversation, seq)) WITHOUT ROWID')
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?)') // the key is the condition
  const line: { readonly conversation: string; readonly seq: number; resolve(): void; reject(error: unknown): void }[] = []
  let isWorking = false

  async function work(): Promise<void> {
    while (line.length > 0) {
      const batch = line.splice(0, most)
      try {
        database.exec('BEGIN IMMEDIATE')
        for (const { conversation, seq } of batch) insert.run(conversation, seq, BODY)
        database.exec('COMMIT')
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error) // ends the bench
      }
      await new Promise<void>(resolve => setImmediate(resolve)) // who was answered comes again
    }
    isWorking = false
  }
  return {
    store,
    append: (conversation, seq) =>
      new Promise<void>((resolve, reject) => {
        line.push({ conversation, seq, resolve, reject })
        if (isWorking) return
        isWorking = true
        queueMicrotask(() => void work()) // a tick, so that appends of one tick share the first batch too
      }),
    async close() {
      database.close()
    },
  }
}

/** A stream a conversation; its entry's id is the condition. One connection, and what comes in a tick goes together. */
export async function openRedis(folder: string): Promise<Appender | Skipped> {
  const redis = await startRedis(join(folder, 'redis'))
  if ('skipped' in redis) return { store: 'redis', ...redis }
  return {
    store: 'redis',
    append: (conversation, seq) => redis.call('XADD', conversation, `${seq}-0`, 'body', BODY),
    close: () => redis.close(),
  }
}
