// The questions and requests that the tests put to a shop.
import { asCustomerId, asShopId } from '@parley/core/ids.ts'
import type { EffectRequest } from '@parley/core/ports/effects.ts'
import type { MeshQuery } from '@parley/core/ports/mesh.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'

export const TODAY = '2025-03-02'
export const SHOP = asShopId('demo')

/** Long enough for any answer on a slow machine; a test that waits so long fails. */
export const patience = (): AbortSignal => AbortSignal.timeout(30_000)

export const query = (customer: string, slots: MeshQuery['slots'] = {}, locale: Locale = 'en'): MeshQuery => ({
  shop: SHOP,
  customer: asCustomerId(customer),
  slots,
  locale,
})

export const opening = (key: string, customer: string, slots: EffectRequest['slots']): EffectRequest => ({
  name: 'open-compensation',
  key,
  shop: SHOP,
  customer: asCustomerId(customer),
  slots,
  locale: 'en',
})

export const withdrawing = (key: string, customer: string, undoes: Readonly<Record<string, string>>): EffectRequest => ({
  ...opening(key, customer, {}),
  name: 'withdraw-compensation',
  undoes,
})
