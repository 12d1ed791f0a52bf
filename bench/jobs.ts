// What the embedded queue takes: durable adds a second and how long one waits, by how many are added at once, and jobs run a second among many timers
// that are not due. Prints JSON.
//   npm run bench:jobs
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { openLmdbJobs } from '@parley/server/drivers/jobs.lmdb.ts'
import { z } from 'zod'
import { machine } from './machine.ts'

const SECONDS = 2
const ADDERS = [1, 16, 64, 256]
const RUNS = 5_000

const kind = { name: 'bench', payload: z.strictObject({ n: z.number() }), attempts: 1, firstPauseMs: 1_000, atOnce: 64 } as const
const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'))
const jobs = await openLmdbJobs(folder, {
  clock: systemClock,
  random: Math.random,
  broke: error => {
    throw error
  },
})
const hundredths = (value: number): number => Math.round(value * 100) / 100

/** Timers of the far future, as those of customers who wait: they are never due here. */
async function add(adders: number) {
  const times: number[] = []
  const started = performance.now()
  await Promise.all(
    Array.from({ length: adders }, async (_, adder) => {
      for (let n = 0; performance.now() - started < SECONDS * 1_000; n++) {
        const at = performance.now()
        await jobs.add({ id: `bench/${adders}/${adder}/${n}`, kind, payload: { n }, delayMs: 86_400_000 })
        times.push(performance.now() - at)
      }
    }),
  )
  const seconds = (performance.now() - started) / 1_000
  times.sort((a, b) => a - b)
  const at = (share: number): number => hundredths(times[Math.floor(times.length * share)] ?? Number.NaN)
  return { adders, perSecond: Math.round(times.length / seconds), p50Ms: at(0.5), p99Ms: at(0.99) }
}

const adds = []
for (const adders of ADDERS) adds.push(await add(adders))
const kept = (await jobs.list({ limit: 1_000_000 })).jobs.length

const due = Array.from({ length: RUNS }, (_, n) => jobs.add({ id: `bench/due/${n}`, kind, payload: { n } }))
await Promise.all(due)
const started = performance.now()
await new Promise<void>(resolve => {
  let done = 0
  jobs.handle(kind, async () => {
    if (++done === RUNS) resolve()
  })
})
const seconds = (performance.now() - started) / 1_000

console.log(
  JSON.stringify(
    { ...machine(), adds, runs: { among: kept, jobs: RUNS, atOnce: kind.atOnce, perSecond: Math.round(RUNS / seconds) } },
    null,
    2,
  ),
)
await jobs.close()
rmSync(folder, { recursive: true })
