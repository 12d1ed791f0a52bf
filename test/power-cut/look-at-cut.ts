// Opens what a loss of power has left, with the drivers that a server opens it with, and holds it against what had been told by then. A process of
// its own, since LMDB may end the one that reads a torn store; power-cut.test.ts asks it, one folder after another.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { textOf as textIn } from '@parley/core/conversation/event.ts'
import { asAgentId } from '@parley/core/ids.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { filesWith } from '../data-files.ts'
import { faultCodeOf } from '../fault-code.ts'
import { keyOf, textOf } from '../server/stored-data.ts'
import { openJobs, type Told } from './told.ts'

export interface Cut {
  readonly data: string
  readonly told: readonly Told[]
  /** Of erased conversations, hexadecimal. */
  readonly erasedKeys: Readonly<Record<string, string>>
}

async function look({ data, told, erasedKeys }: Cut): Promise<void> {
  const ends = new Map<string, number>()
  const erased = new Set<string>()
  for (const each of told) {
    if (each.is === 'event') ends.set(each.conversation, Math.max(each.seq, ends.get(each.conversation) ?? 0))
    if (each.is === 'erased') erased.add(each.conversation)
  }
  const secret = loadOrMakeSecret(data).keyFor('operator').toString('hex')
  for (const each of told) if (each.is === 'secret') assert.equal(secret, each.key, 'the secret is another')

  const log = await openLmdbLog(join(data, 'log'))
  const vault = await openLmdbVault(join(data, 'keys'))
  const conversations = createConversations(log, vault)
  for (const [conversation, seq] of ends) {
    if (await vault.isErased(keyOf(conversation))) continue
    const { events } = await conversations.read(keyOf(conversation), 0)
    assert.ok(events.length >= seq, `[LOG1] ${conversation} was acknowledged up to ${seq} and ends at ${events.length}`)
  }
  for await (const key of log.conversations()) {
    if (await vault.isErased(key)) continue
    const { events } = await conversations.read(key, 0) // [LOG3] [KEY1] follows the chain and opens every seal
    for (const event of events)
      assert.equal(event.type === 'message' && textIn(event.parts), textOf(key.conversation, event.seq), `${key.conversation} ${event.seq}`)
  }
  for (const conversation of erased) {
    assert.equal(await faultCodeOf(conversations.read(keyOf(conversation), 0)), 'CONVERSATION_ERASED', `[KEY2] ${conversation}`)
    const key = Buffer.from(erasedKeys[conversation] ?? '', 'hex')
    assert.equal(key.length, 32)
    assert.deepEqual(filesWith(join(data, 'keys'), [key]), [], `[KEY2] the key of ${conversation} is there`)
  }
  await vault.close()
  await log.close()

  const accounts = openLmdbAccounts(join(data, 'accounts'))
  const jobs = await openJobs(data)
  for (const each of told) {
    if (each.is === 'account') {
      const account = accounts.get('demo', asAgentId(each.id))
      assert.ok(account?.state === 'active' && account.endings >= each.endings, `the account ${each.id} is lost`)
    }
    if (each.is === 'job') assert.equal((await jobs.list({ id: each.id, limit: 1 })).jobs.length, 1, `[JOB1] ${each.id} is lost`)
  }
  accounts.list('demo')
  await jobs.close()
  await accounts.close()
}

process.on('message', (cut: Cut) =>
  look(cut).then(
    () => process.send?.({ complaint: null }),
    error => process.send?.({ complaint: String(error instanceof Error ? error.message : error) }),
  ),
)
