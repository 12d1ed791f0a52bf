// The engine: takes messages into the log, has every turn decided exactly once, and tells everyone on the conversation. It touches the world
// through ports only. Everything about one conversation that must not interleave runs in its lane, one step after another.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { type Conversation, fold, unwritten } from './conversation/conversation.ts'
import type { OpenTurn } from './conversation/custody.ts'
import { messageAt, visible } from './conversation/dialogue.ts'
import type { ConversationEvent, Logged } from './conversation/event.ts'
import { Fault, isFault } from './faults.ts'
import type { ConversationKey, CustomerId, Epoch, MessageRef, Seq } from './ids.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { apologise } from './pipeline/apologise.ts'
import type { RecordedDecision } from './pipeline/decision.ts'
import { type Stages, workOut } from './pipeline/pipeline.ts'
import type { Shop } from './pipeline/shop.ts'
import type { Received } from './pipeline/turn.ts'
import type { Conversations } from './ports/conversations.ts'
import type { Delivery, FanOut } from './ports/fan-out.ts'
import type { StreamPosition } from './protocol/client-message.ts'
import type { VisibleEvent } from './protocol/server-message.ts'

export interface EngineLimits {
  /** Undecided messages of one conversation. */
  readonly inbox: number
  /** Undecided turns of all conversations; above it new messages are refused before they are acknowledged. */
  readonly turns: number
  /** Conversations kept folded in memory. */
  readonly conversations: number
}

/** Sees what happens; the turn's way never depends on it. */
export interface EngineObserver {
  decided(key: ConversationKey, decision: RecordedDecision): void
  /** A bug: the turn could not be worked out, or its decision not be kept. */
  broke(key: ConversationKey, error: unknown): void
}

export interface EngineParts {
  readonly conversations: Conversations
  readonly fanOut: FanOut
  readonly stages: Stages
  readonly shop: (id: string) => Shop | undefined
  readonly limits: EngineLimits
  readonly observer: EngineObserver
}

export interface Said {
  readonly seq: Seq
  /** True when this message id was here before: nothing was stored now. */
  readonly isResend: boolean
}

export interface Caught extends Delivery {
  readonly epoch: Epoch
  /** False when the position asked for is not of this store's life: the client must throw its history away. */
  readonly isRecovered: boolean
}

export interface Engine {
  /**
   * Takes a message in; resolves when it is durable. The turn is decided afterwards, by itself.
   * Faults: UNKNOWN_CONVERSATION (another customer's), REF_REUSED, OVERLOADED, SHUTTING_DOWN.
   */
  say(key: ConversationKey, customer: CustomerId, message: { ref: MessageRef; text: string; locale: Locale | null }): Promise<Said>
  /** What a client that knows up to `position` has missed; everything for null. Faults: UNKNOWN_CONVERSATION. */
  since(key: ConversationKey, customer: CustomerId, position: StreamPosition | null): Promise<Caught>
  /** Has every turn decided that a crash left undecided; resolves with their number when all are. */
  finishUnsettled(): Promise<number>
  /** Takes nothing in any more and waits until every turn under way is decided. */
  drain(): Promise<void>
  /** Undecided turns now. */
  readonly turnsUnderWay: number
}

/** Pause before a decision that could not be kept is tried again. */
const RETRY_MS = 1_000

export function createEngine(parts: EngineParts): Engine {
  const { conversations, fanOut, stages, limits, observer } = parts
  const lanes: Lanes = createLanes()
  const cache = new Map<string, Conversation>()
  const underWay = new Map<string, Promise<void>>()
  let isDraining = false

  const idOf = (key: ConversationKey): string => `${key.shop}/${key.conversation}`

  function keep(key: ConversationKey, conversation: Conversation): Conversation {
    const id = idOf(key)
    cache.delete(id) // the youngest stands last
    cache.set(id, conversation)
    if (cache.size > limits.conversations) cache.delete(cache.keys().next().value as string) // size > 0: there is a first key
    return conversation
  }

  /** The conversation as it stands. Reads the log only where memory does not have it. */
  async function load(key: ConversationKey): Promise<Conversation> {
    const held = cache.get(idOf(key))
    if (held) return keep(key, held)
    const { events, position } = await conversations.read(key, 0)
    return keep(key, fold(unwritten, events, position))
  }

  /** Appends in the lane of `key`, folds, and tells the readers. On a conflict the memory was stale: the next `load` reads the log. */
  async function append(
    key: ConversationKey,
    customer: CustomerId,
    before: Conversation,
    events: readonly ConversationEvent[],
  ): Promise<Conversation> {
    const ahead = fold(before, place(events, before.seq), before.position)
    try {
      const head = await conversations.append(key, customer, events, before.position, { isUnsettled: ahead.custody.open.length > 0 })
      const after = keep(key, { ...ahead, position: head.position })
      fanOut.publish(key, { type: 'delivery', delivery: { after: before.seq, upTo: head.seq, events: visibleOf(head.events) } })
      return after
    } catch (error) {
      cache.delete(idOf(key))
      throw error
    }
  }

  function ownedBy(conversation: Conversation, key: ConversationKey, customer: CustomerId): Conversation {
    const owner = conversation.custody.customer
    if (owner !== null && owner !== customer) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
    return conversation
  }

  async function say(
    key: ConversationKey,
    customer: CustomerId,
    message: { ref: MessageRef; text: string; locale: Locale | null },
  ): Promise<Said> {
    const said = await lanes.run(idOf(key), async () => {
      const before = ownedBy(await load(key), key, customer)
      const known = before.custody.refs.get(message.ref)
      if (known !== undefined) {
        if (messageAt(before.dialogue, known) !== message.text) throw new Fault('REF_REUSED', { ref: message.ref, seq: known })
        return { seq: known, isResend: true }
      }
      refuseOverload(before)
      const at = stages.clock.now()
      const opened: ConversationEvent[] = before.seq === 0 ? [{ type: 'opened', at, customer, locale: message.locale }] : []
      const after = await append(key, customer, before, [
        ...opened,
        { type: 'message', at, ref: message.ref, parts: [{ kind: 'text', text: message.text }] },
      ])
      return { seq: after.seq, isResend: false }
    })
    settle(key, message.locale)
    return said
  }

  function refuseOverload(conversation: Conversation): void {
    if (isDraining) throw new Fault('SHUTTING_DOWN', {})
    if (underWay.size >= limits.turns) throw new Fault('OVERLOADED', { what: 'the shop', retryAfterMs: 1_000 })
    const waiting = conversation.custody.open.reduce((sum, turn) => sum + turn.texts.length, 0)
    if (waiting >= limits.inbox) throw new Fault('OVERLOADED', { what: 'the conversation', retryAfterMs: 500 })
  }

  /** Sees to it that every open turn of the conversation gets decided; at most one such worker a conversation. */
  function settle(key: ConversationKey, locale: Locale | null): Promise<void> {
    const id = idOf(key)
    const running = underWay.get(id)
    if (running) return running
    const worker = decideAll(key, locale).catch(error => {
      underWay.delete(id)
      observer.broke(key, error)
      // The log did not take the decision (a full disk, say). The turn stands undecided; a restart would take it up, and so do we.
      if (!isDraining) stages.clock.after(RETRY_MS, () => void settle(key, locale))
    })
    underWay.set(id, worker)
    return worker
  }

  async function decideAll(key: ConversationKey, pageLocale: Locale | null): Promise<void> {
    for (;;) {
      const conversation = await lanes.run(idOf(key), async () => {
        const loaded = await load(key)
        // Leaving is done in the lane: a message that is appended after it finds no worker and starts one.
        if (loaded.custody.open.length === 0) underWay.delete(idOf(key))
        return loaded
      })
      const turn = conversation.custody.open[0]
      if (!turn) return
      const decision = await decideTurn(key, conversation, turn, pageLocale)
      await lanes.run(idOf(key), () => commit(key, turn, decision))
    }
  }

  async function decideTurn(
    key: ConversationKey,
    { custody, dialogue }: Conversation,
    turn: OpenTurn,
    pageLocale: Locale | null,
  ): Promise<RecordedDecision> {
    const shop = parts.shop(key.shop)
    if (!shop || custody.customer === null) throw new Error(`conversation ${idOf(key)} has a turn but no shop or no customer`)
    const received: Received = { shop: shop.id, customer: custody.customer, ...turn, locale: dialogue.locale ?? pageLocale }
    const deadline = new AbortController()
    const cancel = stages.clock.after(stages.deadlines.turn, () => deadline.abort())
    fanOut.publish(key, { type: 'typing', who: 'bot' })
    try {
      return await workOut(received, shop, stages, deadline.signal)
    } catch (error) {
      observer.broke(key, error)
      return apologise(received, shop)
    } finally {
      cancel()
    }
  }

  /**
   * Keeps the decision, if the turn still stands as it was decided: a message that joined it meanwhile means to decide again (the caller's loop
   * does), a decision by somebody else means that there is nothing to do.
   */
  async function commit(key: ConversationKey, decided: OpenTurn, decision: RecordedDecision): Promise<void> {
    const conversation = await load(key)
    const turn = conversation.custody.open[0]
    if (turn?.turn !== decided.turn || turn.upTo !== decided.upTo) return
    const customer = conversation.custody.customer as CustomerId // decideTurn has seen to it
    const at = stages.clock.now()
    const reply = { kind: 'text', text: decision.reply } as const
    try {
      await append(key, customer, conversation, [
        { type: 'decided', at, turn: turn.turn, upTo: turn.upTo, decision },
        { type: 'reply', at, turn: turn.turn, locale: decision.locale, template: decision.template, parts: [reply] },
      ])
    } catch (error) {
      if (isFault(error, 'APPEND_CONFLICT')) return // another node was faster: read and look again
      throw error
    }
    observer.decided(key, decision)
  }

  async function since(key: ConversationKey, customer: CustomerId, position: StreamPosition | null): Promise<Caught> {
    return lanes.run(idOf(key), async () => {
      const conversation = ownedBy(await load(key), key, customer)
      // A seq beyond our end is a history that this store never had: as foreign as another epoch.
      const isRecovered = position === null || (position.epoch === conversations.epoch && position.seq <= conversation.seq)
      const after = isRecovered ? (position?.seq ?? 0) : 0
      const events = conversation.dialogue.entries.filter(entry => entry.seq > after)
      return { epoch: conversations.epoch, isRecovered, after, upTo: conversation.seq, events }
    })
  }

  async function finishUnsettled(): Promise<number> {
    const workers: Promise<void>[] = []
    for await (const key of conversations.unsettled()) workers.push(settle(key, null))
    await Promise.all(workers)
    return workers.length
  }

  async function drain(): Promise<void> {
    isDraining = true
    await Promise.all(underWay.values())
  }

  return {
    say,
    since,
    finishUnsettled,
    drain,
    get turnsUnderWay() {
      return underWay.size
    },
  }
}

const place = (events: readonly ConversationEvent[], after: Seq): readonly Logged[] =>
  events.map((event, i) => ({ ...event, seq: after + 1 + i }))

const visibleOf = (events: readonly Logged[]): readonly VisibleEvent[] => events.flatMap(event => visible(event) ?? [])
