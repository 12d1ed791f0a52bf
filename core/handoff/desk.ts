// What agents do with conversations: claim, write, give back. Each is one conditional append in the conversation's lane; of any number of agents who
// claim at once one has it, and the others are told who.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { Conversation } from '../conversation/conversation.ts'
import { marksAfter } from '../conversation/custody.ts'
import { entriesAfter } from '../conversation/dialogue.ts'
import type { ConversationEvent } from '../conversation/event.ts'
import { findRef } from '../conversation/refs.ts'
import { thumbsAfter } from '../conversation/thumbs.ts'
import type { Eraser } from '../erasure/erase.ts'
import { Fault } from '../faults.ts'
import type { Holder } from '../holder.ts'
import type { AgentId, ConversationKey, CustomerId, MessageRef, Seq, ShopId } from '../ids.ts'
import { CLAIMED_TEMPLATE, CLOSED_TEMPLATE, RETURNED_TEMPLATE } from '../pack/required-templates.ts'
import type { Shop } from '../pipeline/shop.ts'
import type { Clock } from '../ports/clock.ts'
import type { Conversations } from '../ports/conversations.ts'
import type { Mesh, OrderFact } from '../ports/mesh.ts'
import type { StreamPosition } from '../protocol/client-message.ts'
import type { DeskEvent, DeskOrder, HandoffCard, QueueItem } from '../protocol/desk-message.ts'
import type { GivenThumb } from '../protocol/server-message.ts'
import { cardOf } from './card.ts'
import type { Agent, Wait } from './owner.ts'

/** The action of a customer who wants to be forgotten. */
const DELETE_ACCOUNT = 'DELETE_ACCOUNT'

export interface DeskParts {
  readonly holder: Holder
  readonly conversations: Pick<Conversations, 'read'>
  readonly mesh: Mesh
  /** Milliseconds for the customer's orders. */
  readonly meshMs: number
  readonly labelOf: (shop: ShopId, action: string) => QueueItem['label']
  readonly shop: (id: string) => Shop | undefined
  readonly clock: Clock
  readonly erase: Eraser['erase']
}

export interface Watched {
  readonly isRecovered: boolean
  readonly after: Seq
  readonly upTo: Seq
  readonly events: readonly DeskEvent[]
  /** What the customer has said of replies since `after`. */
  readonly thumbs: readonly GivenThumb[]
  readonly isWhole: boolean
  readonly customer: CustomerId
}

export interface Desk {
  /** Faults: UNKNOWN_CONVERSATION, NOT_WAITING, ALREADY_CLAIMED (also by oneself: the console shows it anyway). */
  claim(key: ConversationKey, agent: Agent): Promise<void>
  /** Faults: NOT_OWNER, REF_REUSED, UNKNOWN_CONVERSATION. */
  say(
    key: ConversationKey,
    agent: Agent,
    message: { ref: MessageRef; text: string },
  ): Promise<{ readonly seq: Seq; readonly isResend: boolean }>
  /** Faults: NOT_OWNER, UNKNOWN_CONVERSATION. */
  release(key: ConversationKey, agent: Agent, to: 'bot' | 'queue' | 'closed', note: string): Promise<void>
  /**
   * Erases the customer whose conversation this is, with all of their conversations. Faults: NOT_OWNER, ERASURE_NOT_ASKED unless the customer has
   * asked for it here, UNKNOWN_CONVERSATION, SHUTTING_DOWN.
   */
  erase(key: ConversationKey, agent: Agent): Promise<void>
  /** What a console that knows up to `position` lacks. Faults: UNKNOWN_CONVERSATION. */
  watch(key: ConversationKey, position: StreamPosition | null): Promise<Watched>
  /** Whose it is. Faults: UNKNOWN_CONVERSATION, CONVERSATION_ERASED. */
  customerOf(key: ConversationKey): Promise<CustomerId>
  /** Why it was handed over, and the customer's orders as the mesh gives them by its deadline. Faults: UNKNOWN_CONVERSATION. */
  about(key: ConversationKey, locale: Locale): Promise<{ readonly card: HandoffCard | null; readonly orders: readonly DeskOrder[] | null }>
}

export function createDesk({ holder, conversations, mesh, meshMs, labelOf, shop, clock, erase }: DeskParts): Desk {
  async function load(key: ConversationKey): Promise<Conversation & { readonly customer: CustomerId }> {
    const conversation = await holder.load(key)
    const { customer } = conversation.custody
    if (customer === null) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
    return { ...conversation, customer }
  }

  function requireOwn({ custody }: Conversation, agent: AgentId): void {
    const { owner } = custody
    if (owner.with === 'agent' && owner.agent.id === agent) return
    throw new Fault('NOT_OWNER', { owner: owner.with === 'agent' ? owner.agent.name : owner.with })
  }

  function notice(
    key: ConversationKey,
    { dialogue, custody }: Conversation,
    about: 'claimed' | 'returned' | 'closed',
    template: string,
    agent: Agent,
  ): ConversationEvent {
    const found = shop(key.shop)
    if (!found) throw new Error(`conversation ${key.conversation} is of no shop`)
    const locale = dialogue.locale ?? (custody.owner.with === 'queue' ? custody.owner.wait.locale : found.defaultLocale)
    const view = { shop: found.about, facts: {}, missing: [], slots: {}, options: [], agent: { name: agent.name } }
    const parts = [{ kind: 'text', text: found.templates.render(template, locale, view) } as const]
    return { type: 'notice', at: clock.now(), about, locale, template, parts }
  }

  return {
    claim: (key, agent) =>
      holder.change(key, async () => {
        const before = await load(key)
        const { owner, open } = before.custody
        if (owner.with === 'agent') throw new Fault('ALREADY_CLAIMED', { by: owner.agent.name })
        if (owner.with === 'bot') throw new Fault('NOT_WAITING', {})
        const at = clock.now()
        // A turn in flight ends here: whatever is decided about it now finds it gone.
        const overtaken = open.map(({ turn, upTo }): ConversationEvent => ({ type: 'superseded', at, turn, upTo, by: agent.id }))
        const events: ConversationEvent[] = [
          { type: 'claimed', at, agent },
          ...overtaken,
          notice(key, before, 'claimed', CLAIMED_TEMPLATE, agent),
        ]
        await holder.append(key, before.customer, before, events)
      }),
    say: (key, agent, { ref, text }) =>
      holder.change(key, async () => {
        const before = await load(key)
        const known = findRef(before.custody.refs, ref)
        if (known) {
          if (known.text !== text) throw new Fault('REF_REUSED', { ref, seq: known.seq })
          return { seq: known.seq, isResend: true }
        }
        requireOwn(before, agent.id)
        const message: ConversationEvent = { type: 'agent_message', at: clock.now(), agent, ref, parts: [{ kind: 'text', text }] }
        const after = await holder.append(key, before.customer, before, [message])
        return { seq: after.seq, isResend: false }
      }),
    release: (key, agent, to, note) =>
      holder.change(key, async () => {
        const before = await load(key)
        requireOwn(before, agent.id)
        const at = clock.now()
        const { owner } = before.custody
        const first: ConversationEvent = { type: 'released', at, agent, to, note }
        const wait: Wait = {
          ...((owner.with === 'agent' && owner.wait) || { action: 'HUMAN_AGENT', urgency: 0.5, locale: before.dialogue.locale ?? 'en' }),
          reason: 'transferred',
        }
        const then: ConversationEvent =
          to === 'queue'
            ? { type: 'queued', at, turn: null, wait }
            : to === 'bot'
              ? notice(key, before, 'returned', RETURNED_TEMPLATE, agent)
              : notice(key, before, 'closed', CLOSED_TEMPLATE, agent)
        await holder.append(key, before.customer, before, [first, then])
      }),
    async erase(key, agent) {
      const customer = await holder.run(key, async () => {
        const before = await load(key)
        requireOwn(before, agent.id)
        if (!isErasureAsked(before)) throw new Fault('ERASURE_NOT_ASKED', {})
        return before.customer
      })
      await erase({ shop: key.shop, target: { kind: 'customer', customer }, by: { kind: 'agent', agent } })
    },
    watch: (key, position) =>
      holder.runFrom(key, position, async () => {
        const { dialogue, custody, seq, customer } = await load(key)
        const isRecovered = position === null || (position.epoch === holder.epoch && position.seq <= seq)
        const known = isRecovered ? (position?.seq ?? 0) : 0
        const isWhole = known > 0 && dialogue.rolledBackAt > known
        const after = isWhole ? 0 : known
        const events = [...entriesAfter(dialogue, after), ...marksAfter(custody, after)].sort((a, b) => a.seq - b.seq)
        return { isRecovered, after, upTo: seq, events, thumbs: thumbsAfter(custody.thumbs, after), isWhole, customer }
      }),
    customerOf: key => holder.run(key, async () => (await load(key)).customer),
    async about(key, locale) {
      const conversation = await holder.run(key, () => load(key))
      const deadline = new AbortController()
      const cancel = clock.after(meshMs, () => deadline.abort())
      const query = { shop: key.shop, customer: conversation.customer, slots: {}, locale }
      const [{ events }, { orders }] = await Promise.all([conversations.read(key, 0), mesh.facts(['orders'], query, deadline.signal)])
      cancel()
      return {
        card: cardOf(events, conversation, action => labelOf(key.shop, action)),
        orders: orders?.isKnown && orders.value ? (orders.value as readonly OrderFact[]).map(orderOf) : null, // as the port says
      }
    },
  }
}

/** It came to a person because of that, or the customer has said so since. */
function isErasureAsked({ custody: { owner }, dialogue }: Conversation): boolean {
  if (owner.with === 'agent' && owner.wait?.action === DELETE_ACCOUNT) return true
  for (let node = dialogue.tried; node; node = node.before) if (node.action === DELETE_ACCOUNT) return true
  return false
}

const orderOf = ({ number, placedOn, status, items, total }: OrderFact): DeskOrder => ({
  number,
  placedOn,
  status,
  items: items.map(({ name, quantity }) => ({ name, quantity })),
  total,
})
