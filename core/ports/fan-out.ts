// Carries what was appended to every socket of a conversation. At most once, in order within one conversation: a reader that sees a hole
// reads the log, which is the truth. Driver: server/drivers/fan-out.local.ts.
import type { ConversationKey, Seq } from '../ids.ts'
import type { VisibleEvent } from '../protocol/server-message.ts'

/** Everything visible in (after, upTo]. */
export interface Delivery {
  readonly after: Seq
  readonly upTo: Seq
  readonly events: readonly VisibleEvent[]
}

export type Sign =
  | { readonly type: 'delivery'; readonly delivery: Delivery }
  | { readonly type: 'typing'; readonly who: 'bot' | 'customer' }

export interface FanOut {
  publish(key: ConversationKey, sign: Sign): void
  /** Calls `listener` for every later sign until the function it returns is called. */
  subscribe(key: ConversationKey, listener: (sign: Sign) => void): () => void
}
