// The events of a conversation's log, in clear. How they are stored (sealed, chained) is server/conversations' and the driver's matter.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { emptyFrame } from '../dialogue/frame.ts'
import { Fault } from '../faults.ts'
import type { Agent, Wait } from '../handoff/owner.ts'
import type { AgentId, CustomerId, MessageRef, Seq } from '../ids.ts'
import type { RecordedDecision } from '../pipeline/decision.ts'
import { packDecision, unpackDecision } from '../pipeline/packed-decision.ts'
import type { Thumb } from '../protocol/client-message.ts'
import type { Part, QuickReply } from '../protocol/server-message.ts'

/** The version that this release writes. Raise it when a body changes, and add the step from the version before to `UPCASTERS`. */
export const EVENT_VERSION = 2

interface At {
  /** Milliseconds since 1970, as the writing engine's clock had it. */
  readonly at: number
}

export type ConversationEvent =
  /** Always first, in the append of the first message. */
  | (At & { readonly type: 'opened'; readonly customer: CustomerId; readonly locale: Locale | null })
  /** `isMasked`: a number that must not be kept was hidden before anything was stored. */
  | (At & { readonly type: 'message'; readonly ref: MessageRef; readonly parts: readonly Part[]; readonly isMasked?: true })
  /** The one outcome of the turn that begins at `turn`; `upTo` is the last message that it took in. */
  | (At & { readonly type: 'decided'; readonly turn: Seq; readonly upTo: Seq; readonly decision: RecordedDecision })
  /** A claim by this agent or, with null, a rollback overtook the turn: it ends without a reply. In the same append. */
  | (At & { readonly type: 'superseded'; readonly turn: Seq; readonly upTo: Seq; readonly by: AgentId | null })
  /** In the append of its decision, unless an effect has to run first. */
  | (At & {
      readonly type: 'reply'
      readonly turn: Seq
      readonly locale: Locale
      readonly template: string
      readonly parts: readonly Part[]
      readonly quickReplies?: readonly QuickReply[]
    })
  /** The customer has said whether the reply at seq `reply`, of turn `turn`, helped; null takes it back. The last one of a reply counts. Custody. */
  | (At & { readonly type: 'rated'; readonly reply: Seq; readonly turn: Seq; readonly thumb: Thumb | null })
  /** Said outside of a turn. */
  | (At & {
      readonly type: 'notice'
      readonly about: 'claimed' | 'returned' | 'closed' | 'effect'
      readonly locale: Locale
      readonly template: string
      readonly parts: readonly Part[]
    })
  /** The dialogue is again as it was after `toSeq`; custody stands. Effects of the turns taken back are undone after it. */
  | (At & {
      readonly type: 'rolled_back'
      readonly toSeq: Seq
      readonly by: 'customer' | 'agent' | 'operator'
      /** With `agent` alone. */
      readonly agent?: Agent
      readonly reason: string
      /** Effects that the dialogue tells of again and that are undone: none is ever run a second time. */
      readonly undone?: readonly string[]
    })
  /** What became of an effect or of its undo: custody. Until there is one, the effect that a decision planned is under way. */
  | (At & {
      readonly type: 'effect'
      /** `shop/conversation/turnSeq/effect/do` or `…/undo`. */
      readonly key: string
      readonly state: 'done' | 'refused' | 'failed'
      readonly result: Readonly<Record<string, string>>
    })
  /** The conversation waits for a person. */
  | (At & { readonly type: 'queued'; readonly turn: Seq | null; readonly wait: Wait })
  /** It has waited longer for a person than the shop promises. */
  | (At & { readonly type: 'overdue' })
  | (At & { readonly type: 'claimed'; readonly agent: Agent })
  | (At & { readonly type: 'agent_message'; readonly agent: Agent; readonly ref: MessageRef; readonly parts: readonly Part[] })
  /** The person has let it go: to the bot, to the queue (`queued` follows in the same append), or for good. */
  | (At & { readonly type: 'released'; readonly agent: Agent; readonly to: 'bot' | 'queue' | 'closed'; readonly note: string })

/** An event at its place in the log. */
export type Logged = ConversationEvent & { readonly seq: Seq }

type Upcaster = (body: Record<string, unknown>) => Record<string, unknown>
/** `UPCASTERS[n]` makes a body of version n + 1 out of one of version n. */
const UPCASTERS: Readonly<Record<number, Readonly<Record<string, Upcaster>>>> = {
  // Version 2 packs decisions (one that is not packed is one too), records each fact with its source, and the frame that the turn leaves behind.
  1: { decided: body => ({ ...body, decision: decisionFromVersion1(body.decision as Record<string, unknown>) }) }, // a body that version 1 wrote
}

function decisionFromVersion1({ facts, missing, ...decision }: Record<string, unknown>): Record<string, unknown> {
  const known = Object.entries(facts as Record<string, unknown>).map(([name, value]) => [name, { isKnown: true, value }]) // as version 1 wrote them
  const unknown = (missing as readonly string[]).map(name => [name, { isKnown: false, source: name, reason: 'it did not answer' }])
  return { ...decision, facts: Object.fromEntries([...known, ...unknown]), frame: emptyFrame }
}

/** What is stored of an event beside its type, as this release writes it. */
export function bodyOf(event: ConversationEvent): Record<string, unknown> {
  const { type: _, ...body } = event
  return event.type === 'decided' ? { ...body, decision: packDecision(event.decision) } : body
}

/**
 * A stored body as this release's event. Bodies are authenticated before they come here, so they are trusted to be what some release wrote.
 * Faults: EVENT_TOO_NEW for a version from the future.
 */
export function upcast(type: string, v: number, body: Record<string, unknown>): ConversationEvent {
  if (v > EVENT_VERSION) throw new Fault('EVENT_TOO_NEW', { type, v })
  let current = body
  for (let from = v; from < EVENT_VERSION; from++) current = UPCASTERS[from]?.[type]?.(current) ?? current
  const event = { ...current, type } as unknown as ConversationEvent // trusted: see above
  return event.type === 'decided' ? { ...event, decision: unpackDecision(event.decision) } : event
}

/** The text of a message or reply: its text parts, a line each. */
export const textOf = (parts: readonly Part[]): string => parts.map(part => part.text).join('\n')
