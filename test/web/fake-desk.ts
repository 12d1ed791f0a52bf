// A shop with agents that speaks the desk protocol from memory. Slow and plain: the console is held against it, in this process (`fake-desk-lines.ts`)
// and in a browser (`test/e2e/desk-house.ts`). Every frame in and out passes the schemas.

import type { Thumb } from '@parley/core/protocol/client-message.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import {
  type DeskEvent,
  type DeskMark,
  DeskMessage,
  type DeskOrder,
  DeskRequest,
  type HandoffCard,
  type NamedAction,
  type PluginOff,
  type QueueItem,
  type TurnLabel,
} from '@parley/core/protocol/desk-message.ts'
import { LIMITS } from '@parley/core/protocol/limits.ts'
import type { ConversationState, GivenThumb } from '@parley/core/protocol/server-message.ts'

export interface FakeAgent {
  readonly id: string
  readonly name: string
  readonly password: string
  readonly isSupervisor?: boolean
}

/** As the console is told of them. */
export const tellOf = ({ id, name, isSupervisor = false }: FakeAgent) => ({ id, name, isSupervisor })

/** One console's end at the shop. */
export interface End {
  frame(text: string): void
  gone(): void
}

export interface Wire {
  send(text: string): void
  close(code: number): void
}

/** An event without what the log gives it. */
type Unplaced<E> = E extends { seq: number; at: number } ? Omit<E, 'seq' | 'at'> : never
export type NewEvent = Unplaced<DeskEvent>

export interface FakeConversation {
  readonly id: string
  /** What stands, for an agent to see. */
  readonly shown: DeskEvent[]
  /** Of the newest event, shown or not. */
  end: number
  /** Up to where the last recall reached: who knows less resumes with the whole. */
  wholeAt: number
  holder: 'bot' | 'queue' | FakeAgent
  since: number
  about: Pick<QueueItem, 'reason' | 'action' | 'label' | 'urgency' | 'mood' | 'locale' | 'overdue'>
  card: HandoffCard | null
  orders: DeskOrder[] | null
  customer: { delivered: number; read: number }
  shop: { delivered: number; read: number }
  /** Messages that it has acknowledged, by agent's ref. */
  readonly refs: Map<string, number>
  thumbs: readonly GivenThumb[]
  labels: readonly Omit<TurnLabel, 'isMine'>[]
}

export interface FakeDesk {
  readonly agents: Map<string, FakeAgent>
  readonly conversations: Map<string, FakeConversation>
  readonly shop: { readonly id: string; readonly name: string }
  /** The catalogue. */
  readonly actions: NamedAction[]
  /** Every request that has reached the shop, with whose it is. */
  readonly received: { readonly agent: string; readonly request: DeskRequest }[]
  /** Take the place of the next answers to `say`; undefined lets one through. */
  readonly faults: ({ readonly code: string; readonly retryAfterMs?: number } | undefined)[]
  epoch: string
  /** So many of the next watches are refused for now. */
  busyWatches: number
  connect(agent: FakeAgent, wire: Wire): End
  /** Puts a conversation into the house; with the bot until it is queued. */
  add(id: string, about: FakeConversation['about'], card?: HandoffCard | null, orders?: DeskOrder[] | null): FakeConversation
  append(id: string, ...events: NewEvent[]): void
  /** An event that no agent sees takes a seq too. */
  skip(id: string): void
  queue(id: string): void
  /** Takes back everything shown after `seq`. */
  recall(id: string, seq: number): void
  customerTypes(id: string): void
  /** What the customer has said of the reply at this seq. */
  rate(id: string, reply: number, thumb: Thumb | null): void
  /** How far the shop's messages have got with the customer. */
  customerSaw(id: string, state: 'delivered' | 'read', seq: number): void
  /** Which plugins are off, to every supervisor. */
  tellPlugins(off: readonly PluginOff[]): void
  /** The queue as it stands now, to everybody. */
  tellQueue(): void
}

const NOBODY_READ = { delivered: 0, read: 0 }

export function createFakeDesk(now: () => number): FakeDesk {
  const agents = new Map<string, FakeAgent>()
  const conversations = new Map<string, FakeConversation>()
  const ends = new Set<{ readonly agent: FakeAgent; readonly watching: Set<string>; say(message: DeskMessage): void }>()
  let version = 0

  const each = (id: string, message: DeskMessage): void => {
    for (const end of ends) if (end.watching.has(id)) end.say(message)
  }
  const waiting = (): FakeConversation[] =>
    [...conversations.values()]
      .filter(({ holder }) => holder === 'queue')
      .sort((a, b) => b.about.urgency - a.about.urgency || a.since - b.since || a.id.localeCompare(b.id))

  function stateOf(conversation: FakeConversation): ConversationState {
    const { holder, customer, shop } = conversation
    const place = waiting().indexOf(conversation) + 1
    return {
      with: typeof holder === 'string' ? holder : 'agent',
      ...(holder === 'queue' && { position: place }),
      ...(typeof holder === 'object' && { agent: holder.name }),
      customer: { ...customer },
      shop: { ...shop },
    }
  }

  function itemOf(conversation: FakeConversation): QueueItem {
    const { id, holder, since, about, shown } = conversation
    const last = shown.findLast(event => event.type === 'message')
    const preview = last?.type === 'message' ? last.parts.map(({ text }) => text).join(' ') : ''
    const place = waiting().indexOf(conversation) + 1
    return {
      conversation: id,
      since,
      with: holder === 'queue' ? 'queue' : 'agent',
      ...(holder === 'queue' && { position: place }),
      ...(typeof holder === 'object' && { agent: { id: holder.id, name: holder.name } }),
      ...about,
      preview: preview.slice(0, 80),
    }
  }

  function queueNow(): DeskMessage {
    const held = [...conversations.values()].filter(({ holder }) => typeof holder === 'object')
    return { type: 'queue', version, items: [...waiting(), ...held].map(itemOf) }
  }

  function tellQueue(): void {
    version++
    for (const end of ends) end.say(queueNow())
    for (const conversation of waiting()) each(conversation.id, { type: 'state', conversation: conversation.id, ...stateOf(conversation) })
  }

  const of = (id: string): FakeConversation => {
    const found = conversations.get(id)
    if (!found) throw new Error(`no conversation ${id}`)
    return found
  }
  const tellState = (id: string): void => each(id, { type: 'state', conversation: id, ...stateOf(of(id)) })

  function append(id: string, ...events: NewEvent[]): void {
    const conversation = of(id)
    const after = conversation.end
    const placed = events.map(event => ({ ...event, seq: ++conversation.end, at: now() }) as DeskEvent) // its shape and its place
    conversation.shown.push(...placed)
    each(id, { type: 'events', conversation: id, after, upTo: conversation.end, events: placed })
    // Handed over anew: the card and the orders are told again, to whoever follows already.
    const { card, orders } = conversation
    if (placed.some(event => event.type === 'mark' && event.about === 'queued'))
      each(id, { type: 'conversation', conversation: id, recovered: true, card, orders })
  }

  function takeBack(id: string, seq: number, what: Pick<DeskMark, 'about' | 'by' | 'note'>): void {
    const conversation = of(id)
    const stands = conversation.shown.filter(event => event.seq <= seq || event.type === 'mark')
    const mark: DeskEvent = { type: 'mark', ...what, seq: ++conversation.end, at: now() }
    conversation.wholeAt = conversation.end
    conversation.shown.splice(0, conversation.shown.length, ...stands, mark)
    each(id, { type: 'events', conversation: id, after: 0, upTo: conversation.end, events: conversation.shown, whole: true })
  }

  function rate(id: string, reply: number, thumb: Thumb | null): void {
    const conversation = of(id)
    conversation.thumbs = [...conversation.thumbs.filter(given => given.reply !== reply), { reply, thumb }]
    const after = conversation.end++
    each(id, { type: 'events', conversation: id, after, upTo: conversation.end, events: [], thumbs: [{ reply, thumb }] })
  }

  function pass(id: string, holder: FakeConversation['holder']): void {
    const conversation = of(id)
    conversation.holder = holder
    conversation.since = now()
    tellState(id)
    tellQueue()
  }

  function connect(agent: FakeAgent, wire: Wire): End {
    const watching = new Set<string>()
    const say = (message: DeskMessage): void => wire.send(JSON.stringify(DeskMessage.parse(message)))
    const end = { agent, watching, say }
    const refuse = (code: string, conversation: string, ref?: string, more: object = {}): void =>
      say({ type: 'fault', code, message: code, conversation, ...(ref !== undefined && { ref }), ...more })

    const tellLabels = ({ id, labels }: FakeConversation): void =>
      say({ type: 'labels', conversation: id, labels: labels.map(label => ({ ...label, isMine: label.by === agent.name })) })

    function watch({ conversation: id, resumeAfter }: Extract<DeskRequest, { type: 'watch' }>): void {
      if (desk.busyWatches-- > 0) return refuse('OVERLOADED', id, undefined, { retryAfterMs: 200 })
      const conversation = conversations.get(id)
      if (!conversation) return refuse('UNKNOWN_CONVERSATION', id)
      watching.add(id)
      const { card, orders, shown, end: upTo, wholeAt } = conversation
      const recovered = resumeAfter === null || (resumeAfter.epoch === desk.epoch && resumeAfter.seq <= upTo)
      const after = recovered ? (resumeAfter?.seq ?? 0) : 0
      say({ type: 'conversation', conversation: id, recovered, card, orders })
      const thumbs = conversation.thumbs.length > 0 ? { thumbs: [...conversation.thumbs] } : {}
      if (after > 0 && after < wholeAt) say({ type: 'events', conversation: id, after: 0, upTo, events: shown, ...thumbs, whole: true })
      else say({ type: 'events', conversation: id, after, upTo, events: shown.filter(({ seq }) => seq > after), ...thumbs })
      say({ type: 'state', conversation: id, ...stateOf(conversation) })
      if (conversation.labels.length > 0) tellLabels(conversation)
    }

    function take(request: DeskRequest): void {
      if (request.type === 'hello') {
        ends.add(end)
        say({
          type: 'welcome',
          protocol: 1,
          epoch: desk.epoch,
          heartbeatMs: LIMITS.heartbeatMs,
          agent: tellOf(agent),
          shop: desk.shop,
        })
        return say(queueNow())
      }
      if (request.type === 'ping') return say({ type: 'pong' })
      if (request.type === 'pong') return
      if (request.type === 'actions') return say({ type: 'actions', actions: [...desk.actions] })
      const id = request.conversation
      if (request.type === 'watch') return watch(request)
      if (request.type === 'unwatch') return void watching.delete(id)
      const conversation = conversations.get(id)
      if (!conversation) return refuse('UNKNOWN_CONVERSATION', id)
      const isMine = typeof conversation.holder === 'object' && conversation.holder.id === agent.id
      switch (request.type) {
        case 'claim':
          if (conversation.holder !== 'queue') return refuse('ALREADY_CLAIMED', id)
          append(id, { type: 'mark', about: 'claimed', by: agent.name })
          pass(id, agent)
          return say({ type: 'done', what: 'claim', conversation: id })
        case 'release':
          if (!isMine) return refuse('NOT_OWNER', id)
          append(id, {
            type: 'mark',
            about: request.to === 'bot' ? 'returned' : request.to === 'queue' ? 'queued' : 'closed',
            by: agent.name,
            ...(request.note !== undefined && { note: request.note }),
          })
          pass(id, request.to === 'queue' ? 'queue' : 'bot')
          return say({ type: 'done', what: 'release', conversation: id })
        case 'preview': {
          if (!isMine && !agent.isSupervisor) return refuse('NOT_OWNER', id)
          const goes = conversation.shown.flatMap(event => (event.type !== 'mark' && event.seq > request.toSeq ? [event] : []))
          if (goes.length === 0) return refuse('ROLLBACK_INVALID', id)
          return say({
            type: 'preview',
            conversation: id,
            toSeq: request.toSeq,
            goes,
            returns: [],
            undoes: [{ name: 'open-case', result: { case: 'CP-1' } }],
            staysUndone: [],
          })
        }
        case 'rollback': {
          if (!isMine && !agent.isSupervisor) return refuse('NOT_OWNER', id)
          takeBack(id, request.toSeq, { about: 'rollback', by: agent.name, ...(request.reason !== '' && { note: request.reason }) })
          return say({ type: 'done', what: 'rollback', conversation: id })
        }
        case 'erase':
          if (!isMine) return refuse('NOT_OWNER', id)
          if (conversation.card?.action !== 'DELETE_ACCOUNT') return refuse('ERASURE_NOT_ASKED', id)
          each(id, { type: 'fault', code: 'CONVERSATION_ERASED', message: 'it was erased', conversation: id })
          for (const each of ends) each.watching.delete(id)
          conversations.delete(id)
          tellQueue()
          return say({ type: 'done', what: 'erase', conversation: id })
        case 'say': {
          const fault = desk.faults.shift()
          if (fault)
            return refuse(fault.code, id, request.ref, fault.retryAfterMs === undefined ? {} : { retryAfterMs: fault.retryAfterMs })
          const known = conversation.refs.get(request.ref)
          if (known === undefined && !isMine) return refuse('NOT_OWNER', id, request.ref)
          if (known === undefined) {
            append(id, { type: 'agent_message', ref: request.ref, name: agent.name, parts: [{ kind: 'text', text: request.text }] })
            conversation.refs.set(request.ref, conversation.end)
          }
          return say({ type: 'ack', conversation: id, ref: request.ref, seq: known ?? conversation.end })
        }
        case 'label': {
          const { turn, action } = request
          const named = desk.actions.find(each => each.action === action)
          if (action !== null && !named) return refuse('LABEL_INVALID', id)
          const others = conversation.labels.filter(label => label.turn !== turn || label.by !== agent.name)
          conversation.labels = named ? [...others, { turn, by: agent.name, ...named }] : others
          return tellLabels(conversation)
        }
        case 'seen': {
          const { customer } = conversation
          customer.delivered = Math.max(customer.delivered, request.seq)
          if (request.state === 'read') customer.read = Math.max(customer.read, request.seq)
          return tellState(id)
        }
      }
    }

    return {
      frame(text) {
        const parsed = DeskRequest.safeParse(JSON.parse(text))
        if (!parsed.success) return wire.close(CLOSE.PROTOCOL_ERROR)
        desk.received.push({ agent: agent.id, request: parsed.data })
        take(parsed.data)
      },
      gone: () => void ends.delete(end),
    }
  }

  const desk: FakeDesk = {
    agents,
    conversations,
    shop: { id: 'demo', name: 'Parley Fresh' },
    received: [],
    faults: [],
    actions: [],
    epoch: 'epoch1',
    busyWatches: 0,
    connect,
    append,
    rate,
    tellQueue,
    tellPlugins(off) {
      for (const end of ends) if (end.agent.isSupervisor) end.say({ type: 'plugins', off: [...off] })
    },
    add(id, about, card = null, orders = null) {
      const added: FakeConversation = {
        id,
        shown: [],
        end: 0,
        wholeAt: 0,
        holder: 'bot',
        since: now(),
        about,
        card,
        orders,
        customer: { ...NOBODY_READ },
        shop: { ...NOBODY_READ },
        refs: new Map(),
        thumbs: [],
        labels: [],
      }
      conversations.set(id, added)
      return added
    },
    skip(id) {
      const conversation = of(id)
      conversation.end++
      each(id, { type: 'events', conversation: id, after: conversation.end - 1, upTo: conversation.end, events: [] })
    },
    queue(id) {
      append(id, { type: 'mark', about: 'queued' })
      pass(id, 'queue')
    },
    recall: (id, seq) => takeBack(id, seq, { about: 'recalled' }),
    customerTypes: id => each(id, { type: 'typing', conversation: id, who: 'customer' }),
    customerSaw(id, state, seq) {
      const { shop } = of(id)
      shop.delivered = Math.max(shop.delivered, seq)
      if (state === 'read') shop.read = Math.max(shop.read, seq)
      tellState(id)
    },
  }
  return desk
}
