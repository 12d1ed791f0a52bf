// Models, for the operator of this machine: which vote in which shop, to read again which are to, and to train one.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { RemoteVoterStanding } from '../drivers/voters.remote.ts'
import { checked, operatorGate } from './operator-gate.ts'

/** By shop and voter, the version that a decision records of its vote. */
export type ModelsView = Readonly<Record<string, Readonly<Record<string, string>>>>

/** By shop. */
export type RemoteVotersView = Readonly<Record<string, readonly RemoteVoterStanding[]>>

export interface ModelRouteParts {
  /** How the remote voters of each shop stand now. */
  readonly remoteVotersView: () => RemoteVotersView
  /** Those in force now. */
  readonly modelsView: () => ModelsView
  /** Puts those in force that the records name. Faults: MODEL_INVALID; then nothing has changed. */
  readonly reloadModels: () => Promise<void>
  /** Adds the job of a training whose data lies ready, and gives its id. Faults: UNKNOWN_TRAINING. */
  readonly train: (run: string) => Promise<string>
  readonly operatorKey: string
}

const Training = z.strictObject({ run: z.string() })

export function registerModelRoutes(
  http: FastifyInstance,
  { modelsView, remoteVotersView, reloadModels, train, operatorKey }: ModelRouteParts,
): void {
  const admit = operatorGate(operatorKey)

  http.get('/v1/operator/models', async request => {
    admit(request)
    return modelsView()
  })
  http.get('/v1/operator/remote-voters', async request => {
    admit(request)
    return remoteVotersView()
  })
  http.post('/v1/operator/models/reload', async request => {
    admit(request)
    await reloadModels()
    return modelsView()
  })
  http.post('/v1/operator/training', async request => {
    admit(request)
    return { id: await train(checked(Training, request.body).run) }
  })
}
