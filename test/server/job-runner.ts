// Adds jobs and runs them for ever, and says of each job when it is durable: `added id`. A run leaves its mark under a key that only one run can use;
// some fail first, some take a while. jobs-crash.test.ts kills it.
import { appendFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { openLmdbJobs } from '@parley/server/drivers/jobs.lmdb.ts'
import { z } from 'zod'
import { createRandom } from '../random.ts'

export const MARK = {
  name: 'mark',
  payload: z.strictObject({ round: z.number(), n: z.number() }),
  attempts: 1_000,
  firstPauseMs: 1,
  atOnce: 8,
} as const

/** One effect for one key, as an effect's provider keeps it; a second run finds it there. */
export function leaveMark(folder: string, id: string): void {
  appendFileSync(join(folder, 'runs'), `${id}\n`)
  try {
    writeFileSync(join(folder, 'marks', id.replaceAll('/', '-')), id, { flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

if (process.argv[1] === import.meta.filename) {
  const [folder = '', round = ''] = process.argv.slice(2)
  const random = createRandom(Number(round))
  const broke = (error: unknown): never => {
    throw error
  }
  const jobs = await openLmdbJobs(join(folder, 'jobs'), { clock: systemClock, random, broke })
  jobs.handle(MARK, async ({ id, attempt }) => {
    if (attempt === 1 && random() < 0.3) throw new Error('not yet')
    leaveMark(folder, id)
    for (let turn = random() * 20; turn > 1; turn--) await new Promise(resolve => setImmediate(resolve))
  })
  const add = async (lane: number): Promise<never> => {
    for (let n = lane; ; n += 10) {
      const id = `mark/${round}/${n}`
      await jobs.add({ id, kind: MARK, payload: { round: Number(round), n }, delayMs: random() < 0.3 ? 5 : 0 })
      writeSync(1, `added ${id}\n`)
    }
  }
  await Promise.all(Array.from({ length: 10 }, (_, lane) => add(lane)))
}
