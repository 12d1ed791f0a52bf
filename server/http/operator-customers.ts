// A customer as the operator asks about them: what is kept, all of it as JSON, and to erase it.
import { Readable } from 'node:stream'
import type { Engine } from '@parley/core/engine.ts'
import type { EndedErasure } from '@parley/core/erasure/erasure.ts'
import { Fault, isFault } from '@parley/core/faults.ts'
import { asCustomerId, asShopId, type ConversationKey, type CustomerId, isId, type ShopId } from '@parley/core/ids.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Erasures } from '@parley/core/ports/erasures.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { exportCustomer } from './customer-export.ts'

export interface OperatorCustomerParts {
  readonly conversations: Pick<Conversations, 'read'>
  readonly erasures: Pick<Erasures, 'conversationsOf' | 'notes'>
  readonly engine: Pick<Engine, 'erase'>
  readonly clock: Clock
}

export interface CustomerView {
  readonly shop: string
  readonly customer: string
  readonly conversations: readonly {
    readonly conversation: string
    readonly events: number
    /** Milliseconds since 1970. */
    readonly firstAt: number
    readonly lastAt: number
    /** Why it cannot be read. */
    readonly damaged?: string
  }[]
}

interface Route {
  Params: { shop: string; customer: string }
}
const CUSTOMER = '/v1/operator/shops/:shop/customers/:customer'
const OPERATOR = { kind: 'operator' } as const

/** `admit` lets nobody in but the operator. */
export function registerCustomerRoutes(
  http: FastifyInstance,
  admit: (request: FastifyRequest) => void,
  { conversations, erasures, engine, clock }: OperatorCustomerParts,
): void {
  /** Faults: TOKEN_INVALID, UNKNOWN_CUSTOMER. */
  async function find(
    request: FastifyRequest<Route>,
  ): Promise<{ readonly shop: ShopId; readonly customer: CustomerId; readonly keys: readonly ConversationKey[] }> {
    admit(request)
    const { shop, customer } = request.params
    if (!isId(shop) || !isId(customer)) throw new Fault('UNKNOWN_CUSTOMER', { customer })
    const target = { kind: 'customer', customer: asCustomerId(customer) } as const
    const keys = await erasures.conversationsOf(asShopId(shop), target)
    if (keys.length === 0) throw new Fault('UNKNOWN_CUSTOMER', { customer })
    return { shop: asShopId(shop), customer: target.customer, keys }
  }

  http.get<Route>(CUSTOMER, async request => {
    const { shop, customer, keys } = await find(request)
    const views: CustomerView['conversations'][number][] = []
    for (const key of keys) views.push(await viewOf(key))
    return { shop, customer, conversations: views.sort((a, b) => a.firstAt - b.firstAt) } satisfies CustomerView
  })
  http.get<Route>(`${CUSTOMER}/export`, async (request, reply) => {
    const { shop, customer, keys } = await find(request)
    const lines = exportCustomer(conversations, { shop, customer, at: clock.now() }, keys)
    return reply.type('application/json; charset=utf-8').send(Readable.from(lines))
  })
  http.delete<Route>(CUSTOMER, async (request): Promise<EndedErasure> => {
    const { shop, customer } = await find(request)
    return engine.erase({ shop, target: { kind: 'customer', customer }, by: OPERATOR })
  })
  http.get<{ Params: { shop: string } }>('/v1/operator/shops/:shop/erasures', async request => {
    admit(request)
    return { erasures: (await erasures.notes()).filter(({ shop }) => shop === request.params.shop) }
  })

  async function viewOf(key: ConversationKey): Promise<CustomerView['conversations'][number]> {
    const { conversation } = key
    try {
      const { events } = await conversations.read(key, 0)
      return { conversation, events: events.length, firstAt: events[0]?.at ?? 0, lastAt: events.at(-1)?.at ?? 0 }
    } catch (error) {
      if (!isFault(error)) throw error
      return { conversation, events: 0, firstAt: 0, lastAt: 0, damaged: error.message }
    }
  }
}
