// Ensembles, for the operator of this machine: which decides in which shop, what was done, how a shadow and a canary do, and to change it.
import { Fault } from '@parley/core/faults.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { CanaryFigures } from '../ensemble-store/canary-figures.ts'
import type { By, Noted } from '../ensemble-store/ensemble-store.ts'
import type { Comparison } from '../ensemble-store/shadow-comparison.ts'
import { checked, operatorGate } from './operator-gate.ts'

/** How the ensembles of a shop stand in the running server, by version. */
export interface EnsembleView {
  readonly inForce: string
  /** `since`: milliseconds since 1970. */
  readonly canary: { readonly version: string; readonly share: number; readonly since: number } | null
  readonly shadow: { readonly version: string; readonly since: number } | null
}

/** By shop. */
export type EnsemblesView = Readonly<Record<string, EnsembleView>>

const Named = z.string().regex(/^[a-z0-9@-]{1,200}$/, 'name a shipped ensemble or a version that is kept')
/** Who does it and why, for the history. */
const Who = z.string().min(1).max(200)
const Why = z.string().max(1_000)
export const Order = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('promote'), ensemble: Named, who: Who, why: Why.min(1) }),
  z.strictObject({ what: z.literal('rollback'), who: Who, why: Why.min(1) }),
  z.strictObject({ what: z.literal('canary'), ensemble: Named, share: z.number().min(0).max(1), who: Who, why: Why.default('') }),
  z.strictObject({ what: z.literal('shadow'), ensemble: Named, who: Who, why: Why.default('') }),
  z.strictObject({ what: z.enum(['canary-off', 'shadow-off']), who: Who, why: Why.default('') }),
])
/** `ensemble` is the name of a shipped one, or a version that is kept. */
export type Order = z.infer<typeof Order>
const Text = z.strictObject({ text: z.string().max(60_000), name: z.string().min(1).max(200).default('ensemble.yaml') })

export interface EnsembleRouteParts {
  /** Faults of each: UNKNOWN_SHOP. */
  readonly ensembles: {
    view(): EnsemblesView
    /** In force for the next turn when it resolves; false where nothing was to change. Faults: those of `changeEnsemble`. */
    order(shop: string, order: Order & By): Promise<boolean>
    history(shop: string): readonly Noted[]
    /** When what was compared so far is written; null where none runs. */
    shadow(shop: string): Promise<Comparison | null>
    /** Null where there is none. */
    canary(shop: string): Promise<CanaryFigures | null>
    /** Keeps a version, and gives its name. Faults: ENSEMBLE_INVALID. */
    add(text: string, name: string): string
    /** Reads files and records again. Faults: those of a reload; a shop with which something is wrong stays as it was. */
    reload(): void
  }
  readonly operatorKey: string
}

interface Route {
  Params: { shop: string }
}
const ENSEMBLE = '/v1/operator/shops/:shop/ensemble'

export function registerEnsembleRoutes(http: FastifyInstance, { ensembles, operatorKey }: EnsembleRouteParts): void {
  const admit = operatorGate(operatorKey)
  const viewOf = (shop: string): EnsembleView => {
    const found = ensembles.view()[shop]
    if (!found) throw new Fault('UNKNOWN_SHOP', { shop })
    return found
  }

  http.get('/v1/operator/ensembles', async request => {
    admit(request)
    return ensembles.view()
  })
  http.post('/v1/operator/ensembles', async request => {
    admit(request)
    const { text, name } = checked(Text, request.body)
    return { version: ensembles.add(text, name) }
  })
  http.post('/v1/operator/ensembles/reload', async request => {
    admit(request)
    ensembles.reload()
    return ensembles.view()
  })
  http.get<Route>(ENSEMBLE, async request => {
    admit(request)
    return viewOf(request.params.shop)
  })
  http.post<Route>(ENSEMBLE, async request => {
    admit(request)
    viewOf(request.params.shop)
    const isNew = await ensembles.order(request.params.shop, checked(Order, request.body))
    return { isNew, ...viewOf(request.params.shop) }
  })
  http.get<Route>(`${ENSEMBLE}/history`, async request => {
    admit(request)
    viewOf(request.params.shop)
    return { history: ensembles.history(request.params.shop) }
  })
  http.get<Route>(`${ENSEMBLE}/shadow`, async request => {
    admit(request)
    viewOf(request.params.shop)
    return { shadow: await ensembles.shadow(request.params.shop) }
  })
  http.get<Route>(`${ENSEMBLE}/canary`, async request => {
    admit(request)
    viewOf(request.params.shop)
    return { canary: await ensembles.canary(request.params.shop) }
  })
}
