// Takes conversations back to where they stood, each time in one append on the condition that nothing came in between.
import type { Conversation } from './conversation/conversation.ts'
import {
  planRollback,
  previewRollback,
  type RollbackPreview,
  type RolledBackBy,
  recallPoint,
  requireMayRollBack,
  rollbackEvents,
} from './conversation/rollback.ts'
import { Fault } from './faults.ts'
import type { Holder } from './holder.ts'
import type { ConversationKey, CustomerId, MessageRef, Seq } from './ids.ts'
import type { Clock } from './ports/clock.ts'

export interface Rollbacks {
  /**
   * Puts the dialogue back as it was after `toSeq`, in one append. Effects of what is taken back are undone after it.
   * Faults: UNKNOWN_CONVERSATION, ROLLBACK_INVALID, NOT_OWNER.
   */
  rollback(key: ConversationKey, rollback: { readonly toSeq: Seq; readonly by: RolledBackBy; readonly reason: string }): Promise<void>
  /** What a rollback to `toSeq` would do now. Faults: as `rollback`. */
  previewRollback(key: ConversationKey, toSeq: Seq, by: RolledBackBy): Promise<RollbackPreview>
  /**
   * The customer takes back their last message with all that followed; asking again is harmless. Faults: UNKNOWN_CONVERSATION, ROLLBACK_INVALID
   * (not the last one, or a person has answered since).
   */
  recall(key: ConversationKey, customer: CustomerId, ref: MessageRef): Promise<void>
}

export function createRollbacks({ holder, clock }: { readonly holder: Holder; readonly clock: Clock }): Rollbacks {
  async function written(key: ConversationKey): Promise<{ readonly conversation: Conversation; readonly customer: CustomerId }> {
    const conversation = await holder.load(key)
    const { customer } = conversation.custody
    if (customer === null) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
    return { conversation, customer }
  }

  /** `pointOf` says where to, of the conversation as it stands then; null: nowhere. */
  const goBack = (
    key: ConversationKey,
    pointOf: (conversation: Conversation) => Seq | null,
    by: RolledBackBy,
    reason: string,
  ): Promise<void> =>
    holder.change(key, async () => {
      const { conversation, customer } = await written(key)
      if (by.kind === 'customer' && by.customer !== customer) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
      requireMayRollBack(conversation, by)
      const toSeq = pointOf(conversation)
      if (toSeq === null) return
      await holder.append(key, customer, conversation, rollbackEvents(planRollback(conversation, toSeq), by, reason, clock.now()))
    })

  return {
    rollback: (key, { toSeq, by, reason }) => goBack(key, () => toSeq, by, reason),
    previewRollback: (key, toSeq, by) =>
      holder.run(key, async () => {
        const { conversation } = await written(key)
        requireMayRollBack(conversation, by)
        return previewRollback(conversation, toSeq)
      }),
    recall: (key, customer, ref) =>
      goBack(key, conversation => recallPoint(conversation, ref), { kind: 'customer', customer }, 'recalled with the button'),
  }
}
