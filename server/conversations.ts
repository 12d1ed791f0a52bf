// Puts events in and out of the log's envelopes: their bodies sealed with the conversation's key, bound to shop and conversation. Opens a conversation
// from its snapshot, where there is one that the log bears out.
import { type Conversation, fold, unwritten } from '@parley/core/conversation/conversation.ts'
import { bodyOf, type ConversationEvent, EVENT_VERSION, type Logged, upcast } from '@parley/core/conversation/event.ts'
import { Fault } from '@parley/core/faults.ts'
import type { ConversationKey, Seq } from '@parley/core/ids.ts'
import type { ConversationLog, Envelope, Head, StoredEnvelope } from '@parley/core/ports/conversation-log.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Snapshots } from '@parley/core/ports/snapshots.ts'
import type { Cipher, Vault } from '@parley/core/ports/vault.ts'
import { createSnapshotKeeper, SNAPSHOT_EVERY, type SnapshotObserver } from './snapshot-keeper.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export interface KeptConversations extends Conversations {
  /** Leaves no snapshot of the conversation. */
  forget(key: ConversationKey): Promise<void>
  /** Resolves when the snapshots asked for so far are written. Log and vault stay open. */
  close(): Promise<void>
}

/** Where snapshots are kept, and who hears of them. */
export interface SnapshotParts {
  readonly snapshots: Snapshots
  readonly observer: SnapshotObserver
}

export function createConversations(log: ConversationLog, vault: Vault, kept?: SnapshotParts): KeptConversations {
  const keeper = kept && createSnapshotKeeper({ ...kept, log, vault, fromLog })

  /** The events after `after` with the head that they end at. */
  async function readStored(key: ConversationKey, after: Seq): Promise<Head & { readonly stored: readonly StoredEnvelope[] }> {
    const stored = await log.read(key, after)
    // The log may grow between the two calls; a position that belongs to a longer log would let an append overlook what it has not seen.
    const head = await log.head(key)
    const last = stored.at(-1)?.seq ?? after
    return head.seq > last ? readStored(key, after) : { ...head, stored }
  }

  const opened = (stored: readonly StoredEnvelope[], key: ConversationKey, cipher: Cipher): readonly Logged[] =>
    stored.map(envelope => ({ ...openEnvelope(envelope, key, cipher), seq: envelope.seq }))

  async function read(key: ConversationKey, after: Seq): ReturnType<Conversations['read']> {
    const owned = await vault.opened(key) // first: of what was erased nothing is read
    const { stored, ...head } = await readStored(key, after)
    if (stored.length === 0) return { ...head, events: [] }
    const { cipher } = owned ?? (await vault.opened(key)) ?? noOwner(key) // its first append may have come in between
    return { ...head, events: opened(stored, key, cipher) }
  }

  async function fromLog(key: ConversationKey): Promise<Conversation> {
    const { events, position } = await read(key, 0)
    return fold(unwritten, events, position)
  }

  /** Undefined where there is no snapshot, or none of this log. */
  async function fromSnapshot(key: ConversationKey): Promise<Conversation | undefined> {
    const owned = keeper && (await vault.opened(key))
    const recalled = owned && (await keeper.recall(key, owned.cipher))
    if (!recalled) return undefined
    const { stored, position } = await readStored(key, recalled.seq - 1)
    const [at, ...later] = stored
    if (!at || Buffer.compare(at.hash, recalled.hash) !== 0) return undefined
    return fold(recalled, opened(later, key, owned.cipher), position)
  }

  return {
    epoch: log.epoch,
    read,
    unsettled: () => log.unsettled(),
    withPeople: () => log.withPeople(),
    follow: listener => log.follow(listener),
    lastNode: key => log.lastNode(key),
    caughtUp: (key, withinMs, known) => log.caughtUp(key, withinMs, known),
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
    async open(key) {
      const recalled = await fromSnapshot(key)
      const conversation = recalled ?? (await fromLog(key))
      if (conversation.seq > 0) kept?.observer.opened(recalled ? 'snapshot' : 'log')
      if (!recalled && conversation.seq >= SNAPSHOT_EVERY) keeper?.remember(key, conversation, true)
      return conversation
    },
    moved(key, before, after) {
      const hasPassed = Math.floor(before.seq / SNAPSHOT_EVERY) < Math.floor(after.seq / SNAPSHOT_EVERY)
      // Whoever folds a rollback anew has to read what it leads back to.
      const isTakenBack = after.dialogue.rolledBackAt > before.seq && after.seq >= SNAPSHOT_EVERY
      if (hasPassed || isTakenBack) keeper?.remember(key, after, false)
    },
    forget: async key => keeper?.forget(key),
    close: async () => keeper?.settled(),
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
