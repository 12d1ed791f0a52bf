// The engine: takes messages into the log, has every turn decided exactly once, and tells everyone on the conversation. It touches the world
// through ports only. Everything about one conversation that must not interleave runs in its lane, one step after another.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { Conversation } from './conversation/conversation.ts'
import type { OpenTurn } from './conversation/custody.ts'
import { entriesAfter } from './conversation/dialogue.ts'
import type { ConversationEvent, Logged } from './conversation/event.ts'
import { maskNumbers } from './conversation/mask-numbers.ts'
import { findRef } from './conversation/refs.ts'
import {
  planRollback,
  type RollbackPlan,
  type RolledBackBy,
  recallPoint,
  requireMayRollBack,
  rollbackEvents,
} from './conversation/rollback.ts'
import { createEffectRunner, unreplied } from './effects/run-effect.ts'
import { createEraser, type Eraser } from './erasure/erase.ts'
import type { EndedErasure } from './erasure/erasure.ts'
import { Fault, isFault } from './faults.ts'
import { createDesk, type Desk } from './handoff/desk.ts'
import { createSeenMarks, type Side } from './handoff/marks.ts'
import { createQueue, type Queue } from './handoff/queue.ts'
import { createSla } from './handoff/sla.ts'
import { createTypists, type Typing, type Typist } from './handoff/typists.ts'
import { createHolder, nameOf } from './holder.ts'
import type { ConversationKey, CustomerId, Epoch, MessageRef, Seq } from './ids.ts'
import { keyIn, RECOVER, unlessErased } from './jobs/kinds.ts'
import { createLag } from './lag.ts'
import { apologise } from './pipeline/apologise.ts'
import type { RecordedDecision } from './pipeline/decision.ts'
import { type Stages, workOut } from './pipeline/pipeline.ts'
import { isRefusedAt, shedAt } from './pipeline/shed.ts'
import type { Shop } from './pipeline/shop.ts'
import type { Received } from './pipeline/turn.ts'
import type { Conversations } from './ports/conversations.ts'
import type { Erasures } from './ports/erasures.ts'
import type { FanOut } from './ports/fan-out.ts'
import type { Jobs } from './ports/jobs.ts'
import type { StreamPosition } from './protocol/client-message.ts'
import type { ConversationState, VisibleEvent } from './protocol/server-message.ts'

export interface EngineLimits {
  /** Undecided messages of one conversation. */
  readonly inbox: number
  /** Undecided turns of all conversations; from it on, or sooner where the thread is far behind, new messages are refused before they are acknowledged. */
  readonly turns: number
  /** Conversations kept folded in memory. */
  readonly conversations: number
}

/** Sees what happens; the turn's way never depends on it. */
export interface EngineObserver {
  decided(key: ConversationKey, decision: RecordedDecision): void
  /** A conversation has waited longer for a person than its shop promises. */
  overdue(key: ConversationKey): void
  erased(erasure: EndedErasure): void
  /** A bug: the turn could not be worked out, or its decision not be kept. */
  broke(key: ConversationKey, error: unknown): void
}

export interface EngineParts {
  readonly conversations: Conversations
  readonly erasures: Erasures
  readonly fanOut: FanOut
  readonly jobs: Jobs
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

export interface Caught {
  readonly epoch: Epoch
  /** False when the position asked for is not of this store's life: the client must throw its history away. */
  readonly isRecovered: boolean
  readonly after: Seq
  readonly upTo: Seq
  readonly events: readonly VisibleEvent[]
  /** Something was taken back since: the events are all that stands. */
  readonly isWhole: boolean
  readonly state: ConversationState
  readonly typing: readonly Typing[]
}

export interface Message {
  readonly ref: MessageRef
  readonly text: string
  readonly locale: Locale | null
}

export interface Engine {
  /**
   * Takes a message in; resolves when it is durable. The turn is decided afterwards, by itself.
   * Faults: UNKNOWN_CONVERSATION (another customer's), REF_REUSED, OVERLOADED, SHUTTING_DOWN.
   */
  say(key: ConversationKey, customer: CustomerId, message: Message): Promise<Said>
  /** What a client that knows up to `position` has missed; everything for null. Faults: UNKNOWN_CONVERSATION. */
  since(key: ConversationKey, customer: CustomerId, position: StreamPosition | null): Promise<Caught>
  /** `reader` has the other side's messages up to `seq`. */
  seen(key: ConversationKey, reader: Side, state: 'delivered' | 'read', seq: Seq): Promise<void>
  state(key: ConversationKey): Promise<ConversationState>
  /** Somebody is typing: everyone on the conversation is told, also who joins within the next seconds. */
  types(key: ConversationKey, typist: Typist): void
  typing(key: ConversationKey): readonly Typing[]
  /**
   * Puts the dialogue back as it was after `toSeq`, in one append. Effects of what is taken back are undone after it.
   * Faults: UNKNOWN_CONVERSATION, ROLLBACK_INVALID, NOT_OWNER.
   */
  rollback(key: ConversationKey, rollback: { readonly toSeq: Seq; readonly by: RolledBackBy; readonly reason: string }): Promise<void>
  /** What a rollback to `toSeq` would do now. Faults: as `rollback`. */
  previewRollback(key: ConversationKey, toSeq: Seq, by: RolledBackBy): Promise<RollbackPlan>
  /**
   * The customer takes back their last message with all that followed; asking again is harmless. Faults: UNKNOWN_CONVERSATION, ROLLBACK_INVALID
   * (not the last one, or a person has answered since).
   */
  recall(key: ConversationKey, customer: CustomerId, ref: MessageRef): Promise<void>
  /** Erases conversations for good; see there. Every method here refuses them afterwards: CONVERSATION_ERASED. */
  readonly erase: Eraser['erase']
  readonly eraseOld: Eraser['eraseOld']
  /** True of a conversation that was erased: its customer needs another one. */
  isErased(key: ConversationKey): Promise<boolean>
  readonly desk: Desk
  readonly queue: Queue
  /** Has everything finished that a crash left: undecided turns, effects under way, the queue, erasures. Resolves with the number of conversations. */
  finishUnsettled(): Promise<number>
  /** Takes nothing in any more and waits until every turn under way is decided. Effects under way are left to the next start. */
  drain(): Promise<void>
  /** Conversations with undecided turns now. */
  readonly turnsUnderWay: number
}

/** Pause before a decision that could not be kept is tried again. */
const RETRY_MS = 1_000
/** Faults of a conversation that another try does not mend. */
const STAYS_SO = ['LOG_DAMAGED', 'STORE_DAMAGED', 'CONVERSATION_ERASED'] as const
/** A reply that takes longer than this is announced by a sign of typing. */
const TYPING_AFTER_MS = 400

export function createEngine(parts: EngineParts): Engine {
  const { conversations, erasures, fanOut, jobs, stages, limits, observer } = parts
  const { clock } = stages
  const underWay = new Map<string, Promise<void>>()
  /** Messages on their way into the log: each will be a turn under way. */
  let arriving = 0
  const lag = createLag(clock, () => underWay.size > 0)
  let isDraining = false
  /** Told when what a crash left of a conversation is decided. */
  const recovering = new Map<string, () => void>()
  const seenMarks = createSeenMarks()
  const typists = createTypists()
  const labelOf = (shop: string, action: string) => parts.shop(shop)?.actions[action]?.label ?? { 'zh-CN': action, en: action }
  const queue = createQueue({
    clock,
    labelOf,
    moved: key => void tellState(key),
  })
  const holder = createHolder({ conversations, fanOut, most: limits.conversations, appended })
  const desk = createDesk({
    holder,
    conversations,
    mesh: stages.mesh,
    meshMs: stages.deadlines.mesh,
    labelOf,
    shop: parts.shop,
    clock,
    erase: request => eraser.erase(request),
  })
  /** What an erasure has overtaken is nobody's fault. */
  const broke = (key: ConversationKey, error: unknown): void => {
    if (!isFault(error, 'CONVERSATION_ERASED')) observer.broke(key, error)
  }
  const effects = createEffectRunner({
    holder,
    effects: stages.effects,
    jobs,
    clock,
    shop: parts.shop,
    deadlineMs: stages.deadlines.effect,
    broke,
  })
  const eraser = createEraser({
    holder,
    erasures,
    clock,
    goOn: key => settle(key, null),
    erased(key) {
      queue.remove(key)
      seenMarks.forget(key)
      fanOut.publish(key, { type: 'erased' })
    },
    ended: observer.erased,
    broke,
  })

  const sla = createSla({ holder, jobs, clock, shop: parts.shop, overdue: observer.overdue, broke })

  function appended(key: ConversationKey, before: Conversation, after: Conversation, events: readonly Logged[]): void {
    typists.heard(nameOf(key), events)
    if (after.custody.owner.with !== 'bot' || before.custody.owner.with !== 'bot') queue.update(key, after)
    sla.moved(key, before, after)
    eraser.moved(key)
    if (after.custody.owner !== before.custody.owner) queueMicrotask(() => void tellState(key)) // after the delivery of the same append
    if (after.custody.effects !== before.custody.effects && !unreplied(after)) effects.goOn(key, after)
  }

  const stateOf = (key: ConversationKey, conversation: Conversation): ConversationState => {
    const { owner } = conversation.custody
    const place = queue.placeOf(key)
    return {
      with: owner.with,
      ...(place !== undefined && owner.with === 'queue' && { position: place }),
      ...(owner.with === 'agent' && { agent: owner.agent.name }),
      ...seenMarks.of(key, conversation),
    }
  }
  const state = (key: ConversationKey): Promise<ConversationState> => holder.run(key, async () => stateOf(key, await holder.load(key)))
  const tellState = (key: ConversationKey): Promise<void> =>
    state(key).then(
      now => fanOut.publish(key, { type: 'state', state: now }),
      error => broke(key, error),
    )

  function types(key: ConversationKey, typist: Typist): void {
    typists.types(nameOf(key), typist, clock.monotonic())
    fanOut.publish(key, { type: 'typing', ...typist })
  }
  const typing = (key: ConversationKey): readonly Typing[] => typists.of(nameOf(key), clock.monotonic())

  function ownedBy(conversation: Conversation, key: ConversationKey, customer: CustomerId): Conversation {
    const owner = conversation.custody.customer
    if (owner !== null && owner !== customer) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
    return conversation
  }

  async function say(key: ConversationKey, customer: CustomerId, { ref, text: written, locale }: Message): Promise<Said> {
    const { text, found } = maskNumbers(written)
    const said = await holder.run(key, async () => {
      const before = ownedBy(await holder.load(key), key, customer)
      const known = findRef(before.custody.refs, ref)
      if (known) {
        if (known.text !== text) throw new Fault('REF_REUSED', { ref, seq: known.seq })
        return { seq: known.seq, isResend: true }
      }
      refuseOverload(before)
      const at = clock.now()
      const opened: ConversationEvent[] = before.seq === 0 ? [{ type: 'opened', at, customer, locale }] : []
      const message: ConversationEvent = {
        type: 'message',
        at,
        ref,
        parts: [{ kind: 'text', text }],
        ...(found.length > 0 && { isMasked: true }),
      }
      arriving++
      try {
        const after = await holder.append(key, customer, before, [...opened, message])
        return { seq: after.seq, isResend: false }
      } finally {
        arriving--
      }
    })
    settle(key, locale)
    return said
  }

  function refuseOverload(conversation: Conversation): void {
    if (isDraining) throw new Fault('SHUTTING_DOWN', {})
    if (isRefusedAt({ underWay: underWay.size + arriving, most: limits.turns, lagMs: lag.ms }))
      throw new Fault('OVERLOADED', { what: 'the shop', retryAfterMs: 1_000 })
    const waiting = conversation.custody.open.reduce((sum, turn) => sum + turn.texts.length, 0)
    if (waiting >= limits.inbox) throw new Fault('OVERLOADED', { what: 'the conversation', retryAfterMs: 500 })
  }

  /** Sees to it that every open turn of the conversation gets decided and answered; at most one such worker a conversation. */
  function settle(key: ConversationKey, locale: Locale | null): Promise<void> {
    const name = nameOf(key)
    const running = underWay.get(name)
    if (running) return running
    const worker = decideAll(key, locale).catch(error => {
      underWay.delete(name)
      broke(key, error)
      // The log did not take the decision (a full disk, say). The turn stands undecided; a restart would take it up, and so do we.
      // What is damaged or erased stays so, however often it is read.
      if (!isDraining && !STAYS_SO.some(code => isFault(error, code))) clock.after(RETRY_MS, () => void settle(key, locale))
    })
    underWay.set(name, worker)
    lag.watch()
    return worker
  }

  async function decideAll(key: ConversationKey, pageLocale: Locale | null): Promise<void> {
    for (;;) {
      const conversation = await holder.run(key, async () => {
        const loaded = await holder.load(key)
        // Leaving is done in the lane: a message that is appended after it finds no worker and starts one.
        if (loaded.custody.open.length === 0 && !unreplied(loaded)) underWay.delete(nameOf(key))
        return loaded
      })
      const effect = unreplied(conversation)
      const turn = conversation.custody.open[0]
      if (effect) await effects.reply(key, effect)
      else if (turn) await commit(key, turn, await decideTurn(key, conversation, turn, pageLocale))
      else return effects.goOn(key, conversation)
    }
  }

  async function decideTurn(
    key: ConversationKey,
    conversation: Conversation,
    turn: OpenTurn,
    pageLocale: Locale | null,
  ): Promise<RecordedDecision> {
    const { custody, dialogue } = conversation
    const shop = parts.shop(key.shop)
    if (!shop || custody.customer === null) throw new Error(`conversation ${nameOf(key)} has a turn but no shop or no customer`)
    const received: Received = {
      shop: shop.id,
      customer: custody.customer,
      ...turn,
      locale: dialogue.locale ?? pageLocale,
      frame: dialogue.frame,
      isQueued: custody.owner.with === 'queue',
      placeFor: urgency => queue.placeFor(key, urgency),
      // A message behind the turn that asks for it must not be taken back with the rest.
      recallTo: dialogue.lastTurn === null || custody.open.length > 1 ? null : dialogue.lastTurn.turn - 1,
    }
    const deadline = new AbortController()
    const cancel = clock.after(stages.deadlines.turn, () => deadline.abort())
    const cancelTyping = clock.after(TYPING_AFTER_MS, () => types(key, { who: 'bot' }))
    const shed = shedAt({ underWay: underWay.size, most: limits.turns, lagMs: lag.ms })
    try {
      return await workOut(received, shop, { ...stages, shed }, deadline.signal)
    } catch (error) {
      observer.broke(key, error)
      return apologise(received, shop)
    } finally {
      cancel()
      cancelTyping()
    }
  }

  /**
   * Keeps the decision, if the turn still stands as it was decided: a message that joined it meanwhile means to decide again (the caller's loop
   * does), a decision by somebody else or a claim means that there is nothing to do.
   */
  async function commit(key: ConversationKey, decided: OpenTurn, decision: RecordedDecision): Promise<void> {
    const isKept = await holder.run(key, async () => {
      const conversation = await holder.load(key)
      const turn = conversation.custody.open[0]
      if (turn?.turn !== decided.turn || turn.upTo !== decided.upTo) return false
      // A turn that was opened behind it meanwhile would be taken back undecided.
      if (decision.recall !== undefined && conversation.custody.open.length > 1) return false
      const customer = conversation.custody.customer as CustomerId // decideTurn has seen to it
      try {
        await holder.append(key, customer, conversation, outcomeOf(turn, decision, clock.now()))
      } catch (error) {
        if (isFault(error, 'APPEND_CONFLICT')) return false // another node was faster: read and look again
        throw error
      }
      return true
    })
    if (isKept) observer.decided(key, decision)
  }

  async function since(key: ConversationKey, customer: CustomerId, position: StreamPosition | null): Promise<Caught> {
    return holder.run(key, async () => {
      const conversation = ownedBy(await holder.load(key), key, customer)
      const { dialogue, seq } = conversation
      // A seq beyond our end is a history that this store never had: as foreign as another epoch.
      const isRecovered = position === null || (position.epoch === holder.epoch && position.seq <= seq)
      const known = isRecovered ? (position?.seq ?? 0) : 0
      const isWhole = known > 0 && dialogue.rolledBackAt > known
      const after = isWhole ? 0 : known
      const events = entriesAfter(dialogue, after)
      return { epoch: holder.epoch, isRecovered, after, upTo: seq, events, isWhole, state: stateOf(key, conversation), typing: typing(key) }
    })
  }

  async function seen(key: ConversationKey, reader: Side, how: 'delivered' | 'read', seq: Seq): Promise<void> {
    const isNews = await holder.run(key, async () => seenMarks.see(key, reader, how, seq, (await holder.load(key)).seq))
    if (isNews) await tellState(key)
  }

  async function written(key: ConversationKey): Promise<{ readonly conversation: Conversation; readonly customer: CustomerId }> {
    const conversation = await holder.load(key)
    const { customer } = conversation.custody
    if (customer === null) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
    return { conversation, customer }
  }

  /** `pointOf` says where to, of the conversation as it stands then; null: nowhere. */
  async function goBack(
    key: ConversationKey,
    pointOf: (conversation: Conversation) => Seq | null,
    by: RolledBackBy,
    reason: string,
  ): Promise<void> {
    for (;;) {
      try {
        return await holder.run(key, async () => {
          const { conversation, customer } = await written(key)
          if (by.kind === 'customer' && by.customer !== customer)
            throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
          requireMayRollBack(conversation, by)
          const toSeq = pointOf(conversation)
          if (toSeq === null) return
          await holder.append(key, customer, conversation, rollbackEvents(planRollback(conversation, toSeq), by, reason, clock.now()))
        })
      } catch (error) {
        if (!isFault(error, 'APPEND_CONFLICT')) throw error // another node got on: look again
      }
    }
  }

  const previewRollback = (key: ConversationKey, toSeq: Seq, by: RolledBackBy): Promise<RollbackPlan> =>
    holder.run(key, async () => {
      const { conversation } = await written(key)
      requireMayRollBack(conversation, by)
      return planRollback(conversation, toSeq)
    })

  async function finishUnsettled(): Promise<number> {
    await eraser.clearUp()
    for await (const key of conversations.withPeople()) {
      try {
        const conversation = await holder.run(key, () => holder.load(key))
        queue.update(key, conversation)
        sla.moved(key, undefined, conversation)
      } catch (error) {
        broke(key, error) // one that is damaged keeps no other out of the queue
      }
    }
    const ends: Promise<void>[] = []
    for await (const key of conversations.unsettled()) ends.push(recover(key))
    await Promise.all(ends)
    await eraser.finish()
    return ends.length
  }

  /** As a job, so that a thousand of them do not begin at once. The log is what says what is open: should the queue refuse it, it is done at once. */
  function recover(key: ConversationKey): Promise<void> {
    return new Promise(resolve => {
      recovering.set(nameOf(key), resolve)
      jobs.add({ id: `recover/${nameOf(key)}`, kind: RECOVER, payload: { ...key } }).catch(error => {
        observer.broke(key, error)
        void settle(key, null).then(resolve)
      })
    })
  }
  jobs.handle(
    RECOVER,
    unlessErased(async ({ payload }) => {
      const key = keyIn(payload)
      await settle(key, null)
      recovering.get(nameOf(key))?.()
      recovering.delete(nameOf(key))
    }),
  )

  async function drain(): Promise<void> {
    isDraining = true
    await Promise.all(underWay.values())
    await eraser.stop()
  }

  return {
    say,
    since,
    seen,
    state,
    types,
    typing,
    rollback: (key, { toSeq, by, reason }) => goBack(key, () => toSeq, by, reason),
    previewRollback,
    recall: (key, customer, ref) =>
      goBack(key, conversation => recallPoint(conversation, ref), { kind: 'customer', customer }, 'recalled with the button'),
    erase: eraser.erase,
    eraseOld: eraser.eraseOld,
    isErased: key => erasures.isErased(key),
    desk,
    queue,
    finishUnsettled,
    drain,
    get turnsUnderWay() {
      return underWay.size
    },
  }
}

/** What a decision puts into the log, in one append. The reply of a turn with an effect comes with the effect's outcome. */
function outcomeOf({ turn, upTo }: OpenTurn, decision: RecordedDecision, at: number): readonly ConversationEvent[] {
  const { recall, wait, quickReplies = [] } = decision
  const decided: ConversationEvent = { type: 'decided', at, turn, upTo, decision }
  if (decision.effect) return [decided]
  const rolledBack: ConversationEvent[] =
    recall === undefined ? [] : [{ type: 'rolled_back', at, toSeq: recall, by: 'customer', reason: 'recalled by saying so' }]
  const reply: ConversationEvent = {
    type: 'reply',
    at,
    turn,
    locale: decision.locale,
    template: decision.template,
    parts: [{ kind: 'text', text: decision.reply }],
    ...(quickReplies.length > 0 && { quickReplies }),
  }
  const queued: ConversationEvent[] = wait ? [{ type: 'queued', at, turn, wait }] : []
  return [decided, ...rolledBack, reply, ...queued]
}
