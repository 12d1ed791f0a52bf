// One node on a queue in Redis, as a process that a test kills, halts and blocks: `job-node.ts URL FOLDER NAME`. A handler leaves its mark under a key that
// only one run can use. What it does is told a line at a time; a job of kind `hold` goes on until the test says `go`.
import { createInterface } from 'node:readline'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { openBullmqJobs } from '@parley/server/drivers/jobs.bullmq.ts'
import { z } from 'zod'
import { leaveMark, MARK } from '../server/job-runner.ts'

/** Short, so that a test need not wait long for what another node has dropped. */
export const LOCK_MS = 1_000
const payload = z.strictObject({ n: z.number() })
/** Goes on until it is told. */
export const HOLD = { name: 'hold', payload, attempts: 3, firstPauseMs: 1, atOnce: 4 } as const
/** Blocks the loop for longer than its lock lives: what a handler must not do. */
export const BLOCK = { name: 'block', payload, attempts: 3, firstPauseMs: 1, atOnce: 1 } as const
export { MARK }

export const nodeParts = (url: string, node: string) => ({
  redis: { url, prefix: 'test' },
  installation: 'nodes',
  node,
  clock: systemClock,
  lockMs: LOCK_MS,
})

if (process.argv[1] === import.meta.filename) {
  const [url = '', folder = '', name = ''] = process.argv.slice(2)
  const say = (...words: unknown[]): void => void process.stdout.write(`${words.join(' ')}\n`)
  const jobs = await openBullmqJobs({
    ...nodeParts(url, name),
    broke: error => say('broke', error),
    overtaken: id => say('overtaken', id),
    lost: () => say('lost'),
  })
  let go = Promise.withResolvers<void>()
  createInterface({ input: process.stdin }).on('line', line => {
    if (line === 'go') go.resolve()
    if (line === 'hold') go = Promise.withResolvers()
    if (line === 'close') jobs.close().then(() => say('closed'))
  })
  jobs.handle(HOLD, async ({ id, attempt, signal }) => {
    say('begun', id, attempt)
    signal.addEventListener('abort', () => say('aborted', id))
    await go.promise
    leaveMark(folder, id)
    say('ended', id)
  })
  jobs.handle(BLOCK, async ({ id, payload: { n } }) => {
    say('begun', id)
    leaveMark(folder, id)
    await new Promise(resolve => setImmediate(resolve)) // the line is out
    if (name === 'a') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, n)
    say('ended', id)
  })
  jobs.handle(MARK, async ({ id }) => {
    leaveMark(folder, id)
    say('marked', id)
  })
  say('ready')
}
