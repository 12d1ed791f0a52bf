// In whose name a source is asked. It goes along with every call, and is part of the name under which an answer is shared or kept: an answer is
// never given to anybody but those who would have got the same one.
import type { CustomerId, ShopId } from '@parley/core/ids.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'

export interface Scope {
  readonly shop: ShopId
  /** Whose data alone may be seen. Null: the shop's own people, who see every customer's. */
  readonly customer: CustomerId | null
  /** Texts are asked for in this locale. */
  readonly locale: Locale
  /** Names of the sources that may be asked; null: all. */
  readonly sources: readonly string[] | null
}

const names = new WeakMap<Scope, string>()

/** The same for scopes that see the same, and for no others. */
export function scopeName(scope: Scope): string {
  let name = names.get(scope)
  if (name === undefined) {
    name = JSON.stringify([scope.shop, scope.customer, scope.locale, scope.sources?.toSorted() ?? null])
    names.set(scope, name)
  }
  return name
}
