// The one outcome of a turn, as it is shown everywhere: command line, console, log.
import type { ActionId, Locale, Signals, Vote } from '@parley/plugin-sdk/vocabulary.ts'
import type { Seq } from '../ids.ts'
import type { Choice, Disposition, Ranked, Share, Situation } from '../ports/ensemble.ts'
import type { Ballot } from '../ports/voters.ts'

export interface Decision {
  readonly turnSeq: Seq
  /** What the turn is about. */
  readonly action: ActionId
  readonly disposition: Disposition
  /** The template that was rendered. */
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
  readonly signals: Signals
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
  readonly signals?: Signals
  readonly ms: number
}

/** The decision with all that a replay needs beside the votes. */
export interface RecordedDecision extends Decision {
  readonly situation: Situation
  readonly options: Choice['options']
  readonly facts: Readonly<Record<string, unknown>>
  readonly missing: readonly string[]
}
