// Where a browser gets its token: a new visitor, or the same one again by its refresh token.
import { Fault } from '@parley/core/faults.ts'
import type { ShopId } from '@parley/core/ids.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { createBuckets } from '../realtime/buckets.ts'
import type { Tokens } from '../tokens.ts'

export interface VisitorParts {
  readonly tokens: Tokens
  readonly clock: Clock
  /** What the widget calls each shop, by id; may be empty. */
  readonly shopNames: ReadonlyMap<string, string>
  readonly visitorsPerMinute: number
}

const Body = z.strictObject({ refresh: z.string().min(1).max(4_096).optional() })

export function registerVisitorRoutes(http: FastifyInstance, { tokens, clock, shopNames, visitorsPerMinute }: VisitorParts): void {
  const byAddress = createBuckets(visitorsPerMinute, visitorsPerMinute / 60)

  function limitNewVisitors(address: string): void {
    const retryAfterMs = byAddress.take(address, clock.monotonic())
    if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
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
    if (body.data.refresh === undefined) limitNewVisitors(request.ip)
    const visitor = body.data.refresh === undefined ? tokens.newVisitor(shop as ShopId) : await tokens.verify(body.data.refresh, 'refresh') // a known shop's id
    if (visitor.shop !== shop) throw new Fault('TOKEN_INVALID', { reason: 'it is of another shop' })
    return {
      ...(await tokens.issue(visitor)),
      conversation: visitor.conversation,
      customer: visitor.customer,
      ...(shopName && { shopName }),
    }
  })
}
