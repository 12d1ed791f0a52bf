// Facts from the shop's order, CRM and warehouse systems. A dead source gives a partial answer that says so; it never fails a turn.
import type { CustomerId, ShopId } from '../ids.ts'

export type Fact =
  | { readonly isKnown: true; readonly value: unknown }
  /** `source` did not give it; null when the shop has no source for it at all, which is nothing to tell a customer of. */
  | { readonly isKnown: false; readonly source: string | null; readonly reason: string }

export interface Mesh {
  /** One entry for each name asked, known or not, by the deadline of `signal` at the latest. Never rejects because of a source. */
  facts(
    names: readonly string[],
    who: { readonly shop: ShopId; readonly customer: CustomerId },
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, Fact>>>
}
