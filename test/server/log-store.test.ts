// The log's LMDB store over its life: its map grows under readers and writers, a killed reader's slot is cleared, and its state can be watched.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { asConversationId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { ConversationLog, Head } from '@parley/core/ports/conversation-log.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openLogReader } from '@parley/server/drivers/log-reader.lmdb.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { createRandom } from '../random.ts'

const READER = fileURLToPath(new URL('./log-reader-that-stays.ts', import.meta.url))
const APPENDS = process.env.PARLEY_TEST_FULL ? 50_000 : 6_000
const BODY = 4_000
const keyOf = (n: number): ConversationKey => ({ shop: asShopId('demo'), conversation: asConversationId(`c${n}`) })
const settled = { isUnsettled: false, isWithPeople: false }
/** Acknowledged events are stored a little later; a listing waits for it. */
const allStored = async (log: ConversationLog): Promise<void> => void (await log.conversations()[Symbol.asyncIterator]().next())
const event = (fill: number) => ({ v: 1, type: 'message', at: 1, body: new Uint8Array(BODY).fill(fill % 251) })

test(`[LOG10] the map grows from its first size under ${APPENDS} appends by 20 writers, with readers in this and in another process`, async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const log = await openLmdbLog(folder.path)
  const { mapBytes: first } = log.storeState()
  assert.ok(first < 2 ** 20, `it began with ${first} bytes`)
  const heads = new Map<number, Head>()
  for (let writer = 0; writer < 20; writer++)
    heads.set(writer, await log.append(keyOf(writer), [event(1)], (await log.head(keyOf(writer))).position, settled))
  let isWriting = true
  const write = async (writer: number): Promise<void> => {
    for (let n = 1; n < APPENDS / 20; n++) {
      const before = heads.get(writer)! // set above
      heads.set(writer, await log.append(keyOf(writer), [event(before.seq + 1)], before.position, settled))
    }
  }
  let reads = 0
  const read = async (seed: number): Promise<void> => {
    const random = createRandom(seed)
    while (isWriting) {
      const writer = Math.floor(random() * 20)
      const known = heads.get(writer)!.seq // set above
      const after = Math.max(0, known - 40)
      const found = await log.read(keyOf(writer), after)
      assert.ok(found.length >= known - after, `conversation ${writer} was acknowledged up to ${known}`)
      for (const { seq, body } of found) assert.ok(body.length === BODY && body[0] === seq % 251 && body.at(-1) === seq % 251)
      reads++
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const elsewhere = openLogReader(folder.path) // has mapped what there is now, and sees what comes
  const readers = [1, 2, 3].map(read)
  await Promise.all([...heads.keys()].map(write))
  isWriting = false
  await Promise.all(readers)
  assert.ok(reads > 100, `${reads} reads`)
  await allStored(log)
  const { mapBytes, usedBytes } = log.storeState()
  assert.ok(mapBytes > 20 * first && mapBytes >= APPENDS * BODY && usedBytes <= mapBytes, `${first} bytes have become ${mapBytes}`)
  for (const writer of heads.keys()) assert.equal(elsewhere.read(keyOf(writer)).length, APPENDS / 20)
  await elsewhere.close()
  await log.close()
})

test('[LOG10] a reader that stays is told by the commits that it is behind; killed, its slot is cleared at the next look, and at a start', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  let log = await openLmdbLog(folder.path)
  let head = await log.append(keyOf(1), [event(1)], (await log.head(keyOf(1))).position, settled)
  const append = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      head = await log.append(keyOf(1), [event(head.seq + 1)], head.position, settled)
      await allStored(log)
    }
  }
  const startReader = async () => {
    const reader = spawn(process.execPath, [...NODE_FLAGS, READER, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => reader.kill('SIGKILL'))
    await once(reader.stdout, 'data')
    return reader
  }
  const kill = async (reader: Awaited<ReturnType<typeof startReader>>): Promise<void> => {
    const ended = once(reader, 'exit')
    reader.kill('SIGKILL')
    await ended
  }
  /**
   * Out of the file itself, since whoever opens the store clears what it finds; read by another process, since closing the file here would let go
   * of LMDB's locks on it. A slot has its process's id at a place divisible by eight.
   */
  const holdsSlot = (pid = 0): boolean => {
    const slots = spawnSync('cat', [join(folder.path, 'lock.mdb')]).stdout
    for (let at = 0; at < slots.length; at += 8) if (slots.readUInt32LE(at) === pid) return true
    return false
  }

  const first = await startReader()
  assert.ok(holdsSlot(first.pid))
  await append(30)
  assert.ok(log.storeState().oldestReaderCommits >= 30, `${log.storeState().oldestReaderCommits} commits`)
  await kill(first)
  assert.ok(holdsSlot(first.pid), 'it left its slot behind')
  assert.ok(log.storeState().oldestReaderCommits < 30)
  const { freeBytes, mapBytes } = log.storeState()
  await append(30)
  assert.ok(freeBytes > 0 && log.storeState().mapBytes >= mapBytes, 'what it kept is free again')

  // With another reader beside it: where nobody is left LMDB begins the table of slots anew.
  const [second, third] = [await startReader(), await startReader()]
  await log.close()
  await kill(second)
  assert.ok(holdsSlot(second.pid), 'it left its slot behind')
  log = await openLmdbLog(folder.path)
  assert.deepEqual([holdsSlot(second.pid), holdsSlot(third.pid)], [false, true])
  await append(1)
  await log.close()
})
