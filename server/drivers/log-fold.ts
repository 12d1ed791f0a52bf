// A node's own copy of a replicated log: what its streams say, put into the tables of the embedded log in the order in which each stream says it. It may
// be thrown away: the streams make it anew. So nothing of it is on the disk when it is seen; it is stored in batches, each together with the place in its
// stream up to which it goes, and a start goes on from there.
//
// It decides which appends stand: of those that continue a conversation from the same end the first in the stream does, and every node, which folds the
// same stream in the same order, decides alike. What was decided by one release must be decided so by every later one.
//
// Every hash is followed when a message comes. What does not follow was changed on its way or where it lay: that conversation is named and refused from
// then on, in this copy, and every other one goes on.
import { chainHash } from '@parley/core/conversation/chain.ts'
import { Fault } from '@parley/core/faults.ts'
import type { ConversationKey, Seq } from '@parley/core/ids.ts'
import type { StoredEnvelope } from '@parley/core/ports/conversation-log.ts'
import type { Database, RootDatabase } from 'lmdb'
import { putTogether } from './lmdb-store.ts'
import type { Addition } from './log-additions.ts'
import { createRecentEnds, type End, nameOf } from './log-ends.ts'
import type { Heard } from './log-message.ts'
import { decodeRecord, type HeadRecord, hashOf } from './log-records.ts'
import {
  AFTER_DAMAGED,
  DAMAGED,
  damaged,
  damageOf,
  encodeSeq,
  type HeadKey,
  type LogTables,
  putEntry,
  putNoMarks,
  readChain,
  sourceOf,
} from './log-tables.ts'

/** How long what was applied waits for company before it is stored. */
const WAIT_MS = 50
/** Bytes that are not let wait. */
const ENOUGH = 512 * 1024
/** Bytes that memory holds of what is not stored: whoever has more to apply waits. */
const MOST = 16 * 1024 * 1024

/** Ends that are kept in memory, so that appends to conversations that go on are decided without asking the store. */
const RECENT = 10_000

/** A place in a shard's stream, and the id of the message that stands there: another one says that it is another stream. */
export interface Cursor {
  readonly seq: number
  readonly id: string
}

interface Held {
  readonly key: ConversationKey
  readonly first: Seq
  readonly records: Buffer[]
  end: End
  position: number
  node: string | undefined
}

type Step =
  | { readonly kind: 'append'; readonly addition: Addition; readonly position: number; readonly node: string | undefined }
  | { readonly kind: 'clear' | 'delivered'; readonly key: ConversationKey }
  | { readonly kind: 'damaged'; readonly key: ConversationKey; readonly seq: Seq; readonly reason: string }

/** What is stored in one commit. */
class Part {
  readonly held = new Map<string, Held>()
  readonly steps: Step[] = []
  readonly cursors = new Map<number, Cursor>()
  bytes = 0
}

/**
 * Whether what was said stands: an append, where no other one has continued the conversation from that end before; a delivery, where the conversation does
 * not go on beyond it. A Fault where it does not follow.
 */
export type Outcome = boolean | Fault

export interface PlacedEnd extends HeadRecord {
  /** Place in its stream of the conversation's last append; 0 where it has none. */
  readonly position: number
  /** The name of the node that made it; undefined where none was given. */
  readonly node: string | undefined
}

export interface Fold {
  /** Where the next message of the shard is read from: behind this one. */
  cursorOf(shard: number): Cursor
  /**
   * Takes the message at `cursor` of a shard, the next one behind where that is, from the node of that name. Gives what became of it: of a group of
   * appends, of each in turn.
   */
  apply(shard: number, cursor: Cursor, message: Heard, node?: string): readonly Outcome[]
  /** Faults: LOG_DAMAGED. */
  endOf(key: ConversationKey): PlacedEnd
  /** Faults: LOG_DAMAGED. */
  read(key: ConversationKey, after: Seq): readonly StoredEnvelope[]
  /** Resolves when there is room to apply more. Rejects while nothing can be stored. Faults: STORAGE_FULL. */
  room(): Promise<void>
  /** Waits until all that is applied now is stored. Faults: STORAGE_FULL. */
  stored(): Promise<void>
}

export type Positions = Database<Buffer, HeadKey>

export function createFold(root: RootDatabase, tables: LogTables, positions: Positions): Fold {
  let adding = new Part()
  let storing: Part | undefined
  let isStoring: Promise<void> | undefined
  let isDue = false
  const cursors = new Map<number, Cursor>()
  const broken = new Map<string, { readonly seq: Seq; readonly reason: string }>()
  for (const { key, value } of tables.meta.getRange({ start: DAMAGED, end: AFTER_DAMAGED }))
    broken.set(key.slice(DAMAGED.length), JSON.parse(value))

  const recent = createRecentEnds<PlacedEnd>(RECENT)
  const heldIn = (name: string): Held | undefined => adding.held.get(name) ?? storing?.held.get(name)
  const source = sourceOf(tables, {
    endOf: key => heldIn(nameOf(key))?.end,
    recordAt(key, seq) {
      for (const part of [adding, storing]) {
        const held = part?.held.get(nameOf(key))
        const record = held?.records[seq - held.first]
        if (record) return record
      }
      return undefined
    },
  })

  function refuseDamaged(key: ConversationKey, name = nameOf(key)): void {
    const found = broken.get(name)
    if (found) throw damaged(key, found.seq, found.reason)
  }

  function endOf(key: ConversationKey): PlacedEnd {
    const name = nameOf(key)
    refuseDamaged(key, name)
    const known = recent.get(name)
    if (known) return known
    const held = heldIn(name)
    const stored = held ? undefined : positions.get([key.shop, key.conversation])
    const { position, node } = held ?? { position: stored?.readDoubleBE() ?? 0, node: stored?.toString('latin1', 8) || undefined }
    const end = { ...source.endOf(key), position, node }
    recent.set(name, end)
    return end
  }

  /**
   * Of one that begins before the conversation's end another was faster, which its writer had not read `after` so many messages. `after` is undefined for
   * one that a server has held to the end: it follows, or is damaged.
   */
  function append(addition: Addition, position: number, node: string | undefined, after: number | undefined): Outcome {
    const { key, first, records, end } = addition
    try {
      const before = endOf(key)
      if (first <= before.seq && after !== undefined) {
        if (after < before.position) return false
        throw damaged(key, first, `who read its stream up to ${after} has not found there what stood at ${before.position}`)
      }
      follow(addition, before)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      if (!broken.has(nameOf(key))) lose(key, error)
      return error
    }
    const name = nameOf(key)
    recent.set(name, { seq: end.seq, hash: end.hash, position, node })
    const held = adding.held.get(name)
    if (held) {
      held.records.push(...records)
      Object.assign(held, { end, position, node })
    } else adding.held.set(name, { key, first, records: [...records], end, position, node })
    for (const record of records) adding.bytes += record.length
    adding.steps.push({ kind: 'append', addition, position, node })
    return true
  }

  function lose(key: ConversationKey, fault: Fault): void {
    const { seq, reason } = fault.details as { readonly seq: Seq; readonly reason: string } // of LOG_DAMAGED, the one that is thrown here
    broken.set(nameOf(key), { seq, reason })
    adding.steps.push({ kind: 'damaged', key, seq, reason })
  }

  function take(cursor: Cursor, message: Heard, node: string | undefined): readonly Outcome[] {
    switch (message.kind) {
      case 'none':
      case 'look':
        return [true]
      case 'appends':
        return message.additions.map(addition => append(addition, cursor.seq, node, message.after))
      case 'append':
        return [append(message.addition, cursor.seq, node, undefined)]
      case 'unreadable': {
        const fault = damaged(message.key, 1, `message ${cursor.seq} of its stream cannot be read`)
        if (!broken.has(nameOf(message.key))) lose(message.key, fault)
        return [fault]
      }
      case 'delivered':
        if (broken.has(nameOf(message.key)) || endOf(message.key).seq !== message.upTo) return [false]
    }
    adding.steps.push({ kind: message.kind, key: message.key })
    return [true]
  }

  function storeOn(): Promise<void> {
    if (!storing) {
      if (adding.cursors.size === 0) return Promise.resolve()
      storing = adding
      adding = new Part()
    }
    const part = storing
    const work = async (): Promise<void> => {
      try {
        await putTogether(root, 'the log', () => putPart(tables, positions, part))
        storing = undefined
      } finally {
        isStoring = undefined
      }
    }
    isStoring ??= work()
    return isStoring
  }

  /** A full disk: it is tried again before anything else is appended, and whoever appends then is told. */
  const storeQuietly = (): void => void storeOn().then(storeIfEnough, () => {})
  const storeIfEnough = (): void => {
    if (!isStoring && adding.bytes >= ENOUGH) storeQuietly()
  }

  return {
    cursorOf(shard) {
      const known = cursors.get(shard)
      if (known) return known
      const [seq = '0', id = ''] = tables.meta.get(`cursor/${shard}`)?.split(' ') ?? []
      return { seq: Number(seq), id }
    },
    apply(shard, cursor, message, node) {
      const outcomes = take(cursor, message, node)
      cursors.set(shard, cursor)
      adding.cursors.set(shard, cursor)
      if (!isDue) {
        isDue = true
        setTimeout(() => {
          isDue = false
          if (isStoring) isStoring.then(storeQuietly, () => {})
          else storeQuietly()
        }, WAIT_MS).unref()
      }
      storeIfEnough()
      return outcomes
    },
    endOf,
    read(key, after) {
      refuseDamaged(key)
      return readChain(source, key, after)
    },
    async room() {
      if (storing && !isStoring) await storeOn() // what could not be stored is tried again first
      while (adding.bytes >= MOST) await storeOn()
    },
    async stored() {
      // Twice: what was being stored, and then what was being added.
      for (let part = 0; part < 2; part++) await storeOn()
    },
  }
}

/** Faults: LOG_DAMAGED, where the addition is not what follows. */
function follow({ key, first, records, behind }: Addition, before: HeadRecord): void {
  if (first !== before.seq + 1) throw damaged(key, before.seq + 1, `its stream goes on at ${first}`)
  if (behind && Buffer.compare(behind, before.hash) === 0) return
  let { hash } = before
  for (const [i, record] of records.entries()) {
    const stored = decodeRecord(record, first + i)
    if (!stored) throw damaged(key, first + i, 'its record cannot be read')
    hash = chainHash(hash, first + i, stored)
    if (Buffer.compare(hash, hashOf(record)) !== 0) throw damaged(key, first + i, 'its hash does not follow from the event before it')
  }
}

function putPart(tables: LogTables, positions: Positions, { steps, cursors }: Part): void {
  for (const step of steps)
    switch (step.kind) {
      case 'append': {
        const { addition, position, node = '' } = step
        putEntry(tables, { ...addition, outgoingFrom: addition.end.isOutgoing ? addition.first : undefined })
        // The node's name stands behind the place; earlier releases have the place alone, and read nothing behind it.
        positions.put([addition.key.shop, addition.key.conversation], Buffer.concat([encodeSeq(position), Buffer.from(node, 'latin1')]))
        break
      }
      case 'clear':
        putNoMarks(tables, step.key)
        break
      case 'delivered':
        tables.outgoing.remove([step.key.shop, step.key.conversation])
        break
      case 'damaged':
        tables.meta.put(damageOf(step.key), JSON.stringify({ seq: step.seq, reason: step.reason }))
    }
  for (const [shard, { seq, id }] of cursors) tables.meta.put(`cursor/${shard}`, `${seq} ${id}`)
}
