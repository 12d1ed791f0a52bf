// Everything that the shop keeps of one customer, as JSON, one event after another, so that a long history costs no memory: each conversation with all of its
// events in clear, decisions and all. One that cannot be read is there as well, and says what it is.
import type { Logged } from '@parley/core/conversation/event.ts'
import { isFault } from '@parley/core/faults.ts'
import type { ConversationKey, CustomerId, ShopId } from '@parley/core/ids.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'

/** One conversation of an export; the events stand beside a `whole` one. */
export type ExportedState =
  | { readonly state: 'whole' }
  /** Erased while the export went on. */
  | { readonly state: 'erased' }
  | { readonly state: 'damaged'; readonly reason: string }

export async function* exportCustomer(
  conversations: Pick<Conversations, 'read'>,
  about: { readonly shop: ShopId; readonly customer: CustomerId; readonly at: number },
  keys: readonly ConversationKey[],
): AsyncGenerator<string> {
  const { shop, customer, at } = about
  yield `{"format":1,"shop":${JSON.stringify(shop)},"customer":${JSON.stringify(customer)},"at":"${new Date(at).toISOString()}","conversations":[`
  for (const [i, key] of keys.entries()) {
    if (i > 0) yield ','
    const found = await read(conversations, key)
    if ('state' in found) {
      yield JSON.stringify({ conversation: key.conversation, ...found })
      continue
    }
    yield `{"conversation":${JSON.stringify(key.conversation)},"state":"whole","events":[`
    for (const [j, event] of found.events.entries()) yield `${j > 0 ? ',' : ''}\n${JSON.stringify(event)}`
    yield ']}'
  }
  yield ']}\n'
}

async function read(
  conversations: Pick<Conversations, 'read'>,
  key: ConversationKey,
): Promise<{ readonly events: readonly Logged[] } | Exclude<ExportedState, { state: 'whole' }>> {
  try {
    return { events: (await conversations.read(key, 0)).events }
  } catch (error) {
    if (isFault(error, 'CONVERSATION_ERASED')) return { state: 'erased' }
    if (isFault(error)) return { state: 'damaged', reason: error.message }
    throw error
  }
}
