// kill -9 of a process that adds jobs and runs them: nothing that was added is lost, and every job has its one effect.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { openLmdbJobs } from '@parley/server/drivers/jobs.lmdb.ts'
import { until } from '../contracts/jobs.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { createRandom } from '../random.ts'
import { leaveMark, MARK } from './job-runner.ts'

const RUNNER = fileURLToPath(new URL('./job-runner.ts', import.meta.url))
const ROUNDS = process.env.PARLEY_TEST_FULL ? 100 : 10

test(`[JOB1] [JOB2] kill -9 in the midst of adding and running (${ROUNDS} rounds, one queue): nothing is lost, one effect for each job`, {
  timeout: 600_000,
}, async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  mkdirSync(join(folder.path, 'marks'))
  const added = new Set<string>()
  const seed = Number(process.env.PARLEY_SEED ?? 1)
  for (let round = seed; round < seed + ROUNDS; round++) {
    const random = createRandom(round) // the round is the seed, and names it in a failure
    const killAfter = 1 + Math.floor(random() * 300)
    const runner = spawn(process.execPath, [...NODE_FLAGS, RUNNER, folder.path, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(runner, 'exit')
    let lines = 0
    for await (const line of createInterface({ input: runner.stdout })) {
      added.add(line.split(' ')[1] ?? '')
      if (++lines === killAfter) runner.kill('SIGKILL')
    }
    await ended
    assert.ok(lines >= killAfter, `round ${round}: the runner ended by itself`)
    // What was added and has no mark yet must wait in the queue.
    const marks = new Set(readdirSync(join(folder.path, 'marks')))
    const jobs = await openLmdbJobs(join(folder.path, 'jobs'), { clock: systemClock, random, broke: error => assert.fail(String(error)) })
    const kept = new Set((await jobs.list({ limit: 1_000_000 })).jobs.map(job => job.id))
    const lost = [...added].filter(id => !kept.has(id) && !marks.has(id.replaceAll('/', '-')))
    assert.deepEqual(lost, [], `round ${round}`)
    await jobs.close()
  }
  const jobs = await openLmdbJobs(join(folder.path, 'jobs'), {
    clock: systemClock,
    random: createRandom(seed),
    broke: error => assert.fail(String(error)),
  })
  t.after(() => jobs.close())
  jobs.handle(MARK, async ({ id }) => leaveMark(folder.path, id))
  await until(async () => (await jobs.list({ limit: 1 })).jobs.length === 0)
  const marks = new Set(readdirSync(join(folder.path, 'marks')))
  assert.deepEqual(
    [...added].filter(id => !marks.has(id.replaceAll('/', '-'))),
    [],
  )
})
