// A reader sees an event, and its writer is told, only after the flush that holds it: the order of the system calls, as strace has it. What a loss of
// power leaves of what was told is power-cut.test.ts's matter; this holds what nobody was told yet and somebody might have read.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { canTrace } from './record-calls.ts'

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
