// What erasing needs of the stores: whose conversations there are, the notes of erasures, and the two steps that end them. server/erasures.ts joins
// vault and log to it, and is the one place that knows what else was derived from a conversation's text.
import type { AskedErasure, EndedErasure, Erasure, ErasureTarget } from '../erasure/erasure.ts'
import type { ConversationKey, ShopId } from '../ids.ts'

export interface Erasures {
  /** What the target stands for now, without what is erased: all of a customer's; the named ones with all that their keys have sealed. */
  conversationsOf(shop: ShopId, target: ErasureTarget): Promise<readonly ConversationKey[]>
  isErased(key: ConversationKey): Promise<boolean>
  /** Gives it an id. Nothing is kept yet. */
  name(erasure: Omit<AskedErasure, 'id' | 'state'>): AskedErasure
  /** Durable when it resolves: from then on it is among the `notes`, also after a restart, until it has ended or is dropped. */
  note(erasure: AskedErasure): Promise<void>
  drop(erasure: AskedErasure): Promise<void>
  /**
   * Destroys the keys of all of these in one step that a crash makes wholly or not at all, and puts the ended erasure in the place of the asked one.
   * In the lanes of all of them only.
   */
  destroy(
    asked: AskedErasure,
    conversations: readonly ConversationKey[],
    ended: Pick<EndedErasure, 'endedAt' | 'failedEffects'>,
  ): Promise<EndedErasure>
  /** Clears away what was derived from the text and lies elsewhere. Idempotent: done again after a crash. */
  clear(ended: EndedErasure): Promise<void>
  /** As `clear`, of what another node has erased: what this one has of it, and nobody is told. */
  clearHere(ended: EndedErasure): Promise<void>
  /** Oldest first; those that are not `done` are for a start to finish. */
  notes(): Promise<readonly Erasure[]>
  /** Every conversation that is not erased, with the time of its last event. One that is damaged is left out. */
  ages(): AsyncIterable<{ readonly key: ConversationKey; readonly lastAt: number }>
  /** Undefined where there is no event, or it cannot be read. */
  lastAt(key: ConversationKey): Promise<number | undefined>
}
