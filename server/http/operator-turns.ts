// The turns that a shop's log has recorded, one JSON value a line, as they are read: what `parley plugin replay` puts to another version.
import { Readable } from 'node:stream'
import { Fault, isFault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationKey, isId, type ShopId } from '@parley/core/ids.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Erasures } from '@parley/core/ports/erasures.ts'
import type { Thumb } from '@parley/core/protocol/client-message.ts'
import { type RecordedTurn, recordedTurns } from '@parley/core/recorded-turns.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { isTakenBack, thumbOf } from '../read-log.ts'
import { checked } from './operator-gate.ts'

export interface OperatorTurnParts {
  readonly conversations: Pick<Conversations, 'read'>
  readonly erasures: Pick<Erasures, 'ages'>
}

/** One line. `done` of `total` conversations were looked at before it. */
export interface TurnLine {
  readonly done: number
  readonly total: number
  readonly conversation?: string
  readonly turn?: RecordedTurn
  /** An agent or the operator has taken the dialogue back to before it. */
  readonly takenBack?: true
  /** The last that the customer has said of its reply, where they have. */
  readonly thumb?: Thumb
  /** Why the conversation cannot be read. */
  readonly damaged?: string
}

interface Route {
  Params: { shop: string }
}
/** `since`: milliseconds since 1970; turns decided before are left out. */
const Wanted = z.strictObject({ since: z.coerce.number().int().min(0).default(0), conversation: z.string().refine(isId).optional() })

export function registerTurnRoutes(
  http: FastifyInstance,
  admit: (request: FastifyRequest) => void,
  { conversations, erasures }: OperatorTurnParts,
): void {
  http.get<Route>('/v1/operator/shops/:shop/turns', async (request, reply) => {
    admit(request)
    const { since, conversation } = checked(Wanted, request.query)
    if (!isId(request.params.shop)) throw new Fault('UNKNOWN_SHOP', { shop: request.params.shop })
    const shop = asShopId(request.params.shop)
    const keys = conversation === undefined ? await active(shop, since) : [{ shop, conversation: asConversationId(conversation) }]
    return reply.type('application/x-ndjson; charset=utf-8').send(Readable.from(lines(keys, since)))
  })

  async function active(shop: ShopId, since: number): Promise<readonly ConversationKey[]> {
    const keys: ConversationKey[] = []
    for await (const { key, lastAt } of erasures.ages()) if (key.shop === shop && lastAt >= since) keys.push(key)
    return keys
  }

  async function* lines(keys: readonly ConversationKey[], since: number): AsyncGenerator<string> {
    const total = keys.length
    for (const [done, key] of keys.entries()) {
      const { conversation } = key
      try {
        const { events, position } = await conversations.read(key, 0)
        for (const turn of recordedTurns(key, events, position)) {
          if (turn.at < since) continue
          const thumb = thumbOf(turn, events)
          const said = { ...(isTakenBack(turn, events) && { takenBack: true as const }), ...(thumb && { thumb }) }
          yield lineOf({ done, total, conversation, turn, ...said })
        }
      } catch (error) {
        if (isFault(error, 'CONVERSATION_ERASED')) continue // while the others were read
        if (!isFault(error)) throw error
        yield lineOf({ done, total, conversation, damaged: error.message })
      }
    }
    yield lineOf({ done: total, total })
  }
}

const lineOf = (line: TurnLine): string => `${JSON.stringify(line)}\n`
