// kill -9 at every step of an erasure on the disk: untouched, or erased after the next start; never one conversation without the other, never a key
// that is left behind, and nobody else's harmed.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { asCustomerId } from '@parley/core/ids.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openStoreToRead } from '@parley/server/drivers/lmdb-store.ts'
import { openLmdbVault, openVaultTables, storeInForce } from '@parley/server/drivers/vault.lmdb.ts'
import { ANNA, createTestHouse, keyOf, refOf, type TestHouse } from '../core/house.ts'
import { filesWith } from '../data-files.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'

const ERASER = fileURLToPath(new URL('./mortal-eraser.ts', import.meta.url))

/** A house on the folder's stores, as a server has them. */
async function inHouse<T>(data: string, work: (house: TestHouse) => Promise<T>): Promise<T> {
  const log = await openLmdbLog(join(data, 'log'))
  const vault = await openLmdbVault(join(data, 'keys'))
  try {
    const house = createTestHouse({ log, vault })
    await house.engine.finishUnsettled()
    const result = await work(house)
    assert.deepEqual(house.bugs, [])
    return result
  } finally {
    await vault.close()
    await log.close()
  }
}

async function say(house: TestHouse, conversation: string, words: string, customer = ANNA): Promise<void> {
  await house.engine.say(keyOf(conversation), customer, { ref: refOf('m1'), text: words, locale: 'en' })
  await house.settled()
}

async function keysIn(data: string, conversations: readonly string[]): Promise<Buffer[]> {
  const root = openStoreToRead(join(data, 'keys', storeInForce(join(data, 'keys'))))
  const table = openVaultTables(root).conversations
  const keys = conversations.map(conversation => Buffer.from(table.get(['demo', conversation])!)) // written above
  await root.close()
  return keys
}

async function eraseUntil(data: string, step: number): Promise<{ readonly isAcknowledged: boolean; readonly isWhole: boolean }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, ERASER, data, String(step)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null, string | null]>])
  assert.ok(code === 0 || signal === 'SIGKILL', `it ended with ${code ?? signal}`)
  return { isAcknowledged: said.startsWith('erased'), isWhole: code === 0 }
}

test('[ERA2] [ERA3] killed at every step of an erasure: all of it after the next start, or nothing', { timeout: 600_000 }, async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const base = join(folder.path, 'base')
  mkdirSync(base)
  const before = await inHouse(base, async house => {
    await say(house, 'c1', 'human please')
    await say(house, 'c2', 'hello')
    await say(house, 'other', 'hello', asCustomerId('bert'))
    return Promise.all(['c1', 'c2', 'other'].map(id => house.events(id)))
  })
  const keys = await keysIn(base, ['c1', 'c2'])
  assert.ok(filesWith(base, keys).length > 0, 'before, the keys are found: the search works')
  const outcomes: string[] = []
  for (let step = 1, isWhole = false; !isWhole; step++) {
    const data = join(folder.path, String(step))
    cpSync(base, data, { recursive: true })
    const run = await eraseUntil(data, step)
    isWhole = run.isWhole
    const found = await inHouse(data, async house => {
      const codes = await Promise.all(['c1', 'c2'].map(id => faultCodeOf(house.events(id))))
      assert.equal(codes[0], codes[1], `step ${step}: one without the other`)
      assert.deepEqual(await house.events('other'), before[2], `step ${step}: another customer's`)
      const isErased = codes[0] === 'CONVERSATION_ERASED'
      if (!isErased) assert.deepEqual(await Promise.all(['c1', 'c2'].map(id => house.events(id))), before.slice(0, 2))
      assert.equal(house.engine.queue.view(keyOf('c1').shop).items.length, isErased ? 0 : 1, `step ${step}`)
      assert.deepEqual(
        (await house.erasures.notes()).map(({ state }) => state),
        isErased ? ['done'] : [],
        `step ${step}`,
      )
      return isErased
    })
    if (run.isAcknowledged) assert.ok(found, `step ${step}: it was acknowledged`)
    if (found) assert.deepEqual(filesWith(data, keys), [], `step ${step}`)
    outcomes.push(found ? 'erased' : 'untouched')
  }
  const firstErased = outcomes.indexOf('erased')
  assert.ok(firstErased > 0, 'before it was noted nothing has happened')
  assert.ok(
    outcomes.slice(firstErased).every(outcome => outcome === 'erased'),
    outcomes.join(' '),
  )
  assert.ok(outcomes.length > 15, `${outcomes.length} steps`)
})
