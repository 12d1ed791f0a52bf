// The embedded log: LMDB, one writer, group commit. Appends that come while a batch is being flushed form the next one, so that any number of
// conversations shares a flush; an append is acknowledged when the flush that holds it has ended.
import { randomBytes } from 'node:crypto'
import { chainHash, genesisHash } from '@parley/core/conversation/chain.ts'
import { Fault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationKey, type Epoch, type Seq } from '@parley/core/ids.ts'
import type { AppendOptions, ConversationLog, Envelope, Head, Position, StoredEnvelope } from '@parley/core/ports/conversation-log.ts'
import { type Database, open, type RootDatabase } from 'lmdb'
import { lockFolder } from './folder-lock.ts'
import { storeOptions } from './lmdb-store.ts'
import { decodeHead, decodeRecord, encodeHead, encodeRecord, type HeadRecord } from './log-records.ts'

/** Appends that one flush may hold: bounds what a batch keeps waiting. */
const BATCH = 512

type EventKey = [shop: string, conversation: string, seq: number]
type HeadKey = [shop: string, conversation: string]

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
  const unlock = lockFolder(folder)
  const root: RootDatabase = open(storeOptions(folder))
  const events: Database<Buffer, EventKey> = root.openDB({ name: 'events', encoding: 'binary' })
  const heads: Database<Buffer, HeadKey> = root.openDB({ name: 'heads', encoding: 'binary' })
  const unsettled: Database<Buffer, HeadKey> = root.openDB({ name: 'unsettled', encoding: 'binary' })
  const meta: Database<string, string> = root.openDB({ name: 'meta', encoding: 'string' })
  const epoch = await epochOf(meta, root)

  const pending: Pending[] = []
  let writing: Promise<void> | undefined
  let isClosed = false

  const headOf = (key: ConversationKey): HeadRecord | undefined => {
    const stored = heads.get([key.shop, key.conversation])
    return stored && decodeHead(stored)
  }
  const view = (seq: Seq): Head => ({ seq, position: String(seq) as Position }) // this driver's position is the seq

  /** Writes batches until none is left. One batch is in flight at a time, so `flushed`, read after its commit, is the flush of that very batch. */
  async function writeBatches(): Promise<void> {
    while (pending.length > 0) {
      const batch = pending.splice(0, BATCH)
      const outcomes: (() => void)[] = []
      try {
        await root.transaction(() => {
          for (const append of batch) outcomes.push(write(append))
        })
        await root.flushed
      } catch (error) {
        for (const append of batch) append.reject(error)
        continue
      }
      for (const tell of outcomes) tell()
    }
    writing = undefined // in the step that found nothing left: an append after it starts a new writer
  }

  /** Within the transaction: checks the position and puts the events. Gives what to tell the caller once it is durable. */
  function write({ key, events: envelopes, expected, options, resolve, reject }: Pending): () => void {
    const before = headOf(key)
    if (expected !== view(before?.seq ?? 0).position) return () => reject(new Fault('APPEND_CONFLICT', { conversation: key.conversation }))
    let seq = before?.seq ?? 0
    let hash = before?.hash ?? genesisHash(key)
    for (const envelope of envelopes) {
      seq++
      hash = chainHash(hash, seq, envelope)
      events.put([key.shop, key.conversation, seq], encodeRecord({ ...envelope, seq, hash }))
    }
    heads.put([key.shop, key.conversation], encodeHead({ seq, hash }))
    if (options.isUnsettled) unsettled.put([key.shop, key.conversation], Buffer.alloc(1))
    else unsettled.remove([key.shop, key.conversation])
    return () => resolve(view(seq))
  }

  const refuseClosed = (): void => {
    if (isClosed) throw new Error('the log is closed')
  }
  const damaged = (key: ConversationKey, seq: Seq, reason: string): Fault =>
    new Fault('LOG_DAMAGED', { conversation: key.conversation, seq, reason })

  function read(key: ConversationKey, after: Seq): StoredEnvelope[] {
    const head = headOf(key)
    if (!head || head.seq <= after) return []
    let hash = after === 0 ? genesisHash(key) : recordAt(key, after).hash
    const found: StoredEnvelope[] = []
    for (let seq = after + 1; seq <= head.seq; seq++) {
      const stored = recordAt(key, seq)
      hash = chainHash(hash, seq, stored)
      if (!equal(hash, stored.hash)) throw damaged(key, seq, 'its hash does not follow from the event before it')
      found.push(stored)
    }
    if (!equal(hash, head.hash)) throw damaged(key, head.seq, 'the end is not the one that was written')
    return found
  }

  function recordAt(key: ConversationKey, seq: Seq): StoredEnvelope {
    const bytes = events.get([key.shop, key.conversation, seq])
    if (!bytes) throw damaged(key, seq, 'the event is missing')
    const record = decodeRecord(bytes, seq)
    if (!record) throw damaged(key, seq, 'its record cannot be read')
    return record
  }

  return {
    epoch,
    async append(key, envelopes, expected, options) {
      refuseClosed()
      if (envelopes.length === 0) throw new Error('an append needs an event')
      const copies = envelopes.map(envelope => ({ ...envelope, body: envelope.body.slice() }))
      return new Promise((resolve, reject) => {
        pending.push({ key: { ...key }, events: copies, expected, options, resolve, reject })
        writing ??= Promise.resolve().then(writeBatches) // a tick, so that appends of one tick share the first batch too
      })
    },
    async read(key, after) {
      refuseClosed()
      return read(key, after)
    },
    async head(key) {
      refuseClosed()
      return view(headOf(key)?.seq ?? 0)
    },
    async *unsettled() {
      for (const key of [...unsettled.getKeys()]) yield conversationKey(key)
    },
    async *conversations() {
      for (const key of heads.getKeys()) yield conversationKey(key)
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await writing
      await root.close()
      unlock()
    },
  }
}

const conversationKey = ([shop, conversation]: HeadKey): ConversationKey => ({
  shop: asShopId(shop),
  conversation: asConversationId(conversation),
})

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

async function epochOf(meta: Database<string, string>, root: RootDatabase): Promise<Epoch> {
  const kept = meta.get('epoch')
  if (kept !== undefined) return kept as Epoch // written by this function
  const epoch = randomBytes(8).toString('hex')
  await meta.put('epoch', epoch)
  await root.flushed
  return epoch as Epoch // as above
}
