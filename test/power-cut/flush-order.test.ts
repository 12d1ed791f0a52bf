// kill -9 of a process that appends: every acknowledged append is there afterwards, whole, and every chain verifies.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openLogReader } from '@parley/server/drivers/log-reader.lmdb.ts'
import { examine } from '@parley/server/upkeep/examine.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { createRandom } from '../random.ts'

const WRITER = fileURLToPath(new URL('./log-writer.ts', import.meta.url))
const ROUNDS = process.env.PARLEY_TEST_FULL ? 100 : 10

test(`[LOG1] [LOG2] [LOG3] [LOG4] [LOG5] acknowledged appends survive kill -9 (${ROUNDS} rounds, one store)`, {
  timeout: 600_000,
}, async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const acknowledged = new Map<string, number>()
  let epoch: string | undefined
  let foundInTail = 0
  for (let round = 1; round <= ROUNDS; round++) {
    const random = createRandom(round) // the round is the seed, and names it in a failure
    const killAfter = 1 + Math.floor(random() * 400)
    const writer = spawn(process.execPath, [...NODE_FLAGS, WRITER, folder.path, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(writer, 'exit')
    let lines = 0
    for await (const line of createInterface({ input: writer.stdout })) {
      const [conversation = '', seq] = line.split(' ')
      acknowledged.set(conversation, Math.max(acknowledged.get(conversation) ?? 0, Number(seq)))
      if (++lines === killAfter) writer.kill('SIGKILL')
    }
    await ended
    assert.ok(lines >= killAfter, `round ${round}: the writer ended by itself`)
    // As it was left: what LMDB does not have is read out of the segments.
    const reader = openLogReader(folder.path)
    const { conversations, damaged } = examine(reader, undefined)
    assert.deepEqual([damaged, conversations >= acknowledged.size], [[], true], `round ${round}`)
    for (const [conversation, seq] of acknowledged) {
      const left = reader.read({ shop: asShopId('demo'), conversation: asConversationId(conversation) })
      assert.ok(
        left.length >= seq,
        `round ${round}: ${conversation} was acknowledged up to ${seq}, and what is left ends at ${left.length}`,
      )
      foundInTail += [...reader.tail.values()].length
    }
    await reader.close()
    const log = await openLmdbLog(folder.path)
    for (const [conversation, seq] of acknowledged) {
      const events = await log.read({ shop: asShopId('demo'), conversation: asConversationId(conversation) }, 0)
      assert.ok(events.length >= seq, `round ${round}: ${conversation} was acknowledged up to ${seq} and ends at ${events.length}`)
      assert.deepEqual(
        events.map(e => e.seq),
        events.map((_, i) => i + 1),
        `round ${round}`,
      )
      // The writer appends two events at a time, each saying which of the two it is.
      const places = events.map(e => Buffer.from(e.body).toString().split(' ')[1])
      assert.deepEqual(
        places,
        events.map((_, i) => String(1 + (i % 2))),
        `round ${round}: half of an append`,
      )
    }
    const unsettled = new Set<string>()
    for await (const key of log.unsettled()) unsettled.add(key.conversation)
    for (const conversation of acknowledged.keys()) assert.ok(unsettled.has(conversation), `round ${round}: ${conversation} is unsettled`)
    epoch ??= log.epoch
    assert.equal(log.epoch, epoch, `round ${round}`)
    await log.close()
  }
  assert.ok(foundInTail > 0, 'no kill came between an acknowledgement and the storing in LMDB')
})

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/**
 * A program that appends twenty times, one after another, and says of each when a reader saw it and when it was acknowledged. A listing has all of
 * it stored in LMDB, so that the segments change parts.
 */
const TWENTY = `
  import { writeSync } from 'node:fs'
  import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
  const log = await openLmdbLog(process.argv[1])
  const key = { shop: 'demo', conversation: 'c1' }
  let head = await log.head(key)
  writeSync(1, 'told: open')
  while (head.seq < 20) {
    const event = { v: 1, type: 'message', at: 1, body: Buffer.alloc(450) }
    const appending = log.append(key, [event], head.position, { isUnsettled: false, isWithPeople: false })
    while ((await log.head(key)).seq === head.seq) await new Promise(setImmediate)
    writeSync(1, 'told: seen')
    head = await appending
    writeSync(1, 'told: acknowledged')
    if (head.seq % 4 === 0) for await (const _ of log.conversations());
  }
  await log.close()
`

const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

// A kill leaves what the system has not written yet; a loss of power does not. So the order of the system calls is what has to be held.
test('[LOG1] an event is seen and acknowledged after the write through to the disk that holds it, and written over after LMDB has flushed it', {
  skip: !canTrace && 'strace is not there, or may not trace',
}, t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const trace = join(folder.path, 'trace')
  const calls = 'trace=openat,write,pwrite64,pwritev,writev,fsync,fdatasync,msync'
  const program = [process.execPath, ...NODE_FLAGS, '--input-type=module', '-e', TWENTY, join(folder.path, 'log')]
  const child = spawnSync('strace', ['-f', '-e', calls, '-o', trace, ...program], { cwd: ROOT, encoding: 'utf8' })
  assert.equal(child.status, 0, child.stderr)

  /** By descriptor: a and b are segments, p is a page of LMDB's and m one that it writes straight through to the disk. */
  const files = new Map<string, string>()
  /** What LMDB did since a batch was last written to the segment: p, m as above, s is a flush. */
  const since = new Map<string, string>()
  /** How many batches were written before each telling. */
  const batches: number[] = []
  let [count, overwritten] = [0, 0]
  for (const line of joined(readFileSync(trace, 'utf8'))) {
    const [, name = '', flags = '', opened = ''] = /openat\(.*\/(data\.mdb|segment-[ab])", ([A-Z_|]+).* = (\d+)$/.exec(line) ?? []
    const isThrough = flags.includes('O_DSYNC')
    if (name === 'data.mdb') files.set(opened, isThrough ? 'm' : 'p')
    else if (name) {
      assert.ok(isThrough, line)
      files.set(opened, name.at(-1)!) // a letter
    }
    const [, call = '', descriptor = ''] = /(\w+)\((\d+)/.exec(line) ?? []
    const file = files.get(descriptor) ?? ''
    if (call === 'write' && line.includes('"told: ')) {
      batches.push(count)
      count = 0
    } else if (/^[ab]$/.test(file) && line.includes('"PLS1')) {
      assert.match(line, / = \d+$/)
      if (/, 0\) = /.test(line) && since.has(file)) {
        overwritten++
        assert.match(since.get(file)!, /p+s+m/, 'LMDB has flushed what is written over') // it has it
      }
      since.set(file, '')
      count++
    } else if (/^[pm]$/.test(file)) {
      const did = /^f(data)?sync$/.test(call) ? 's' : file
      for (const [segment, before] of since) since.set(segment, before + did)
    }
  }
  assert.equal(batches.length, 41)
  for (const [i, before] of batches.slice(1).entries()) assert.equal(before, i % 2 === 0 ? 1 : 0, 'one write before it is seen, none after')
  assert.ok(overwritten >= 3, `${overwritten}`)
})

/** Calls that another thread's output has cut in two, put together where they ended. */
function* joined(trace: string): Generator<string> {
  const begun = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const thread = line.split(' ', 1)[0]!
    if (line.endsWith(' <unfinished ...>')) begun.set(thread, line.slice(0, -' <unfinished ...>'.length))
    else yield line.replace(/^\d+ +<\.\.\. \w+ resumed>/, () => begun.get(thread) ?? '')
  }
}
