// Puts events in and out of the log's envelopes: their bodies sealed with the conversation's key, bound to shop and conversation.
import { bodyOf, type ConversationEvent, EVENT_VERSION, type Logged, upcast } from '@parley/core/conversation/event.ts'
import { Fault } from '@parley/core/faults.ts'
import type { ConversationKey, Seq } from '@parley/core/ids.ts'
import type { ConversationLog, Envelope } from '@parley/core/ports/conversation-log.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Cipher, Vault } from '@parley/core/ports/vault.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function createConversations(log: ConversationLog, vault: Vault): Conversations {
  return {
    epoch: log.epoch,
    unsettled: () => log.unsettled(),
    withPeople: () => log.withPeople(),
    async append(key, customer, events, expected, options) {
      const cipher = await vault.cipher(key, customer)
      const head = await log.append(
        key,
        events.map(event => seal(event, key, cipher)),
        expected,
        options,
      )
      const first = head.seq - events.length + 1
      return { ...head, events: events.map((event, i): Logged => ({ ...event, seq: first + i })) }
    },
    async read(key, after) {
      const owned = await vault.opened(key) // first: of what was erased nothing is read
      const stored = await log.read(key, after)
      // The log may grow between the two calls; a position that belongs to a longer log would let an append overlook what it has not seen.
      const head = await log.head(key)
      const last = stored.at(-1)?.seq ?? after
      if (head.seq > last) return this.read(key, after)
      if (stored.length === 0) return { ...head, events: [] }
      const { cipher } = owned ?? (await vault.opened(key)) ?? noOwner(key) // its first append may have come in between
      return { ...head, events: stored.map(envelope => ({ ...openEnvelope(envelope, key, cipher), seq: envelope.seq })) }
    },
  }
}

function noOwner({ conversation }: ConversationKey): never {
  throw new Fault('LOG_DAMAGED', { conversation, seq: 1, reason: 'nobody is known to own it' })
}

/** What the seal is bound to: a body cannot be moved to another conversation or pass for another type of event. */
const contextOf = (key: ConversationKey, { type, v, at }: Pick<Envelope, 'type' | 'v' | 'at'>): string =>
  `${key.shop}/${key.conversation}/${type}/${v}/${at}`

function seal(event: ConversationEvent, key: ConversationKey, cipher: Cipher): Envelope {
  const header = { v: EVENT_VERSION, type: event.type, at: event.at }
  return { ...header, body: cipher.seal(encoder.encode(JSON.stringify(bodyOf(event))), contextOf(key, header)) }
}

/** Faults: LOG_DAMAGED when it was not sealed with this key, for this conversation and as this event; EVENT_TOO_NEW. */
export function openEnvelope(envelope: Envelope & { readonly seq: Seq }, key: ConversationKey, cipher: Cipher): ConversationEvent {
  let body: Record<string, unknown>
  try {
    body = JSON.parse(decoder.decode(cipher.open(envelope.body, contextOf(key, envelope)))) as Record<string, unknown> // authenticated: we wrote it
  } catch (cause) {
    throw new Fault('LOG_DAMAGED', { conversation: key.conversation, seq: envelope.seq, reason: 'its seal does not open' }, { cause })
  }
  return upcast(envelope.type, envelope.v, body)
}
