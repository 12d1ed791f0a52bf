// Whatever votes on a turn. A pool is one hop: an in-process automaton, the model threads, the plugin hosts, a service elsewhere.
// Drivers: server/drivers/voters.{keyword,models,knowledge,plugins,remote}.ts.
import type { ActionId, Question, Signals, Vote } from '@parley/plugin-sdk/vocabulary.ts'
import type { GraphAnswer, GraphRequest } from './graph.ts'

export interface VoterInfo {
  /** Unique in the installation: `keyword`, `intent`, `sentiment`, `plugin:complaint-analyzer`. */
  readonly voter: string
  /** Content hash or semantic version: names exactly what voted. */
  readonly version: string
}

/** A passage of an article of the shop's own that answers the turn, word for word: what a vote has for its source. */
export interface Quote {
  /** The action that the article is about: the voter's vote for it goes with this passage. */
  readonly action: ActionId
  /** The article's id in the shop, and the start of the SHA-256 of its content. */
  readonly article: string
  readonly version: string
  readonly title: string
  /** Of the passage, where the article has parts. */
  readonly heading?: string
  readonly text: string
  /** Where the whole of it can be read. */
  readonly link?: string
}

/** A voter's answer to one turn. Silence for whatever reason is an abstention; the turn never fails on a voter. */
export interface Ballot extends VoterInfo {
  readonly abstained: boolean
  /**
   * Why it abstained: it had nothing to say, came late, failed, is switched off, was not asked under overload, or was not needed, being of the second
   * stage where the others are sure.
   */
  readonly reason?: 'silent' | 'late' | 'failed' | 'off' | 'shed' | 'unasked'
  readonly votes: readonly Vote[]
  /** At most one an action: what answers the turn should that action win. Of voters that read articles. */
  readonly quotes?: readonly Quote[]
  /** Cast in the second stage. Said by whoever asks, not by the voter. */
  readonly isSecond?: true
  readonly signals?: Signals
  /** What the voter is to be told at the conversation's next turns, as JSON of an object; `{}` forgets. Kept if the decision is. */
  readonly memory?: string
  /** What it looked up before it voted, in order: with the same answers it votes the same. */
  readonly lookedUp?: readonly LookedUp[]
  readonly ms: number
}

/** `query` is the name under which the voter has declared it. */
export type LookedUp = { readonly query: string } & Pick<GraphRequest, 'variables'> & GraphAnswer

/** Which turn a question belongs to, for voters that may know it. A turn that is asked about again has the same moment. */
export interface Moment {
  /** Unique in the installation: `shop/conversation/turn`. */
  readonly turn: string
  /** Milliseconds since 1970, when its first message was taken in. */
  readonly at: number
  /** What voters have kept of its conversation, by voter, as JSON. None is shown another's. */
  readonly memory: Readonly<Record<string, string>>
  /** What those of the first stage have found in the shop's articles; for those of the second alone. */
  readonly quotes?: readonly Quote[]
  /**
   * Asks the shop's systems in the name of the turn's customer, for one of its voters: that one is waited for as long as it takes. Absent where there
   * is no customer. Faults: QUERY_REFUSED, where it is asked again in vain.
   */
  readonly lookUp?: (voter: string, request: GraphRequest) => Promise<GraphAnswer>
}

/** For a question that belongs to no turn. */
export const NO_TURN: Moment = { turn: '', at: 0, memory: {} }

/** Why a signal was aborted, where the pool's own time is over. Any other reason: the turn has ended, and the pool is not to blame. */
export const LATE = 'late'

/** When a pool of the second stage is asked, and how long a turn then waits for it. */
export interface SecondStage {
  /** Asked where the decision of those before is less sure than this, 0 to 1. At 1 it is asked at every turn. */
  readonly askBelow: number
  readonly deadlineMs: number
}

export interface VoterPool {
  /** What goes first under overload: the second stage, then plugins, then models; the keyword voter is always asked. */
  readonly tier: 'keyword' | 'model' | 'plugin' | 'second'
  /** Of a pool that is asked when the others have voted, about the whole text alone; absent of all others. */
  readonly second?: SecondStage
  /** Who would be asked now. Every one of them gets a ballot, cast or missing. */
  readonly voters: readonly VoterInfo[]
  /**
   * Asks every voter of the pool at once and hands each ballot to `cast` as it comes. Resolves when all have come; when `signal` aborts
   * it resolves at once and never calls `cast` again. Never rejects because of a voter. Without a `moment` the question belongs to no turn.
   */
  ask(question: Question, cast: (ballot: Ballot) => void, signal: AbortSignal, moment?: Moment): Promise<void>
  close(): Promise<void>
}
