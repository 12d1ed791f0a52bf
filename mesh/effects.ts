// The effects of an installation: each shop's are done by that shop's provider, and by no other's.
import { Fault } from '@parley/core/faults.ts'
import type { ShopId } from '@parley/core/ids.ts'
import type { Effects } from '@parley/core/ports/effects.ts'

/** A shop without a provider has no effects. Faults of `run`: SOURCE_UNAVAILABLE where the provider has been taken away since it was asked. */
export function createEffects(providers: ReadonlyMap<ShopId, Effects>): Effects {
  return {
    has: (shop, name) => providers.get(shop)?.has(shop, name) ?? false,
    async run(request, signal) {
      const provider = providers.get(request.shop)
      // Not refused for good: an undo may be waiting, and the operator may give the shop its provider back.
      if (!provider) throw new Fault('SOURCE_UNAVAILABLE', { source: request.shop, reason: 'the shop has no provider of effects' })
      return provider.run(request, signal)
    },
  }
}
