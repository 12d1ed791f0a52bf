// What is kept of deliveries: how far each webhook has come in each conversation of the outbox, what came of the last deliveries, and which webhooks are
// off. No text and nothing of an answer's body.
import type { ConversationKey, Seq } from '@parley/core/ids.ts'

export interface Delivery {
  readonly hook: string
  readonly shop: string
  readonly conversation: string
  /** 0 for `conversation.erased`. */
  readonly seq: Seq
  readonly type: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly attempt: number
  readonly status: number | null
  readonly error: string | null
  readonly ms: number
  /** `retried`: it failed and comes again; `given-up`: it failed and does not, unless somebody replays it. */
  readonly outcome: 'delivered' | 'retried' | 'given-up' | 'gone'
}

/** All that is kept, for another store. */
export interface KeptOfWebhooks {
  readonly cursors: readonly { readonly hook: string; readonly key: ConversationKey; readonly seq: Seq }[]
  /** Of each webhook the newest last. */
  readonly deliveries: readonly Delivery[]
  readonly off: readonly { readonly hook: string; readonly at: number }[]
}

export interface WebhookStore {
  /** The last event that this webhook is done with, at whatever node; undefined where it is not in the middle of a conversation. */
  cursor(hook: string, key: ConversationKey): Promise<Seq | undefined>
  /** Keeps a delivery and, where it says so, how far the webhook has come; durable when it resolves. */
  keep(delivery: Delivery, cursor?: Seq): Promise<void>
  /** Moves the cursor on without a delivery. */
  pass(hook: string, key: ConversationKey, cursor: Seq): Promise<void>
  /** Forgets how far it has come in a conversation that is not in the outbox any more. */
  forget(hooks: readonly string[], key: ConversationKey): Promise<void>
  /** The last of a webhook, newest first. */
  deliveries(hook: string, limit: number): readonly Delivery[]
  offSince(hook: string): number | undefined
  /** Null switches it on again. */
  switchOff(hook: string, at: number | null): Promise<void>
  all(): Promise<KeptOfWebhooks>
  /** Puts what another store has kept. May be done again. */
  take(kept: KeptOfWebhooks): Promise<void>
  close(): Promise<void>
}
