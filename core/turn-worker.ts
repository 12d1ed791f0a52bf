// Has every open turn decided exactly once, and its outcome kept: at most one worker a conversation, which decides turn after turn until none is open.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { Conversation } from './conversation/conversation.ts'
import type { OpenTurn } from './conversation/custody.ts'
import type { ConversationEvent } from './conversation/event.ts'
import { type EffectRunner, unreplied } from './effects/run-effect.ts'
import { isFault } from './faults.ts'
import type { Queue } from './handoff/queue.ts'
import { type Holder, nameOf } from './holder.ts'
import type { ConversationKey, CustomerId } from './ids.ts'
import { createLag } from './lag.ts'
import { apologise } from './pipeline/apologise.ts'
import type { RecordedDecision } from './pipeline/decision.ts'
import { type Stages, workOut } from './pipeline/pipeline.ts'
import { type Strain, shedAt } from './pipeline/shed.ts'
import type { Shop } from './pipeline/shop.ts'
import type { Received } from './pipeline/turn.ts'
import type { Nodes } from './ports/nodes.ts'
import { type RecordedTurn, readTurn } from './recorded-turns.ts'

export interface TurnWorkerParts {
  /** Without a lease no decision is begun. */
  readonly nodes: Nodes
  readonly holder: Holder
  readonly stages: Stages
  readonly shop: (id: string) => Shop | undefined
  readonly queue: Queue
  readonly effects: EffectRunner
  /** Undecided turns of all conversations that the engine may have. */
  readonly most: number
  /** Working a reply out takes long enough for a sign of typing. */
  readonly typing: (key: ConversationKey) => void
  /** The decision is kept, and the reply with it. */
  readonly decided: (key: ConversationKey, turn: RecordedTurn) => void
  /** A turn could not be worked out and was answered with an apology, or its decision could not be kept. */
  readonly broke: (key: ConversationKey, error: unknown) => void
}

export interface TurnWorker {
  /** Sees to it that every open turn of the conversation gets decided and answered; resolves when none is left, or the worker has given up. */
  settle(key: ConversationKey, locale: Locale | null): Promise<void>
  /** Conversations with undecided turns now. */
  readonly underWay: number
  /** What decides whether more can be taken. */
  strain(): Strain
  /** Tries nothing again from now on; resolves when every turn under way is decided. */
  drain(): Promise<void>
}

/** Pause before a decision that could not be kept is tried again. */
const RETRY_MS = 1_000
/** Faults of a conversation that another try does not mend. */
const STAYS_SO = ['LOG_DAMAGED', 'STORE_DAMAGED', 'CONVERSATION_ERASED'] as const
/** A reply that takes longer than this is announced by a sign of typing. */
const TYPING_AFTER_MS = 400

export function createTurnWorker(parts: TurnWorkerParts): TurnWorker {
  const { nodes, holder, stages, queue, effects, broke } = parts
  const { clock } = stages
  const underWay = new Map<string, Promise<void>>()
  const lag = createLag(clock, () => underWay.size > 0)
  let isDraining = false
  const draining = new AbortController()
  const strain = (): Strain => ({ underWay: underWay.size, most: parts.most, lagMs: lag.ms })

  function settle(key: ConversationKey, locale: Locale | null): Promise<void> {
    const name = nameOf(key)
    const running = underWay.get(name)
    if (running) return running
    const worker = decideAll(key, locale).catch(error => {
      underWay.delete(name)
      if (error === draining.signal.reason) return // it has no lease: what it leaves is another's
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
      await nodes.held(draining.signal)
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
  ): Promise<Omit<RecordedTurn, 'at'>> {
    const { customer } = conversation.custody
    const shop = parts.shop(key.shop)
    if (!shop || customer === null) throw new Error(`conversation ${nameOf(key)} has a turn but no shop or no customer`)
    const read = readTurn(key, conversation, turn, customer, pageLocale)
    const received: Received = { ...read, placeFor: urgency => queue.placeFor(key, urgency), waiting: queue.waiting(key.shop) }
    const deadline = new AbortController()
    const cancel = clock.after(stages.deadlines.turn, () => deadline.abort())
    const cancelTyping = clock.after(TYPING_AFTER_MS, () => parts.typing(key))
    const shed = shedAt(strain())
    try {
      return { received: read, decision: await workOut(received, shop, { ...stages, shed }, deadline.signal) }
    } catch (error) {
      broke(key, error)
      return { received: read, decision: apologise(received, shop) }
    } finally {
      cancel()
      cancelTyping()
    }
  }

  /**
   * Keeps the decision, if the turn still stands as it was decided: a message that joined it meanwhile means to decide again (the caller's loop
   * does), a decision by somebody else or a claim means that there is nothing to do.
   */
  async function commit(key: ConversationKey, decided: OpenTurn, { received, decision }: Omit<RecordedTurn, 'at'>): Promise<void> {
    const keptAt = await holder.run(key, async () => {
      const conversation = await holder.load(key)
      const turn = conversation.custody.open[0]
      if (turn?.turn !== decided.turn || turn.upTo !== decided.upTo) return undefined
      // A turn that was opened behind it meanwhile would be taken back undecided.
      if (decision.recall !== undefined && conversation.custody.open.length > 1) return undefined
      const customer = conversation.custody.customer as CustomerId // decideTurn has seen to it
      const at = clock.now()
      try {
        await holder.append(key, customer, conversation, outcomeOf(turn, decision, at))
      } catch (error) {
        if (isFault(error, 'APPEND_CONFLICT')) return undefined // another node was faster: read and look again
        throw error
      }
      return at
    })
    if (keptAt !== undefined) parts.decided(key, { at: keptAt, received, decision })
  }

  return {
    settle,
    strain,
    get underWay() {
      return underWay.size
    },
    async drain() {
      isDraining = true
      draining.abort()
      await Promise.all(underWay.values())
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
