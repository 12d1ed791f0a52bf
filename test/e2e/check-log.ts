// What must hold of a log after whatever happened: each conversation by check-conversation.ts, and the clients have seen what stands there.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { checkConversation, checkRest } from './check-conversation.ts'
import type { TirelessClient } from './tireless-client.ts'

/** Of a server that has stopped. `turns`: those of each client, every one of them answered. */
export async function checkLog(data: string, clients: readonly TirelessClient[], turns: number): Promise<void> {
  const log = await openLmdbLog(join(data, 'log'))
  const vault = await openLmdbVault(join(data, 'keys'))
  const conversations = createConversations(log, vault)
  for (const { visitor, acknowledged, events: shown } of clients) {
    const { events } = await conversations.read({ shop: asShopId('demo'), conversation: asConversationId(visitor.conversation) }, 0)
    const name = `demo/${visitor.conversation}`
    checkRest(name, checkConversation(name, events, { acknowledged, shown: { upTo: events.length, events: [...shown.values()] } }))
    assert.equal(acknowledged.size, turns)
    assert.deepEqual(
      events.flatMap(event => (event.type === 'reply' ? event.turn : [])),
      events.flatMap(event => (event.type === 'decided' ? event.turn : [])),
    )
  }
  let unsettled = 0
  for await (const _ of log.unsettled()) unsettled++
  assert.equal(unsettled, 0)
  await log.close()
  await vault.close()
}
