// Webhooks for the operator of this machine: which there are, what came of their deliveries, to deliver again, to switch on one that was gone.
import { Fault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, isId } from '@parley/core/ids.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Outbox } from '../webhooks/outbox.ts'
import type { Webhook } from '../webhooks/webhook.ts'
import type { WebhookStore } from '../webhooks/webhook-store.ts'
import { checked, operatorGate } from './operator-gate.ts'

export interface WebhookRouteParts {
  readonly webhooks: readonly Webhook[]
  readonly webhookStore: Pick<WebhookStore, 'deliveries' | 'offSince' | 'switchOff'>
  readonly outbox: Pick<Outbox, 'replay' | 'replayGivenUp'>
  readonly operatorKey: string
}

/** As the API answers it; never the secrets. */
export interface WebhookView {
  readonly id: string
  readonly shop: string
  readonly url: string
  /** Empty: all. */
  readonly events: readonly string[]
  readonly includeText: boolean
  /** Milliseconds since 1970 when its receiver said that it is gone; null where it is on. */
  readonly offSince: number | null
}

interface Route {
  Params: { webhook: string }
}

const Deliveries = z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(100) })
const Replay = z.union([
  z.strictObject({ conversation: z.string().refine(isId), from: z.int().min(1).default(1) }),
  z.strictObject({ givenUp: z.literal(true) }),
])

export function registerWebhookRoutes(http: FastifyInstance, { webhooks, webhookStore, outbox, operatorKey }: WebhookRouteParts): void {
  const admit = operatorGate(operatorKey)
  const named = (id: string): Webhook => {
    const hook = webhooks.find(each => each.id === id)
    if (!hook) throw new Fault('UNKNOWN_WEBHOOK', { webhook: id })
    return hook
  }
  const viewOf = ({ id, shop, url, events, includeText }: Webhook): WebhookView => ({
    id,
    shop,
    url: url.href,
    events: [...(events ?? [])],
    includeText,
    offSince: webhookStore.offSince(id) ?? null,
  })

  http.get('/v1/operator/webhooks', async request => {
    admit(request)
    return { webhooks: webhooks.map(viewOf) }
  })
  http.get<Route>('/v1/operator/webhooks/:webhook/deliveries', async request => {
    admit(request)
    const { limit } = checked(Deliveries, request.query)
    return { deliveries: webhookStore.deliveries(named(request.params.webhook).id, limit) }
  })
  http.post<Route>('/v1/operator/webhooks/:webhook/replay', async request => {
    admit(request)
    const { id, shop } = named(request.params.webhook)
    const asked = checked(Replay, request.body)
    if ('givenUp' in asked) return { replayed: await outbox.replayGivenUp(id) }
    const key = { shop: asShopId(shop), conversation: asConversationId(asked.conversation) }
    return { replayed: await outbox.replay(id, key, asked.from) }
  })
  http.post<Route>('/v1/operator/webhooks/:webhook/enable', async request => {
    admit(request)
    await webhookStore.switchOff(named(request.params.webhook).id, null)
    return viewOf(named(request.params.webhook))
  })
}
