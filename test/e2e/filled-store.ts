// A data folder with many conversations in it, each a copy of one that was had, so that a test of many need not talk for minutes.
import { join } from 'node:path'
import { fold, unwritten } from '@parley/core/conversation/conversation.ts'
import { entriesAfter } from '@parley/core/conversation/dialogue.ts'
import type { ConversationEvent } from '@parley/core/conversation/event.ts'
import { asConversationId } from '@parley/core/ids.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { VisibleEvent } from '@parley/core/protocol/server-message.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { createTokens } from '@parley/server/tokens.ts'
import { SHOP } from '../core/house.ts'
import type { Visitor } from './running-server.ts'

/** Appends under way at once. */
const AT_ONCE = 256

/** Runs `work` on the folder's log and keys. The server is down. */
export async function withConversations<T>(data: string, work: (conversations: Conversations) => Promise<T>): Promise<T> {
  const log = await openLmdbLog(join(data, 'log'))
  const vault = await openLmdbVault(join(data, 'keys'))
  try {
    return await work(createConversations(log, vault))
  } finally {
    await vault.close()
    await log.close()
  }
}

/** Puts the same events into `count` new conversations; gives their visitors, with tokens that are good for an hour. No effect may be among them. */
export function fillStore(data: string, count: number, events: readonly ConversationEvent[]): Promise<readonly Visitor[]> {
  const tokens = createTokens(loadOrMakeSecret(data).keyFor('visitor-tokens'), {
    visitorMinutes: 60,
    refreshDays: 1,
    identityKey: () => 'of nobody here',
  })
  return withConversations(data, async conversations => {
    const copy = async (): Promise<Visitor> => {
      const visitor = tokens.newVisitor(SHOP)
      const { conversation, customer } = visitor
      const own = events.map(event => (event.type === 'opened' ? { ...event, customer } : event))
      const { position } = await conversations.read(visitor, 0)
      await conversations.append(visitor, customer, own, position, { isUnsettled: false, isWithPeople: false })
      const { token, refresh } = await tokens.issue(visitor)
      return { token, refresh, conversation }
    }
    const made: Visitor[] = []
    while (made.length < count) made.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - made.length) }, copy))))
    return made
  })
}

/** What each conversation says at its end, as a cold fold of the log has it. The server is down. */
export const dialoguesOf = (data: string, visitors: readonly Visitor[]): Promise<readonly (readonly VisibleEvent[])[]> =>
  withConversations(data, conversations =>
    Promise.all(
      visitors.map(async ({ conversation }) => {
        const { events, position } = await conversations.read({ shop: SHOP, conversation: asConversationId(conversation) }, 0)
        return entriesAfter(fold(unwritten, events, position).dialogue, 0)
      }),
    ),
  )
