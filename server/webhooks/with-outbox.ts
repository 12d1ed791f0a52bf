// The log of a shop that has webhooks: what is appended goes into the outbox in the same step, and the outbox hears of it once it is durable. Everybody
// else's appends are as they were.
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Outbox } from './outbox.ts'

export const withOutbox = (conversations: Conversations, outbox: Pick<Outbox, 'isWanted' | 'appended'>): Conversations => ({
  ...conversations,
  async append(key, customer, events, expected, options) {
    if (!outbox.isWanted(key.shop)) return conversations.append(key, customer, events, expected, options)
    const head = await conversations.append(key, customer, events, expected, { ...options, isOutgoing: true })
    outbox.appended(key)
    return head
  },
})
