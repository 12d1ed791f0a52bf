// How far each side's messages have got with the other. Not in the log: a mark that a crash forgets comes again with the next word from the device
// that saw it, and a log with an event for every glance would be mostly glances.
import type { Conversation } from '../conversation/conversation.ts'
import { nameOf } from '../holder.ts'
import type { ConversationKey, Seq } from '../ids.ts'
import type { Marks } from '../protocol/server-message.ts'

export type Side = 'customer' | 'shop'

export interface SeenMarks {
  /** `reader` has the other side's messages up to `seq`. Gives whether that is news. Never moves back, nor beyond the end. */
  see(key: ConversationKey, reader: Side, state: 'delivered' | 'read', seq: Seq, end: Seq): boolean
  forget(key: ConversationKey): void
  /** Marks of the customer's messages and of the shop's. */
  of(key: ConversationKey, conversation: Conversation): { readonly customer: Marks; readonly shop: Marks }
}

/** Conversations whose marks are remembered. */
const MOST = 50_000

const none: Marks = { delivered: 0, read: 0 }

export function createSeenMarks(): SeenMarks {
  const kept = new Map<string, { readonly customer: Marks; readonly shop: Marks }>()
  return {
    see(key, reader, state, seq, end) {
      const name = nameOf(key)
      const now = kept.get(name) ?? { customer: none, shop: none }
      const writer: Side = reader === 'customer' ? 'shop' : 'customer'
      const upTo = Math.min(seq, end)
      const { delivered, read } = now[writer]
      const next: Marks = { delivered: Math.max(delivered, upTo), read: state === 'read' ? Math.max(read, upTo) : read }
      if (next.delivered === delivered && next.read === read) return false
      kept.delete(name)
      kept.set(name, { ...now, [writer]: next })
      if (kept.size > MOST) kept.delete(kept.keys().next().value as string) // size > 0: there is a first key
      return true
    },
    forget: key => void kept.delete(nameOf(key)),
    of(key, { custody, seq }) {
      const { customer, shop } = kept.get(nameOf(key)) ?? { customer: none, shop: none }
      // The bot has at once whatever is durable while it has the conversation, and has read what it has decided.
      const delivered = Math.max(customer.delivered, custody.owner.with === 'agent' ? custody.owner.seq : seq, custody.readByBot)
      return { customer: { delivered, read: Math.max(customer.read, custody.readByBot) }, shop }
    },
  }
}
