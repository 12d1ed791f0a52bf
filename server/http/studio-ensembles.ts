// The shop's catalogue, its ensembles and how they stand, and orders for them.
import { EnsembleOrder } from '@parley/core/protocol/studio.ts'
import type { FastifyInstance } from 'fastify'
import { checked } from './operator-gate.ts'
import type { AskingOf } from './studio-routes.ts'

export function registerStudioEnsembles(http: FastifyInstance, askingOf: AskingOf): void {
  http.get('/v1/studio/shop', async request => askingOf(request).shop.view())
  http.get('/v1/studio/ensembles', async request => askingOf(request).shop.ensembles.list())
  http.get<{ Params: { version: string } }>('/v1/studio/ensembles/:version', async request =>
    askingOf(request).shop.ensembles.look(request.params.version),
  )
  http.get('/v1/studio/canary', async request => ({ canary: await askingOf(request).shop.ensembles.canary() }))
  http.get('/v1/studio/shadow', async request => ({ shadow: await askingOf(request).shop.ensembles.shadow() }))
  http.post('/v1/studio/ensembles/orders', async request => {
    const { who, shop } = askingOf(request)
    await shop.ensembles.order(checked(EnsembleOrder, request.body), who.name)
    return shop.ensembles.list()
  })
}
