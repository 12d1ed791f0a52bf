// What goes between the demo shop and its thread: one piece of work at a time, answered before the next is sent, so the order is kept by itself.
import type { EffectOutcome, EffectRequest } from '@parley/core/ports/effects.ts'
import type { MeshQuery, OrderFact } from '@parley/core/ports/mesh.ts'
import type { Telling } from './order-book.ts'

export const FACTS = ['orders', 'order', 'refund', 'cases'] as const
export type FactName = (typeof FACTS)[number]

export type Work =
  | {
      readonly type: 'facts'
      readonly names: readonly FactName[]
      readonly query: Pick<MeshQuery, 'customer' | 'slots'>
      readonly telling: Telling
    }
  | { readonly type: 'orders'; readonly customer: string; readonly telling: Telling }
  | { readonly type: 'effect'; readonly request: EffectRequest }

/** What each kind of work comes to. */
export interface Results {
  readonly facts: Readonly<Partial<Record<FactName, unknown>>>
  readonly orders: readonly OrderFact[]
  readonly effect: EffectOutcome
}

export type ToThread = { readonly type: 'work'; readonly work: Work } | { readonly type: 'close' }

export type FromThread =
  | { readonly type: 'ready' }
  /** The file cannot be opened; the thread ends. */
  | { readonly type: 'unusable'; readonly reason: string }
  | { readonly type: 'result'; readonly result: Results[Work['type']] }
  /** Nothing was done. The thread goes on. */
  | { readonly type: 'failure'; readonly reason: string }

/** What a thread is started with. */
export interface ThreadData {
  readonly file: string
  readonly today: string
  readonly adopts: boolean
}
