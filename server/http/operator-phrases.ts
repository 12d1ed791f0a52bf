// Phrases that shops add for the keyword voter, for the operator of this machine.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ShopPhrase } from '../model-store/shop-phrases.ts'
import { checked, operatorGate } from './operator-gate.ts'

export interface PhraseRouteParts {
  /** Each resolves when the next turn votes by it. Faults: UNKNOWN_SHOP. */
  readonly phrases: {
    list(shop: string): readonly ShopPhrase[]
    /** Faults: PHRASE_INVALID. */
    add(shop: string, phrase: Omit<ShopPhrase, 'at'>): Promise<boolean>
    /** Faults: UNKNOWN_PHRASE. */
    remove(shop: string, action: string, phrase: string): Promise<void>
    /** Reads them again: somebody else has written them. */
    reload(): void
  }
  readonly operatorKey: string
}

interface Route {
  Params: { shop: string }
}

const Phrase = z.strictObject({
  phrase: z.string(),
  action: z.string(),
  weight: z.number().gt(0).lte(1).default(0.8),
  template: z.string().optional(),
})
const Named = z.strictObject({ phrase: z.string(), action: z.string() })
const PHRASES = '/v1/operator/shops/:shop/phrases'

export function registerPhraseRoutes(http: FastifyInstance, { phrases, operatorKey }: PhraseRouteParts): void {
  const admit = operatorGate(operatorKey)

  http.get<Route>(PHRASES, async request => {
    admit(request)
    return { phrases: phrases.list(request.params.shop) }
  })
  http.post<Route>(PHRASES, async request => {
    admit(request)
    const { template, ...phrase } = checked(Phrase, request.body)
    return { isNew: await phrases.add(request.params.shop, { ...phrase, ...(template !== undefined && { template }) }) }
  })
  http.delete<Route>(PHRASES, async request => {
    admit(request)
    const { action, phrase } = checked(Named, request.body)
    await phrases.remove(request.params.shop, action, phrase)
    return {}
  })
  http.post('/v1/operator/phrases/reload', async request => {
    admit(request)
    phrases.reload()
    return {}
  })
}
