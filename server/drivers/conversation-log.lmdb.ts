// The embedded log: LMDB, one writer, group commit. Appends that come while a batch is being flushed form the next one, so that any number of
// conversations shares a flush; an append is acknowledged, and seen by any reader, only when the flush that holds it has ended.
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationKey, type Epoch, type Seq } from '@parley/core/ids.ts'
import type { AppendOptions, ConversationLog, Head, Position } from '@parley/core/ports/conversation-log.ts'
import type { Database } from 'lmdb'
import { lockFolder } from './folder-lock.ts'
import { flushFolder, openStore, putTogether } from './lmdb-store.ts'
import { createRecentEnds, type End, nameOf } from './log-ends.ts'
import { type Draft, draftRecord, encodeHead, type HeadRecord, placeRecord } from './log-records.ts'
import { endOf, type HeadKey, type LogTables, openLogTables, readChain } from './log-tables.ts'

/** Appends that one flush may hold: bounds what a batch keeps waiting. */
const BATCH = 512
/** Conversations of which the end is kept in memory. */
const RECENT = 10_000
/** Keys that a listing reads at once. */
const PAGE = 1_000

interface Pending {
  readonly key: ConversationKey
  readonly drafts: readonly Draft[]
  readonly expected: Position
  readonly options: AppendOptions
  resolve(head: Head): void
  reject(error: unknown): void
}

/** An append that was decided: it goes behind `before`, and `end` is then the end. */
interface Addition {
  readonly append: Pending
  readonly before: End
  readonly end: End
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

  const recent = createRecentEnds(RECENT)
  const pending: Pending[] = []
  let writing: Promise<void> | undefined
  let closing: Promise<void> | undefined

  const refuseClosed = (): void => {
    if (closing) throw new Error('the log is closed')
  }
  const view = (seq: Seq): Head => ({ seq, position: String(seq) as Position }) // this driver's position is the seq

  /** Writes batches until none is left, one at a time: each is decided when the one before it is on the disk. */
  async function writeBatches(): Promise<void> {
    while (pending.length > 0) {
      const ends = new Map<string, End>()
      const additions = pending.splice(0, BATCH).flatMap(append => decide(append, ends) ?? [])
      if (additions.length === 0) continue
      try {
        await putTogether(root, 'the log', () => put(additions))
        for (const [name, end] of ends) recent.set(name, end)
        for (const { append, end } of additions) append.resolve(view(end.seq))
      } catch (error) {
        for (const { append } of additions) append.reject(error)
      }
    }
    writing = undefined // in the step that found nothing left: an append after it starts a new writer
  }

  /** Puts the append behind the end that the batch has come to, or refuses it. */
  function decide(append: Pending, ends: Map<string, End>): Addition | undefined {
    const { key, drafts, options } = append
    const name = nameOf(key)
    try {
      const before = ends.get(name) ?? recent.get(name) ?? storedEnd(key)
      if (append.expected !== view(before.seq).position) throw new Fault('APPEND_CONFLICT', { conversation: key.conversation })
      const end: End = { ...drafts.reduce<HeadRecord>((last, draft) => placeRecord(draft, last), before), ...options }
      ends.set(name, end)
      return { append, before, end }
    } catch (error) {
      append.reject(error)
      return undefined
    }
  }

  function storedEnd(key: ConversationKey): End {
    const isMarked = (table: Database<Buffer, HeadKey>): boolean => table.doesExist([key.shop, key.conversation])
    return { ...endOf(tables, key), isUnsettled: isMarked(unsettled), isWithPeople: isMarked(withPeople) }
  }

  function put(additions: readonly Addition[]): void {
    for (const { append, before, end } of additions) {
      const { shop, conversation } = append.key
      append.drafts.forEach(({ bytes }, i) => events.put([shop, conversation, before.seq + 1 + i], bytes))
      heads.put([shop, conversation], encodeHead(end))
      if (before.isUnsettled !== end.isUnsettled) mark(unsettled, append.key, end.isUnsettled)
      if (before.isWithPeople !== end.isWithPeople) mark(withPeople, append.key, end.isWithPeople)
    }
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
      const drafts = envelopes.map(draftRecord) // copies
      const { isUnsettled, isWithPeople } = options
      return new Promise((resolve, reject) => {
        pending.push({ key: { ...key }, drafts, expected, options: { isUnsettled, isWithPeople }, resolve, reject })
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
    async clearMarks(key) {
      refuseClosed()
      await putTogether(root, 'the log', () => {
        mark(unsettled, key, false)
        mark(withPeople, key, false)
      })
      const end = recent.get(nameOf(key))
      if (end) recent.set(nameOf(key), { ...end, isUnsettled: false, isWithPeople: false })
    },
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
