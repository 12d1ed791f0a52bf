// What actions do in the world, and how it is undone. The state machine and the keys are core's (core/effects/); a provider only does. Two kinds of
// provider are there: a plugin's `onAction`, and a mutation of the shop's mesh (mesh/joined/effects.ts).
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { CustomerId, ShopId } from '../ids.ts'

export interface EffectRequest {
  /** As the catalogue names it: `open-compensation`; the undo has a name of its own. */
  readonly name: string
  /** `shop/conversation/turnSeq/effect/do` or `…/undo`. The same key never has a second effect, however often it is run. */
  readonly key: string
  readonly shop: ShopId
  readonly customer: CustomerId
  readonly slots: Readonly<Record<string, string>>
  /** For an undo: the outcome of what is undone. */
  readonly undoes?: Readonly<Record<string, string>>
  readonly locale: Locale
}

export type EffectOutcome =
  /** Done, or done before under this key; `result` is for the template and the undo: `{ case: 'CP-1007', amount: '¥54.00' }`. */
  | { readonly state: 'done'; readonly result: Readonly<Record<string, string>> }
  /** Refused for good: the order is not there, say. Not to be tried again. `reason` is a short word that templates can tell apart. */
  | { readonly state: 'refused'; readonly reason: string }

export interface Effects {
  /** True when the shop has a provider for it: without one nothing is offered. */
  has(shop: ShopId, name: string): boolean
  /** Rejects when it is not known whether it was done (no answer, a broken line): run again with the same key. `signal` ends the waiting, not the effect. */
  run(request: EffectRequest, signal: AbortSignal): Promise<EffectOutcome>
}
