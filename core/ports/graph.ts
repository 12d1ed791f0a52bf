// The shop's business systems as one GraphQL schema, asked in one customer's name. A document can name no customer: whose data it reads and for
// whom it does something is the engine's to say. Driver: mesh/graph.ts, over the shop's mesh.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { CustomerId, ShopId } from '../ids.ts'
import type { EffectOutcome } from './effects.ts'

/** In whose name, and in which words texts are told. */
export interface Asker {
  readonly shop: ShopId
  readonly customer: CustomerId
  readonly locale: Locale
}

export interface GraphRequest {
  readonly document: string
  readonly variables: Readonly<Record<string, unknown>>
  /** The sources that whoever asks was granted, by name: of the others it learns nothing. */
  readonly sources: readonly string[]
}

export interface GraphAnswer {
  /** As JSON has it. What its source did not give is null. */
  readonly data: Readonly<Record<string, unknown>>
  /** Paths of what is null because a source gave no answer: `customer.orders`. Null anywhere else says that there is no such thing. */
  readonly missing: readonly string[]
  /** The sources that gave none of it, or nothing that can be used. Absent where there are none. */
  readonly silent?: readonly string[]
  /** What is older than it should be, since its source gave no answer. Absent where nothing is. */
  readonly stale?: readonly StaleFact[]
}

export interface StaleFact {
  /** `customer.orders` */
  readonly path: string
  readonly source: string
  readonly ageMs: number
}

export interface Graph {
  /**
   * Reads and changes nothing. Answers by the deadline of `signal` at the latest, then with what is known. Faults: QUERY_REFUSED, where the
   * document or its variables do not fit, the answer is too large or it would take too many questions to the sources: asked again it is so again.
   */
  query(request: GraphRequest, asker: Asker, signal: AbortSignal): Promise<GraphAnswer>
  /**
   * Does one thing under `key`, which has one effect and one outcome, however often it is run; the result has the fields of the document, as text.
   * Faults: QUERY_REFUSED; and it rejects where it is not known whether it was done: run again with the same key. `signal` ends the waiting.
   */
  mutate(request: GraphRequest & { readonly key: string }, asker: Asker, signal: AbortSignal): Promise<EffectOutcome>
}
