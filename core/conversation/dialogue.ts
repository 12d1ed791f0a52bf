// The fold that a rollback takes back: what was said. Custody (custody.ts) is the other one and stands for ever.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { Seq } from '../ids.ts'
import type { VisibleEvent } from '../protocol/server-message.ts'
import type { Logged } from './event.ts'

/** Part of every snapshot's key: a snapshot of another version is thrown away. */
export const DIALOGUE_FOLD = 1

export interface Dialogue {
  /** What the customer sees, in order. */
  readonly entries: readonly VisibleEvent[]
  /** The locale of the last reply; null before the first. */
  readonly locale: Locale | null
  /** Turns with a reply so far. */
  readonly answered: number
}

export const emptyDialogue: Dialogue = { entries: [], locale: null, answered: 0 }

/** The event as the customer sees it; undefined for one that is not theirs to see. */
export function visible(event: Logged): VisibleEvent | undefined {
  switch (event.type) {
    case 'message':
      return { type: 'message', seq: event.seq, at: event.at, ref: event.ref, parts: [...event.parts] }
    case 'reply':
      return { type: 'reply', seq: event.seq, at: event.at, turn: event.turn, locale: event.locale, parts: [...event.parts] }
    default:
      return undefined
  }
}

export function foldDialogue(dialogue: Dialogue, events: readonly Logged[]): Dialogue {
  const entries = [...dialogue.entries]
  let { locale, answered } = dialogue
  for (const event of events) {
    const entry = visible(event)
    if (entry) entries.push(entry)
    if (event.type === 'reply') {
      locale = event.locale
      answered++
    }
  }
  return { entries, locale, answered }
}

/** The text of the message at `seq`. */
export function messageAt(dialogue: Dialogue, seq: Seq): string | undefined {
  const entry = dialogue.entries.find(e => e.seq === seq && e.type === 'message')
  return entry?.parts.map(part => part.text).join('\n')
}
