// What people have said turns of a shop's log are about, for the operator: to read, and to add to. A label of a turn that the log does not have is none.
import { Fault, isFault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationKey, isId } from '@parley/core/ids.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Erasures } from '@parley/core/ports/erasures.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Label, LabelStore } from '../label-store/label-store.ts'
import { checked } from './operator-gate.ts'

export interface OperatorLabelParts {
  readonly conversations: Pick<Conversations, 'read'>
  readonly erasures: Pick<Erasures, 'isErased'>
  readonly labels: Pick<LabelStore, 'put' | 'list' | 'forget'>
  readonly clock: Clock
}

/** How many of the labels were kept, and the turns that the log does not have, or has no more. */
export interface LabelsKept {
  readonly kept: number
  readonly gone: readonly { readonly conversation: string; readonly turn: number }[]
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
  const { conversations, erasures, labels, clock } = parts

  function shopOf(request: FastifyRequest<Route>) {
    admit(request)
    if (!isId(request.params.shop)) throw new Fault('UNKNOWN_SHOP', { shop: request.params.shop })
    return asShopId(request.params.shop)
  }

  /** Turns that were decided; none where the conversation is not there, or no more. */
  async function turnsOf(key: ConversationKey): Promise<ReadonlySet<number>> {
    try {
      const { events } = await conversations.read(key, 0)
      return new Set(events.flatMap(event => (event.type === 'decided' ? [event.turn] : [])))
    } catch (error) {
      if (isFault(error)) return new Set()
      throw error
    }
  }

  http.get<Route>(LABELS, async request => ({ labels: labels.list(shopOf(request)) }))
  http.post<Route>(LABELS, async (request): Promise<LabelsKept> => {
    const shop = shopOf(request)
    const given = checked(Given, request.body).labels.map((label): Label => ({ ...label, at: clock.now() }))
    const [kept, gone]: [Label[], Label[]] = [[], []]
    for (const [conversation, those] of Map.groupBy(given, label => label.conversation)) {
      const turns = await turnsOf({ shop, conversation: asConversationId(conversation) })
      for (const label of those) (turns.has(label.turn) ? kept : gone).push(label)
    }
    await labels.put(shop, kept)
    // An erasure looks for what is there; what it came before has to be taken away here.
    for (const conversation of new Set(kept.map(label => label.conversation)))
      if (await erasures.isErased({ shop, conversation: asConversationId(conversation) })) await labels.forget(shop, conversation)
    return { kept: kept.length, gone: gone.map(({ conversation, turn }) => ({ conversation, turn })) }
  })
}
