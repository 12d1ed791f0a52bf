// What may be rolled back, and what goes, comes back and is undone by it. The dialogue is then as it was after `toSeq`, for every reader; who has the
// conversation, which messages were seen and what was done in the world stand. Any earlier event may be gone back to, also one that a rollback took
// away: a rollback is rolled back by a further one. No effect is ever run again for it, so one that stood then and is undone now is told to a person.
import type { Effect } from '../effects/effects.ts'
import { Fault } from '../faults.ts'
import type { Agent } from '../handoff/owner.ts'
import type { CustomerId, MessageRef, Seq } from '../ids.ts'
import type { VisibleEvent } from '../protocol/server-message.ts'
import type { Conversation } from './conversation.ts'
import type { OpenTurn } from './custody.ts'
import { type Dialogue, dialogueAt, differenceOf, entriesAfter } from './dialogue.ts'
import type { ConversationEvent } from './event.ts'
import { findRef } from './refs.ts'

export type RolledBackBy =
  | { readonly kind: 'customer'; readonly customer: CustomerId }
  | { readonly kind: 'agent'; readonly agent: Agent; readonly isSupervisor?: boolean }
  | { readonly kind: 'operator' }

export interface RollbackPlan {
  readonly toSeq: Seq
  /** Turns that wait for their decision and end without one. */
  readonly ends: readonly OpenTurn[]
  /** Effects that ran or run and will be undone. */
  readonly undoes: readonly Effect[]
  /** Effects that the dialogue will tell of and that are undone, or being undone: they stay so. */
  readonly staysUndone: readonly Effect[]
}

/** For somebody who decides on it. A rollback by itself does without, since whoever has the whole dialogue to read pays for it. */
export interface RollbackPreview extends RollbackPlan {
  /** What the customer sees now and will not any more, oldest first. */
  readonly goes: readonly VisibleEvent[]
  /** What an earlier rollback took away and the customer will see again, oldest first. */
  readonly returns: readonly VisibleEvent[]
}

type Standing = Pick<Conversation, 'seq' | 'dialogue' | 'custody'>

/** Faults: ROLLBACK_INVALID. */
export function planRollback({ seq, dialogue, custody }: Standing, toSeq: Seq): RollbackPlan {
  if (!Number.isSafeInteger(toSeq) || toSeq < 0) throw invalid(`${toSeq} is no place in a conversation`)
  if (toSeq > seq) throw invalid(`${toSeq} is beyond the end: the last event is ${seq}`)
  const then = dialogueAt(dialogue, toSeq)
  if (isSame(then, dialogue)) throw invalid(`nothing would change: the dialogue is as it was after ${toSeq}`)
  const undone = custody.effects.filter(({ state }) => state.name === 'undone' || state.name === 'undoing')
  const stood = undone.length > 0 ? turnsOf(then) : new Set()
  return {
    toSeq,
    ends: custody.open.filter(({ turn }) => turn > toSeq),
    undoes: custody.effects.filter(({ decidedAt, state }) => decidedAt > toSeq && (state.name === 'running' || state.name === 'done')),
    staysUndone: undone.filter(({ turn }) => stood.has(turn)),
  }
}

/** Faults: ROLLBACK_INVALID. */
export function previewRollback(conversation: Standing, toSeq: Seq): RollbackPreview {
  const plan = planRollback(conversation, toSeq)
  const { goes, comes } = differenceOf(conversation.dialogue, dialogueAt(conversation.dialogue, toSeq))
  return { ...plan, goes, returns: comes }
}

/** Faults: NOT_OWNER. An agent rolls back what is theirs; a supervisor and the operator whatever it is; what the customer may is `recallPoint`'s to say. */
export function requireMayRollBack({ custody: { owner } }: Pick<Conversation, 'custody'>, by: RolledBackBy): void {
  if (by.kind !== 'agent' || by.isSupervisor) return
  if (owner.with === 'agent' && owner.agent.id === by.agent.id) return
  throw new Fault('NOT_OWNER', { owner: owner.with === 'agent' ? owner.agent.name : owner.with })
}

/** One append: the turns that end, then the rollback. */
export function rollbackEvents(
  { toSeq, ends, staysUndone }: RollbackPlan,
  by: RolledBackBy,
  reason: string,
  at: number,
): readonly ConversationEvent[] {
  const undone = staysUndone.map(({ plan }) => plan.do)
  return [
    ...ends.map(({ turn, upTo }): ConversationEvent => ({ type: 'superseded', at, turn, upTo, by: null })),
    {
      type: 'rolled_back',
      at,
      toSeq,
      by: by.kind,
      ...(by.kind === 'agent' && { agent: by.agent }),
      reason,
      ...(undone.length > 0 && { undone }),
    },
  ]
}

/**
 * Where the customer's taking back of their last message leads: before its turn, or before the message alone while its turn is undecided and has
 * others. Null where it is taken back already: asking twice is harmless. Faults: ROLLBACK_INVALID.
 */
export function recallPoint({ dialogue, custody }: Pick<Conversation, 'dialogue' | 'custody'>, ref: MessageRef): Seq | null {
  const seen = findRef(custody.refs, ref)
  if (!seen) throw invalid('there is no such message')
  if (entriesAfter(dialogue, seen.seq - 1)[0]?.seq !== seen.seq) return null
  let last: Seq | undefined
  for (let node = dialogue.entries; node && last === undefined; node = node.before) {
    if (node.event.type === 'agent_message') throw invalid('a person has answered since')
    if (node.event.type !== 'message') continue
    if (node.event.ref !== ref) break
    last = node.event.seq
  }
  if (last === undefined) throw invalid('it is not the last message')
  const { lastTurn } = dialogue
  // A message of a decided turn goes with the whole of it: what is left would never be answered.
  return lastTurn !== null && lastTurn.turn <= last && last <= lastTurn.upTo ? lastTurn.turn - 1 : last - 1
}

const invalid = (reason: string): Fault => new Fault('ROLLBACK_INVALID', { reason })

/** By what they hold: a version that was read from a snapshot is another object than the one that was folded. */
const isSame = (a: Dialogue, b: Dialogue): boolean => JSON.stringify(contentOf(a)) === JSON.stringify(contentOf(b))
const contentOf = ({ entries, frame, tried, locale, lastTurn }: Dialogue): unknown => [entries?.seq, frame, tried?.seq, locale, lastTurn]

function turnsOf({ tried }: Dialogue): ReadonlySet<Seq> {
  const turns = new Set<Seq>()
  for (let node = tried; node; node = node.before) turns.add(node.turn)
  return turns
}
