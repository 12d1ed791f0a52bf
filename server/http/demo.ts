// The demo storefront, where the installation has the demo shop: a page that embeds the widget as a retailer would, and a stand-in for the retailer's
// backend that names one of the demo's own customers. No other customer can be had from it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { FastifyInstance } from 'fastify'
import { SignJWT } from 'jose'
import { z } from 'zod'

export const DEMO_SHOP = 'demo'

export interface DemoParts {
  readonly shopNames: ReadonlyMap<string, string>
  readonly identityKey: (shop: string) => string
  readonly pages: string
}

const Body = z.strictObject({ customer: z.enum(['demo-lin', 'demo-kim', 'demo-one', 'demo-none']) })

export function registerDemoRoutes(http: FastifyInstance, { shopNames, identityKey, pages }: DemoParts): void {
  if (!shopNames.has(DEMO_SHOP)) return
  http.post('/v1/demo/identity', async request => {
    const body = Body.safeParse(request.body ?? {})
    if (!body.success) throw new Fault('FRAME_INVALID', { path: 'customer', reason: body.error.issues[0]?.message ?? 'not of the schema' })
    const identity = await new SignJWT()
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setAudience('parley-identity')
      .setSubject(body.data.customer)
      .setIssuedAt()
      .sign(new TextEncoder().encode(identityKey(DEMO_SHOP)))
    return { identity }
  })
  if (existsSync(join(pages, 'demo.html'))) http.get('/demo', (_request, reply) => reply.sendFile('demo.html'))
}
