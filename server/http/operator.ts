// What only the operator of this machine may ask: a conversation with its decisions, to put it back, to erase it. The key is derived from the installation's
// secret file.
import type { Engine } from '@parley/core/engine.ts'
import { Fault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationKey, isId } from '@parley/core/ids.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { conversationView, rollbackView } from './conversation-view.ts'
import { type OperatorCustomerParts, registerCustomerRoutes } from './operator-customers.ts'
import { checked, operatorGate } from './operator-gate.ts'
import { type OperatorLabelParts, registerLabelRoutes } from './operator-labels.ts'
import { type OperatorTurnParts, registerTurnRoutes } from './operator-turns.ts'

export interface OperatorParts extends OperatorCustomerParts, OperatorTurnParts, OperatorLabelParts {
  readonly conversations: Conversations
  readonly erasures: OperatorCustomerParts['erasures'] & OperatorTurnParts['erasures'] & OperatorLabelParts['erasures']
  readonly engine: Pick<Engine, 'rollback' | 'previewRollback' | 'erase'>
  /** What the operator's requests carry as `authorization: Bearer …`. */
  readonly operatorKey: string
}

interface Route {
  Params: { shop: string; conversation: string }
}

const Rollback = z.strictObject({ toSeq: z.int().min(0), reason: z.string().max(500).default('') })
const Preview = z.strictObject({ toSeq: z.coerce.number().int().min(0) })
const OPERATOR = { kind: 'operator' } as const
const CONVERSATION = '/v1/operator/shops/:shop/conversations/:conversation'

export function registerOperatorRoutes(http: FastifyInstance, parts: OperatorParts): void {
  const { conversations, engine, operatorKey } = parts
  const admitOperator = operatorGate(operatorKey)

  /** The conversation that the operator asks about. Faults: TOKEN_INVALID, UNKNOWN_CONVERSATION. */
  function admit(request: FastifyRequest<Route>): ConversationKey {
    admitOperator(request)
    const { shop, conversation } = request.params
    if (!isId(shop) || !isId(conversation)) throw new Fault('UNKNOWN_CONVERSATION', { conversation })
    return { shop: asShopId(shop), conversation: asConversationId(conversation) }
  }

  async function read(key: ConversationKey) {
    const found = await conversations.read(key, 0)
    if (found.seq === 0) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
    return found
  }

  http.get<Route>(`${CONVERSATION}/decisions`, async request => {
    const { events } = await read(admit(request))
    return { decisions: events.flatMap(event => (event.type === 'decided' ? [event.decision] : [])) }
  })
  http.get<Route>(CONVERSATION, async request => {
    const key = admit(request)
    const { events, position } = await read(key)
    return conversationView(key, events, position)
  })
  http.get<Route>(`${CONVERSATION}/rollback`, async request => {
    const key = admit(request)
    const { toSeq } = checked(Preview, request.query)
    return rollbackView(await engine.previewRollback(key, toSeq, OPERATOR))
  })
  http.post<Route>(`${CONVERSATION}/rollback`, async request => {
    const key = admit(request)
    const { toSeq, reason } = checked(Rollback, request.body)
    await engine.rollback(key, { toSeq, by: OPERATOR, reason })
    return { toSeq }
  })
  http.delete<Route>(CONVERSATION, async request => {
    const { shop, conversation } = admit(request)
    return engine.erase({ shop, target: { kind: 'conversations', conversations: [conversation] }, by: OPERATOR })
  })
  registerCustomerRoutes(http, admitOperator, parts)
  registerTurnRoutes(http, admitOperator, parts)
  registerLabelRoutes(http, admitOperator, parts)
}
