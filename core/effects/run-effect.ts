// Brings the effects of a conversation to their end: runs them under their key until an outcome is kept, tells the customer, undoes them when their
// turn was taken back. A crash anywhere leaves the log saying what is left to do; running again with the same key has no second effect.
import type { Conversation } from '../conversation/conversation.ts'
import type { ConversationEvent } from '../conversation/event.ts'
import { isFault } from '../faults.ts'
import type { Holder } from '../holder.ts'
import type { ConversationKey, CustomerId } from '../ids.ts'
import { EFFECT, keyIn, unlessErased } from '../jobs/kinds.ts'
import { TROUBLE_TEMPLATE } from '../pack/required-templates.ts'
import type { Shop } from '../pipeline/shop.ts'
import type { Clock } from '../ports/clock.ts'
import type { EffectOutcome, Effects } from '../ports/effects.ts'
import type { Jobs } from '../ports/jobs.ts'
import { doKey, type Effect, isUnderWay, undoKey, workable } from './effects.ts'

export interface EffectParts {
  readonly holder: Holder
  readonly effects: Effects
  readonly jobs: Jobs
  readonly clock: Clock
  readonly shop: (id: string) => Shop | undefined
  /** Milliseconds that a reply waits for its effect before it promises. */
  readonly deadlineMs: number
  readonly broke: (key: ConversationKey, error: unknown) => void
}

export interface EffectRunner {
  /** Runs what the last turn planned, up to the deadline; what takes longer goes on behind. Resolves when the customer has had a reply. */
  reply(key: ConversationKey, effect: Effect): Promise<void>
  /** Has everything brought to its end that may be worked on and has had its reply: undoing, and what a deadline or a restart has left. */
  goOn(key: ConversationKey, conversation: Conversation): void
}

/** A job that has ended is off the books by then. */
const LOOK_AGAIN_MS = 2_000

/** The effect that the customer still waits for a reply about. */
export const unreplied = ({ custody }: Conversation): Effect | undefined =>
  custody.effects.find(effect => effect.state.name === 'running' && !effect.isReplied)

export function createEffectRunner({ holder, effects, jobs, clock, shop, deadlineMs, broke }: EffectParts): EffectRunner {
  /** Jobs that are being added: adding them again would be harmless, and cost a flush. */
  const inHand = new Set<string>()

  const request = (key: ConversationKey, customer: CustomerId, { plan }: Effect) => ({
    shop: key.shop,
    customer,
    slots: plan.slots,
    locale: plan.locale,
  })

  async function runDo(key: ConversationKey, customer: CustomerId, effect: Effect, signal: AbortSignal): Promise<EffectOutcome> {
    return effects.run({ ...request(key, customer, effect), name: effect.plan.do, key: doKey(key, effect) }, signal)
  }

  function words(key: ConversationKey, { plan }: Effect, template: string, result: Readonly<Record<string, string>>): string {
    const found = shop(key.shop)
    if (!found) throw new Error(`conversation ${key.conversation} is of no shop`)
    return found.templates.render(template, plan.locale, {
      shop: found.about,
      facts: {},
      missing: [],
      slots: plan.slots,
      options: [],
      effect: result,
    })
  }

  /** Appends in the lane what `write` makes of the conversation as it stands then; nothing where it makes nothing. */
  const keep = (key: ConversationKey, write: (conversation: Conversation) => readonly ConversationEvent[]): Promise<void> =>
    holder.change(key, async () => {
      const before = await holder.load(key)
      const events = write(before)
      if (events.length > 0 && before.custody.customer !== null) await holder.append(key, before.custody.customer, before, events)
    })

  const stateOf = ({ custody }: Conversation, effect: Effect) =>
    custody.effects.find(each => each.turn === effect.turn && each.plan.do === effect.plan.do)?.state

  const say = (
    key: ConversationKey,
    conversation: Conversation,
    effect: Effect,
    template: string,
    result: Readonly<Record<string, string>>,
    as: 'reply' | 'notice',
  ): readonly ConversationEvent[] => {
    // The bot is silent while a person has the conversation: the person sees the outcome, and says what is to be said.
    if (conversation.custody.owner.with === 'agent') return []
    const at = clock.now()
    const { locale } = effect.plan
    const parts = [{ kind: 'text', text: words(key, effect, template, result) } as const]
    return as === 'reply'
      ? [{ type: 'reply', at, turn: effect.turn, locale, template, parts }]
      : [{ type: 'notice', at, about: 'effect', locale, template, parts }]
  }

  const keepOutcome = (key: ConversationKey, effect: Effect, outcome: EffectOutcome, as: 'reply' | 'notice'): Promise<void> =>
    keep(key, conversation => {
      const state = stateOf(conversation, effect)
      const isTakenBack = state?.name === 'undoing' && state.result === null
      if (state?.name !== 'running' && !isTakenBack) return []
      const result = outcome.state === 'done' ? outcome.result : { reason: outcome.reason }
      const kept: ConversationEvent = { type: 'effect', at: clock.now(), key: doKey(key, effect), state: outcome.state, result }
      const template = outcome.state === 'done' ? effect.plan.done : effect.plan.refused
      return [kept, ...(isTakenBack ? [] : say(key, conversation, effect, template, result, as))]
    })

  const giveUp = (key: ConversationKey, effect: Effect, under: string, reason: string): Promise<void> =>
    keep(key, conversation => {
      const found = conversation.custody.effects.find(each => each.turn === effect.turn)
      if (!found || !isUnderWay(found)) return []
      const at = clock.now()
      const wait = { reason: 'effect', action: 'HUMAN_AGENT', urgency: 0.9, locale: effect.plan.locale } as const
      return [
        { type: 'effect', at, key: under, state: 'failed', result: { reason } },
        ...say(key, conversation, effect, TROUBLE_TEMPLATE, {}, 'notice'),
        ...(conversation.custody.owner.with === 'agent' ? [] : [{ type: 'queued', at, turn: effect.turn, wait } as const]),
      ]
    })

  async function undo(
    key: ConversationKey,
    customer: CustomerId,
    effect: Effect,
    undoes: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const outcome = await effects.run(
      { ...request(key, customer, effect), name: effect.plan.undo, key: undoKey(key, effect), undoes },
      signal,
    )
    if (outcome.state === 'refused') return giveUp(key, effect, undoKey(key, effect), outcome.reason)
    await keep(key, conversation =>
      stateOf(conversation, effect)?.name === 'undoing'
        ? [
            { type: 'effect', at: clock.now(), key: undoKey(key, effect), state: 'done', result: outcome.result },
            ...say(key, conversation, effect, effect.plan.undone, outcome.result, 'notice'),
          ]
        : [],
    )
  }

  function goOn(key: ConversationKey, { custody }: Conversation): void {
    for (const effect of workable(custody.effects)) {
      const id = `effect/${underOf(key, effect)}`
      if (inHand.has(id)) continue
      inHand.add(id)
      // What could not be added stands in the log, for the next append or the next start.
      jobs
        .add({ id, kind: EFFECT, payload: { ...key, turn: effect.turn, verb: verbOf(effect) } })
        .catch(error => {
          if (!isFault(error, 'SHUTTING_DOWN')) broke(key, error)
        })
        .finally(() => inHand.delete(id))
    }
  }

  const lookAgain = (key: ConversationKey): Promise<unknown> =>
    holder
      .run(key, () => holder.load(key))
      .then(conversation => unreplied(conversation) || goOn(key, conversation))
      .catch(error => broke(key, error))

  // A job that gives up is done: a person has the conversation and may do by hand what a later run would do a second time.
  jobs.handle(
    EFFECT,
    unlessErased(async ({ payload, isLast, signal }) => {
      const key = keyIn(payload)
      const { custody } = await holder.run(key, () => holder.load(key))
      const effect = workable(custody.effects).find(each => each.turn === payload.turn && verbOf(each) === payload.verb)
      if (!effect || custody.customer === null) {
        // Another one came before it. Should that end before this job is off the books, nobody could add it again: so it is looked for once more.
        if (custody.effects.some(isUnderWay)) clock.after(LOOK_AGAIN_MS, () => void lookAgain(key))
        return
      }
      const { state } = effect
      try {
        if (state.name === 'undoing' && state.result !== null) await undo(key, custody.customer, effect, state.result, signal)
        else await keepOutcome(key, effect, await runDo(key, custody.customer, effect, signal), 'notice')
      } catch (error) {
        if (signal.aborted || !isLast) throw error
        await giveUp(key, effect, underOf(key, effect), 'no answer')
      }
    }),
  )

  return {
    async reply(key, effect) {
      const customer = await holder.run(key, async () => (await holder.load(key)).custody.customer)
      if (customer === null) return
      const deadline = new AbortController()
      const cancel = clock.after(deadlineMs, () => deadline.abort())
      try {
        await keepOutcome(key, effect, await runDo(key, customer, effect, deadline.signal), 'reply')
      } catch {
        // Late, or not known: promised now, and run again under its key.
        await keep(key, conversation => {
          const isOpen = stateOf(conversation, effect)?.name === 'running'
          return isOpen ? say(key, conversation, effect, effect.plan.promised, {}, 'reply') : []
        })
      } finally {
        cancel()
      }
    },
    goOn,
  }
}

/** What is to be done next: one that was taken back before its outcome was known is brought to its end first. */
const verbOf = ({ state }: Effect): 'do' | 'undo' => (state.name === 'undoing' && state.result !== null ? 'undo' : 'do')

const underOf = (key: ConversationKey, effect: Effect): string => (verbOf(effect) === 'undo' ? undoKey : doKey)(key, effect)
