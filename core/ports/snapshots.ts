// Where snapshots of conversations are kept: a cache beside the log, never the truth. Drivers: server/drivers/snapshots.{files,memory}.ts; one suite:
// test/contracts/snapshots.ts. What is kept is sealed; server/snapshot-keeper.ts seals it, and holds it against the log before it trusts it.
import type { ConversationKey, Seq } from '../ids.ts'

/** A stretch (core/conversation/stretch.ts) as it is stored: where it lies in the log, by seq and hash, and its sealed text. */
export interface StoredStretch {
  /** It holds what the events after `from` have added, up to `seq`. */
  readonly from: Seq
  readonly seq: Seq
  /** The log's hash at `from`, 32 bytes; zeros where `from` is 0. */
  readonly fromHash: Uint8Array
  /** The log's hash at `seq`. */
  readonly hash: Uint8Array
  readonly sealed: Uint8Array
}

/**
 * Guarantees, for every driver: what `put` has stored is given back as it was or not at all, also after a kill in its midst; after a loss of power it may
 * be gone or damaged, which the seal shows. Anything may be missing at any time. A store that was written for another version of the folds is empty.
 */
export interface Snapshots {
  /** All that is kept of a conversation, by `from`. */
  read(key: ConversationKey): Promise<readonly StoredStretch[]>
  /** The one with the greatest `from`. */
  last(key: ConversationKey): Promise<StoredStretch | undefined>
  /** In place of the one with the same `from`. */
  put(key: ConversationKey, stretch: StoredStretch): Promise<void>
  /** Nothing of the conversation is left when it resolves. */
  forget(key: ConversationKey): Promise<void>
}
