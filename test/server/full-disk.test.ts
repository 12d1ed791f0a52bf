// The disk fills up under the real server: what is new is refused, what is old is served, and with room again everything goes on by itself.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import type { Head } from '@parley/core/ports/conversation-log.ts'
import type { ServerMessage } from '@parley/core/protocol/server-message.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { lookOver } from '@parley/server/upkeep/doctor.ts'
import {
  fetchVisitor,
  joinConversation,
  type Line,
  NODE_FLAGS,
  type RunningServer,
  startServer,
  temporaryFolder,
  textOf,
  type Visitor,
} from '../e2e/running-server.ts'

/** A small disk of its own, until the test ends and whatever server runs on it was killed; the reason where this machine lets nobody have one. */
function smallDisk(t: TestContext): { readonly path: string; readonly servers: RunningServer[] } | { readonly reason: string } {
  const folder = temporaryFolder()
  const { path } = folder
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', path], { encoding: 'utf8' })
  const servers: RunningServer[] = []
  t.after(() => {
    for (const server of servers) server.process.kill('SIGKILL')
    if (done.status === 0) spawnSync('umount', ['--lazy', path])
    folder.remove()
  })
  return done.status === 0 ? { path, servers } : { reason: `no disk can be mounted here: ${done.stderr?.trim() ?? done.error?.message}` }
}

/** Takes whatever room is left. */
function fill(file: string): void {
  const descriptor = openSync(file, 'a')
  try {
    for (const size of [2 ** 20, 2 ** 12, 1]) {
      const chunk = Buffer.alloc(size)
      try {
        for (;;) if (writeSync(descriptor, chunk) < size) break
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC') // of Node's own errors
      }
    }
  } finally {
    closeSync(descriptor)
  }
}

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const parley = (data: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [...NODE_FLAGS, MAIN, ...args], { encoding: 'utf8', env: { ...process.env, PARLEY_DATA: data } })

const TEXT = '螃蟹死了怎么赔 '.repeat(200)

type Outcome = Extract<ServerMessage, { type: 'ack' | 'fault' }>

/** What came of a message: its acknowledgement, or the refusal for want of room. One listener for either: the same id is sent again and again. */
async function say(line: Line, ref: string): Promise<Outcome> {
  const answer = new Promise<Outcome>((resolve, reject) => {
    const look = (data: unknown): void => {
      const frame = JSON.parse(String(data)) as ServerMessage // the server's own frames
      if ((frame.type !== 'ack' && frame.type !== 'fault') || frame.ref !== ref) return
      line.socket.off('message', look)
      resolve(frame)
    }
    line.socket.on('message', look)
    line.closed.then(code => reject(new Error(`closed with ${code} while waiting for the answer to ${ref}`)))
  })
  line.send({ type: 'say', ref, text: `${ref} ${TEXT}` })
  const outcome = await answer
  if (outcome.type === 'fault') assert.deepEqual([outcome.code, outcome.retryAfterMs], ['STORAGE_FULL', 5_000])
  return outcome
}

/** The refs of the messages that somebody who comes now is shown. */
async function refsSeen(url: string, visitor: Visitor): Promise<string[]> {
  const line = await joinConversation(url, visitor)
  const { events } = await line.next('events')
  line.socket.close()
  return events.flatMap(event => (event.type === 'message' ? [textOf(event).split(' ')[0] ?? ''] : []))
}

async function enter(url: string, visitor: Visitor): Promise<Line> {
  const line = await joinConversation(url, visitor)
  await line.next('welcome')
  return line
}

const repliesAfter = (line: Line, seq: number): Promise<unknown> =>
  line.next('events', frame => frame.events.some(event => event.type === 'reply' && event.seq > seq))

/** A line on which `m0` has been answered, and a disk without room since. */
async function fullAfterOne(t: TestContext) {
  const disk = smallDisk(t)
  if ('reason' in disk) return disk
  const server = await startServer(disk.path)
  disk.servers.push(server)
  const visitor = await fetchVisitor(server.url)
  const line = await enter(server.url, visitor)
  assert.equal((await say(line, 'm0')).type, 'ack')
  await repliesAfter(line, 0)
  const filler = join(disk.path, 'filler')
  const acknowledged = ['m0']
  const refused = await sayUntilRefused(line, filler, acknowledged)
  return { ...disk, server, visitor, line, filler, acknowledged, refused }
}

/** Fills the disk and speaks until a message is refused; gives its ref. What was taken before is added to `acknowledged`. */
async function sayUntilRefused(line: Line, filler: string, acknowledged: string[]): Promise<string> {
  for (;;) {
    fill(filler)
    const ref = `m${acknowledged.length}`
    if ((await say(line, ref)).type === 'fault') return ref
    acknowledged.push(ref) // what the log has of room in its files took it
  }
}

test('[LOG9] [LOG1] on a full disk the new is refused and told when to come again, the old is served, and no restart is needed', async t => {
  const disk = await fullAfterOne(t)
  if ('reason' in disk) return t.skip(disk.reason)
  const { server, visitor, line, filler, acknowledged, refused } = disk
  assert.deepEqual(await refsSeen(server.url, visitor), acknowledged)
  const stranger = await enter(server.url, await fetchVisitor(server.url))
  assert.equal((await say(stranger, 's0')).type, 'fault', 'a new conversation needs a key')
  // Room little by little, in fewer steps than the limit of messages in a row. When there is some for the message, there may be none for its
  // decision: it is decided all the same.
  let outcome: Outcome
  do {
    truncateSync(filler, Math.max(0, statSync(filler).size - 65_536))
    outcome = await say(line, refused)
  } while (outcome.type === 'fault')
  assert.deepEqual(await refsSeen(server.url, visitor), [...acknowledged, refused])
  rmSync(filler)
  await repliesAfter(line, outcome.seq)
  assert.equal((await say(stranger, 's0')).type, 'ack')
  assert.deepEqual(await server.stop('SIGTERM'), [0, null])
  assert.deepEqual((await lookOver(disk.path)).damaged, [])
})

test('[LOG9] [LOG1] killed while the disk is full, it starts again without room, serves what it had, and goes on when there is some', async t => {
  const disk = await fullAfterOne(t)
  if ('reason' in disk) return t.skip(disk.reason)
  const { visitor, filler, acknowledged } = disk
  await disk.server.stop('SIGKILL')
  const server = await startServer(disk.path)
  disk.servers.push(server)
  assert.deepEqual(await refsSeen(server.url, visitor), acknowledged)
  const line = await enter(server.url, visitor)
  const refused = await sayUntilRefused(line, filler, acknowledged)
  assert.deepEqual(await refsSeen(server.url, visitor), acknowledged)
  const other = parley(join(disk.path, 'another'), 'serve', '--port', '0')
  assert.deepEqual([other.status, other.signal], [1, null])
  assert.match(other.stderr, /^parley: there is no room to write .*another.* \(STORAGE_FULL\)$/m)
  rmSync(filler)
  const outcome = await say(line, refused)
  assert.ok(outcome.type === 'ack')
  await repliesAfter(line, outcome.seq)
  assert.deepEqual(await server.stop('SIGTERM'), [0, null])
  assert.deepEqual((await lookOver(disk.path)).damaged, [])
})

test('[LOG9] a log that has no room to grow refuses an append, and takes it when there is some', async t => {
  const disk = smallDisk(t)
  if ('reason' in disk) return t.skip(disk.reason)
  const log = await openLmdbLog(join(disk.path, 'log'))
  const key = { shop: asShopId('demo'), conversation: asConversationId('c1') }
  const append = async (bytes: number): Promise<Head> =>
    log.append(key, [{ v: 1, type: 'message', at: 1, body: new Uint8Array(bytes) }], (await log.head(key)).position, {
      isUnsettled: false,
      isWithPeople: false,
    })
  const filler = join(disk.path, 'filler')
  for (const [seq, bytes] of [1_000, 1_500_000, 3_000_000].entries()) {
    fill(filler)
    await assert.rejects(append(bytes), { code: 'STORAGE_FULL', details: { what: 'the log', retryAfterMs: 5_000 } })
    assert.equal((await log.read(key, 0)).length, seq)
    rmSync(filler)
    assert.equal((await append(bytes)).seq, seq + 1)
  }
  await log.close()
})
