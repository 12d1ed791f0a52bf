// The one outcome of a turn, as it is shown everywhere: command line, console, log.
import type { ActionId, Locale, Signals, Vote } from '@parley/plugin-sdk/vocabulary.ts'
import type { Frame } from '../dialogue/frame.ts'
import type { Understood } from '../dialogue/understand.ts'
import type { PlannedEffect } from '../effects/effects.ts'
import type { Wait } from '../handoff/owner.ts'
import type { Seq } from '../ids.ts'
import type { Choice, Disposition, Past, Ranked, Share, Situation } from '../ports/ensemble.ts'
import type { Fact } from '../ports/mesh.ts'
import type { Ballot, LookedUp, Quote } from '../ports/voters.ts'
import type { QuickReply } from '../protocol/server-message.ts'

/** The signals of all voters and risks, joined, and what the conversation so far says beside them. */
export interface TurnSignals extends Signals {
  /** How the mood has moved over the last turns, -1 (growing angry) to 1; absent at the first one. */
  readonly trend?: number
}

export interface Decision {
  readonly turnSeq: Seq
  /** What the turn is about. */
  readonly action: ActionId
  readonly disposition: Disposition
  /** The template of the reply's first part. */
  readonly template: string
  /** Probability that `action` is right, 0 to 1. */
  readonly confidence: number
  /** Every action of the shop, best first. */
  readonly ranking: readonly Ranked[]
  /** What each voter added to each score; the shares of one action sum to its score. */
  readonly breakdown: readonly Share[]
  readonly reply: string
  readonly locale: Locale
  readonly slots: Readonly<Record<string, string>>
  readonly votes: readonly BallotView[]
  readonly signals: TurnSignals
  readonly ensemble: string
  /** Exactly what took part: voter or part to version. */
  readonly versions: Readonly<Record<string, string>>
  /** Milliseconds from the question to the reply. */
  readonly ms: number
}

export interface BallotView {
  readonly voter: string
  readonly abstained: boolean
  readonly reason?: NonNullable<Ballot['reason']>
  readonly votes: readonly Vote[]
  readonly quotes?: readonly Quote[]
  readonly isSecond?: true
  readonly signals?: Signals
  readonly lookedUp?: readonly LookedUp[]
  readonly ms: number
}

/** The decision with all that a replay needs beside the votes, and all that the log does because of it. */
export interface RecordedDecision extends Decision {
  readonly situation: Situation
  readonly options: Choice['options']
  /** As the mesh gave them. */
  readonly facts: Readonly<Record<string, Fact>>
  /** What the votes were fused with; absent at the first turn, and in releases before signals had weights. */
  readonly past?: Past
  /** How the turn was understood where it was said; absent in releases before dialogues. */
  readonly how?: Understood['how']
  /** Where the dialogue stands after it. */
  readonly frame: Frame
  readonly quickReplies?: readonly QuickReply[]
  /** The votes on each clause, where the message may hold two requests. */
  readonly clauseVotes?: readonly (readonly BallotView[])[]
  /** What voters keep of the conversation from here on, by voter, as JSON of an object; `{}` forgets. */
  readonly remembered?: Readonly<Record<string, string>>
  /** The article that the reply quotes; the passage stands among the votes. */
  readonly source?: Pick<Quote, 'article' | 'version' | 'title' | 'heading'>
  /** The less pressing of two requests. */
  readonly also?: ActionId
  /** Risks that were found, gravest first. */
  readonly risks?: readonly string[]
  /** What is done in the world; the reply then waits for its outcome, and `reply` is what promises it. */
  readonly effect?: PlannedEffect
  /** The dialogue goes back to after this event. */
  readonly recall?: Seq
  /** Why the conversation waits for a person from here on, with disposition handoff. */
  readonly wait?: Wait
  /** The place in line that the reply named. */
  readonly place?: number
}

/** Whether the votes say what the turn is about: it stands by itself, or leaves the bot's question for another request. */
export const isByItsWords = ({ how = 'plain' }: Pick<RecordedDecision, 'how'>): boolean => how === 'plain' || how === 'left'
