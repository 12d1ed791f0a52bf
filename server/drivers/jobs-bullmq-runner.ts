// Runs the jobs of one kind on this node, by a worker of BullMQ's: it fetches, keeps the locks alive and takes up what another node has dropped. What a
// run is for the port is here: it begins in a turn of the loop of its own, and ends as done, as failed, given back, or not at all where it is not this
// node's any more.
import type { JobPayload, JobRun } from '@parley/core/ports/jobs.ts'
import { type Job as BullJob, type Queue, WaitingError, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { reasonOf } from '../jobs/reason-of.ts'
import { calledOffKey, type JobScripts, keepCalledOff } from './jobs-bullmq-scripts.ts'

export interface RunnerParts {
  readonly queue: Queue
  readonly connection: Redis
  readonly scripts: JobScripts
  readonly prefix: string
  readonly atOnce: number
  readonly lockMs: number
  readonly isClosing: () => boolean
  readonly run: (run: JobRun<JobPayload>) => Promise<void>
  readonly broke: (error: unknown) => void
  readonly failed: (id: string, reason: string) => void
  readonly overtaken: (id: string) => void
}

export interface Runner {
  /** Tells Redis how many of the kind may run at once on all nodes; again where it was lost. */
  limit(): Promise<unknown>
  /** Tells the run of this job that it was taken away. */
  callOff(id: string): void
  /** As the run has last reported; undefined where it does not run here. */
  progressOf(id: string): number | null | undefined
  /** Aborts what runs, waits for it and gives it back. */
  close(): Promise<void>
}

interface Run {
  readonly id: string
  /** Of its lock. */
  readonly token: string
  readonly abort: AbortController
  readonly ended: Promise<void>
  /** Not this node's any more: it was called off, or another node has it. */
  isOver: boolean
  progress: number | null
}
type Outcome = 'done' | 'not begun' | { readonly error: unknown }

/** Most that the end of a node waits until Redis has what ran. Without it, another node finds it when its lock is out. */
const GIVE_BACK_MS = 3_000
/** Between two looks whether an earlier run has ended. */
const LOOK_MS = 50
/** Longest that a worker sleeps through a job whose sign went to a node that died. */
const LOOK_AGAIN_S = 1
/** Between two tries of BullMQ to tell Redis how a run has ended. */
const RETRY_MS = 500

export function createRunner(parts: RunnerParts): Runner {
  const { queue, connection, scripts, lockMs, isClosing, broke } = parts
  const runs = new Set<Run>()
  const ofJob = (id: string): Run[] => [...runs].filter(run => run.id === id && !run.isOver)

  let before = Promise.resolve()
  const turnOfItsOwn = (): Promise<void> => {
    before = before.then(() => new Promise(resolve => setImmediate(resolve)))
    return before
  }

  async function process(job: BullJob, token = ''): Promise<void> {
    const end = Promise.withResolvers<void>()
    const run: Run = { id: job.id!, token, abort: new AbortController(), ended: end.promise, isOver: false, progress: null } // a job of a queue has an id
    runs.add(run)
    try {
      const outcome = await attempt(job, run)
      if (run.isOver) throw new WaitingError() // nothing is to be told of it
      if (outcome === 'not begun' || (outcome !== 'done' && isClosing())) {
        await job.moveToWait(token).catch(() => {}) // it is another node's already
        throw new WaitingError()
      }
      if (outcome !== 'done') throw withoutWords(outcome.error)
    } finally {
      runs.delete(run)
      end.resolve()
    }
  }

  async function attempt(job: BullJob, run: Run): Promise<Outcome> {
    if (await waitsForAnother(run)) return 'not begun'
    await turnOfItsOwn()
    if (isClosing() || run.isOver) return 'not begun'
    const attempt = job.attemptsMade + 1
    const { signal } = run.abort
    try {
      const isLast = attempt >= (job.opts.attempts ?? 1)
      await parts.run({ id: run.id, payload: job.data, attempt, isLast, signal, report: progress => report(job, run, progress) })
      return 'done'
    } catch (error) {
      return { error }
    }
  }

  /**
   * Whether an earlier run of the same id went on, here or called off elsewhere. Then this one is given back when that has ended, and taken up anew: on one
   * node BullMQ knows a run by its id, and with the end of the first it would stop to renew the lock of the second.
   */
  async function waitsForAnother(run: Run): Promise<boolean> {
    const isHere = (): boolean => [...runs].some(other => other !== run && other.id === run.id)
    const goesOn = async (): Promise<boolean> => isHere() || (await connection.exists(calledOffKey(queue, run.id))) === 1
    if (!(await goesOn())) return false
    while (!isClosing() && !run.isOver && (await goesOn())) await new Promise(resolve => setTimeout(resolve, LOOK_MS))
    return true
  }

  /** Runs whose progress is on its way to Redis: what is reported meanwhile goes after it, the last alone. */
  const isTelling = new Set<Run>()
  function report(job: BullJob, run: Run, progress: number): void {
    run.progress = progress
    if (isTelling.has(run) || run.isOver) return
    isTelling.add(run)
    const tell = async (): Promise<void> => {
      let told: number | null = null
      while (told !== run.progress && !run.isOver) {
        told = run.progress
        await job.updateProgress({ at: told })
      }
    }
    tell()
      .catch(() => {}) // whoever lists the jobs here has it all the same
      .finally(() => isTelling.delete(run))
  }
  const worker = new Worker(queue.name, process, {
    connection,
    prefix: parts.prefix,
    concurrency: parts.atOnce,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    maxStalledCount: Number.MAX_SAFE_INTEGER, // a process that died is no failure of its jobs
    drainDelay: LOOK_AGAIN_S,
    runRetryDelay: RETRY_MS,
  })
  worker.on('failed', (job, error) => {
    if (job && job.attemptsMade >= (job.opts.attempts ?? 1)) parts.failed(job.id!, error.message) // as above
  })
  worker.on('lockRenewalFailed', ids => {
    for (const run of ids.flatMap(ofJob)) overtake(run)
  })
  worker.on('error', error => {
    if (isLockLost(error) || isAway(error)) return // the first is told by its run, the second by the connection
    broke(error)
  })

  function overtake(run: Run): void {
    run.isOver = true
    run.abort.abort()
    parts.overtaken(run.id)
  }

  return {
    limit: () => queue.setGlobalConcurrency(parts.atOnce),
    callOff(id) {
      for (const run of ofJob(id)) {
        run.isOver = true
        run.abort.abort()
        const keep = (ms: number): void => void keepCalledOff(scripts, queue, id, run.token, ms).catch(() => {}) // it has a life of its own
        const timer = setInterval(() => keep(lockMs), lockMs / 3)
        void run.ended.then(() => {
          clearInterval(timer)
          keep(0)
        })
      }
    },
    progressOf: id => ofJob(id)[0]?.progress,
    async close() {
      const closed = worker.close()
      for (const run of runs) run.abort.abort()
      await Promise.all([...runs].map(run => run.ended))
      let timer: NodeJS.Timeout | undefined
      await Promise.race([closed, new Promise(resolve => (timer = setTimeout(resolve, GIVE_BACK_MS)))])
      clearTimeout(timer)
    },
  }
}

/** A failure's code alone is kept, and told. */
function withoutWords(error: unknown): Error {
  const failure = new Error(reasonOf(error))
  failure.stack = ''
  return failure
}

/** Codes of BullMQ's for a job that is gone, not locked, or locked by another. */
const LOST = [-1, -2, -6]
const isLockLost = (error: Error): boolean =>
  ('code' in error && LOST.includes(error.code as number)) || error.message.startsWith('could not renew lock')
const isAway = ({ message }: Error): boolean => /ECONN|EPIPE|ENOENT|Connection is closed|timed out|LOADING/.test(message)
