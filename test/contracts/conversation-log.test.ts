import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import type { Position } from '@parley/core/ports/conversation-log.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { storeOptions } from '@parley/server/drivers/lmdb-store.ts'
import { open } from 'lmdb'
import { temporaryFolder } from '../e2e/running-server.ts'
import { conversationLogContract } from './conversation-log.ts'

conversationLogContract('memory', async () => ({ log: createMemoryLog(), remove: async () => {} }))

conversationLogContract('lmdb', async () => {
  const folder = temporaryFolder()
  const log = await openLmdbLog(folder.path)
  return {
    log,
    async reopen() {
      await log.close()
      return openLmdbLog(folder.path)
    },
    remove: async () => folder.remove(),
  }
})

const key = { shop: asShopId('demo'), conversation: asConversationId('c1') }

/** Writes five events, lets `damage` loose on the closed store, and gives what reading them says. */
async function readAfter(damage: (events: ReturnType<typeof openEvents>) => Promise<unknown>): Promise<string> {
  const folder = temporaryFolder()
  try {
    const log = await openLmdbLog(folder.path)
    const bodies = ['a', 'b', 'c', 'd', 'e'].map(text => ({ v: 1, type: 'message', at: 1, body: Buffer.from(text.repeat(50)) }))
    await log.append(key, bodies, (await log.head(key)).position, { isUnsettled: false })
    await log.close()
    const store = openEvents(folder.path)
    await damage(store)
    await store.root.close()
    const again = await openLmdbLog(folder.path)
    try {
      await again.read(key, 0)
      return 'served'
    } catch (error) {
      if (isFault(error, 'LOG_DAMAGED')) return `damaged at ${error.details.seq}`
      throw error
    } finally {
      await again.close()
    }
  } finally {
    folder.remove()
  }
}

function openEvents(path: string) {
  const root = open(storeOptions(path))
  return {
    root,
    events: root.openDB<Buffer, [string, string, number]>({ name: 'events', encoding: 'binary' }),
    heads: root.openDB<Buffer, [string, string]>({ name: 'heads', encoding: 'binary' }),
  }
}

test('[LOG3] lmdb: every single flipped byte of a record is noticed', async () => {
  const folder = temporaryFolder()
  const log = await openLmdbLog(folder.path)
  await log.append(
    key,
    [1, 2, 3].map(n => ({ v: 1, type: 'message', at: n, body: Buffer.from(`event ${n}`) })),
    (await log.head(key)).position,
    { isUnsettled: false },
  )
  await log.close()
  const { events, root } = openEvents(folder.path)
  const whole = Buffer.from(events.get(['demo', 'c1', 2])!) // written above
  await root.close()
  for (let at = 0; at < whole.length; at++) {
    const copy = temporaryFolder()
    cpSync(folder.path, copy.path, { recursive: true })
    const store = openEvents(copy.path)
    const flipped = Buffer.from(whole)
    flipped[at]! ^= 1
    await store.events.put(['demo', 'c1', 2], flipped)
    await store.root.close()
    const again = await openLmdbLog(copy.path)
    await assert.rejects(again.read(key, 0), (error: unknown) => isFault(error, 'LOG_DAMAGED'), `byte ${at}`)
    await again.close()
    copy.remove()
  }
  folder.remove()
})

test('[LOG3] lmdb: a missing, moved, cut or swapped event is noticed and never served', async () => {
  const at = (seq: number): [string, string, number] => ['demo', 'c1', seq]
  assert.equal(await readAfter(({ events }) => events.remove(at(3))), 'damaged at 3')
  assert.equal(await readAfter(({ events }) => events.remove(at(5))), 'damaged at 5')
  assert.equal(await readAfter(({ events }) => events.put(at(4), Buffer.from(events.get(at(2))!))), 'damaged at 4') // written by readAfter
  assert.equal(await readAfter(({ events }) => events.put(at(2), Buffer.from(events.get(at(2))!.subarray(0, 40)))), 'damaged at 2')
  assert.match(
    await readAfter(async ({ heads, events, root }) => {
      // A whole store wound back by one event: head and events agree, the hash at the end does not.
      const head = Buffer.from(heads.get(['demo', 'c1'])!) // as above
      head.writeDoubleBE(4, 32)
      await root.transaction(() => {
        heads.put(['demo', 'c1'], head)
        events.remove(at(5))
      })
    }),
    /damaged at 4/,
  )
})

test('lmdb: a second opening of a folder is refused, naming the owner', async () => {
  const folder = temporaryFolder()
  const log = await openLmdbLog(folder.path)
  await assert.rejects(openLmdbLog(folder.path), (error: unknown) => isFault(error, 'DATA_IN_USE') && error.details.pid === process.pid)
  await log.close()
  await (await openLmdbLog(folder.path)).close()
  folder.remove()
})

test('[LOG4] a new store has a new epoch', async () => {
  const [one, two] = [temporaryFolder(), temporaryFolder()]
  const logs = [await openLmdbLog(one.path), await openLmdbLog(join(two.path, 'deeper'))]
  assert.notEqual(logs[0]?.epoch, logs[1]?.epoch)
  for (const log of logs) await log.close()
  one.remove()
  two.remove()
})

test('a position is opaque: another store of the same length takes nothing that it did not give', async () => {
  const log = createMemoryLog()
  await assert.rejects(
    log.append(key, [{ v: 1, type: 'm', at: 1, body: new Uint8Array() }], 'elsewhere' as Position, { isUnsettled: false }),
  )
})
