// Carries what happens in a conversation to every socket that is on it. At most once, in order within one conversation: a reader that sees a hole
// reads the log, which is the truth. What was appended comes to each node by its log, so between nodes only what is in no log is carried. Drivers:
// server/drivers/fan-out.{local,nats}.ts; one suite: test/contracts/fan-out.ts.
import type { BothMarks } from '../handoff/marks.ts'
import type { Typing, Typist } from '../handoff/typists.ts'
import type { ConversationKey, Seq } from '../ids.ts'
import type { DeskMark } from '../protocol/desk-message.ts'
import type { ConversationState, GivenThumb, VisibleEvent } from '../protocol/server-message.ts'

/** Everything visible in (after, upTo]. */
export interface Delivery {
  readonly after: Seq
  readonly upTo: Seq
  readonly events: readonly VisibleEvent[]
  /** What agents see beside the events. */
  readonly marks: readonly DeskMark[]
  /** What the customer has said of replies. */
  readonly thumbs: readonly GivenThumb[]
  /** Something was taken back: of what a reader has who is at `after`, what is beyond this goes, and `events` are all that stands beyond it. */
  readonly stands?: Seq
}

export type Sign =
  | { readonly type: 'delivery'; readonly delivery: Delivery }
  | { readonly type: 'state'; readonly state: ConversationState }
  /** `forMs`: what is left of it, where it has gone on for a while. */
  | ({ readonly type: 'typing'; readonly forMs?: number } & Typist)
  /** The conversation was erased: there is nothing to read any more. */
  | { readonly type: 'erased' }
  /** Signs may have been lost on the way here: the reader asks for what it lacks. */
  | { readonly type: 'resync' }

/** What a node knows of a conversation that is in no log. */
export interface Word {
  /** Whole. They only ever rise, so that words may come twice and in any order. */
  readonly marks?: BothMarks
  /** Who has begun to type, or went on. */
  readonly typing?: readonly Typing[]
}

/** The engine, to the other nodes. */
export interface Peer {
  /** Another node has said this of a conversation that somebody here listens to. */
  heard(key: ConversationKey, word: Word): void
  /** What is told to a node whose first listener comes; undefined where nothing is known. */
  known(key: ConversationKey): Word | undefined
}

export interface FanOut {
  /** Tells the listeners of this node. */
  publish(key: ConversationKey, sign: Sign): void
  /** Calls `listener` for every later sign until the function it returns is called. */
  subscribe(key: ConversationKey, listener: (sign: Sign) => void): () => void
  /** True while this node has a listener of the conversation. */
  isHeard(key: ConversationKey): boolean
  /** Tells the other nodes that have listeners of the conversation. */
  tell(key: ConversationKey, word: Word): void
  /** From now on `peer` hears what other nodes tell. Where a conversation gets its first listener here, the others are asked what they know. Once. */
  meet(peer: Peer): void
}
