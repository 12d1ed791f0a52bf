// The engine: takes messages into the log, has every turn decided exactly once, and tells everyone on the conversation. It touches the world
// through ports only. Everything about one conversation that must not interleave runs in its lane, one step after another.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { Conversation } from './conversation/conversation.ts'
import { dialogueAt, entriesAfter, rewinding } from './conversation/dialogue.ts'
import type { ConversationEvent, Logged } from './conversation/event.ts'
import { maskNumbers } from './conversation/mask-numbers.ts'
import { findRef } from './conversation/refs.ts'
import { thumbsAfter } from './conversation/thumbs.ts'
import { createEffectRunner, unreplied } from './effects/run-effect.ts'
import { createEraser, type Eraser } from './erasure/erase.ts'
import type { EndedErasure } from './erasure/erasure.ts'
import { Fault, isFault } from './faults.ts'
import { createDesk, type Desk } from './handoff/desk.ts'
import { createSeenMarks, type Side } from './handoff/marks.ts'
import { createQueue, type Queue } from './handoff/queue.ts'
import { createSla } from './handoff/sla.ts'
import { createTypists, TYPING_MS, type Typing, type Typist } from './handoff/typists.ts'
import { createHolder, nameOf } from './holder.ts'
import type { ConversationKey, CustomerId, Epoch, MessageRef, Seq } from './ids.ts'
import { fencedEffects } from './nodes/fenced.ts'
import { createTakeOver } from './nodes/take-over.ts'
import type { Stages } from './pipeline/pipeline.ts'
import { isRefusedAt, isShadowShedAt } from './pipeline/shed.ts'
import type { Shop } from './pipeline/shop.ts'
import type { HeardAppend } from './ports/conversation-log.ts'
import type { Conversations } from './ports/conversations.ts'
import type { Erasures } from './ports/erasures.ts'
import type { FanOut } from './ports/fan-out.ts'
import type { Jobs } from './ports/jobs.ts'
import type { NodeName, Nodes } from './ports/nodes.ts'
import type { StreamPosition, Thumb } from './protocol/client-message.ts'
import type { ConversationState, GivenThumb, VisibleEvent } from './protocol/server-message.ts'
import { createRatings, type Ratings } from './ratings.ts'
import type { RecordedTurn } from './recorded-turns.ts'
import { createRecovery, type Recovery } from './recovery.ts'
import { createRollbacks, type Rollbacks } from './rollbacks.ts'
import { createTurnWorker } from './turn-worker.ts'

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
  /** After its decision is kept. */
  decided(key: ConversationKey, turn: RecordedTurn): void
  /** A conversation has waited longer for a person than its shop promises. */
  overdue(key: ConversationKey): void
  erased(erasure: EndedErasure): void
  /** What a dead node had left undecided or unfinished was finished here. */
  tookOver(from: NodeName, conversations: number): void
  /** A customer has said something of a reply, or taken it back. */
  rated(key: ConversationKey, thumb: Thumb | null): void
  /** A bug: the turn could not be worked out, or its decision not be kept. */
  broke(key: ConversationKey, error: unknown): void
  /** The same where it is of no one conversation. */
  failed(error: unknown): void
}

export interface EngineParts {
  readonly nodes: Nodes
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
  /** What the customer has said of replies since. */
  readonly thumbs: readonly GivenThumb[]
  /** Something was taken back since: of what the client has, what is beyond this goes, and the events are all that stands beyond it. */
  readonly stands?: Seq
  readonly state: ConversationState
  readonly typing: readonly Typing[]
}

export interface Message {
  readonly ref: MessageRef
  readonly text: string
  readonly locale: Locale | null
}

export interface Engine extends Rollbacks, Recovery, Ratings {
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
  /** Erases conversations for good; see there. Every method here refuses them afterwards: CONVERSATION_ERASED. */
  readonly erase: Eraser['erase']
  readonly eraseOld: Eraser['eraseOld']
  readonly erasedElsewhere: Eraser['erasedElsewhere']
  /** True of a conversation that was erased: its customer needs another one. */
  isErased(key: ConversationKey): Promise<boolean>
  readonly desk: Desk
  readonly queue: Queue
  /** Takes nothing in any more and waits until every turn under way is decided. Effects under way are left to the next start. */
  drain(): Promise<void>
  /** Conversations with undecided turns now. */
  readonly turnsUnderWay: number
  /** Under overload: what no turn waits for is to be left out, before anything is given up that a turn has. */
  readonly isStrained: boolean
}

export function createEngine(parts: EngineParts): Engine {
  const { nodes, conversations, erasures, fanOut, jobs, stages, limits, observer } = parts
  const { clock } = stages
  /** Messages on their way into the log: each will be a turn under way. */
  let arriving = 0
  let isDraining = false
  const seenMarks = createSeenMarks()
  const typists = createTypists()
  const labelOf = (shop: string, action: string) => parts.shop(shop)?.actions[action]?.label ?? { 'zh-CN': action, en: action }
  const queue = createQueue({
    clock,
    labelOf,
    moved: key => void tellState(key),
  })
  /** What an erasure has overtaken is nobody's fault. */
  const broke = (key: ConversationKey, error: unknown): void => {
    if (!isFault(error, 'CONVERSATION_ERASED')) observer.broke(key, error)
  }
  const holder = createHolder({
    conversations,
    fanOut,
    most: limits.conversations,
    appended,
    followed: follow,
    heard,
    isConcerned: key => fanOut.isHeard(key) || queue.has(key),
    broke,
  })
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
  const effects = createEffectRunner({
    holder,
    effects: fencedEffects(stages.effects, nodes),
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
    goOn: key => turns.settle(key, null),
    erased(key) {
      queue.remove(key)
      seenMarks.forget(key)
      fanOut.publish(key, { type: 'erased' })
    },
    ended: observer.erased,
    broke,
  })
  const sla = createSla({ holder, jobs, clock, shop: parts.shop, overdue: observer.overdue, broke })
  const turns = createTurnWorker({
    nodes,
    holder,
    stages,
    shop: parts.shop,
    queue,
    effects,
    most: limits.turns,
    typing: key => types(key, { who: 'bot' }),
    decided: observer.decided,
    broke,
  })
  const rollbacks = createRollbacks({ holder, clock })
  const ratings = createRatings({ holder, clock, rated: observer.rated })
  const settle = (key: ConversationKey): Promise<void> => turns.settle(key, null)
  const takeOver = createTakeOver({ nodes, conversations, settle, tookOver: observer.tookOver, broke, failed: observer.failed })
  const recovery = createRecovery({
    holder,
    conversations,
    jobs,
    eraser,
    isWithPeople(key, conversation) {
      queue.update(key, conversation)
      sla.moved(key, undefined, conversation)
    },
    nodes,
    isMine: takeOver.isMine,
    settle,
    broke,
  })
  nodes.onChange(gone => {
    if (gone !== undefined && !isDraining) recovery.takeUpFrom(gone).catch(observer.failed)
  })

  function appended(key: ConversationKey, before: Conversation, after: Conversation, events: readonly Logged[]): void {
    follow(key, before, after, events)
    sla.moved(key, before, after)
    eraser.moved(key)
    if (after.custody.effects !== before.custody.effects && !unreplied(after)) effects.goOn(key, after)
  }

  /** What every node does that is concerned. What else an append asks for is the business of the node that made it. */
  function follow(key: ConversationKey, before: Conversation | undefined, after: Conversation, events: readonly Logged[]): void {
    typists.heard(nameOf(key), events)
    if (after.custody.owner.with !== 'bot' || queue.has(key)) queue.update(key, after)
    if (after.custody.owner !== before?.custody.owner) queueMicrotask(() => void tellState(key)) // after the delivery of the same append
  }

  function heard({ key, isUnsettled, isOwn }: HeardAppend): void {
    eraser.moved(key)
    // Its writer was told that nobody knows, and went away: what it asks for is still ours.
    if (isOwn) takeUp(key, isUnsettled).catch(error => broke(key, error))
  }

  async function takeUp(key: ConversationKey, isUnsettled: boolean): Promise<void> {
    const now = await holder.run(key, () => holder.load(key))
    sla.moved(key, undefined, now)
    if (isUnsettled) await turns.settle(key, null)
  }

  fanOut.meet({
    heard(key, { marks, typing: typingThere = [] }) {
      if (marks && seenMarks.merge(key, marks)) void tellState(key)
      for (const { forMs, ...typist } of typingThere) {
        typists.types(nameOf(key), typist, clock.monotonic(), forMs)
        fanOut.publish(key, { type: 'typing', ...typist, forMs })
      }
    },
    known(key) {
      const marks = seenMarks.kept(key)
      const typingNow = typing(key)
      return marks || typingNow.length > 0 ? { ...(marks && { marks }), typing: typingNow } : undefined
    },
  })

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
  async function tellState(key: ConversationKey): Promise<void> {
    if (!fanOut.isHeard(key)) return
    try {
      fanOut.publish(key, { type: 'state', state: await state(key) })
    } catch (error) {
      broke(key, error)
    }
  }

  function types(key: ConversationKey, typist: Typist): void {
    typists.types(nameOf(key), typist, clock.monotonic())
    fanOut.publish(key, { type: 'typing', ...typist })
    fanOut.tell(key, { typing: [{ ...typist, forMs: TYPING_MS }] })
  }
  const typing = (key: ConversationKey): readonly Typing[] => typists.of(nameOf(key), clock.monotonic())

  function ownedBy(conversation: Conversation, key: ConversationKey, customer: CustomerId): Conversation {
    const owner = conversation.custody.customer
    if (owner !== null && owner !== customer) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
    return conversation
  }

  async function say(key: ConversationKey, customer: CustomerId, { ref, text: written, locale }: Message): Promise<Said> {
    const { text, found } = maskNumbers(written)
    const said = await holder.change(key, async () => {
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
    void turns.settle(key, locale)
    return said
  }

  function refuseOverload(conversation: Conversation): void {
    if (isDraining) throw new Fault('SHUTTING_DOWN', {})
    const strain = turns.strain()
    if (isRefusedAt({ ...strain, underWay: strain.underWay + arriving }))
      throw new Fault('OVERLOADED', { what: 'the shop', retryAfterMs: 1_000 })
    const waiting = conversation.custody.open.reduce((sum, turn) => sum + turn.texts.length, 0)
    if (waiting >= limits.inbox) throw new Fault('OVERLOADED', { what: 'the conversation', retryAfterMs: 500 })
  }

  async function since(key: ConversationKey, customer: CustomerId, position: StreamPosition | null): Promise<Caught> {
    return holder.runFrom(key, position, async () => {
      const conversation = ownedBy(await holder.load(key), key, customer)
      const { dialogue, seq } = conversation
      // A seq beyond our end is a history that this store never had: as foreign as another epoch.
      const isRecovered = position === null || (position.epoch === holder.epoch && position.seq <= seq)
      const known = isRecovered ? (position?.seq ?? 0) : 0
      const lacks =
        known > 0 && dialogue.rolledBackAt > known
          ? rewinding(dialogueAt(dialogue, known), dialogue)
          : { events: entriesAfter(dialogue, known) }
      const thumbs = thumbsAfter(conversation.custody.thumbs, known)
      const state = stateOf(key, conversation)
      return { epoch: holder.epoch, isRecovered, after: known, upTo: seq, ...lacks, thumbs, state, typing: typing(key) }
    })
  }

  async function seen(key: ConversationKey, reader: Side, how: 'delivered' | 'read', seq: Seq): Promise<void> {
    const isNews = await holder.run(key, async () => seenMarks.see(key, reader, how, seq, (await holder.load(key)).seq))
    if (!isNews) return
    fanOut.tell(key, { marks: seenMarks.kept(key)! }) // it was seen above
    await tellState(key)
  }

  async function drain(): Promise<void> {
    isDraining = true
    const stopped = takeOver.stop()
    await turns.drain()
    await stopped
    await eraser.stop()
  }

  return {
    say,
    since,
    seen,
    state,
    types,
    typing,
    ...rollbacks,
    ...ratings,
    ...recovery,
    erase: eraser.erase,
    eraseOld: eraser.eraseOld,
    erasedElsewhere: eraser.erasedElsewhere,
    isErased: key => erasures.isErased(key),
    desk,
    queue,
    drain,
    get turnsUnderWay() {
      return turns.underWay
    },
    get isStrained() {
      return isShadowShedAt(turns.strain())
    },
  }
}
