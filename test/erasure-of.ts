import type { EndedErasure } from '@parley/core/erasure/erasure.ts'
import { asConversationId, asShopId } from '@parley/core/ids.ts'

/** An erasure of these conversations. */
export const erasureOf = (id: string, conversations: readonly string[], shop = asShopId('demo')): EndedErasure => ({
  id,
  shop,
  by: { kind: 'operator' },
  at: 1,
  state: 'destroyed',
  endedAt: 2,
  of: 'conversations',
  conversations: conversations.map(conversation => ({ conversation: asConversationId(conversation), events: 3, hash: 'ab' })),
  failedEffects: [],
})
