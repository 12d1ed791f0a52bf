// The log as the engine sees it: events in clear, of one conversation. server/conversations.ts seals them and hands them to the log's driver.
import type { Conversation } from '../conversation/conversation.ts'
import type { ConversationEvent, Logged } from '../conversation/event.ts'
import type { ConversationKey, CustomerId, Epoch, Seq } from '../ids.ts'
import type { AppendOptions, ConversationLog, Head, Position } from './conversation-log.ts'

/** As ConversationLog (see there for what is guaranteed), with the customer whose key seals the text. */
export interface Conversations extends Pick<ConversationLog, 'follow' | 'lastNode' | 'caughtUp'> {
  readonly epoch: Epoch
  append(
    key: ConversationKey,
    customer: CustomerId,
    events: readonly ConversationEvent[],
    expected: Position,
    options: AppendOptions,
  ): Promise<Head & { readonly events: readonly Logged[] }>
  /** Everything after `after`, with the head that it ends at. */
  read(key: ConversationKey, after: Seq): Promise<Head & { readonly events: readonly Logged[] }>
  /** The conversation as it stands, from its snapshot and what came after it, or from the whole log. */
  open(key: ConversationKey): Promise<Conversation>
  /** Told after an append, so that a snapshot can be kept. Nobody waits for it, and nothing depends on it. */
  moved(key: ConversationKey, before: Conversation, after: Conversation): void
  unsettled(): AsyncIterable<ConversationKey>
  withPeople(): AsyncIterable<ConversationKey>
}
