// Puts what somebody says turns are about where it is kept. A label of a turn that the log does not have is none.
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, type ConversationKey, type ShopId } from '@parley/core/ids.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Erasures } from '@parley/core/ports/erasures.ts'
import type { Label, LabelStore } from './label-store.ts'

export interface KeepLabelsParts {
  readonly conversations: Pick<Conversations, 'read'>
  readonly erasures: Pick<Erasures, 'isErased'>
  readonly labels: Pick<LabelStore, 'put' | 'forget'>
}

/** How many of the labels were kept, and the turns that the log does not have, or has no more. */
export interface LabelsKept {
  readonly kept: number
  readonly gone: readonly { readonly conversation: string; readonly turn: number }[]
}

/** Faults: STORAGE_FULL. */
export async function keepLabels(
  { conversations, erasures, labels }: KeepLabelsParts,
  shop: ShopId,
  given: readonly Label[],
): Promise<LabelsKept> {
  const [kept, gone]: [Label[], Label[]] = [[], []]
  for (const [conversation, those] of Map.groupBy(given, label => label.conversation)) {
    const turns = await turnsOf(conversations, { shop, conversation: asConversationId(conversation) })
    for (const label of those) (turns.has(label.turn) ? kept : gone).push(label)
  }
  await labels.put(shop, kept)
  // An erasure looks for what is there; what it came before has to be taken away here.
  for (const conversation of new Set(kept.map(label => label.conversation)))
    if (await erasures.isErased({ shop, conversation: asConversationId(conversation) })) await labels.forget(shop, conversation)
  return { kept: kept.length, gone: gone.map(({ conversation, turn }) => ({ conversation, turn })) }
}

/** Turns that were decided; none where the conversation is not there, or no more. */
async function turnsOf(conversations: Pick<Conversations, 'read'>, key: ConversationKey): Promise<ReadonlySet<number>> {
  try {
    const { events } = await conversations.read(key, 0)
    return new Set(events.flatMap(event => (event.type === 'decided' ? [event.turn] : [])))
  } catch (error) {
    if (isFault(error)) return new Set()
    throw error
  }
}
