// Facts from the shop's order, CRM and warehouse systems. A dead source gives a partial answer that says so; it never fails a turn.
// Driver: mesh/mesh.ts, which asks each shop's source; mesh/joined/facts.ts is one, over the shop's systems.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { CustomerId, ShopId } from '../ids.ts'

export type Fact =
  /**
   * `null` when the source answered that there is no such thing: an order that is not this customer's, say. `missing` and `stale` are parts of it
   * that did not come, and that are older than they should be.
   */
  | { readonly isKnown: true; readonly value: unknown; readonly missing?: readonly MissingParts[]; readonly stale?: readonly StaleParts[] }
  /** `source` did not give it; null when the shop has no source for it at all, which is nothing to tell a customer of. */
  | { readonly isKnown: false; readonly source: string | null; readonly reason: string }

/** What one source did not give. */
export interface MissingParts {
  readonly source: string
  /** What people call it, in the locale that was asked for: `The warehouse`. */
  readonly title: string
  /** Names of the value's properties, or of those of its entries. */
  readonly parts: readonly string[]
}

/** What one source gave a while ago, and does not give now. */
export interface StaleParts extends MissingParts {
  readonly ageMs: number
}

/** What a fact is asked for. A source answers with what belongs to `customer` and nothing else. */
export interface MeshQuery {
  readonly shop: ShopId
  readonly customer: CustomerId
  /** Values that the dialogue has, by slot: the fact `order` is the order that the slot `order` names. */
  readonly slots: Readonly<Record<string, string>>
  /** Texts in facts (a status, say) are in this locale. */
  readonly locale: Locale
}

export interface Mesh {
  /** One entry for each name asked, known or not, by the deadline of `signal` at the latest. Never rejects because of a source. */
  facts(names: readonly string[], query: MeshQuery, signal: AbortSignal): Promise<Readonly<Record<string, Fact>>>
}

/** Where an order is. What was lost on its way may be `delivered` as well: it is what the shop knows, not what the customer found. */
export type OrderState = 'paid' | 'packed' | 'shipped' | 'out-for-delivery' | 'delivered' | 'cancelled' | 'returned'

/** What `orders` is a list of (newest first) and `order` is one of. Dates are `YYYY-MM-DD`, money is text with its currency. */
export interface OrderFact {
  /** As the customer knows it: `2024-881`. */
  readonly number: string
  readonly placedOn: string
  /** As it ends the sentence "order 2024-881 is …": `on its way`, `运输中`. */
  readonly status: string
  /** What `status` says in words, for a reply that depends on it: an order that is shipped can't be cancelled. */
  readonly state: OrderState
  readonly items: readonly { readonly name: string; readonly quantity: number }[]
  readonly total: string
  readonly carrier?: string
  readonly trackingNumber?: string
  readonly expectedOn?: string
}

/** What `refund` is: the newest refund of the order that the slot names, or of the customer where it names none. */
export interface RefundFact {
  readonly order: string
  readonly amount: string
  readonly status: string
  readonly expectedOn?: string
}

/** What `cases` is a list of: compensation cases, newest first. */
export interface CaseFact {
  /** `CP-1007` */
  readonly number: string
  readonly order: string
  readonly count: number
  readonly amount: string
  readonly state: 'open' | 'paid' | 'withdrawn'
}
