// Erases conversations for good. The wish is noted first, so that a start brings it to its end; then what is under way in the world is waited for; then,
// with the lanes of all of them held, the keys go in one step. After that everything that memory or a store has of the text is let go, and whoever has
// one of them open is told.
// An effect is brought to its end before, and not cancelled: nobody can say of one that runs whether it was done, and without the conversation nobody
// would ever ask. It ends by itself, in its outcome or, after its tries, given up; of the latter the note keeps the key. A turn without a decision has
// done nothing yet, and ends with its conversation.
import type { Conversation } from '../conversation/conversation.ts'
import { doKey, isUnderWay } from '../effects/effects.ts'
import { Fault, isFault } from '../faults.ts'
import { type Holder, nameOf } from '../holder.ts'
import type { ConversationKey, ShopId } from '../ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { Erasures } from '../ports/erasures.ts'
import type { AskedErasure, EndedErasure, ErasedBy, ErasureTarget } from './erasure.ts'

export interface EraseRequest {
  readonly shop: ShopId
  readonly target: ErasureTarget
  readonly by: ErasedBy
}

export interface Eraser {
  /**
   * Resolves when it is done. Asked for twice at once, it is done once. Faults: UNKNOWN_CUSTOMER, UNKNOWN_CONVERSATION, CONVERSATION_ERASED,
   * SHUTTING_DOWN: it is noted, and the next start finishes it.
   */
  erase(request: EraseRequest): Promise<EndedErasure>
  /** Of these conversations of one shop, erases those whose last event is from before `before` and that nobody has in hand. */
  eraseOld(shop: ShopId, keys: readonly ConversationKey[], before: number, days: number): Promise<void>
  /** Another node has erased them: lets go of what this one has, and tells whoever has one of them open here. */
  erasedElsewhere(ended: EndedErasure): Promise<void>
  /** Is told of every append. */
  moved(key: ConversationKey): void
  /** Clears away what a crash has left of erasures. Before anything else of the stores is looked at. */
  clearUp(): Promise<void>
  /** Brings the erasures to their end that a crash has left. */
  finish(): Promise<void>
  /** Resolves when none is under way any more. */
  stop(): Promise<void>
}

export interface EraserParts {
  readonly holder: Holder
  readonly erasures: Erasures
  readonly clock: Clock
  /** Sees to it that the conversation's effects are brought to their end. */
  readonly goOn: (key: ConversationKey) => Promise<void>
  /** In the conversation's lane: memory has to let go of it, and whoever has it open is to be told. */
  readonly erased: (key: ConversationKey) => void
  readonly ended: (erasure: EndedErasure) => void
  readonly broke: (key: ConversationKey, error: unknown) => void
}

/** Nothing of it is left: another node was faster. */
const isOfAnother = (error: unknown): boolean => isFault(error, 'UNKNOWN_CUSTOMER') || isFault(error, 'UNKNOWN_CONVERSATION')

export function createEraser({ holder, erasures, clock, goOn, erased, ended, broke }: EraserParts): Eraser {
  const underWay = new Map<string, Promise<EndedErasure>>()
  /** Who waits for the next append of a conversation. */
  const waiting = new Map<string, Set<() => void>>()
  let isStopping = false

  /** As it stands; null where it is damaged, which keeps nobody from erasing it. In its lane only. */
  async function load(key: ConversationKey): Promise<Conversation | null> {
    try {
      return await holder.load(key)
    } catch (error) {
      if (isFault(error, 'LOG_DAMAGED')) return null
      throw error
    }
  }

  function nextMove(key: ConversationKey): Promise<void> {
    return new Promise(resolve => {
      const waiters = waiting.get(nameOf(key)) ?? new Set()
      waiting.set(nameOf(key), waiters.add(resolve))
    })
  }

  function moved(name: string): void {
    for (const resolve of waiting.get(name) ?? []) resolve()
    waiting.delete(name)
  }

  async function untilEffectsEnded(key: ConversationKey): Promise<void> {
    for (;;) {
      if (isStopping) throw new Fault('SHUTTING_DOWN', {})
      const move = nextMove(key) // from before it is looked at, so that nothing is missed
      const conversation = await holder.run(key, () => load(key))
      if (!conversation?.custody.effects.some(isUnderWay)) return
      await goOn(key)
      await move
    }
  }

  const inLanes = <T>(keys: readonly ConversationKey[], step: () => Promise<T>): Promise<T> =>
    [...keys]
      .sort((a, b) => (nameOf(a) < nameOf(b) ? 1 : -1)) // one order for all, so that no two erasures wait for each other
      .reduce((inner, key) => () => holder.run(key, inner), step)()

  const isSame = (a: readonly ConversationKey[], b: readonly ConversationKey[]): boolean =>
    a.length === b.length && a.every(key => b.some(other => nameOf(key) === nameOf(other)))

  /** Undefined when something has come in between: look again. With all lanes held. */
  async function destroyUnlessMoved(asked: AskedErasure, keys: readonly ConversationKey[]): Promise<EndedErasure | undefined> {
    if (!isSame(keys, await erasures.conversationsOf(asked.shop, asked.target))) return undefined
    const failedEffects: string[] = []
    for (const key of keys) {
      const effects = (await load(key))?.custody.effects ?? []
      if (effects.some(isUnderWay)) return undefined
      for (const effect of effects)
        if (effect.state.name === 'failed' || effect.state.name === 'undo-failed') failedEffects.push(doKey(key, effect))
    }
    return destroy(asked, keys, failedEffects)
  }

  async function destroy(asked: AskedErasure, keys: readonly ConversationKey[], failedEffects: readonly string[]): Promise<EndedErasure> {
    const erasure = await erasures.destroy(asked, keys, { endedAt: clock.now(), failedEffects })
    for (const key of keys) {
      holder.forget(key)
      erased(key)
    }
    return erasure
  }

  async function bringToEnd(asked: AskedErasure): Promise<EndedErasure> {
    for (;;) {
      const keys = await erasures.conversationsOf(asked.shop, asked.target)
      if (keys.length === 0) {
        await erasures.drop(asked) // another erasure was faster
        throw await nothingOf(asked)
      }
      try {
        await Promise.all(keys.map(untilEffectsEnded))
        const erasure = await inLanes(keys, () => destroyUnlessMoved(asked, keys))
        if (!erasure) continue
        await erasures.clear(erasure)
        ended(erasure)
        return erasure
      } catch (error) {
        if (!isFault(error, 'CONVERSATION_ERASED')) throw error // one of them was erased by another: look again
      }
    }
  }

  async function nothingOf({ shop, target }: EraseRequest): Promise<Fault> {
    if (target.kind === 'customer') return new Fault('UNKNOWN_CUSTOMER', { customer: target.customer })
    const conversation = target.conversations[0] ?? ''
    const isErased = conversation !== '' && (await erasures.isErased({ shop, conversation }))
    return new Fault(isErased ? 'CONVERSATION_ERASED' : 'UNKNOWN_CONVERSATION', { conversation })
  }

  async function eraseAnew(request: EraseRequest): Promise<EndedErasure> {
    if (isStopping) throw new Fault('SHUTTING_DOWN', {})
    if ((await erasures.conversationsOf(request.shop, request.target)).length === 0) throw await nothingOf(request)
    const asked = erasures.name({ ...request, at: clock.now() })
    await erasures.note(asked)
    return bringToEnd(asked)
  }

  function once({ shop, target }: EraseRequest, run: () => Promise<EndedErasure>): Promise<EndedErasure> {
    const name = JSON.stringify([shop, target])
    const same = underWay.get(name)
    if (same) return same
    const mine = run().finally(() => underWay.delete(name))
    underWay.set(name, mine)
    return mine
  }

  return {
    erase: request => once(request, () => eraseAnew(request)),
    async eraseOld(shop, keys, before, days) {
      if (isStopping) return
      const targetOf = (conversations: readonly ConversationKey[]) =>
        ({ kind: 'conversations', conversations: conversations.map(({ conversation }) => conversation) }) as const
      const target = targetOf(keys)
      const all = await erasures.conversationsOf(shop, target)
      // Nothing is noted beforehand: what a crash keeps from being erased, the next sweep finds again.
      const asked = erasures.name({ shop, target, by: { kind: 'retention', days }, at: clock.now() })
      const erasure = await inLanes(all, async () => {
        const old = new Map<string, ConversationKey>()
        for (const key of all) if (await isOld(key, before)) old.set(nameOf(key), key)
        // One key that has sealed several goes only with all of them.
        for (const key of [...old.values()])
          if (!(await erasures.conversationsOf(shop, targetOf([key]))).every(other => old.has(nameOf(other)))) old.delete(nameOf(key))
        return old.size === 0 ? undefined : destroy(asked, [...old.values()], [])
      })
      if (!erasure) return
      await erasures.clear(erasure)
      ended(erasure)
    },
    async clearUp() {
      for (const erasure of await erasures.notes()) if (erasure.state === 'destroyed') await erasures.clear(erasure)
    },
    async finish() {
      for (const asked of await erasures.notes()) {
        if (asked.state !== 'asked') continue
        const [first] = await erasures.conversationsOf(asked.shop, asked.target)
        await once(asked, () => bringToEnd(asked)).catch(error => first && !isOfAnother(error) && broke(first, error))
      }
    },
    async erasedElsewhere(ended) {
      for (const { conversation } of ended.conversations) {
        const key = { shop: ended.shop, conversation }
        await holder.run(key, async () => {
          holder.forget(key)
          erased(key)
          moved(nameOf(key)) // it moves no more
        })
      }
      await erasures.clearHere(ended)
    },
    moved: key => moved(nameOf(key)),
    async stop() {
      isStopping = true
      for (const name of [...waiting.keys()]) moved(name)
      await Promise.allSettled(underWay.values())
    },
  }

  async function isOld(key: ConversationKey, before: number): Promise<boolean> {
    try {
      const { custody } = await holder.load(key)
      const isInHand = custody.owner.with !== 'bot' || custody.open.length > 0 || custody.effects.some(isUnderWay)
      return !isInHand && ((await erasures.lastAt(key)) ?? before) < before
    } catch (error) {
      if (!isFault(error, 'CONVERSATION_ERASED')) broke(key, error)
      return false
    }
  }
}
