// How far each side's messages have got with the other. Not in the log: a mark that a crash forgets comes again with the next word from the device
// that saw it, and a log with an event for every glance would be mostly glances.
import type { Conversation } from '../conversation/conversation.ts'
import { nameOf } from '../holder.ts'
import type { ConversationKey, Seq } from '../ids.ts'
import type { Marks } from '../protocol/server-message.ts'

export type Side = 'customer' | 'shop'

/** Of the customer's messages and of the shop's. */
export interface BothMarks {
  readonly customer: Marks
  readonly shop: Marks
}

export interface SeenMarks {
  /** `reader` has the other side's messages up to `seq`. Gives whether that is news. Never moves back, nor beyond the end. */
  see(key: ConversationKey, reader: Side, state: 'delivered' | 'read', seq: Seq, end: Seq): boolean
  /** Takes over what another node knows. Gives whether that is news. */
  merge(key: ConversationKey, marks: BothMarks): boolean
  /** What was seen here, or taken over; undefined where nothing was. */
  kept(key: ConversationKey): BothMarks | undefined
  forget(key: ConversationKey): void
  of(key: ConversationKey, conversation: Conversation): BothMarks
}

/** Conversations whose marks are remembered. */
const MOST = 50_000

const none: Marks = { delivered: 0, read: 0 }

const higher = (a: Marks, b: Marks): Marks => ({ delivered: Math.max(a.delivered, b.delivered), read: Math.max(a.read, b.read) })
const isSame = (a: Marks, b: Marks): boolean => a.delivered === b.delivered && a.read === b.read

export function createSeenMarks(): SeenMarks {
  const kept = new Map<string, BothMarks>()

  function merge(key: ConversationKey, { customer, shop }: BothMarks): boolean {
    const name = nameOf(key)
    const now = kept.get(name) ?? { customer: none, shop: none }
    const next = { customer: higher(now.customer, customer), shop: higher(now.shop, shop) }
    if (isSame(next.customer, now.customer) && isSame(next.shop, now.shop)) return false
    kept.delete(name)
    kept.set(name, next)
    if (kept.size > MOST) kept.delete(kept.keys().next().value as string) // size > 0: there is a first key
    return true
  }

  return {
    see(key, reader, state, seq, end) {
      const upTo = Math.min(seq, end)
      const seen = { delivered: upTo, read: state === 'read' ? upTo : 0 }
      return merge(key, reader === 'customer' ? { customer: none, shop: seen } : { customer: seen, shop: none })
    },
    merge,
    kept: key => kept.get(nameOf(key)),
    forget: key => void kept.delete(nameOf(key)),
    of(key, { custody, seq }) {
      const { customer, shop } = kept.get(nameOf(key)) ?? { customer: none, shop: none }
      // The bot has at once whatever is durable while it has the conversation, and has read what it has decided.
      const delivered = Math.max(customer.delivered, custody.owner.with === 'agent' ? custody.owner.seq : seq, custody.readByBot)
      return { customer: { delivered, read: Math.max(customer.read, custody.readByBot) }, shop }
    },
  }
}
