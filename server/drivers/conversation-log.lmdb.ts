// The embedded log: LMDB, one writer, group commit. Appends that come while a batch is being flushed form the next one, so that any number of
// conversations shares a flush; an append is acknowledged, and seen by any reader, only when the flush that holds it has ended.
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { chainHash } from '@parley/core/conversation/chain.ts'
import { Fault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationKey, type Epoch, type Seq } from '@parley/core/ids.ts'
import type { AppendOptions, ConversationLog, Envelope, Head, Position } from '@parley/core/ports/conversation-log.ts'
import type { Database } from 'lmdb'
import { lockFolder } from './folder-lock.ts'
import { commit, flushFolder, openStore } from './lmdb-store.ts'
import { encodeHead, encodeRecord, type HeadRecord } from './log-records.ts'
import { endOf, type HeadKey, type LogTables, openLogTables, readChain } from './log-tables.ts'

/** Appends that one flush may hold: bounds what a batch keeps waiting. */
const BATCH = 512
/** Keys that a listing reads at once. */
const PAGE = 1_000

interface Pending {
  readonly key: ConversationKey
  readonly events: readonly Envelope[]
  readonly expected: Position
  readonly options: AppendOptions
  resolve(head: Head): void
  reject(error: unknown): void
}

/** Opens the store in `folder`, making it where there is none. Faults: DATA_IN_USE. */
export async function openLmdbLog(folder: string): Promise<ConversationLog> {
  const unlock = await lockFolder(folder)
  try {
    return await openLocked(folder, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

async function openLocked(folder: string, unlock: () => void): Promise<ConversationLog> {
  const root = openStore(folder)
  const tables = openLogTables(root)
  const { events, heads } = tables
  const unsettled: Database<Buffer, HeadKey> = root.openDB({ name: 'unsettled', encoding: 'binary' })
  const withPeople: Database<Buffer, HeadKey> = root.openDB({ name: 'with-people', encoding: 'binary' })
  const epoch = await epochOf(tables)
  for (const made of [folder, dirname(folder)]) flushFolder(made)

  const pending: Pending[] = []
  let writing: Promise<void> | undefined
  let closing: Promise<void> | undefined

  const refuseClosed = (): void => {
    if (closing) throw new Error('the log is closed')
  }
  const view = (seq: Seq): Head => ({ seq, position: String(seq) as Position }) // this driver's position is the seq

  /** Writes batches until none is left, one at a time. */
  async function writeBatches(): Promise<void> {
    while (pending.length > 0) {
      const batch = pending.splice(0, BATCH)
      try {
        const outcomes = await commit(root, 'the log', () => batch.map(write))
        for (const tell of outcomes) tell()
      } catch (error) {
        for (const append of batch) append.reject(error)
      }
    }
    writing = undefined // in the step that found nothing left: an append after it starts a new writer
  }

  /** Within the transaction: stores one append or nothing of it. Gives what to tell the caller once the batch is durable. */
  function write(append: Pending): () => void {
    const { key, options } = append
    let end: HeadRecord
    let records: Buffer[]
    try {
      end = endOf(tables, key)
      if (append.expected !== view(end.seq).position) throw new Fault('APPEND_CONFLICT', { conversation: key.conversation })
      records = append.events.map(envelope => {
        const seq = end.seq + 1
        end = { seq, hash: chainHash(end.hash, seq, envelope) }
        return encodeRecord({ ...envelope, ...end })
      })
    } catch (error) {
      return () => append.reject(error) // one that cannot be stored is its own caller's matter; nothing of it was put
    }
    const first = end.seq - records.length + 1
    records.forEach((record, i) => events.put([key.shop, key.conversation, first + i], record))
    heads.put([key.shop, key.conversation], encodeHead(end))
    mark(unsettled, key, options.isUnsettled)
    mark(withPeople, key, options.isWithPeople)
    return () => append.resolve(view(end.seq))
  }

  function mark(table: Database<Buffer, HeadKey>, { shop, conversation }: ConversationKey, isMarked: boolean): void {
    if (isMarked) table.put([shop, conversation], Buffer.alloc(1))
    else table.remove([shop, conversation])
  }

  /** Page by page, so that no cursor is open while the caller is busy: closing the store under an open one ends the process. */
  async function* keysOf(table: Database<Buffer, HeadKey>): AsyncGenerator<ConversationKey> {
    let last: HeadKey | undefined
    for (;;) {
      refuseClosed()
      const page: HeadKey[] = [...table.getKeys({ limit: PAGE, ...(last && { start: last, exclusiveStart: true }) })]
      for (const [shop, conversation] of page) yield { shop: asShopId(shop), conversation: asConversationId(conversation) }
      if (page.length < PAGE) return
      last = page.at(-1)
    }
  }

  return {
    epoch,
    async append(key, envelopes, expected, options) {
      refuseClosed()
      if (envelopes.length === 0) throw new Error('an append needs an event')
      const copies = envelopes.map(envelope => ({ ...envelope, body: new Uint8Array(envelope.body) }))
      return new Promise((resolve, reject) => {
        pending.push({ key: { ...key }, events: copies, expected, options: { ...options }, resolve, reject })
        writing ??= Promise.resolve().then(writeBatches) // a tick, so that appends of one tick share the first batch too
      })
    },
    async read(key, after) {
      refuseClosed()
      return readChain(tables, key, after)
    },
    async head(key) {
      refuseClosed()
      return view(endOf(tables, key).seq)
    },
    unsettled: () => keysOf(unsettled),
    withPeople: () => keysOf(withPeople),
    conversations: () => keysOf(heads),
    close() {
      const end = async (): Promise<void> => {
        await writing
        await root.close()
        unlock()
      }
      closing ??= end()
      return closing
    },
  }
}

async function epochOf(tables: LogTables): Promise<Epoch> {
  return (tables.meta.get('epoch') as Epoch | undefined) ?? newEpoch(tables) // written by newEpoch
}

async function newEpoch({ meta }: LogTables): Promise<Epoch> {
  const epoch = randomBytes(8).toString('hex')
  await meta.put('epoch', epoch)
  return epoch as Epoch // made here
}

/** Begins a new life of the store in `folder`, which nobody has open: what was restored is not the store that clients have positions of. */
export async function renewEpoch(folder: string): Promise<Epoch> {
  const root = openStore(folder)
  try {
    const epoch = await newEpoch(openLogTables(root))
    await root.flushed
    return epoch
  } finally {
    await root.close()
  }
}
