// GET /v1/desk/conversations/ID/customer: what the shop's systems know of the customer of a conversation (core/protocol/customer-panel.ts), for an agent
// of the shop. It is asked in the customer's own scope: whatever the shop's query says, nothing of another customer can come.

import { Fault } from '@parley/core/faults.ts'
import type { Desk } from '@parley/core/handoff/desk.ts'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { CustomerPanel } from '@parley/core/protocol/customer-panel.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Sessions } from '../accounts/sessions.ts'
import type { ShopMeshes } from '../mesh/shop-meshes.ts'
import { createBuckets } from '../realtime/buckets.ts'
import { localeOf } from './locale-of.ts'
import { checked } from './operator-gate.ts'
import { protect } from './session-routes.ts'

export interface CustomerPanelParts {
  readonly meshes: ShopMeshes
  readonly deskSessions: Pick<Sessions, 'personOf'>
  readonly engine: { readonly desk: Pick<Desk, 'customerOf'> }
  readonly clock: Clock
}

/** Each source has a deadline of its own; a panel goes through some three of them, one after another. */
const LONGEST_MS = 5_000
/** Of one agent: so many at once, as when going through the queue, and so many a second. */
const BURST = 30
const PER_SECOND = 5

const Params = z.strictObject({ conversation: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) })

export function registerCustomerPanel(http: FastifyInstance, { meshes, deskSessions, engine, clock }: CustomerPanelParts): void {
  const buckets = createBuckets(BURST, PER_SECOND)
  /** Of an agent and a conversation one is under way at most: who asks meanwhile gets its answer. */
  const underWay = new Map<string, Promise<CustomerPanel>>()

  http.register(async scope => {
    protect(scope)
    scope.get('/v1/desk/conversations/:conversation/customer', async request => {
      const agent = await deskSessions.personOf(request.headers.cookie, request.headers.origin, request.host)
      const retryAfterMs = buckets.take(agent.id, clock.monotonic())
      if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
      const { conversation } = checked(Params, request.params)
      const shop = asShopId(agent.shop)
      const { panel } = await meshes.of(shop)
      if (!panel) throw new Fault('MESH_MISSING', { shop })
      const customer = meshes.customerIn(shop, await engine.desk.customerOf({ shop, conversation: asConversationId(conversation) }))
      const locale = localeOf(request)
      const name = JSON.stringify([shop, agent.id, conversation, locale])
      let asking = underWay.get(name)
      if (!asking) {
        asking = panel.ask({ shop, customer, locale, sources: null }, AbortSignal.timeout(LONGEST_MS)).finally(() => underWay.delete(name))
        underWay.set(name, asking)
      }
      return asking
    })
  })
}
