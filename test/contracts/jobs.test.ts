import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { openLmdbJobs } from '@parley/server/drivers/jobs.lmdb.ts'
import { createMemoryJobs } from '@parley/server/drivers/jobs.memory.ts'
import { z } from 'zod'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { jobsContract, until } from './jobs.ts'

const broke = (error: unknown): never => {
  throw error
}

jobsContract('memory', () => ({
  isDurable: false,
  open: async (clock, random) => createMemoryJobs({ clock, random, broke }),
  remove: () => {},
}))

jobsContract('lmdb', () => {
  const folder = temporaryFolder()
  return {
    isDurable: true,
    open: (clock, random) => openLmdbJobs(folder.path, { clock, random, broke }),
    remove: folder.remove,
  }
})

test('[JOB1] lmdb: one process owns the queue', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const parts = { clock: systemClock, random: Math.random, broke }
  const jobs = await openLmdbJobs(folder.path, parts)
  t.after(() => jobs.close())
  assert.equal(await faultCodeOf(openLmdbJobs(folder.path, parts)), 'DATA_IN_USE')
})

test('[JOB4] whoever runs the queue is told of a job whose tries are spent, once', async t => {
  const told: unknown[] = []
  const jobs = createMemoryJobs({ clock: systemClock, random: () => 1, broke, failed: job => told.push(job) })
  t.after(() => jobs.close())
  const kind = { name: 'fails', payload: z.strictObject({}), attempts: 2, firstPauseMs: 1, atOnce: 1 }
  jobs.handle(kind, () => Promise.reject(new TypeError('what a customer wrote')))
  await jobs.add({ id: 'fails/1', kind, payload: {} })
  await until(() => told.length === 1)
  assert.deepEqual(told, [{ id: 'fails/1', kind: 'fails', reason: 'TypeError' }])
})
