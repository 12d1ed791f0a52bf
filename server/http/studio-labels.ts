// The queue of turns to label, what people say of them, and how far they agree; and how the shop's turns drift.
import { LabelGiven, TurnNamed } from '@parley/core/protocol/studio.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { whoOf } from '../label-store/corrections.ts'
import { checked } from './operator-gate.ts'
import type { AskingOf } from './studio-routes.ts'

const Page = z.strictObject({
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(50).default(20),
})

export function registerStudioLabels(http: FastifyInstance, askingOf: AskingOf): void {
  http.get('/v1/studio/labels', async request => {
    const { who, shop } = askingOf(request)
    const { from, limit } = checked(Page, request.query)
    return shop.labels.page(whoOf(who), from, limit)
  })
  http.post('/v1/studio/labels', async (request, reply) => {
    const { who, shop } = askingOf(request)
    await shop.labels.say(whoOf(who), checked(LabelGiven, request.body))
    return reply.code(204).send()
  })
  http.post('/v1/studio/labels/undo', async (request, reply) => {
    const { who, shop } = askingOf(request)
    await shop.labels.undo(whoOf(who), checked(TurnNamed, request.body))
    return reply.code(204).send()
  })
  http.get('/v1/studio/drift', async request => askingOf(request).shop.drift.view())
  http.get('/v1/studio/labels/agreement', async request => askingOf(request).shop.labels.agreement())
}
