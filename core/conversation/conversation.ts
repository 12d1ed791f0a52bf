// A conversation as the engine holds it: its place in the log and its two folds. Immutable; an append gives a new one.
import type { Seq } from '../ids.ts'
import type { Position } from '../ports/conversation-log.ts'
import { type Custody, emptyCustody, foldCustody } from './custody.ts'
import { type Dialogue, emptyDialogue, foldDialogue } from './dialogue.ts'
import type { Logged } from './event.ts'

export interface Conversation {
  readonly seq: Seq
  readonly position: Position
  readonly dialogue: Dialogue
  readonly custody: Custody
}

/** The conversation after `events`, which end at `position`. Throws on a gap: a broken invariant, not a fault. */
export function fold(
  before: Pick<Conversation, 'seq' | 'dialogue' | 'custody'>,
  events: readonly Logged[],
  position: Position,
): Conversation {
  let seq = before.seq
  for (const event of events) {
    if (event.seq !== seq + 1) throw new Error(`event ${event.seq} cannot follow ${seq}`)
    seq = event.seq
  }
  return { seq, position, dialogue: foldDialogue(before.dialogue, events), custody: foldCustody(before.custody, events) }
}

export const unwritten = { seq: 0, dialogue: emptyDialogue, custody: emptyCustody } as const
