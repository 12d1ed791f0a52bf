// Seals what a person wrote with a key of their own, so that destroying the key erases the text from log, replicas and backups at once.
// Driver: server/drivers/vault.lmdb.ts (a store of its own, beside the log); suite: test/contracts/vault.ts.
import type { ConversationKey, CustomerId, ShopId } from '../ids.ts'

export interface Vault {
  /**
   * The customer's cipher; the key is made, and durable, before the promise resolves. After `destroy` it rejects with Fault KEY_DESTROYED.
   * Two calls for one customer give the same key, also when they race.
   */
  cipher(shop: ShopId, customer: CustomerId): Promise<Cipher>
  /** Whose key opens a conversation's events is stored in clear beside the key, since the events themselves are sealed. */
  ownerOf(key: ConversationKey): Promise<CustomerId | undefined>
  /** Makes `customer` the owner of a conversation that has none; durable when it resolves. Rejects with UNKNOWN_CONVERSATION if it is another's. */
  own(key: ConversationKey, customer: CustomerId): Promise<void>
  /** Destroys the key for good: it is in no file of the store when the promise resolves. Idempotent. */
  destroy(shop: ShopId, customer: CustomerId): Promise<void>
  close(): Promise<void>
}

/** AES-256-GCM, a fresh random nonce a call. `context` is authenticated, not stored: opening with another one throws. */
export interface Cipher {
  seal(clear: Uint8Array, context: string): Uint8Array
  open(sealed: Uint8Array, context: string): Uint8Array
}
