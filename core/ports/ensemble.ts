// Fuses the votes of a turn into one score an action and chooses what costs least. Implementation: ensembles/.
import type { ActionId, Language, Signals } from '@parley/plugin-sdk/vocabulary.ts'
import type { Moment } from '../handoff/handover-cost.ts'
import type { Ballot } from './voters.ts'

export type Disposition = 'answer' | 'ask_slot' | 'clarify' | 'handoff' | 'superseded'

export interface Ranked {
  readonly action: ActionId
  /** Log-linear score: the sum of the shares that `breakdown` lists for this action. Higher is likelier; only differences mean something. */
  readonly score: number
}

/** What one voter, the `prior` or a signal (`signal:mood`) added to the score of one action, in nats. Abstaining adds nothing. */
export interface Share {
  readonly voter: string
  readonly action: ActionId
  readonly share: number
}

export interface Fusion {
  /** Every action of the domain, best first; ties by id, so that a replay gives the same order. */
  readonly ranking: readonly Ranked[]
  /** Probability of each action: the softmax of the scores. Sums to 1. */
  readonly probabilities: Readonly<Record<ActionId, number>>
  readonly breakdown: readonly Share[]
  /** Signals of all ballots joined: mean of mood, greatest of urgency and handoff. */
  readonly signals: Signals
}

/** What the conversation so far says of a turn, whoever votes on it. */
export interface Past {
  /** Turns that the bot has decided. */
  readonly turns: number
  /** How often in a row what the last turn was about had been asked before: 0 the first time. */
  readonly repeats: number
  /** Turns in a row that did not get the customer on. */
  readonly misses: number
  /** Mean mood of the last turns, -1 to 1; absent where none was told. */
  readonly mood?: number
}

/** Of a turn that stands by itself. */
export const NO_PAST: Past = { turns: 0, repeats: 0, misses: 0 }

/** What a turn's outcome costs the shop, in any one currency; only ratios matter. */
export interface Costs {
  /** A wrong answer. Multiplied by `severity` of what the turn was really about. */
  readonly wrongAnswer: number
  /** Asking back when one of the offered options is right. */
  readonly clarify: number
  /** An agent's time for one conversation, by the hour and the queue of the turn. */
  readonly handoff: number
  /** How much worse than usual it is to miss this action (1 where none is given): FOOD_SAFETY 20. */
  readonly severity: Readonly<Record<ActionId, number>>
}

/** What the decision knows beside the votes. Recorded with it, so that a replay decides alike. */
export interface Situation {
  /** The shop's enabled actions and OUT_OF_SCOPE. */
  readonly domain: readonly ActionId[]
  /** Actions that a person must always take. */
  readonly alwaysPerson: readonly ActionId[]
  readonly costs: Costs
  /** What the cost of a handover was worked out from, in a shop where it is not the same at all times. */
  readonly handover?: Moment
}

export interface Choice {
  readonly action: ActionId
  readonly disposition: 'answer' | 'clarify' | 'handoff'
  /** Probability of `action`. */
  readonly confidence: number
  /** What `clarify` offers, likeliest first; empty otherwise. */
  readonly options: readonly ActionId[]
  /** Expected cost of each disposition that was weighed. */
  readonly expectedCosts: Readonly<Record<'answer' | 'clarify' | 'handoff', number>>
}

export interface Ensemble {
  /** Name and content hash: `retail@1-3f2a9c…`. */
  readonly version: string
  /** Whether the voter's votes count in this language. */
  hears(voter: string, language: Language): boolean
  fuse(ballots: readonly Ballot[], language: Language, domain: readonly ActionId[], past?: Past): Fusion
  decide(fusion: Fusion, situation: Situation): Choice
}
