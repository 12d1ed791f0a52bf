// What must hold of a log after whatever happened: every acknowledged message is there once and where it was said to be, every message has exactly one
// decision, every decision one reply, and the clients have seen what stands there.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Logged } from '@parley/core/conversation/event.ts'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { textOf } from './running-server.ts'
import type { TirelessClient } from './tireless-client.ts'

/** Of a server that has stopped. `turns`: those of each client. */
export async function checkLog(data: string, clients: readonly TirelessClient[], turns: number): Promise<void> {
  const log = await openLmdbLog(join(data, 'log'))
  const vault = await openLmdbVault(join(data, 'keys'))
  const conversations = createConversations(log, vault)
  for (const client of clients) {
    const { events } = await conversations.read({ shop: asShopId('demo'), conversation: asConversationId(client.visitor.conversation) }, 0)
    checkConversation(events, client.acknowledged, turns)
    const visible = events.filter(e => e.type === 'message' || e.type === 'reply')
    assert.deepEqual(
      [...client.events.values()].map(e => [e.seq, e.type, textOf(e)]),
      visible.map(e => [e.seq, e.type, e.parts.map(p => p.text).join('\n')]),
    )
  }
  let unsettled = 0
  for await (const _ of log.unsettled()) unsettled++
  assert.equal(unsettled, 0)
  await log.close()
  await vault.close()
}

function checkConversation(events: readonly Logged[], acknowledged: ReadonlyMap<string, number>, turns: number): void {
  const messages = events.filter(e => e.type === 'message')
  assert.equal(new Set(messages.map(m => m.ref)).size, messages.length, 'a message is there twice')
  assert.equal(acknowledged.size, turns)
  for (const [ref, seq] of acknowledged)
    assert.equal(messages.find(m => m.ref === ref)?.seq, seq, `${ref} is not where it was acknowledged`)
  const decided = events.filter(e => e.type === 'decided')
  for (const message of messages) assert.equal(decided.filter(d => d.turn <= message.seq && message.seq <= d.upTo).length, 1)
  assert.deepEqual(
    events.filter(e => e.type === 'reply').map(r => r.turn),
    decided.map(d => d.turn),
  )
}
