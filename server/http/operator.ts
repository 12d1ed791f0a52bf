// What only the operator of this machine may ask: the decisions of a conversation. The key is derived from the installation's secret file.
import { timingSafeEqual } from 'node:crypto'
import { Fault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, isId } from '@parley/core/ids.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { FastifyInstance } from 'fastify'

export interface OperatorParts {
  readonly conversations: Conversations
  /** What the operator's requests carry as `authorization: Bearer …`. */
  readonly operatorKey: string
}

export function registerOperatorRoutes(http: FastifyInstance, { conversations, operatorKey }: OperatorParts): void {
  const expected = Buffer.from(`Bearer ${operatorKey}`)
  http.get<{ Params: { shop: string; conversation: string } }>(
    '/v1/operator/shops/:shop/conversations/:conversation/decisions',
    async request => {
      const given = Buffer.from(request.headers.authorization ?? '')
      if (given.length !== expected.length || !timingSafeEqual(given, expected))
        throw new Fault('TOKEN_INVALID', { reason: 'it is not the operator key' })
      const { shop, conversation } = request.params
      if (!isId(shop) || !isId(conversation)) throw new Fault('UNKNOWN_CONVERSATION', { conversation })
      const { events, seq } = await conversations.read({ shop: asShopId(shop), conversation: asConversationId(conversation) }, 0)
      if (seq === 0) throw new Fault('UNKNOWN_CONVERSATION', { conversation })
      return { decisions: events.flatMap(event => (event.type === 'decided' ? [event.decision] : [])) }
    },
  )
}
