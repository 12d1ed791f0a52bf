// A stretch: what some events have added to the folds of a conversation, as a snapshot keeps it. The stretches of a conversation follow upon each
// other from its first event to its last snapshot; the newest one ends with the folds as they stand there, and all of them together are what
// past.ts makes the earlier versions of. A stretch is text, line by line, so that it grows by what is put behind it, and nothing in it has to be read
// before it is asked for: that is what makes a long conversation open at once.
import type { Seq } from '../ids.ts'
import type { DeskMark } from '../protocol/desk-message.ts'
import type { VisibleEvent } from '../protocol/server-message.ts'
import type { Conversation } from './conversation.ts'
import { CUSTODY_FOLD, type Custody } from './custody.ts'
import { DIALOGUE_FOLD, type Dialogue, emptyDialogue } from './dialogue.ts'

/** Raise the first number when the way a stretch is written changes. */
export const SNAPSHOT_VERSION = `3.${DIALOGUE_FOLD}.${CUSTODY_FOLD}`

/** `end`: JSON. The others: lines, of JSON but for `refs`, which has a line for each id. */
export interface Stretch {
  /** It holds what the events after `from` have added, up to `seq`. */
  readonly from: Seq
  readonly seq: Seq
  readonly end: Uint8Array
  readonly refs: Uint8Array
  readonly said: Uint8Array
  readonly versions: Uint8Array
  readonly marks: Uint8Array
}

/** A node of one of the folds' lists, under its seq, with the seq of the one it stands on; 0: none. */
export type ListRow<T> = readonly [seq: Seq, node: T, before: Seq]
export type SaidRow = ListRow<VisibleEvent>
export type MarkRow = ListRow<DeskMark>

/** A dialogue without its lists: they are named by the seq of their newest node; 0: none. Whatever is added to a dialogue stands in it by itself. */
export type FlatDialogue = Omit<Dialogue, 'entries' | 'tried' | 'previous' | 'past'> & { readonly entries: Seq; readonly tried: Seq }
export type TriedRow = ListRow<{ readonly turn: Seq; readonly action: string; readonly disposition: string; readonly template: string }>
/** What a version changed of the one before it; `attempt`: the node of `tried` that it made. */
export type VersionRow = Partial<FlatDialogue> & { readonly seq: Seq; readonly attempt?: TriedRow }

/** Custody without the lists that the rows have. */
export type FlatCustody = Omit<Custody, 'refs' | 'marks'> & { readonly marks: Seq }
export interface StretchEnd {
  readonly dialogue: FlatDialogue
  readonly custody: FlatCustody
}

const encoder = new TextEncoder()
const rowsOf = (rows: readonly unknown[]): Uint8Array => encoder.encode(rows.map(row => `${JSON.stringify(row)}\n`).join(''))

/**
 * The stretch that leads from `from`, which the conversation has passed, to where it stands. Null where the conversation was itself recalled from a
 * later snapshot, and does not have what came between.
 */
export function stretchSince(from: Seq, { seq, dialogue, custody }: Pick<Conversation, 'seq' | 'dialogue' | 'custody'>): Stretch | null {
  const versions: Dialogue[] = []
  for (let version: Dialogue | null = dialogue; version && version.seq > from; version = version.previous) {
    if (version.previous === null) return null
    versions.push(version)
  }
  versions.reverse()
  const said = versions.flatMap(({ seq: at, entries }): SaidRow[] =>
    entries?.seq === at ? [[at, entries.event, entries.before?.seq ?? 0]] : [],
  )
  const marks: MarkRow[] = []
  for (let node = custody.marks; node && node.seq > from; node = node.before) marks.push([node.seq, node.mark, node.before?.seq ?? 0])
  const { refs: _, marks: last, ...rest } = custody
  const end: StretchEnd = { dialogue: flatten(dialogue), custody: { ...rest, marks: last?.seq ?? 0 } }
  return {
    from,
    seq,
    end: encoder.encode(JSON.stringify(end)),
    refs: encoder.encode(said.map(([, event]) => ('ref' in event ? `${event.ref}\n` : '')).join('')),
    said: rowsOf(said),
    versions: rowsOf(versions.map(rowOf)),
    marks: rowsOf(marks.reverse()),
  }
}

function flatten({ entries, tried, previous: _before, past: _past, ...rest }: Dialogue): FlatDialogue {
  return { ...rest, entries: entries?.seq ?? 0, tried: tried?.seq ?? 0 }
}

function rowOf(version: Dialogue): VersionRow {
  const before: Readonly<Record<string, unknown>> = flatten(version.previous ?? emptyDialogue)
  const changed = Object.fromEntries(Object.entries(flatten(version)).filter(([name, value]) => value !== before[name]))
  const { tried } = version
  if (tried?.seq !== version.seq) return { ...changed, seq: version.seq }
  const { turn, action, disposition, template } = tried
  return { ...changed, seq: version.seq, attempt: [tried.seq, { turn, action, disposition, template }, tried.before?.seq ?? 0] }
}

/** The two as one; `next` begins where `stretch` ends. */
export function lengthen(stretch: Stretch, next: Stretch): Stretch {
  if (next.from !== stretch.seq) throw new Error(`a stretch from ${next.from} cannot follow one that ends at ${stretch.seq}`)
  return {
    from: stretch.from,
    seq: next.seq,
    end: next.end,
    refs: join([stretch.refs, next.refs]),
    said: join([stretch.said, next.said]),
    versions: join([stretch.versions, next.versions]),
    marks: join([stretch.marks, next.marks]),
  }
}

const SECTIONS = ['end', 'refs', 'said', 'versions', 'marks'] as const
/** Read at every opening, or too random to become shorter. */
const AS_THEY_ARE = 2

/** Makes a text shorter and gives it back; core has no compression of its own. `expand` throws where it is given anything else. */
export interface Compression {
  compress(text: Uint8Array): Uint8Array
  expand(compressed: Uint8Array): Uint8Array
}

/** The texts one behind the other, the length of each before them all. Where it begins and ends is kept beside it. */
export function packStretch(stretch: Stretch, { compress }: Compression): Uint8Array {
  const texts = SECTIONS.map((name, i) => (i < AS_THEY_ARE ? stretch[name] : compress(stretch[name])))
  const lengths = new DataView(new ArrayBuffer(4 * SECTIONS.length))
  for (const [i, text] of texts.entries()) lengths.setUint32(4 * i, text.length)
  return join([new Uint8Array(lengths.buffer), ...texts])
}

/** What is compressed is expanded each time that it is asked for. */
export function unpackStretch(packed: Uint8Array, { from, seq }: Pick<Stretch, 'from' | 'seq'>, { expand }: Compression): Stretch {
  const lengths = new DataView(packed.buffer, packed.byteOffset, 4 * SECTIONS.length)
  let at = lengths.byteLength
  const [end, refs, said, versions, marks] = SECTIONS.map((_, i) => {
    const length = lengths.getUint32(4 * i)
    at += length
    return packed.subarray(at - length, at)
  }) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array] // one of each section
  return {
    from,
    seq,
    end,
    refs,
    get said() {
      return expand(said)
    },
    get versions() {
      return expand(versions)
    },
    get marks() {
      return expand(marks)
    },
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
