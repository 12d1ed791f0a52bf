// A conversation out of its stretches (stretch.ts). Only the end of the newest is read at once. What lies before it, entries, versions, marks, message
// ids, looks to the folds and their readers as if it had been folded, and is read when somebody walks that far: whoever goes back to an event long
// ago reads the stretch of that event and no other.
import type { MessageRef, Seq } from '../ids.ts'
import type { DeskMark } from '../protocol/desk-message.ts'
import type { VisibleEvent } from '../protocol/server-message.ts'
import type { Conversation } from './conversation.ts'
import type { Custody, Marks } from './custody.ts'
import { type Dialogue, type Entries, emptyDialogue, type Tried } from './dialogue.ts'
import { textOf } from './event.ts'
import type { Seen } from './refs.ts'
import type { FlatDialogue, ListRow, MarkRow, SaidRow, Stretch, StretchEnd, TriedRow, VersionRow } from './stretch.ts'

/** The conversation as it stood after the last of the stretches, which follow upon each other from the beginning; at least one. */
export function recallFrom(stretches: readonly Stretch[]): Pick<Conversation, 'seq' | 'dialogue' | 'custody'> {
  const past = new Past(stretches)
  const { seq, dialogue, custody } = past.end
  const { marks, ...rest } = custody
  const refs: Custody['refs'] = [{ size: past.countRefs(), get: ref => past.seen(ref) }]
  return { seq, dialogue: past.unflatten(dialogue), custody: { ...rest, refs, marks: past.marks(marks) } }
}

/** A stretch of which each part is read when it is first needed. It was sealed by this server: what was opened is what it wrote. */
function readingOf(stretch: Stretch) {
  const { from, seq, end, refs } = stretch
  const versionRows = once(() => rowsIn<VersionRow>(stretch.versions))
  return {
    from,
    seq,
    end: once(() => JSON.parse(textIn(end)) as StretchEnd), // as above
    versions: versionRows,
    said: once(() => bySeq(rowsIn<SaidRow>(stretch.said))),
    marks: once(() => bySeq(rowsIn<MarkRow>(stretch.marks))),
    attempts: once(() => bySeq(versionRows().flatMap(({ attempt }) => (attempt ? [attempt] : [])))),
    /** Each message id between two line feeds. */
    refs: once(() => `\n${textIn(refs)}`),
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const decoder = new TextDecoder()
const textIn = (bytes: Uint8Array): string => decoder.decode(bytes)
const LINE_FEED = 0x0a
/** Line by line: V8 gives a text of more than some hundred kilobytes pages of its own, and to get these takes four times as long as to parse it. */
function rowsIn<R>(bytes: Uint8Array): R[] {
  const rows: R[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(LINE_FEED, at)
    rows.push(JSON.parse(textIn(bytes.subarray(at, end))) as R) // as readingOf says
    at = end + 1
  }
  return rows
}
const bySeq = <R extends ListRow<unknown>>(rows: readonly R[]): ReadonlyMap<Seq, R> => new Map(rows.map(row => [row[0], row]))

class Past {
  readonly #readings: readonly ReturnType<typeof readingOf>[]

  constructor(stretches: readonly Stretch[]) {
    this.#readings = stretches.map(readingOf)
  }

  get end(): StretchEnd & { readonly seq: Seq } {
    const last = this.#readings.at(-1)
    if (!last) throw new Error('a conversation cannot be recalled from nothing')
    return { ...last.end(), seq: last.seq }
  }

  /** `seq` is one that a stretch has: it was read in one. */
  #readingAt(seq: Seq): ReturnType<typeof readingOf> {
    return this.#readings.find(reading => seq <= reading.seq)!
  }

  entries = (seq: Seq): Entries | null => (seq === 0 ? null : new PastEntry(this, seq))
  marks = (seq: Seq): Marks | null => (seq === 0 ? null : new PastMark(this, seq))
  tried = (seq: Seq): Tried | null => (seq === 0 ? null : new PastTried(this, seq))
  saidRow = (seq: Seq): SaidRow => rowAt(this.#readingAt(seq).said(), seq)
  markRow = (seq: Seq): MarkRow => rowAt(this.#readingAt(seq).marks(), seq)
  triedRow = (seq: Seq): TriedRow => rowAt(this.#readingAt(seq).attempts(), seq)

  unflatten({ entries, tried, ...rest }: FlatDialogue): Dialogue {
    return { ...rest, entries: this.entries(entries), tried: this.tried(tried), previous: null, past: seq => this.#dialogueAt(seq) }
  }

  /** The version that stood after the event `seq`. */
  #dialogueAt(seq: Seq): Dialogue {
    const at = this.#readings.findIndex(reading => seq <= reading.seq)
    const reading = this.#readings[at]
    if (!reading) throw new Error(`event ${seq} is behind the snapshot and not in it`)
    let flat: FlatDialogue = this.#readings[at - 1]?.end().dialogue ?? BEGINNING
    for (const { attempt: _, ...changed } of reading.versions()) {
      if (changed.seq > seq) break
      flat = { ...flat, ...changed }
    }
    return this.unflatten(flat)
  }

  seen(ref: MessageRef): Seen | undefined {
    const reading = this.#readings.find(({ refs }) => refs().includes(`\n${ref}\n`))
    if (!reading) return undefined
    for (const [seq, event] of reading.said().values()) if ('ref' in event && event.ref === ref) return { seq, text: textOf(event.parts) }
    throw new Error('a stretch names a message that it does not have')
  }

  countRefs = (): number => this.#readings.reduce((sum, { refs }) => sum + refs().split('\n').length - 2, 0)
}

const { previous: _before, past: _past, ...beginning } = emptyDialogue
const BEGINNING: FlatDialogue = { ...beginning, entries: 0, tried: 0 }

function rowAt<R>(rows: ReadonlyMap<Seq, R>, seq: Seq): R {
  const row = rows.get(seq)
  if (!row) throw new Error(`the snapshot names event ${seq} and does not have it`)
  return row
}

class PastEntry implements Entries {
  readonly seq: Seq
  readonly #past: Past
  constructor(past: Past, seq: Seq) {
    this.seq = seq
    this.#past = past
  }
  get event(): VisibleEvent {
    return this.#past.saidRow(this.seq)[1]
  }
  get before(): Entries | null {
    return this.#past.entries(this.#past.saidRow(this.seq)[2])
  }
}

class PastMark implements Marks {
  readonly seq: Seq
  readonly #past: Past
  constructor(past: Past, seq: Seq) {
    this.seq = seq
    this.#past = past
  }
  get mark(): DeskMark {
    return this.#past.markRow(this.seq)[1]
  }
  get before(): Marks | null {
    return this.#past.marks(this.#past.markRow(this.seq)[2])
  }
}

class PastTried implements Tried {
  readonly seq: Seq
  readonly #past: Past
  constructor(past: Past, seq: Seq) {
    this.seq = seq
    this.#past = past
  }
  get turn(): Seq {
    return this.#past.triedRow(this.seq)[1].turn
  }
  get action(): string {
    return this.#past.triedRow(this.seq)[1].action
  }
  get disposition(): string {
    return this.#past.triedRow(this.seq)[1].disposition
  }
  get template(): string {
    return this.#past.triedRow(this.seq)[1].template
  }
  get before(): Tried | null {
    return this.#past.tried(this.#past.triedRow(this.seq)[2])
  }
}
