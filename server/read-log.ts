// The turns that a shop's log has recorded, conversation after conversation, as each stood when it was decided; beside customers, who go first.
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Logged } from '@parley/core/conversation/event.ts'
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, type ConversationKey, type ShopId } from '@parley/core/ids.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Erasures } from '@parley/core/ports/erasures.ts'
import type { Thumb } from '@parley/core/protocol/client-message.ts'
import { type RecordedTurn, recordedTurns } from '@parley/core/recorded-turns.ts'

export interface LogParts {
  readonly conversations: Pick<Conversations, 'read'>
  readonly erasures: Pick<Erasures, 'ages'>
  /** While it is so, nothing is read. */
  readonly isStrained: () => boolean
}

export interface Wanted {
  readonly shop: ShopId
  /** Milliseconds since 1970; turns decided before are left out. */
  readonly since: number
  /** These alone. */
  readonly conversations?: ReadonlySet<string>
  readonly signal: AbortSignal
}

/** A conversation with its turns. `done` of `total` were looked at before it. */
export interface ReadConversation {
  readonly done: number
  readonly total: number
  readonly conversation: string
  readonly events: readonly Logged[]
  readonly turns: readonly RecordedTurn[]
}

/** The thread is held for one conversation at a time, and at least as long is left to others. */
const STRAINED_MS = 200
const FREE_MS = 4

/** Erased ones are left out, and those that cannot be read. Ends where the signal says so, with its reason. */
export async function* readLog({ conversations, erasures, isStrained }: LogParts, wanted: Wanted): AsyncGenerator<ReadConversation> {
  const { shop, since, signal } = wanted
  const keys: ConversationKey[] = []
  if (wanted.conversations) for (const id of wanted.conversations) keys.push({ shop, conversation: asConversationId(id) })
  else
    for await (const { key, lastAt } of erasures.ages()) {
      if (key.shop === shop && lastAt >= since) keys.push(key)
      await setImmediate()
    }
  let held = 0
  for (const [done, key] of keys.entries()) {
    signal.throwIfAborted()
    while (isStrained()) await setTimeout(STRAINED_MS, undefined, { signal })
    if (held > FREE_MS) {
      await setTimeout(held)
      held = 0
    } else await setImmediate()
    const begun = performance.now()
    const read = await readOne(key)
    held += performance.now() - begun
    if (read) yield { done, total: keys.length, conversation: key.conversation, ...read }
  }

  async function readOne(key: ConversationKey): Promise<Pick<ReadConversation, 'events' | 'turns'> | undefined> {
    try {
      const { events, position } = await conversations.read(key, 0)
      return { events, turns: [...recordedTurns(key, events, position)].filter(({ at }) => at >= since) }
    } catch (error) {
      if (isFault(error)) return undefined // erased while others were read, or damaged: doctor tells of it
      throw error
    }
  }
}

/** An agent or the operator has taken the dialogue back to before it. A customer who takes a message back has said something wrong, not been told it. */
export const isTakenBack = ({ received }: RecordedTurn, events: readonly Logged[]): boolean =>
  events.some(event => event.type === 'rolled_back' && event.by !== 'customer' && event.seq > received.upTo && event.toSeq < received.turn)

/** The last that the customer has said of the turn's reply; null where they have said nothing, or have taken it back. */
export const thumbOf = ({ received }: RecordedTurn, events: readonly Logged[]): Thumb | null => {
  const last = events.findLast(event => event.type === 'rated' && event.turn === received.turn)
  return last?.type === 'rated' ? last.thumb : null
}
