// Carries what was appended to every socket of a conversation. At most once, in order within one conversation: a reader that sees a hole
// reads the log, which is the truth. Driver: server/drivers/fan-out.local.ts.
import type { Typist } from '../handoff/typists.ts'
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
  | ({ readonly type: 'typing' } & Typist)
  /** The conversation was erased: there is nothing to read any more. */
  | { readonly type: 'erased' }
  /** Signs may have been lost on the way here: the reader asks for what it lacks. */
  | { readonly type: 'resync' }

export interface FanOut {
  publish(key: ConversationKey, sign: Sign): void
  /** Calls `listener` for every later sign until the function it returns is called. */
  subscribe(key: ConversationKey, listener: (sign: Sign) => void): () => void
}
