// Seals what is said in a conversation with a key of its own, so that destroying the key erases the text from log, replicas and later backups at
// once. Drivers: server/drivers/vault.lmdb.ts (a store of its own, beside the log) and
// vault.nats.ts (a stream that several nodes share); suite: test/contracts/vault.ts.
import type { EndedErasure, Erasure } from '../erasure/erasure.ts'
import type { ConversationId, ConversationKey, CustomerId, ShopId } from '../ids.ts'

export interface Vault {
  /**
   * The conversation's cipher. Whose the conversation is, and its key, are durable before the promise resolves; two calls for one conversation give
   * the same key, also when they race. Faults: UNKNOWN_CONVERSATION (another customer's), CONVERSATION_ERASED.
   */
  cipher(key: ConversationKey, customer: CustomerId): Promise<Cipher>
  /** Of a conversation that is somebody's; undefined where it is nobody's, and nothing is made. Faults: CONVERSATION_ERASED. */
  opened(key: ConversationKey): Promise<OwnedConversation | undefined>
  isErased(key: ConversationKey): Promise<boolean>
  /** All that are theirs and not erased, in no order. */
  conversationsOf(shop: ShopId, customer: CustomerId): Promise<readonly ConversationId[]>
  /**
   * The conversations that one key has sealed: this one alone, or all of the customer's from before conversations had keys of their own. Empty where
   * it is nobody's or erased.
   */
  sealedWith(key: ConversationKey): Promise<readonly ConversationId[]>
  /** Keeps the erasure, durably, in place of the one with its id. */
  note(erasure: Erasure): Promise<void>
  /** Takes an erasure that came to nothing off the notes. */
  dropNote(erasure: Pick<Erasure, 'shop' | 'id'>): Promise<void>
  /** Every erasure that is noted, oldest first. */
  notes(): Promise<readonly Erasure[]>
  /**
   * Destroys the conversations' keys for good, forgets whose they were, and notes the erasure, all in one step: whatever is killed when, it is all or
   * nothing. When the promise resolves they are in no file of the store. Idempotent. `conversations` are whole by `sealedWith`.
   */
  destroy(erasure: EndedErasure): Promise<void>
  /**
   * Of each erasure that another node has made `erased` is told, one after the other; one that it rejects, or does not end, is told again after a start. On
   * one machine there is none.
   */
  follow(erased: (erasure: EndedErasure) => Promise<void>): void
  close(): Promise<void>
}

export interface OwnedConversation {
  readonly customer: CustomerId
  readonly cipher: Cipher
}

/** AES-256-GCM, a fresh random nonce a call. `context` is authenticated, not stored: opening with another one throws. */
export interface Cipher {
  seal(clear: Uint8Array, context: string): Uint8Array
  open(sealed: Uint8Array, context: string): Uint8Array
}
