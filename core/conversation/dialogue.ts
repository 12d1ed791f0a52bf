// The fold that a rollback takes back: what was said, and where the talk stands. Custody (custody.ts) is the other one and stands for ever.
// Versions of it are kept as a chain that shares its parts: going back to any seq is a walk, and costs no copy.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { emptyFrame, type Frame } from '../dialogue/frame.ts'
import type { Seq } from '../ids.ts'
import type { VisibleEvent } from '../protocol/server-message.ts'
import type { Logged } from './event.ts'

/** Part of every snapshot's key: a snapshot of another version is thrown away. */
export const DIALOGUE_FOLD = 5

/** What the customer sees, newest first. */
export interface Entries {
  readonly seq: Seq
  readonly event: VisibleEvent
  readonly before: Entries | null
}

/** A turn as the bot left it, newest first: what a hand-over tells of. */
export interface Tried {
  /** The decision's own seq. */
  readonly seq: Seq
  readonly turn: Seq
  readonly action: string
  readonly disposition: string
  readonly template: string
  readonly before: Tried | null
}

/** The dialogue as it was after one event. */
export interface Dialogue {
  readonly entries: Entries | null
  readonly frame: Frame
  /** What voters keep of the conversation, by voter, as JSON. */
  readonly memory: Readonly<Record<string, string>>
  readonly tried: Tried | null
  /** The locale of the last reply; null before the first. */
  readonly locale: Locale | null
  /** First and last message of the last turn that stands: what a recall takes back. Null when there is none. */
  readonly lastTurn: { readonly turn: Seq; readonly upTo: Seq } | null
  /** The version that came before, which stood from its own `seq` on. Null for the first, and for the one that a snapshot gave. */
  readonly previous: Dialogue | null
  /** Gives the versions of before the snapshot (past.ts); null where the whole log was folded. */
  readonly past: ((seq: Seq) => Dialogue) | null
  /** The event that made this version. */
  readonly seq: Seq
  /** The last event that took something back; a reader from before it needs the whole. 0: none. */
  readonly rolledBackAt: Seq
}

export const emptyDialogue: Dialogue = {
  entries: null,
  frame: emptyFrame,
  memory: {},
  tried: null,
  locale: null,
  lastTurn: null,
  previous: null,
  past: null,
  seq: 0,
  rolledBackAt: 0,
}

/** The event as the customer sees it; undefined for one that is not theirs to see. */
export function visible(event: Logged): VisibleEvent | undefined {
  const { seq, at } = event
  switch (event.type) {
    case 'message':
      return { type: 'message', seq, at, ref: event.ref, parts: [...event.parts] }
    case 'reply': {
      const { turn, locale, parts, quickReplies } = event
      return { type: 'reply', seq, at, turn, locale, parts: [...parts], ...(quickReplies && { quickReplies: [...quickReplies] }) }
    }
    case 'agent_message':
      return { type: 'agent_message', seq, at, ref: event.ref, name: event.agent.name, parts: [...event.parts] }
    case 'notice':
      return { type: 'notice', seq, at, about: event.about, locale: event.locale, parts: [...event.parts] }
    default:
      return undefined
  }
}

export const foldDialogue = (dialogue: Dialogue, events: readonly Logged[]): Dialogue => events.reduce(foldEvent, dialogue)

function foldEvent(dialogue: Dialogue, event: Logged): Dialogue {
  if (event.type === 'rolled_back') {
    const { entries, frame, memory, tried, locale, lastTurn } = dialogueAt(dialogue, event.toSeq)
    return { ...dialogue, entries, frame, memory, tried, locale, lastTurn, previous: dialogue, seq: event.seq, rolledBackAt: event.seq }
  }
  const entry = visible(event)
  const changed = changeOf(dialogue, event)
  if (!entry && !changed) return dialogue
  const entries = entry ? { seq: event.seq, event: entry, before: dialogue.entries } : dialogue.entries
  return { ...dialogue, entries, ...changed, previous: dialogue, seq: event.seq }
}

/** What beside the entries an event changes. */
function changeOf(dialogue: Dialogue, event: Logged): Partial<Dialogue> | undefined {
  switch (event.type) {
    case 'reply':
      return { locale: event.locale }
    case 'decided': {
      const { action, disposition, template, frame, remembered } = event.decision
      return {
        frame,
        ...(remembered && { memory: joined(dialogue.memory, remembered) }),
        tried: { seq: event.seq, turn: event.turn, action, disposition, template, before: dialogue.tried },
        lastTurn: { turn: event.turn, upTo: event.upTo },
      }
    }
    case 'agent_message':
      return { lastTurn: null } // what a person has dealt with is not the bot's to take back
    case 'released': {
      // The person has dealt with what was open: the bot asks no old question again.
      const { topic: _spokenOfBefore, course: _gone, ...frame } = dialogue.frame
      return { frame: { ...frame, pending: null, shelved: null, misses: 0, moods: [], isPersonOffered: false } }
    }
    default:
      return undefined
  }
}

/** Nothing is kept of a voter that has forgotten. */
/** What voters have kept, with what they keep from this turn on. */
export const joined = (memory: Dialogue['memory'], remembered: Dialogue['memory']): Dialogue['memory'] =>
  Object.fromEntries(Object.entries({ ...memory, ...remembered }).filter(([, kept]) => kept !== FORGOTTEN))
const FORGOTTEN = '{}'

/** The version that stood after the event `seq`. */
export function dialogueAt(dialogue: Dialogue, seq: Seq): Dialogue {
  let version = dialogue
  while (version.seq > seq && version.previous) version = version.previous
  return version.seq > seq && version.past ? version.past(seq) : version
}

/** Between two versions, each oldest first. Up to `stands` they have the same entries. */
export interface Difference {
  readonly stands: Seq
  readonly goes: readonly VisibleEvent[]
  readonly comes: readonly VisibleEvent[]
}

/** An entry stands on the same ones in every version that has it, so that from the first common one on the two agree. */
export function differenceOf(from: Dialogue, to: Dialogue): Difference {
  const goes: VisibleEvent[] = []
  const comes: VisibleEvent[] = []
  let [ours, theirs] = [from.entries, to.entries]
  while (ours?.seq !== theirs?.seq) {
    if (ours && ours.seq > (theirs?.seq ?? 0)) {
      goes.push(ours.event)
      ours = ours.before
    } else if (theirs) {
      comes.push(theirs.event)
      theirs = theirs.before
    }
  }
  return { stands: ours?.seq ?? 0, goes: goes.reverse(), comes: comes.reverse() }
}

/** What a reader lacks who has the one version and is to have the other: what they have beyond `stands` goes, and `events` come. */
export function rewinding(from: Dialogue, to: Dialogue): { readonly stands: Seq; readonly events: readonly VisibleEvent[] } {
  const last = to.entries?.seq ?? 0
  // Nothing was taken back from there on: what goes is all that is beyond it, and need not be read.
  if (from.rolledBackAt <= last && last <= (from.entries?.seq ?? 0)) return { stands: last, events: [] }
  const { stands, comes } = differenceOf(from, to)
  return { stands, events: comes }
}

/** What a reader who has everything up to `after` lacks, oldest first. */
export function entriesAfter(dialogue: Dialogue, after: Seq): VisibleEvent[] {
  const found: VisibleEvent[] = []
  for (let node = dialogue.entries; node && node.seq > after; node = node.before) found.push(node.event)
  return found.reverse()
}
