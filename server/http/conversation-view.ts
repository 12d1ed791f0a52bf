// A conversation as its operator reads it: every event on a line, and what a rollback would do. Plain data: the API answers it, and the command line
// prints it.
import { type Conversation, fold, unwritten } from '@parley/core/conversation/conversation.ts'
import { entriesAfter } from '@parley/core/conversation/dialogue.ts'
import { type Logged, textOf } from '@parley/core/conversation/event.ts'
import type { RollbackPreview } from '@parley/core/conversation/rollback.ts'
import type { Effect } from '@parley/core/effects/effects.ts'
import type { ConversationKey, Seq } from '@parley/core/ids.ts'
import type { VisibleEvent } from '@parley/core/protocol/server-message.ts'

export interface EventView {
  readonly seq: Seq
  readonly at: number
  readonly type: string
  readonly text: string
  /** The customer sees it now. */
  readonly isShown: boolean
}

export interface ConversationView {
  readonly shop: string
  readonly conversation: string
  /** Null where it has no beginning. */
  readonly customer: string | null
  readonly seq: Seq
  readonly with: 'bot' | 'queue' | 'agent'
  readonly agent?: string
  readonly events: readonly EventView[]
}

interface EffectView {
  readonly turn: Seq
  readonly name: string
  readonly state: string
  readonly result: Readonly<Record<string, string>>
}
type EntryView = Omit<EventView, 'isShown'>

export interface RollbackView {
  readonly toSeq: Seq
  /** What the customer will not see any more, and what an earlier rollback took away and comes back. */
  readonly goes: readonly EntryView[]
  readonly returns: readonly EntryView[]
  /** Undecided turns that end. */
  readonly ends: readonly Seq[]
  readonly undoes: readonly EffectView[]
  /** Told of again, undone, and not done a second time. */
  readonly staysUndone: readonly EffectView[]
}

/** Characters of a text that are shown. */
const MOST = 200

export function conversationView(key: ConversationKey, events: readonly Logged[], position: Conversation['position']): ConversationView {
  const { seq, dialogue, custody } = fold(unwritten, events, position)
  const shown = new Set(entriesAfter(dialogue, 0).map(entry => entry.seq))
  return {
    ...key,
    customer: custody.customer,
    seq,
    with: custody.owner.with,
    ...(custody.owner.with === 'agent' && { agent: custody.owner.agent.name }),
    events: events.map(event => ({ ...lineOf(event, wordsOf(event)), isShown: shown.has(event.seq) })),
  }
}

export const rollbackView = ({ toSeq, goes, returns, ends, undoes, staysUndone }: RollbackPreview): RollbackView => ({
  toSeq,
  goes: goes.map(entry => lineOf(entry, textOf(entry.parts))),
  returns: returns.map(entry => lineOf(entry, textOf(entry.parts))),
  ends: ends.map(({ turn }) => turn),
  undoes: undoes.map(effectView),
  staysUndone: staysUndone.map(effectView),
})

const effectView = ({ turn, plan, state }: Effect): EffectView => ({
  turn,
  name: plan.do,
  state: state.name,
  result: 'result' in state && state.result ? state.result : {},
})

function lineOf({ seq, at, type }: Logged | VisibleEvent, text: string): EntryView {
  const characters = [...text.replaceAll(/\s+/g, ' ')]
  return { seq, at, type, text: characters.length > MOST ? `${characters.slice(0, MOST).join('')}…` : characters.join('') }
}

function wordsOf(event: Logged): string {
  switch (event.type) {
    case 'opened':
      return event.locale ?? ''
    case 'message':
    case 'reply':
    case 'notice':
      return textOf(event.parts)
    case 'agent_message':
      return `${event.agent.name}: ${textOf(event.parts)}`
    case 'decided':
      return `turn ${event.turn}: ${event.decision.action}, ${event.decision.disposition}`
    case 'superseded':
      return `turn ${event.turn}, by ${event.by === null ? 'a rollback' : 'a claim'}`
    case 'rolled_back':
      return [`to ${event.toSeq} by ${event.agent?.name ?? event.by}`, event.reason].filter(part => part !== '').join(': ')
    case 'effect':
      return [event.key.split('/').slice(-2).join(' '), event.state, ...Object.values(event.result)].join(' ')
    case 'rated':
      return `reply ${event.reply}: ${event.thumb === null ? 'taken back' : `thumbs ${event.thumb}`}`
    case 'queued':
      return event.wait.reason
    case 'overdue':
      return 'it has waited longer than is promised'
    case 'claimed':
      return event.agent.name
    case 'released':
      return [`${event.agent.name} to ${event.to}`, event.note].filter(part => part !== '').join(': ')
  }
}
