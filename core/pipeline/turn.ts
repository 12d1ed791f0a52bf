// The types of a turn on its way. Each stage takes one and returns the next: two stages in the wrong order do not compile.
import type { ActionId, Locale, Question } from '@parley/plugin-sdk/vocabulary.ts'
import { emptyFrame, type Frame } from '../dialogue/frame.ts'
import type { Understood } from '../dialogue/understand.ts'
import type { PlannedEffect } from '../effects/effects.ts'
import type { Wait } from '../handoff/owner.ts'
import type { CustomerId, Seq, ShopId } from '../ids.ts'
import type { Choice, Disposition, Fusion } from '../ports/ensemble.ts'
import type { Fact } from '../ports/mesh.ts'
import type { Risk } from '../ports/risks.ts'
import type { Ballot, Quote } from '../ports/voters.ts'
import type { QuickReply } from '../protocol/server-message.ts'
import type { TurnSignals } from './decision.ts'

/** The open turn as the log has it, and where the conversation stands. */
export interface Received {
  readonly shop: ShopId
  readonly customer: CustomerId
  /** Its id; empty for a turn that stands by itself. */
  readonly conversation: string
  readonly turn: Seq
  /** Milliseconds since 1970, when its first message was taken in. */
  readonly at: number
  readonly upTo: Seq
  /** One or more messages in a row, as the customer wrote them. */
  readonly texts: readonly string[]
  /** True when a number that must not be kept was hidden in them. */
  readonly isMasked: boolean
  /** The locale of the conversation so far, or of the page; null when nothing is known. */
  readonly locale: Locale | null
  readonly frame: Frame
  /** What voters have kept of the conversation so far, by voter, as JSON. */
  readonly memory: Readonly<Record<string, string>>
  /** It waits for a person already. */
  readonly isQueued: boolean
  /** The place in line, from 1, that it has or would get with this urgency; null where nobody keeps a line. */
  readonly placeFor: (urgency: number) => number | null
  /** Customers of the shop that wait for a person. */
  readonly waiting: number
  /** What a recall takes back is all after this event; null when there is nothing. */
  readonly recallTo: Seq | null
}

/** For a turn that stands by itself. */
export const outsideConversation = {
  conversation: '',
  at: 0,
  isMasked: false,
  frame: emptyFrame,
  memory: {},
  isQueued: false,
  placeFor: () => null,
  waiting: 0,
  recallTo: null,
} as const satisfies Partial<Received>

export type Normalised = Received & {
  readonly question: Question
  /** Where the text may hold two requests: each clause as a question of its own. */
  readonly clauses: readonly Question[]
}
/** One ballot for each voter that was asked, in the voters' order, whether it answered or not; for the whole, and for each clause. */
export type Polled = Normalised & { readonly ballots: readonly Ballot[]; readonly clauseBallots: readonly (readonly Ballot[])[] }
export type Fused = Polled & { readonly fusion: Fusion; readonly risks: readonly Risk[] }
export type Decided = Fused & {
  readonly choice: Choice
  readonly understood: Understood
  /** The less pressing of two requests. */
  readonly also: ActionId | null
  /** The slot that the votes for the action would have asked for, where it is empty. */
  readonly asked: string | null
  /** What answers the action that was decided on, of the shop's own articles. */
  readonly quote: Quote | null
  readonly signals: TurnSignals
  /** Of the last turns with this one, oldest first. */
  readonly moods: readonly number[]
}
export type Enriched = Decided & { readonly facts: Readonly<Record<string, Fact>> }

/** A piece of the reply. */
export interface Saying {
  readonly template: string
  /** What `options` are in the view. */
  readonly options?: readonly ActionId[]
}

export type Planned = Enriched & {
  readonly disposition: Disposition
  /** The first one's template is the decision's. */
  readonly sayings: readonly [Saying, ...Saying[]]
  readonly slots: Readonly<Record<string, string>>
  readonly quickReplies: readonly QuickReply[]
  /** Where the dialogue stands after this turn; `said` is the rendering's to add. */
  readonly next: Frame
  readonly effect: PlannedEffect | null
  /** The dialogue goes back to after this event. */
  readonly recall: Seq | null
  readonly wait: Wait | null
  readonly place: number | null
}
export type Rendered = Planned & { readonly reply: string; readonly templates: readonly string[] }
