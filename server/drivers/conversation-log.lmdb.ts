// The embedded log: one writer, group commit, LMDB behind a tail (log-tail.ts). Appends that come while a batch is being written form the next one,
// so that any number of conversations shares a flush; an append is acknowledged, and seen by any reader, only when the write that holds it has
// ended on the disk. LMDB takes the batches from the tail when several have come together.
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { ConversationKey, Epoch, Seq } from '@parley/core/ids.ts'
import type { AppendOptions, ConversationLog, Head, Position } from '@parley/core/ports/conversation-log.ts'
import type { Database } from 'lmdb'
import { flushFolder } from './flush-folder.ts'
import { lockFolder } from './folder-lock.ts'
import { naming, openStore, putTogether } from './lmdb-store.ts'
import type { Addition } from './log-additions.ts'
import { createRecentEnds, type End, nameOf } from './log-ends.ts'
import { type Draft, draftRecord, type HeadRecord, placeRecord } from './log-records.ts'
import {
  COPY,
  clearMarks,
  type HeadKey,
  isStored,
  keysIn,
  type LogTables,
  openLogTables,
  readChain,
  sourceOf,
  storeEntries,
} from './log-tables.ts'
import { type Entry, openTail, type Table } from './log-tail.ts'
import { type StoreState, storeStateOf } from './store-state.ts'

/** Appends that one flush may hold: bounds what a batch keeps waiting. */
const BATCH = 512
/** Conversations of which the end is kept in memory. */
const RECENT = 10_000

interface Pending {
  readonly key: ConversationKey
  readonly drafts: readonly Draft[]
  readonly expected: Position
  readonly options: AppendOptions
  resolve(head: Head): void
  reject(error: unknown): void
}

/** The log, and how its store stands. */
export interface LmdbLog extends ConversationLog {
  storeState(): StoreState
}

/** Opens the store in `folder`, making it where there is none. Faults: DATA_IN_USE, STORAGE_FULL, STORE_DAMAGED. */
export async function openLmdbLog(folder: string): Promise<LmdbLog> {
  const unlock = await lockFolder(folder)
  try {
    return await openLocked(folder, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

async function openLocked(folder: string, unlock: () => void): Promise<LmdbLog> {
  const root = openStore(folder)
  const file = join(folder, 'data.mdb')
  const tables = naming(file, () => openLogTables(root))
  if (naming(file, () => tables.meta.get('kind')) === COPY) {
    await root.close()
    throw new Fault('LOG_REFUSED', { what: folder, reason: 'it is a copy of a log that NATS keeps: set log.driver to nats' })
  }
  const epoch = naming(file, () => tables.meta.get('epoch') as Epoch | undefined) ?? (await newEpoch(tables)) // written by newEpoch
  const tail = await openTail({
    folder,
    epoch,
    isStored: addition => isStored(tables, addition),
    store: entries => storeEntries(root, tables, entries),
  }).catch(async error => {
    await root.close()
    throw error
  })
  for (const made of [folder, dirname(folder)]) flushFolder(made)

  const source = sourceOf(tables, tail)
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
      const ends = new Map<string, HeadRecord>()
      const decided = pending.splice(0, BATCH).flatMap(append => {
        try {
          return [{ append, addition: decide(append, ends) }]
        } catch (error) {
          append.reject(error) // one that is refused is its own caller's matter; nothing of it is in the batch
          return []
        }
      })
      if (decided.length === 0) continue
      try {
        await tail.add(decided.map(({ addition }) => addition))
        for (const [name, end] of ends) recent.set(name, end)
        for (const { append, addition } of decided) append.resolve(view(addition.end.seq))
      } catch (error) {
        for (const { append } of decided) append.reject(error)
      }
    }
    writing = undefined // in the step that found nothing left: an append after it starts a new writer
  }

  /** Puts the append behind the end that the batch has come to. Faults: APPEND_CONFLICT, LOG_DAMAGED. */
  function decide({ key, drafts, expected, options }: Pending, ends: Map<string, HeadRecord>): Addition {
    const name = nameOf(key)
    const before = ends.get(name) ?? recent.get(name) ?? source.endOf(key)
    if (expected !== view(before.seq).position) throw new Fault('APPEND_CONFLICT', { conversation: key.conversation })
    const end = { ...drafts.reduce((last, draft) => placeRecord(draft, last), before), ...options }
    ends.set(name, end)
    return { key, first: before.seq + 1, records: drafts.map(({ bytes }) => bytes), end }
  }

  const keysOf = (table: Database<Buffer, HeadKey>): AsyncGenerator<ConversationKey> => keysIn(table, file, refuseClosed)

  /** First what the tail says, since of its conversations the table does not know yet. */
  async function* markedIn(table: Database<Buffer, HeadKey>, isMarked: (end: End) => boolean): AsyncGenerator<ConversationKey> {
    const newer = new Map<string, Entry>()
    for (const entry of tail.entries()) if (!newer.has(nameOf(entry.key))) newer.set(nameOf(entry.key), entry)
    for (const { key, end } of newer.values()) if (isMarked(end)) yield key
    for await (const key of keysOf(table)) if (!newer.has(nameOf(key))) yield key
  }

  return {
    epoch,
    async append(key, envelopes, expected, options) {
      refuseClosed()
      if (envelopes.length === 0) throw new Error('an append needs an event')
      const drafts = envelopes.map(draftRecord) // copies
      const { isUnsettled, isWithPeople, isOutgoing = false } = options
      return new Promise((resolve, reject) => {
        pending.push({ key: { ...key }, drafts, expected, options: { isUnsettled, isWithPeople, isOutgoing }, resolve, reject })
        writing ??= Promise.resolve().then(writeBatches) // a tick, so that appends of one tick share the first batch too
      })
    },
    async read(key, after) {
      refuseClosed()
      return naming(file, () => readChain(source, key, after))
    },
    async head(key) {
      refuseClosed()
      return naming(file, () => view(source.endOf(key).seq))
    },
    unsettled: () => markedIn(tables.unsettled, end => end.isUnsettled),
    withPeople: () => markedIn(tables.withPeople, end => end.isWithPeople),
    async *outgoing() {
      refuseClosed()
      const inTail = new Map<string, { readonly key: ConversationKey; readonly from: Seq }>()
      for (const { key, outgoingFrom } of tail.entries())
        if (outgoingFrom !== undefined) inTail.set(nameOf(key), { key, from: outgoingFrom }) // of two entries the older comes last
      for await (const key of keysOf(tables.outgoing)) {
        inTail.delete(nameOf(key)) // the table's is older
        const first = tables.outgoing.get([key.shop, key.conversation])
        if (first) yield { key, from: first.readDoubleBE() }
      }
      yield* inTail.values()
    },
    async outgoingFrom(key) {
      refuseClosed()
      const first = naming(file, () => tables.outgoing.get([key.shop, key.conversation]))
      return first ? first.readDoubleBE() : tail.outgoingFrom(key) // the table's is older
    },
    async delivered(key, upTo) {
      refuseClosed()
      if (source.endOf(key).seq !== upTo) return false
      // In the step that has looked: whatever is appended later is stored after the mark is taken away, and sets it anew.
      tail.delivered(key)
      await putTogether(root, 'the log', () => tables.outgoing.remove([key.shop, key.conversation]))
      return true
    },
    follow: () => () => {}, // this engine has made every append
    lastNode: async () => undefined,
    caughtUp: async () => {},
    async *conversations() {
      refuseClosed()
      await tail.stored()
      yield* keysOf(tables.heads)
    },
    async clearMarks(key) {
      refuseClosed()
      await tail.stored() // what is stored after it would set them again
      await clearMarks(root, tables, key)
    },
    storeState() {
      refuseClosed()
      return storeStateOf(root, Object.values(tables))
    },
    close() {
      const end = async (): Promise<void> => {
        await writing
        await tail.close()
        await root.close()
        unlock()
      }
      closing ??= end()
      return closing
    },
  }
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

/** Brings what was read of another store's tail into its copy in `folder`, which nobody has open. */
export async function addTail(folder: string, tail: Table): Promise<void> {
  const root = openStore(folder)
  try {
    const tables = openLogTables(root)
    await storeEntries(
      root,
      tables,
      [...tail.values()].filter(entry => !isStored(tables, entry)),
    )
  } finally {
    await root.close()
  }
}
