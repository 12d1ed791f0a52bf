// What people have said turns of a shop's log are about, for the operator: to read, and to add to. A label of a turn that the log does not have is none.
import { Fault } from '@parley/core/faults.ts'
import { asShopId, isId } from '@parley/core/ids.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type KeepLabelsParts, keepLabels, type LabelsKept } from '../label-store/keep-labels.ts'
import type { Label, LabelStore } from '../label-store/label-store.ts'
import { checked } from './operator-gate.ts'

export interface OperatorLabelParts extends KeepLabelsParts {
  readonly labels: KeepLabelsParts['labels'] & Pick<LabelStore, 'list'>
  readonly clock: Clock
}

interface Route {
  Params: { shop: string }
}
export const WHO = /^[\p{L}\p{N}._@-]{1,64}$/u
const Given = z.strictObject({
  labels: z
    .array(
      z.strictObject({
        conversation: z.string().refine(isId),
        turn: z.int().min(1),
        who: z.string().regex(WHO),
        action: z.string().regex(/^[A-Z0-9_]{1,64}$/),
      }),
    )
    .max(1_000),
})
const LABELS = '/v1/operator/shops/:shop/labels'

export function registerLabelRoutes(http: FastifyInstance, admit: (request: FastifyRequest) => void, parts: OperatorLabelParts): void {
  const { labels, clock } = parts

  function shopOf(request: FastifyRequest<Route>) {
    admit(request)
    if (!isId(request.params.shop)) throw new Fault('UNKNOWN_SHOP', { shop: request.params.shop })
    return asShopId(request.params.shop)
  }

  http.get<Route>(LABELS, async request => ({ labels: labels.list(shopOf(request)) }))
  http.post<Route>(LABELS, async (request): Promise<LabelsKept> => {
    const shop = shopOf(request)
    const given = checked(Given, request.body).labels.map((label): Label => ({ ...label, at: clock.now() }))
    return keepLabels(parts, shop, given)
  })
}
