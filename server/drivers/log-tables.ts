// The tables of the embedded log and how a conversation is read out of them: every hash is followed, and what does not follow is a fault that
// names the conversation and the seq. The driver reads so while it serves, and the doctor so in a store that it may not write to.
import { chainHash, genesisHash } from '@parley/core/conversation/chain.ts'
import { Fault, isFault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationKey, type Seq } from '@parley/core/ids.ts'
import type { StoredEnvelope } from '@parley/core/ports/conversation-log.ts'
import type { Database, RootDatabase } from 'lmdb'
import { isOfTheStore, naming, putTogether } from './lmdb-store.ts'
import type { Addition } from './log-additions.ts'
import { nameOf } from './log-ends.ts'
import { decodeHead, decodeRecord, encodeHead, type HeadRecord } from './log-records.ts'
import type { Entry } from './log-tail.ts'

export type EventKey = [shop: string, conversation: string, seq: number]
export type HeadKey = [shop: string, conversation: string]

/** What the table `meta` says under `kind` in a store that is a node's copy of a replicated log. Nobody may append to one. */
export const COPY = 'copy of a replicated log'

/** What `meta` says under this of a conversation that was found to be damaged when it was folded: seq and reason, as JSON. */
export const damageOf = (key: ConversationKey): string => `${DAMAGED}${nameOf(key)}`
export const DAMAGED = 'damaged/'
export const AFTER_DAMAGED = 'damaged0'

export interface LogTables {
  readonly events: Database<Buffer, EventKey>
  readonly heads: Database<Buffer, HeadKey>
  readonly unsettled: Database<Buffer, HeadKey>
  readonly withPeople: Database<Buffer, HeadKey>
  /** To the seq of the first event that is to go out. */
  readonly outgoing: Database<Buffer, HeadKey>
  readonly meta: Database<string, string>
}

/** In a store that is open for reading alone a table that was never made is undefined, whatever lmdb-js's types say. */
export const openLogTables = (root: RootDatabase): LogTables => ({
  events: root.openDB({ name: 'events', encoding: 'binary' }),
  heads: root.openDB({ name: 'heads', encoding: 'binary' }),
  unsettled: root.openDB({ name: 'unsettled', encoding: 'binary' }),
  withPeople: root.openDB({ name: 'with-people', encoding: 'binary' }),
  outgoing: root.openDB({ name: 'outgoing', encoding: 'binary' }),
  meta: root.openDB({ name: 'meta', encoding: 'string' }),
})

/** All of the entries or none, on the disk when it resolves. */
export const storeEntries = (root: RootDatabase, tables: LogTables, entries: Iterable<Entry>): Promise<void> =>
  putTogether(root, 'the log', () => {
    for (const entry of entries) putEntry(tables, entry)
  })

/** Within a `putTogether`. */
export function putEntry(tables: LogTables, { key, first, records, end, outgoingFrom }: Entry): void {
  const name: HeadKey = [key.shop, key.conversation]
  records.forEach((record, i) => tables.events.put([...name, first + i], record))
  tables.heads.put(name, encodeHead(end))
  mark(tables.unsettled, name, end.isUnsettled)
  mark(tables.withPeople, name, end.isWithPeople)
  if (outgoingFrom !== undefined) tables.outgoing.put(name, encodeSeq(outgoingFrom), ONLY_IF_NEW)
}

/** `put` takes options too; its declaration has them at `putSync` alone. */
const ONLY_IF_NEW = { noOverwrite: true } as never

export function encodeSeq(seq: Seq): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(seq)
  return bytes
}

function mark(table: Database<Buffer, HeadKey>, name: HeadKey, isMarked: boolean): void {
  if (isMarked) table.put(name, Buffer.alloc(1))
  else table.remove(name)
}

/** On the disk when it resolves. */
export const clearMarks = (root: RootDatabase, tables: LogTables, key: ConversationKey): Promise<void> =>
  putTogether(root, 'the log', () => putNoMarks(tables, key))

/** Within a `putTogether`. */
export function putNoMarks({ unsettled, withPeople }: LogTables, { shop, conversation }: ConversationKey): void {
  for (const table of [unsettled, withPeople]) mark(table, [shop, conversation], false)
}

/** Whether the tables have it, and not only a part: what is stored together is there together. */
export function isStored(tables: LogTables, { key, end }: Pick<Addition, 'key' | 'end'>): boolean {
  try {
    return endOf(tables, key).seq >= end.seq
  } catch (error) {
    if (!isFault(error, 'LOG_DAMAGED')) throw error
    return tables.events.doesExist([key.shop, key.conversation, end.seq]) // of one whose end is damaged
  }
}

export const damaged = (key: ConversationKey, seq: Seq, reason: string, options?: { readonly cause: unknown }): Fault =>
  new Fault('LOG_DAMAGED', { conversation: key.conversation, seq, reason }, options)

/** Where the conversation ends; seq 0 and its genesis if nothing is stored of it. An end that was wound back is damage, not a shorter log. */
export function endOf({ heads, events }: LogTables, key: ConversationKey): HeadRecord {
  const stored = found(key, 1, () => heads.get([key.shop, key.conversation]))
  const end = stored === undefined ? { seq: 0, hash: genesisHash(key) } : headIn(stored, key)
  if (found(key, end.seq + 1, () => events.doesExist([key.shop, key.conversation, end.seq + 1])))
    throw damaged(key, end.seq + 1, 'it stands behind the recorded end')
  return end
}

function headIn(stored: Buffer, key: ConversationKey): HeadRecord {
  try {
    return decodeHead(stored)
  } catch (cause) {
    throw damaged(key, 1, 'the record of its end cannot be read', { cause })
  }
}

/** Keys that a listing reads at once. */
const PAGE = 1_000

/**
 * The conversations of a table of `file`, page by page, so that no cursor is open while the caller is busy: closing the store under an open one ends the
 * process. `refuseClosed` throws when it is closed.
 */
export async function* keysIn(table: Database<Buffer, HeadKey>, file: string, refuseClosed: () => void): AsyncGenerator<ConversationKey> {
  let last: HeadKey | undefined
  for (;;) {
    refuseClosed()
    const page: HeadKey[] = naming(file, () => [...table.getKeys({ limit: PAGE, ...(last && { start: last, exclusiveStart: true }) })])
    for (const [shop, conversation] of page) yield { shop: asShopId(shop), conversation: asConversationId(conversation) }
    if (page.length < PAGE) return
    last = page.at(-1)
  }
}

/** Where a conversation is read from. */
export interface ChainSource {
  endOf(key: ConversationKey): HeadRecord
  recordAt(key: ConversationKey, seq: Seq): Uint8Array | undefined
}

/** What has the newest events of some conversations; undefined of the others. */
export interface TailSource {
  endOf(key: ConversationKey): HeadRecord | undefined
  recordAt(key: ConversationKey, seq: Seq): Uint8Array | undefined
}

/** The tables, and a tail that they do not have yet, or have by now. */
export const sourceOf = (tables: LogTables, tail: TailSource): ChainSource => ({
  endOf(key) {
    const [stored, added] = [endOf(tables, key), tail.endOf(key)]
    return added && added.seq > stored.seq ? added : stored
  },
  recordAt: (key, seq) => tail.recordAt(key, seq) ?? found(key, seq, () => tables.events.get([key.shop, key.conversation, seq])),
})

/** The events with seq > after, each hash followed to the recorded end. Faults: LOG_DAMAGED. */
export function readChain(source: ChainSource, key: ConversationKey, after: Seq): StoredEnvelope[] {
  const end = source.endOf(key)
  if (end.seq <= after) return []
  let hash = after === 0 ? genesisHash(key) : recordAt(source, key, after).hash
  const chain: StoredEnvelope[] = []
  for (let seq = after + 1; seq <= end.seq; seq++) {
    const stored = recordAt(source, key, seq)
    hash = chainHash(hash, seq, stored)
    if (!equal(hash, stored.hash)) throw damaged(key, seq, 'its hash does not follow from the event before it')
    chain.push(stored)
  }
  if (!equal(hash, end.hash)) throw damaged(key, end.seq, 'the end is not the one that was written')
  return chain
}

/** The events before `before`, as far as they stand and each hash follows. */
export function readSoundPart(source: ChainSource, key: ConversationKey, before: Seq): StoredEnvelope[] {
  const chain: StoredEnvelope[] = []
  let hash = genesisHash(key)
  try {
    for (let seq = 1; seq < before; seq++) {
      const stored = recordAt(source, key, seq)
      hash = chainHash(hash, seq, stored)
      if (!equal(hash, stored.hash)) break
      chain.push(stored)
    }
  } catch (error) {
    if (!isFault(error, 'LOG_DAMAGED')) throw error
  }
  return chain
}

function recordAt(source: ChainSource, key: ConversationKey, seq: Seq): StoredEnvelope {
  const bytes = source.recordAt(key, seq)
  if (!bytes) throw damaged(key, seq, 'the event is missing')
  const record = decodeRecord(bytes, seq)
  if (!record) throw damaged(key, seq, 'its record cannot be read')
  return record
}

/** LMDB may not find its way to a record: a page between is damaged, and what else lies behind it is another conversation's matter. */
function found<T>(key: ConversationKey, seq: Seq, look: () => T): T {
  try {
    return look()
  } catch (cause) {
    if (!isOfTheStore(cause)) throw cause
    throw damaged(key, seq, `the store cannot be read (${cause.message})`, { cause })
  }
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
