// The embedded log for reading alone: nothing is made, locked or written. LMDB lets any process read beside the one that writes, so this is
// safe while the server runs; each read sees the state of one moment. The segments are read before LMDB: what they then do not hold any more,
// LMDB has, so that nothing is missing that was acknowledged before the opening.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationKey, type Epoch, type Seq } from '@parley/core/ids.ts'
import type { StoredEnvelope } from '@parley/core/ports/conversation-log.ts'
import { compareKeys } from 'lmdb'
import { isOfTheStore, naming, openStoreToRead } from './lmdb-store.ts'
import type { Addition } from './log-additions.ts'
import { nameOf } from './log-ends.ts'
import {
  AFTER_DAMAGED,
  COPY,
  DAMAGED,
  damaged,
  damageOf,
  type HeadKey,
  isStored,
  openLogTables,
  readChain,
  readSoundPart,
  sourceOf,
} from './log-tables.ts'
import { endIn, readTail, recordIn, type Table } from './log-tail.ts'

/** What the last append said of a conversation, and the first event of it that has to go out yet. */
export interface MarksRead {
  readonly isUnsettled: boolean
  readonly isWithPeople: boolean
  readonly outgoingFrom: Seq | undefined
}

export interface LogReader {
  readonly epoch: Epoch | undefined
  /** What LMDB did not have when this was opened. */
  readonly tail: Table
  /** How many events the whole log has, to tell how far a walk over it has come. */
  countEvents(): number
  /**
   * Every conversation of which anything is stored, ordered by shop and id: also one that has lost its end, or its events. Where the table of
   * events cannot be walked, those of which the end is known; `lost` then says why. Faults: STORE_DAMAGED.
   */
  conversations(): Iterable<ConversationKey>
  /** Why conversations may be missing from the walk; undefined when none can be. */
  lost(): string | undefined
  /** The whole conversation. Faults: LOG_DAMAGED, also when LMDB cannot find its way to a record. */
  read(key: ConversationKey): readonly StoredEnvelope[]
  /** What stands before the event `before`, as far as each hash follows: of one that is damaged there. */
  readSoundPart(key: ConversationKey, before: Seq): readonly StoredEnvelope[]
  marksOf(key: ConversationKey): MarksRead
  close(): Promise<void>
}

/** Whether the log in `folder` is a node's copy of a replicated one. Faults: STORE_DAMAGED. */
export async function isCopy(folder: string): Promise<boolean> {
  const root = openStoreToRead(folder)
  try {
    return naming(join(folder, 'data.mdb'), () => openLogTables(root).meta?.get('kind') === COPY)
  } finally {
    await root.close()
  }
}

/**
 * Faults: CONFIG_INVALID when there is no log in `folder`, STORE_DAMAGED when its file is none of LMDB's any more, or what a segment alone had is
 * damaged.
 */
export function openLogReader(folder: string): LogReader {
  const file = join(folder, 'data.mdb')
  if (!existsSync(file))
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'there is none: is this the data folder of a server?' })
  const whole = <T>(work: () => T): T => naming(file, work)
  const root = openStoreToRead(folder)
  const tables = whole(() => openLogTables(root))
  // A log has these from its first opening on.
  if ([tables.events, tables.heads, tables.meta].some(table => table === undefined))
    throw new Fault('STORE_DAMAGED', { file, reason: 'a table of it is not there' })
  const epoch = whole(() => tables.meta.get('epoch')) as Epoch | undefined // as it was written
  const isThere = (addition: Addition): boolean => {
    root.resetReadTxn() // never the state of before the segments were read
    return whole(() => isStored(tables, addition))
  }
  const tail: Table = epoch === undefined ? new Map() : readTail(folder, epoch, isThere).table
  const source = sourceOf(tables, { endOf: key => endIn(tail, key), recordAt: (key, seq) => recordIn(tail, key, seq) })
  // Of one that was damaged from its first event on there is nothing else.
  const known = whole(() =>
    [...tables.meta.getKeys({ start: DAMAGED, end: AFTER_DAMAGED })].map(row => row.slice(DAMAGED.length).split('/') as HeadKey),
  ) // as damageOf names it
  const added = [...[...tail.values()].map(({ key }): HeadKey => [key.shop, key.conversation]), ...known].sort(compareKeys)
  let lost: string | undefined

  // The next key in either table. Keys are sought one by one, so that no cursor stays open while the caller is busy.
  function nextEvent(after: HeadKey): HeadKey | undefined {
    if (lost !== undefined) return undefined
    try {
      const [event] = tables.events.getKeys({ start: [...after, Number.MAX_SAFE_INTEGER], limit: 1 })
      return event && [event[0], event[1]]
    } catch (cause) {
      if (!isOfTheStore(cause)) throw cause
      lost = cause.message
      return undefined
    }
  }
  const nextHead = (after: HeadKey): HeadKey | undefined =>
    whole(() => [...tables.heads.getKeys({ start: after, exclusiveStart: true, limit: 1 })][0])
  function next(after: HeadKey): HeadKey | undefined {
    const other = added.find(key => compareKeys(key, after) > 0)
    return [nextEvent(after), nextHead(after), other].filter(key => key !== undefined).sort(compareKeys)[0]
  }

  return {
    epoch,
    tail,
    countEvents() {
      const { entryCount } = whole(() => tables.events.getStats() as { entryCount: number }) // lmdb-js declares an empty object
      return [...tail.values()].reduce((sum, { records }) => sum + records.length, entryCount)
    },
    *conversations() {
      for (let key = next(['', '']); key; key = next(key)) yield { shop: asShopId(key[0]), conversation: asConversationId(key[1]) }
    },
    lost: () => lost,
    read(key) {
      root.resetReadTxn() // a new moment for each: a long one would keep the writer from using freed pages again
      const damage = whole(() => tables.meta.get(damageOf(key)))
      if (damage !== undefined) {
        const { seq, reason } = JSON.parse(damage) as { readonly seq: Seq; readonly reason: string } // as log-fold.ts wrote it
        throw damaged(key, seq, reason)
      }
      return readChain(source, key, 0)
    },
    readSoundPart: (key, before) => readSoundPart(source, key, before),
    marksOf(key) {
      const name: HeadKey = [key.shop, key.conversation]
      const newer = tail.get(nameOf(key))
      const has = (table: typeof tables.unsettled | undefined): boolean => table !== undefined && whole(() => table.doesExist(name))
      const outgoing = (tables.outgoing as typeof tables.outgoing | undefined) && whole(() => tables.outgoing.get(name))
      return {
        isUnsettled: newer ? newer.end.isUnsettled : has(tables.unsettled),
        isWithPeople: newer ? newer.end.isWithPeople : has(tables.withPeople),
        outgoingFrom: outgoing?.readDoubleBE() ?? newer?.outgoingFrom, // what the table has is older
      }
    },
    close: () => root.close(),
  }
}
