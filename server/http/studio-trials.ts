// Sliders: other weights and costs, tried on a set at once, and kept as a version.
import { TrialOrder, TrialToKeep } from '@parley/core/protocol/studio.ts'
import type { FastifyInstance } from 'fastify'
import { checked } from './operator-gate.ts'
import type { AskingOf } from './studio-routes.ts'

export function registerStudioTrials(http: FastifyInstance, askingOf: AskingOf): void {
  http.post('/v1/studio/trials', async request => {
    const { who, shop } = askingOf(request)
    return shop.trials.try(checked(TrialOrder, request.body), who.id)
  })
  http.post('/v1/studio/trials/keep', async request => {
    const { who, shop } = askingOf(request)
    return { version: await shop.ensembles.keep(checked(TrialToKeep, request.body), who.name) }
  })
}
