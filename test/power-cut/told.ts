// What busy-writer.ts tells, and its queue.
import { join } from 'node:path'
import type { JobKind, Jobs } from '@parley/core/ports/jobs.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { openLmdbJobs } from '@parley/server/drivers/jobs.lmdb.ts'
import { z } from 'zod'

export type Told =
  | { readonly is: 'secret'; readonly key: string }
  | { readonly is: 'event'; readonly conversation: string; readonly seq: number }
  | { readonly is: 'erased'; readonly conversation: string }
  | { readonly is: 'account'; readonly id: string; readonly endings: number }
  | { readonly is: 'job'; readonly id: string }

/** Never run: they wait for days. */
export const WAIT: JobKind<Record<string, never>> = {
  name: 'wait',
  payload: z.strictObject({}),
  attempts: 1,
  firstPauseMs: 1,
  atOnce: 1,
}

export const openJobs = (data: string): Promise<Jobs> =>
  openLmdbJobs(join(data, 'jobs'), {
    clock: systemClock,
    random: () => 0,
    broke: error => {
      throw error
    },
  })
