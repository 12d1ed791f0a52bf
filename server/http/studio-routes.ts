// What the pages of /studio ask for (core/protocol/studio.ts): of the shop of whoever is signed in with the role data, and of no other.
import { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Sessions, SignedIn } from '../accounts/sessions.ts'
import { createBuckets } from '../realtime/buckets.ts'
import type { StudioShop } from '../studio/studio.ts'
import { protect } from './session-routes.ts'
import { registerStudioEnsembles } from './studio-ensembles.ts'
import { registerStudioLabels } from './studio-labels.ts'
import { registerStudioReports } from './studio-reports.ts'
import { registerStudioSets } from './studio-sets.ts'
import { registerStudioTrials } from './studio-trials.ts'

export interface StudioRouteParts {
  readonly studioSessions: Sessions
  /** Of a shop in force. */
  readonly studio: (shop: string) => StudioShop
  readonly clock: Clock
}

/** Who asks, and of which shop. */
export interface Asking {
  readonly who: SignedIn
  readonly shop: StudioShop
}
export type AskingOf = (request: FastifyRequest) => Asking

/** Requests of one person: so many at once, and so many a second. A slider that is drawn asks some ten times a second. */
const BURST = 100
const PER_SECOND = 30

export function registerStudioRoutes(http: FastifyInstance, { studioSessions, studio, clock }: StudioRouteParts): void {
  const buckets = createBuckets(BURST, PER_SECOND)
  const asking = new WeakMap<FastifyRequest, Asking>()
  http.register(async scope => {
    protect(scope)
    scope.addHook('onRequest', async request => {
      const who = await studioSessions.personOf(request.headers.cookie, request.headers.origin, request.host)
      const retryAfterMs = buckets.take(who.id, clock.monotonic())
      if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
      asking.set(request, { who, shop: studio(who.shop) })
    })
    const askingOf: AskingOf = request => asking.get(request)! // the hook has put it there, or has refused the request
    registerStudioEnsembles(scope, askingOf)
    registerStudioSets(scope, askingOf)
    registerStudioReports(scope, askingOf)
    registerStudioTrials(scope, askingOf)
    registerStudioLabels(scope, askingOf)
  })
}
