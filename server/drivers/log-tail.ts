// The tail of the log: what is acknowledged and not in LMDB yet. An append is on the disk when a segment (log-segment.ts) holds it, which costs one
// flush; LMDB takes what has come together later, in one commit with flushes of its own, beside the appends that go on. Until then it is read here.
//
// There are two segments and two tables in memory, and they change parts together: one is added to while the other is being stored, and a segment
// is written over only when LMDB has flushed all that it held. So at any moment the flushed state of LMDB and the two segments together are the whole
// log, and LMDB itself is never in a state that it could not recover by itself.
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { ConversationKey, Epoch, Seq } from '@parley/core/ids.ts'
import type { Addition } from './log-additions.ts'
import { type End, nameOf } from './log-ends.ts'
import { beginningOf, openSegment, readSegment, type SegmentContent } from './log-segment.ts'

/** How long an addition waits for company before it is stored. */
const WAIT_MS = 50
/** Bytes of records that are not let wait. */
const ENOUGH = 512 * 1024
/** Bytes of records in one segment: who would add more waits for the other one to be stored. */
const MOST = 8 * 1024 * 1024

/** How often segments that change parts meanwhile are read. Each part lasts some 50 ms, and reading them one. */
const TRIES = 1_000

/** What was added to one conversation: records from the seq `first` on, and where it then ends. */
export interface Entry {
  readonly key: ConversationKey
  readonly first: Seq
  readonly records: readonly Buffer[]
  readonly end: End
  /** The first of them that is to go out; undefined where none is, or all have been delivered. */
  outgoingFrom: Seq | undefined
}

/** By name, in the order in which they were first added to. */
export type Table = ReadonlyMap<string, Entry>

/** What a table has of a conversation, for who reads the log. */
export const endIn = (table: Table, key: ConversationKey): End | undefined => table.get(nameOf(key))?.end
export function recordIn(table: Table, key: ConversationKey, seq: Seq): Buffer | undefined {
  const entry = table.get(nameOf(key))
  return entry?.records[seq - entry.first]
}

class Growing {
  readonly table = new Map<string, { key: ConversationKey; first: Seq; records: Buffer[]; end: End; outgoingFrom: Seq | undefined }>()
  bytes = 0

  add({ key, first, records, end }: Addition): void {
    const name = nameOf(key)
    const entry = this.table.get(name)
    if (entry) {
      entry.records.push(...records)
      entry.end = end
      if (end.isOutgoing) entry.outgoingFrom ??= first
    } else this.table.set(name, { key, first, records: [...records], end, outgoingFrom: end.isOutgoing ? first : undefined })
    for (const record of records) this.bytes += record.length
  }
}

const filesIn = (folder: string): readonly [string, string] => [join(folder, 'segment-a'), join(folder, 'segment-b')]

/**
 * What the segments in `folder` hold that is not stored, and the last generation that was begun. Faults: STORE_DAMAGED where something was
 * acknowledged that cannot be read any more.
 */
export function readTail(folder: string, epoch: Epoch, isStored: (addition: Addition) => boolean): { table: Table; generation: number } {
  const contents = readSegments(folder, epoch)
  const growing = new Growing()
  for (const { file, additions, beyond } of contents.toSorted((one, other) => one.generation - other.generation)) {
    const lost = beyond.find(addition => !isStored(addition))
    const reason = `a batch in it is damaged, and stands before one that holds ${lost?.key.conversation} up to ${lost?.end.seq}`
    if (lost) throw new Fault('STORE_DAMAGED', { file, reason })
    // Beside a writer more is stored from one look to the next; what follows an addition that was taken is taken too, or there would be a gap.
    for (const addition of additions) if (growing.table.has(nameOf(addition.key)) || !isStored(addition)) growing.add(addition)
  }
  return { table: growing.table, generation: Math.max(...contents.map(({ generation }) => generation)) }
}

/**
 * Both as they were at one moment. Beside a writer one of them may be written over while the other is read; what it held meanwhile would be missing
 * between the two.
 */
function readSegments(folder: string, epoch: Epoch): readonly (SegmentContent & { readonly file: string })[] {
  for (let tries = 0; tries < TRIES; tries++) {
    const contents = filesIn(folder).map(file => ({ file, ...readSegment(file, epoch) }))
    if (contents.every(({ file, beginning }) => beginning.equals(beginningOf(file)))) return contents
  }
  throw new Error(`${folder}: the segments were written over ${TRIES} times while they were read`)
}

export interface TailOptions {
  readonly folder: string
  readonly epoch: Epoch
  /** Whether LMDB has it, on the disk. */
  readonly isStored: (addition: Addition) => boolean
  /** Puts all of them into LMDB or none; they are on its disk when it resolves. */
  readonly store: (entries: Iterable<Entry>) => Promise<void>
}

export interface Tail {
  /** Resolves when all of them are on the disk; they are seen from then on. One call at a time. Rejects when none of them is kept. */
  add(additions: readonly Addition[]): Promise<void>
  endOf(key: ConversationKey): End | undefined
  recordAt(key: ConversationKey, seq: Seq): Buffer | undefined
  /** All that is not stored; of a conversation that has two entries the newer is the first. */
  entries(): Iterable<Entry>
  /** The first event of the conversation in what is not stored that is to go out. */
  outgoingFrom(key: ConversationKey): Seq | undefined
  /** Nothing that it has of this conversation is to go out any more. A crash before it is stored has it go out again. */
  delivered(key: ConversationKey): void
  /** Waits until all that is there now is stored. Rejects when it cannot be stored. */
  stored(): Promise<void>
  /** Stores what it can; what it cannot stays in the segments. */
  close(): Promise<void>
}

/** Faults: STORE_DAMAGED. */
export async function openTail({ folder, epoch, isStored, store }: TailOptions): Promise<Tail> {
  const found = readTail(folder, epoch, isStored)
  const [a, b] = filesIn(folder)
  let [active, other] = [await openSegment(a, epoch), await openSegment(b, epoch)]
  let { generation } = found
  let adding = new Growing()
  /** What LMDB is taking, or could not take: it stays here, and in its segment, until it has. */
  let storing = found.table
  let isStoring: Promise<void> | undefined
  let isWriting: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let isDue = false
  active.rewind(++generation)
  await storeOn().catch(() => {}) // a full disk; it is tried again before anything is added

  function storeOn(): Promise<void> {
    if (storing.size === 0) return Promise.resolve()
    const work = async (): Promise<void> => {
      try {
        await store(storing.values())
        storing = new Map()
      } finally {
        isStoring = undefined
      }
      storeIfDue()
    }
    isStoring ??= work()
    return isStoring
  }

  /** Only between two writes: what is being written belongs to the segment that it goes to. */
  function changeParts(): void {
    clearTimeout(timer)
    timer = undefined
    isDue = false
    storing = adding.table
    adding = new Growing()
    ;[active, other] = [other, active]
    active.rewind(++generation)
  }

  function storeIfDue(): void {
    if (isWriting || storing.size > 0 || adding.bytes === 0 || !(isDue || adding.bytes >= ENOUGH)) return
    changeParts()
    storeOn().catch(() => {}) // it is tried again before anything else is added, and whoever adds then is told
  }

  async function write(additions: readonly Addition[]): Promise<void> {
    try {
      await active.write(additions)
      for (const addition of additions) adding.add(addition)
    } finally {
      isWriting = undefined
    }
    timer ??= setTimeout(() => {
      isDue = true
      storeIfDue()
    }, WAIT_MS).unref()
    storeIfDue()
  }

  async function stored(): Promise<void> {
    // Twice: what was being stored, and then what was being added.
    for (let part = 0; part < 2; part++) {
      while (isWriting) await isWriting.catch(() => {})
      if (storing.size === 0) changeParts()
      await storeOn()
    }
  }

  return {
    async add(additions) {
      // What could not be stored is tried again first: a full disk refuses, and does not fill the segments beforehand.
      if (storing.size > 0 && (!isStoring || adding.bytes >= MOST)) await storeOn()
      isWriting = write(additions)
      await isWriting
    },
    endOf: key => endIn(adding.table, key) ?? endIn(storing, key),
    recordAt: (key, seq) => recordIn(adding.table, key, seq) ?? recordIn(storing, key, seq),
    outgoingFrom: key => storing.get(nameOf(key))?.outgoingFrom ?? adding.table.get(nameOf(key))?.outgoingFrom,
    *entries() {
      yield* adding.table.values()
      yield* storing.values()
    },
    delivered(key) {
      for (const table of [adding.table, storing]) {
        const entry = table.get(nameOf(key))
        if (entry) entry.outgoingFrom = undefined
      }
    },
    stored,
    async close() {
      const isEmpty = await stored().then(
        () => true,
        () => false,
      )
      clearTimeout(timer)
      for (const segment of [active, other]) {
        if (isEmpty) await segment.clear(++generation)
        await segment.close()
      }
    },
  }
}
