// What is kept of an erasure: before it, what is to be erased; after it, counts and proof and nothing of the person. The hash that each conversation
// ended with is the one that stands in the log for ever, so that whoever has both can tell that exactly this was erased.
import type { Agent } from '../handoff/owner.ts'
import type { ConversationId, CustomerId, Seq, ShopId } from '../ids.ts'

export type ErasedBy =
  | { readonly kind: 'agent'; readonly agent: Agent }
  | { readonly kind: 'operator' }
  /** The shop keeps nothing longer than these days. */
  | { readonly kind: 'retention'; readonly days: number }

export type ErasureTarget =
  | { readonly kind: 'customer'; readonly customer: CustomerId }
  | { readonly kind: 'conversations'; readonly conversations: readonly ConversationId[] }

interface About {
  readonly id: string
  readonly shop: ShopId
  readonly by: ErasedBy
  /** When it was asked for, in milliseconds since 1970. */
  readonly at: number
}

/** Asked for and durable: a start brings it to its end. It names what is to be erased, and goes with it. */
export type AskedErasure = About & { readonly state: 'asked'; readonly target: ErasureTarget }

export interface ErasedConversation {
  readonly conversation: ConversationId
  readonly events: Seq
  /** Of its last event, in hex; null where the log of it was damaged. */
  readonly hash: string | null
}

/** `destroyed`: the keys are gone, and what was derived from the text may lie about still; a start clears it away. `done`: that is gone too. */
export type EndedErasure = About & {
  readonly state: 'destroyed' | 'done'
  readonly endedAt: number
  readonly of: ErasureTarget['kind']
  readonly conversations: readonly ErasedConversation[]
  /** Keys of effects that were given up: whether they were done in the world is for a person to find out there. */
  readonly failedEffects: readonly string[]
}

export type Erasure = AskedErasure | EndedErasure
