// Brings the effects of a conversation to their end: runs them under their key until an outcome is kept, tells the customer, undoes them when their
// turn was taken back. A crash anywhere leaves the log saying what is left to do; running again with the same key has no second effect.
import type { Conversation } from '../conversation/conversation.ts'
import type { ConversationEvent } from '../conversation/event.ts'
import { isFault } from '../faults.ts'
import { type Holder, nameOf } from '../holder.ts'
import type { ConversationKey, CustomerId } from '../ids.ts'
import { TROUBLE_TEMPLATE } from '../pack/required-templates.ts'
import type { Shop } from '../pipeline/shop.ts'
import type { Clock } from '../ports/clock.ts'
import type { EffectOutcome, Effects } from '../ports/effects.ts'
import { doKey, type Effect, undoKey, workable } from './effects.ts'

export interface EffectParts {
  readonly holder: Holder
  readonly effects: Effects
  readonly clock: Clock
  readonly shop: (id: string) => Shop | undefined
  /** Milliseconds that a reply waits for its effect before it promises. */
  readonly deadlineMs: number
  readonly broke: (key: ConversationKey, error: unknown) => void
}

export interface EffectRunner {
  /** Runs what the last turn planned, up to the deadline; what takes longer goes on behind. Resolves when the customer has had a reply. */
  reply(key: ConversationKey, effect: Effect): Promise<void>
  /** Takes up everything that is under way and has had its reply: undoing, and what a deadline or a restart has left. */
  goOn(key: ConversationKey, conversation: Conversation): void
  /** Runs nothing any more; what is left stands in the log, for the next start. Resolves when nothing is being run. */
  stop(): Promise<void>
}

/** Tries of one effect before a person is told, and the pause before the second; it doubles. */
const TRIES = 8
const FIRST_PAUSE_MS = 1_000

/** The effect that the customer still waits for a reply about. */
export const unreplied = ({ custody }: Conversation): Effect | undefined =>
  custody.effects.find(effect => effect.state.name === 'running' && !effect.isReplied)

export function createEffectRunner({ holder, effects, clock, shop, deadlineMs, broke }: EffectParts): EffectRunner {
  const running = new Map<string, Promise<void>>()
  const stopping = new AbortController()
  const pause = (ms: number): Promise<void> =>
    new Promise(resolve => {
      const cancel = clock.after(ms, resolve)
      stopping.signal.addEventListener('abort', () => {
        cancel()
        resolve()
      })
    })

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
  async function keep(key: ConversationKey, write: (conversation: Conversation) => readonly ConversationEvent[]): Promise<void> {
    for (;;) {
      try {
        return await holder.run(key, async () => {
          const before = await holder.load(key)
          const events = write(before)
          if (events.length > 0 && before.custody.customer !== null) await holder.append(key, before.custody.customer, before, events)
        })
      } catch (error) {
        if (!isFault(error, 'APPEND_CONFLICT')) throw error
      }
    }
  }

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
      const at = clock.now()
      const wait = { reason: 'effect', action: 'HUMAN_AGENT', urgency: 0.9, locale: effect.plan.locale } as const
      return [
        { type: 'effect', at, key: under, state: 'failed', result: { reason } },
        ...say(key, conversation, effect, TROUBLE_TEMPLATE, {}, 'notice'),
        ...(conversation.custody.owner.with === 'agent' ? [] : [{ type: 'queued', at, turn: effect.turn, wait } as const]),
      ]
    })

  /** Tries until it is known what came of it; undefined when all tries are spent. Throws when it is stopped. */
  async function insist(run: () => Promise<EffectOutcome>): Promise<EffectOutcome | undefined> {
    for (let tried = 1; ; tried++) {
      try {
        return await run()
      } catch (error) {
        if (stopping.signal.aborted) throw error
        if (tried === TRIES) return undefined // not known: the caller tells a person
      }
      await pause(FIRST_PAUSE_MS * 2 ** (tried - 1))
    }
  }

  async function finish(key: ConversationKey, customer: CustomerId, effect: Effect): Promise<void> {
    const { signal } = stopping
    const { state } = effect
    let result: Readonly<Record<string, string>> | null = state.name === 'undoing' ? state.result : null
    if (result === null) {
      const outcome = await insist(() => runDo(key, customer, effect, signal))
      if (!outcome) return giveUp(key, effect, doKey(key, effect), 'no answer')
      await keepOutcome(key, effect, outcome, 'notice')
      if (outcome.state === 'refused') return
      // It may have been taken back while it ran.
      const now = await holder.run(key, async () => stateOf(await holder.load(key), effect))
      if (now?.name !== 'undoing') return
      result = outcome.result
    }
    const undo = { ...request(key, customer, effect), name: effect.plan.undo, key: undoKey(key, effect), undoes: result }
    const outcome = await insist(() => effects.run(undo, signal))
    if (outcome?.state !== 'done') return giveUp(key, effect, undoKey(key, effect), outcome ? outcome.reason : 'no answer')
    await keep(key, conversation =>
      stateOf(conversation, effect)?.name === 'undoing'
        ? [
            { type: 'effect', at: clock.now(), key: undoKey(key, effect), state: 'done', result: outcome.result },
            ...say(key, conversation, effect, effect.plan.undone, outcome.result, 'notice'),
          ]
        : [],
    )
  }

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
    goOn(key, conversation) {
      const { customer } = conversation.custody
      if (customer === null || stopping.signal.aborted) return
      for (const effect of workable(conversation.custody.effects)) {
        const name = `${nameOf(key)}/${effect.turn}`
        if (running.has(name)) continue
        const run = finish(key, customer, effect)
          .catch(error => {
            if (stopping.signal.aborted) return
            broke(key, error)
            return pause(FIRST_PAUSE_MS) // the log did not take it, say: not again in the same breath
          })
          .then(() => running.delete(name))
          // Taken back in the moment in which its outcome was kept: whoever noticed that found it still in hand here, and left it.
          .then(async () => stopping.signal.aborted || this.goOn(key, await holder.run(key, () => holder.load(key))))
          .then(
            () => {},
            error => broke(key, error),
          )
        running.set(name, run)
      }
    },
    async stop() {
      stopping.abort()
      await Promise.all(running.values())
    },
  }
}
