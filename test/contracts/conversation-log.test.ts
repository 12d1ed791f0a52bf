import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import type { ConversationLog, Position } from '@parley/core/ports/conversation-log.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { openStore } from '@parley/server/drivers/lmdb-store.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
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

const WRITER = fileURLToPath(new URL('../server/log-writer.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** A program that appends until it has been refused five times, and prints what became of it. */
const FILLER = `
  import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
  const log = await openLmdbLog(process.argv[1])
  const key = { shop: 'demo', conversation: 'c1' }
  let refused = 0
  let head = await log.head(key)
  while (refused < 5 && head.seq < 100) {
    const event = { v: 1, type: 'message', at: 1, body: Buffer.alloc(100_000, head.seq) }
    await log.append(key, [event], head.position, { isUnsettled: false, isWithPeople: false }).then(after => (head = after), () => refused++)
  }
  console.log(JSON.stringify({ acknowledged: head.seq, refused, read: (await log.read(key, 0)).length }))
  await log.close()
`
const key = { shop: asShopId('demo'), conversation: asConversationId('c1') }

type Store = ReturnType<typeof openEvents>

/** Writes five events, lets `damage` loose on the closed store, and opens it again. */
async function withDamaged<T>(damage: (store: Store) => Promise<unknown>, run: (log: ConversationLog) => Promise<T>): Promise<T> {
  const folder = temporaryFolder()
  try {
    const log = await openLmdbLog(folder.path)
    const bodies = ['a', 'b', 'c', 'd', 'e'].map(text => ({ v: 1, type: 'message', at: 1, body: Buffer.from(text.repeat(50)) }))
    await log.append(key, bodies, (await log.head(key)).position, { isUnsettled: false, isWithPeople: false })
    await log.close()
    const store = openEvents(folder.path)
    await damage(store)
    await store.root.close()
    const again = await openLmdbLog(folder.path)
    try {
      return await run(again)
    } finally {
      await again.close()
    }
  } finally {
    folder.remove()
  }
}

/** What reading a damaged store says. */
const readAfter = (damage: (store: Store) => Promise<unknown>): Promise<string> =>
  withDamaged(damage, async log => {
    try {
      await log.read(key, 0)
      return 'served'
    } catch (error) {
      if (isFault(error, 'LOG_DAMAGED')) return `damaged at ${error.details.seq}`
      throw error
    }
  })

function openEvents(path: string) {
  const root = openStore(path)
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
    { isUnsettled: false, isWithPeople: false },
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

test('[LOG3] lmdb: every flipped bit of the place in a recorded end, and every flipped byte of its hash, is noticed', async () => {
  const bits = [
    ...Array.from({ length: 32 }, (_, at) => [at, 1] as const),
    ...Array.from({ length: 64 }, (_, bit) => [32 + (bit >> 3), 1 << (bit & 7)] as const),
  ]
  for (const [at, bit] of bits) {
    const damage = ({ heads }: Store) => {
      const head = Buffer.from(heads.get(['demo', 'c1'])!) // written before the damage
      head[at]! ^= bit
      return heads.put(['demo', 'c1'], head)
    }
    assert.match(await readAfter(damage), /^damaged at /, `byte ${at}, bit ${bit}`)
  }
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

test('[LOG3] lmdb: a lost, torn or wound back end is damage: neither a shorter answer nor a place to append', async () => {
  const head: [string, string] = ['demo', 'c1']
  const lost = ({ heads }: Store) => heads.remove(head)
  const torn = ({ heads }: Store) => heads.put(head, Buffer.alloc(7))
  const woundBack = ({ heads, events }: Store) => {
    const end = Buffer.from(events.get(['demo', 'c1', 3])!.subarray(0, 32)) // written before the damage
    return heads.put(head, Buffer.concat([end, Buffer.from(new Float64Array([3]).buffer).reverse()]))
  }
  assert.equal(await readAfter(lost), 'damaged at 1')
  assert.equal(await readAfter(torn), 'damaged at 1')
  assert.equal(await readAfter(woundBack), 'damaged at 4')
  for (const [damage, position] of [
    [lost, '0'],
    [torn, '5'],
    [woundBack, '3'],
  ] as const)
    await withDamaged(damage, async log => {
      const event = { v: 1, type: 'message', at: 1, body: Buffer.from('over') }
      const appending = log.append(key, [event], position as Position, { isUnsettled: false, isWithPeople: false }) // as this driver writes positions
      assert.equal(await faultCodeOf(appending), 'LOG_DAMAGED')
      assert.equal(await faultCodeOf(log.head(key)), 'LOG_DAMAGED')
      const sound = { ...key, conversation: asConversationId('sound') }
      assert.equal((await log.append(sound, [event], (await log.head(sound)).position, { isUnsettled: false, isWithPeople: false })).seq, 1)
    })
})

test('[LOG1] lmdb: a full disk refuses appends and loses nothing acknowledged; the rest goes on, also when there is room again', async () => {
  const folder = temporaryFolder()
  // A file of the child may grow to 2 MB: its disk is full before a hundred appends of 100 kB are done.
  const program = [process.execPath, ...NODE_FLAGS, '--input-type=module', '-e', FILLER, folder.path]
  const child = spawnSync('/bin/sh', ['-c', 'ulimit -f 4096; exec "$@"', 'sh', ...program], { cwd: ROOT, encoding: 'utf8' })
  assert.equal(child.status, 0, child.stderr)
  const { acknowledged, refused, read } = JSON.parse(child.stdout) as Record<string, number> // the child's own line
  assert.ok(acknowledged! > 0 && refused! > 0, child.stdout)
  assert.equal(read, acknowledged, 'reading goes on')
  const log = await openLmdbLog(folder.path)
  const stored = await log.read(key, 0)
  assert.equal(stored.length, acknowledged)
  const { position } = await log.head(key)
  assert.equal(
    (await log.append(key, [{ v: 1, type: 'm', at: 1, body: Buffer.alloc(1) }], position, { isUnsettled: false, isWithPeople: false })).seq,
    acknowledged! + 1,
  )
  await log.close()
  folder.remove()
})

test('lmdb: a second opening of a folder is refused, naming the owner', async () => {
  const folder = temporaryFolder()
  const log = await openLmdbLog(folder.path)
  await assert.rejects(openLmdbLog(folder.path), (error: unknown) => isFault(error, 'DATA_IN_USE') && error.details.pid === process.pid)
  await log.close()
  await (await openLmdbLog(folder.path)).close()
  folder.remove()
})

/** Of a process namespace of its own, as in a container: there it is process 1. */
const UNSHARE = ['--pid', '--fork', '--kill-child', '--mount-proc', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'])]
const cannotUnshare = spawnSync('unshare', [...UNSHARE, 'true']).status === 0 ? false : 'this machine lets nobody make a process namespace'

test('lmdb: an owner in another container is named while it lives, and is not in the way once it is gone', {
  skip: cannotUnshare,
}, async () => {
  const folder = temporaryFolder()
  const deep = join(folder.path, 'a-path-longer-than-the-address-of-a-socket-may-be/'.repeat(4))
  const openInContainer = () => {
    const args = [...UNSHARE, process.execPath, ...NODE_FLAGS, WRITER, deep, '1']
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stderr.on('data', chunk => (said += chunk))
    return { child, isIn: once(child.stdout, 'data'), ended: once(child, 'close').then(() => said) }
  }
  /** What a newcomer says when it is refused; one that is let in is ended, or it would go on for ever. */
  const newcomer = async (): Promise<string> => {
    const { child, isIn, ended } = openInContainer()
    isIn.then(
      () => child.kill('SIGKILL'),
      () => {},
    ) // no output: it was refused
    return ended
  }
  const owner = openInContainer()
  await owner.isIn
  await assert.rejects(openLmdbLog(deep), (error: unknown) => isFault(error, 'DATA_IN_USE') && error.details.pid === 1)
  assert.match(await newcomer(), /DATA_IN_USE/, 'process 1 here is not process 1 there')
  await assert.rejects(openLmdbLog(deep), (error: unknown) => isFault(error, 'DATA_IN_USE'), 'the refused took nothing from the owner')
  owner.child.kill('SIGKILL')
  await owner.ended
  const log = await openLmdbLog(deep)
  assert.match(await newcomer(), /DATA_IN_USE/, 'nor does a container go past an owner outside of it')
  await log.close()
  folder.remove()
})

test('lmdb: another living process that has the folder is named; a dead one and one that only shares its id are not in the way', async () => {
  const folder = temporaryFolder()
  const owner = spawn(process.execPath, [...NODE_FLAGS, WRITER, folder.path, '1'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(owner, 'exit')
  await once(owner.stdout, 'data')
  await assert.rejects(openLmdbLog(folder.path), (error: unknown) => isFault(error, 'DATA_IN_USE') && error.details.pid === owner.pid)
  owner.kill('SIGKILL')
  await ended
  await (await openLmdbLog(folder.path)).close()
  // Our parent lives, and did not start at the first tick of the clock.
  writeFileSync(join(folder.path, `owner-${process.ppid}-1.lock`), '')
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
    log.append(key, [{ v: 1, type: 'm', at: 1, body: new Uint8Array() }], 'elsewhere' as Position, {
      isUnsettled: false,
      isWithPeople: false,
    }),
  )
})
