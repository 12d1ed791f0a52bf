// All that anybody can ask of a conversation, so that two can be compared whatever they are made of: folded at once, or out of a snapshot.
import type { Conversation } from '@parley/core/conversation/conversation.ts'
import { marksAfter } from '@parley/core/conversation/custody.ts'
import { dialogueAt } from '@parley/core/conversation/dialogue.ts'
import { findRef } from '@parley/core/conversation/refs.ts'
import { previewRollback, type RollbackPreview } from '@parley/core/conversation/rollback.ts'
import { isFault } from '@parley/core/faults.ts'
import { refOf } from './house.ts'
import { hashOf } from './random-history.ts'

export const askedOf = (conversation: Conversation, refs: readonly string[]): unknown => {
  const { refs: seen, marks: _, ...custody } = conversation.custody
  const seqs = Array.from({ length: conversation.seq + 1 }, (__, seq) => seq)
  return {
    dialogue: hashOf(conversation),
    versions: seqs.map(seq => hashOf({ dialogue: dialogueAt(conversation.dialogue, seq) })),
    rolledBackAt: conversation.dialogue.rolledBackAt,
    custody,
    marks: marksAfter(conversation.custody, 0),
    refs: refs.map(ref => findRef(seen, refOf(ref))),
    plans: seqs.map(seq => planOf(conversation, seq)),
  }
}

/** Undefined where the rollback is refused. */
function planOf(conversation: Conversation, toSeq: number): RollbackPreview | undefined {
  try {
    return previewRollback(conversation, toSeq)
  } catch (error) {
    if (isFault(error, 'ROLLBACK_INVALID')) return undefined
    throw error
  }
}
