// What every contender is told of the shop, what is asked, and what has to come of it.
import type { ServiceName } from '@parley/demo-shop/services.ts'

export type Urls = Readonly<Record<ServiceName, string>>

export const TOKEN = 'token-of-the-bench'
/** A connection that nobody uses is closed before the service closes it, which it does after five seconds. */
export const IDLE_MS = 4_000
export const AUTHORIZATION = `Bearer ${TOKEN}`

/** The query of the documentation, for whichever customer. */
export const QUERY =
  'query ($id: ID!) { customer(id: $id) { orders(status: RETURNING) { items { name price } warehouseStatus refundProgress } } }'

export interface ShopAnswer {
  readonly customer: {
    readonly orders: readonly {
      readonly items: readonly { readonly name: string; readonly price: string }[]
      readonly warehouseStatus: string | null
      readonly refundProgress: string | null
    }[]
  } | null
}

/** Rejects where the answer is not whole. */
export type Ask = (customer: string) => Promise<ShopAnswer>

/** Of every answer of a service. */
export async function setLatency(url: string, latencyMs: number): Promise<void> {
  const headers = { authorization: AUTHORIZATION, 'content-type': 'application/json' }
  const { ok } = await fetch(`${url}/knob`, { method: 'POST', headers, body: JSON.stringify({ latencyMs }) })
  if (!ok) throw new Error(`${url} cannot be made slow`)
}
