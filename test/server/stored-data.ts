// A data folder with conversations in it, written as the server writes them: sealed and chained. And ways to do it harm.
import { join } from 'node:path'
import type { ConversationEvent } from '@parley/core/conversation/event.ts'
import { asConversationId, asCustomerId, asShopId, type ConversationKey, type CustomerId, type MessageRef } from '@parley/core/ids.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openStore } from '@parley/server/drivers/lmdb-store.ts'
import { type LogTables, openLogTables } from '@parley/server/drivers/log-tables.ts'
import { openLmdbVault, openVaultTables, storeInForce } from '@parley/server/drivers/vault.lmdb.ts'

export const keyOf = (name: string): ConversationKey => ({ shop: asShopId('demo'), conversation: asConversationId(name) })
/** Conversation c1 is customer u1's. */
export const customerOf = (name: string): CustomerId => asCustomerId(name.replace('c', 'u'))
export const textOf = (name: string, seq: number): string => `what ${name} wrote at ${seq}`

/** Runs `work` on the folder's log and keys, as an engine has them. */
export async function withStores<T>(
  data: string,
  work: (conversations: Conversations, vault: Awaited<ReturnType<typeof openLmdbVault>>) => Promise<T>,
): Promise<T> {
  const log = await openLmdbLog(join(data, 'log'))
  const vault = await openLmdbVault(join(data, 'keys'))
  try {
    return await work(createConversations(log, vault), vault)
  } finally {
    await vault.close()
    await log.close()
  }
}

/** Appends `count` messages, one append each. */
export async function write(conversations: Conversations, name: string, count: number): Promise<void> {
  const key = keyOf(name)
  let head = await conversations.read(key, 0)
  for (let i = 0; i < count; i++) {
    const seq = head.seq + 1
    const message: ConversationEvent = {
      type: 'message',
      at: seq,
      ref: `r${seq}` as MessageRef, // of this conversation, once
      parts: [{ kind: 'text', text: textOf(name, seq) }],
    }
    head = await conversations.append(key, customerOf(name), [message], head.position, { isUnsettled: false, isWithPeople: false })
  }
}

/** Puts into the closed log what no append would have. */
export async function harmLog(data: string, harm: (tables: LogTables) => Promise<unknown>): Promise<void> {
  const root = openStore(join(data, 'log'))
  await harm(openLogTables(root))
  await root.close()
}

/** The same with the closed vault. */
export async function harmVault(data: string, harm: (tables: ReturnType<typeof openVaultTables>) => Promise<unknown>): Promise<void> {
  const root = openStore(join(data, 'keys', storeInForce(join(data, 'keys'))))
  await harm(openVaultTables(root))
  await root.close()
}
