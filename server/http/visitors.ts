// Where a browser gets its token: a new visitor, the same one again by its refresh token, or the customer whom the shop's backend has named.
import type { Engine } from '@parley/core/engine.ts'
import { Fault } from '@parley/core/faults.ts'
import type { ShopId } from '@parley/core/ids.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { createBuckets } from '../realtime/buckets.ts'
import type { Tokens, Visitor } from '../tokens.ts'

export interface VisitorParts {
  readonly tokens: Tokens
  readonly isErased: Engine['isErased']
  readonly clock: Clock
  /** What the widget calls each shop, by id; may be empty. */
  readonly shopNames: ReadonlyMap<string, string>
  readonly visitorsPerMinute: number
}

const Token = z.string().min(1).max(4_096).optional()
const Body = z.strictObject({ refresh: Token, identity: Token })

export function registerVisitorRoutes(
  http: FastifyInstance,
  { tokens, isErased, clock, shopNames, visitorsPerMinute }: VisitorParts,
): void {
  const byAddress = createBuckets(visitorsPerMinute, visitorsPerMinute / 60)

  function limitNewVisitors(address: string): void {
    const retryAfterMs = byAddress.take(address, clock.monotonic())
    if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
  }

  /** An identity token says more than a refresh token, and its conversation is another one: nothing of the nameless visitor's passes into it. */
  async function visitorOf(shop: ShopId, { refresh, identity }: z.infer<typeof Body>, address: string): Promise<Visitor> {
    if (identity === undefined && refresh !== undefined) {
      const visitor = await tokens.verify(refresh, 'refresh')
      if (visitor.shop !== shop) throw new Fault('TOKEN_INVALID', { reason: 'it is of another shop' })
      return unerased(visitor)
    }
    limitNewVisitors(address)
    return identity === undefined ? tokens.newVisitor(shop) : unerased(await tokens.identify(shop, identity))
  }

  /** Who comes back after their conversation was erased has another one: nothing needs to be kept of them to find it again. */
  async function unerased(visitor: Visitor): Promise<Visitor> {
    let current = visitor
    for (let n = 1; await isErased(current); n++) current = tokens.another(visitor, n)
    return current
  }

  http.post<{ Params: { shop: string } }>('/v1/shops/:shop/visitors', async request => {
    const { shop } = request.params
    const shopName = shopNames.get(shop)
    if (shopName === undefined) throw new Fault('UNKNOWN_SHOP', { shop })
    const body = Body.safeParse(request.body ?? {})
    if (!body.success)
      throw new Fault('FRAME_INVALID', {
        path: body.error.issues[0]?.path.join('.') ?? '',
        reason: body.error.issues[0]?.message ?? 'not of the schema',
      })
    const visitor = await visitorOf(shop as ShopId, body.data, request.ip) // a known shop's id
    return {
      ...(await tokens.issue(visitor)),
      conversation: visitor.conversation,
      customer: visitor.customer,
      ...(shopName && { shopName }),
    }
  })
}
