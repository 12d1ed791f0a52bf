// What the queues take, one after another in one run: the embedded one, and BullMQ on a Redis that flushes once a second and on one that flushes before it
// answers. Adds a second and how long one waits, by how many are added at once; jobs run a second among many timers that are not due; and the time from
// an add to the beginning of its run, where one is added at a time and where 64 are. Prints JSON.
//   npm run bench:jobs
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Jobs } from '@parley/core/ports/jobs.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { openBullmqJobs } from '@parley/server/drivers/jobs.bullmq.ts'
import { openLmdbJobs } from '@parley/server/drivers/jobs.lmdb.ts'
import { z } from 'zod'
import { bringRedis, isMissing } from '../tools/programs.ts'
import { machine } from './machine.ts'

const SECONDS = 2
const ADDERS = [1, 16, 64, 256]
const RUNS = 5_000
const AT_ONCE = 64

const payload = z.strictObject({ n: z.number() })
const timer = { name: 'timer', payload, attempts: 1, firstPauseMs: 1_000, atOnce: AT_ONCE } as const
const due = { ...timer, name: 'due' } as const
const answered = { ...timer, name: 'answered' } as const
const hundredths = (value: number): number => Math.round(value * 100) / 100

function percentiles(times: number[]) {
  times.sort((a, b) => a - b)
  const at = (share: number): number => hundredths(times[Math.floor(times.length * share)] ?? Number.NaN)
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** Runs `step` in so many lanes for the time of a measurement. */
async function inLanes(lanes: number, step: (lane: number, n: number) => Promise<void>) {
  const started = performance.now()
  let count = 0
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let n = 0; performance.now() - started < SECONDS * 1_000; n++) {
        await step(lane, n)
        count++
      }
    }),
  )
  return Math.round(count / ((performance.now() - started) / 1_000))
}

/** Timers of the far future, as those of customers who wait: they are never due here. */
async function add(jobs: Jobs, adders: number) {
  const times: number[] = []
  const perSecond = await inLanes(adders, async (lane, n) => {
    const at = performance.now()
    await jobs.add({ id: `timer/${adders}/${lane}/${n}`, kind: timer, payload: { n }, delayMs: 86_400_000 })
    times.push(performance.now() - at)
  })
  return { adders, perSecond, ...percentiles(times) }
}

async function run(jobs: Jobs) {
  await Promise.all(Array.from({ length: RUNS }, (_, n) => jobs.add({ id: `due/${n}/x`, kind: due, payload: { n } })))
  const started = performance.now()
  await new Promise<void>(resolve => {
    let done = 0
    jobs.handle(due, async () => {
      if (++done === RUNS) resolve()
    })
  })
  return { jobs: RUNS, atOnce: AT_ONCE, perSecond: Math.round(RUNS / ((performance.now() - started) / 1_000)) }
}

/** Each lane adds its next job when its last one has begun. */
async function addToRun(jobs: Jobs) {
  const begun = new Map<string, () => void>()
  jobs.handle(answered, async ({ id }) => begun.get(id)?.())
  const measured = []
  for (const lanes of [1, 64]) {
    const times: number[] = []
    const perSecond = await inLanes(lanes, async (lane, n) => {
      const id = `answered/${lanes}/${lane}/${n}`
      const at = performance.now()
      await Promise.all([
        new Promise<void>(resolve => begun.set(id, resolve)).then(() => times.push(performance.now() - at)),
        jobs.add({ id, kind: answered, payload: { n } }),
      ])
      begun.delete(id)
    })
    measured.push({ lanes, perSecond, ...percentiles(times) })
  }
  return measured
}

async function measure(jobs: Jobs) {
  const adds = []
  for (const adders of ADDERS) adds.push(await add(jobs, adders))
  const among = (await jobs.list({ limit: 10_000_000 })).jobs.length
  return { adds, runs: { among, ...(await run(jobs)) }, addToRun: await addToRun(jobs) }
}

const broke = (error: unknown): never => {
  throw error
}
const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'))
const embedded = await openLmdbJobs(folder, { clock: systemClock, random: Math.random, broke })
const drivers: Record<string, unknown> = { embedded: await measure(embedded) }
await embedded.close()
rmSync(folder, { recursive: true })

const program = bringRedis()
if (!isMissing(program)) {
  const { startRedisServer } = await import('../test/cluster/redis-server.ts') // it looks for Redis when it is loaded
  for (const appendfsync of ['everysec', 'always']) {
    const redis = await startRedisServer({ appendfsync })
    const jobs = await openBullmqJobs({ redis: { url: redis.url, prefix: 'bench' }, installation: 'bench', node: 'n1', broke })
    drivers[`bullmq, appendfsync ${appendfsync}`] = await measure(jobs)
    await jobs.close()
    await redis.remove()
  }
}

console.log(JSON.stringify({ ...machine(), redis: isMissing(program) ? program.skipped : program.version, drivers }, null, 2))
