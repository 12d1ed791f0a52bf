// Runs the jobs of one process over rows that are durable. Each change of a row is one transaction; what runs is known to this process alone, so
// that a start finds every job of a process that died waiting, and runs it again.
import { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { Job, JobKind, JobPayload, JobRun, Jobs } from '@parley/core/ports/jobs.ts'
import { refuseId } from './job-id.ts'
import type { JobRow, JobRows } from './job-rows.ts'
import { reasonOf } from './reason-of.ts'

export interface EmbeddedJobsParts {
  readonly rows: JobRows
  readonly clock: Clock
  /** 0 to 1: how much of the chance part of a pause is taken off. */
  readonly random: () => number
  /** The rows could not be changed (a full disk, say); the job comes again. */
  readonly broke: (error: unknown) => void
  /** The tries of a job are spent. */
  readonly failed?: (job: { readonly id: string; readonly kind: string; readonly reason: string }) => void
}

interface Run {
  readonly abort: AbortController
  readonly ended: Promise<void>
  isCancelled: boolean
  progress: number | null
}

/** A kind with its handler, which takes what the kind's own schema has let through. */
interface Served {
  readonly kind: Pick<JobKind<JobPayload>, 'name' | 'attempts' | 'firstPauseMs' | 'atOnce'>
  readonly run: (run: JobRun<JobPayload>) => Promise<void>
  readonly running: Map<string, Run>
  isLookingSoon: boolean
  cancelTimer: () => void
}

/** What a pause may be shortened by, so that what failed together does not come again together. */
const JITTER = 0.25
/** Longest time between two looks at the rows: the wall clock, by which jobs are due, may have jumped. */
const LOOK_MS = 60_000
/** Pause before a job is taken up again whose outcome could not be written down. */
const BROKEN_MS = 1_000
const PAGE = 200

export function createEmbeddedJobs({ rows, clock, random, broke, failed }: EmbeddedJobsParts): Jobs {
  const served = new Map<string, Served>()
  let closing: Promise<void> | undefined

  const refuseClosed = (): void => {
    if (closing) throw new Fault('SHUTTING_DOWN', {})
  }

  /** In a turn of the loop of its own, so that any number of short jobs lets others in between. */
  function lookSoon(kind: Served): void {
    if (kind.isLookingSoon || closing) return
    kind.isLookingSoon = true
    setImmediate(() => {
      kind.isLookingSoon = false
      look(kind)
    })
  }

  /** Begins one job that is due, or waits for the next. */
  function look(served: Served): void {
    served.cancelTimer()
    if (closing) return
    const { kind, running } = served
    if (running.size >= kind.atOnce) return // the end of one looks again
    const now = clock.now()
    // Those that run stand in front, since they are due too.
    const due = rows.due(kind.name, 0, now, running.size + 1).find(row => !running.has(row.id))
    if (due) {
      begin(served, due)
      return lookSoon(served)
    }
    const [next] = rows.due(kind.name, now + 1, Number.MAX_SAFE_INTEGER, 1)
    if (next) served.cancelTimer = clock.after(Math.min(next.dueAt - now, LOOK_MS), () => lookSoon(served))
  }

  function begin(served: Served, row: JobRow): void {
    const abort = new AbortController()
    const run: Run = { abort, ended: Promise.resolve().then(() => execute()), isCancelled: false, progress: null }
    served.running.set(row.id, run)

    async function execute(): Promise<void> {
      let failure: { readonly error: unknown } | undefined
      try {
        await served.run({
          id: row.id,
          payload: row.payload,
          attempt: row.attempts + 1,
          isLast: row.attempts + 1 >= served.kind.attempts,
          signal: abort.signal,
          report: progress => {
            run.progress = progress
          },
        })
      } catch (error) {
        failure = { error }
      }
      try {
        if (!run.isCancelled && !(failure && closing)) await keepOutcome(served, row, failure)
        served.running.delete(row.id)
        lookSoon(served)
      } catch (error) {
        broke(error)
        clock.after(BROKEN_MS, () => {
          served.running.delete(row.id)
          lookSoon(served)
        })
      }
    }
  }

  async function keepOutcome({ kind }: Served, { id }: JobRow, failure: { readonly error: unknown } | undefined): Promise<void> {
    const reason = failure ? reasonOf(failure.error) : null
    const isSpent = await rows.change(table => {
      const row = table.get(id)
      if (!row) return false // cancelled in this moment
      if (reason === null) {
        table.remove(id)
        return false
      }
      const attempts = row.attempts + 1
      const isFailed = attempts >= kind.attempts
      const pause = kind.firstPauseMs * 2 ** (attempts - 1) * (1 - JITTER * random())
      table.put({ ...row, attempts, reason, isFailed, dueAt: isFailed ? row.dueAt : clock.now() + Math.ceil(pause) })
      return isFailed
    })
    if (isSpent && reason !== null) failed?.({ id, kind: kind.name, reason })
  }

  const runOf = ({ id, kind }: JobRow): Run | undefined => served.get(kind)?.running.get(id)

  function viewOf(row: JobRow): Job {
    const { isFailed, ...job } = row
    const run = runOf(row)
    return { ...job, state: isFailed ? 'failed' : run ? 'running' : 'waiting', progress: run?.progress ?? null }
  }

  return {
    async add({ id, kind, payload, delayMs = 0 }) {
      refuseClosed()
      refuseId(id)
      const now = clock.now()
      await rows.change(table => {
        const before = table.get(id)
        if (before && !before.isFailed) return
        table.put({ id, kind: kind.name, payload, addedAt: now, dueAt: now + delayMs, attempts: 0, isFailed: false, reason: null })
      })
      const mine = served.get(kind.name)
      if (mine) lookSoon(mine)
    },
    async cancel(id) {
      refuseClosed()
      const row = await rows.change(table => {
        const before = table.get(id)
        table.remove(id)
        return before
      })
      // One that began while its row was being taken away is told too.
      const run = row && runOf(row)
      if (run) {
        run.isCancelled = true
        run.abort.abort()
      }
      return row !== undefined
    },
    async list({ id, kind, state, after = '', limit }) {
      refuseClosed()
      const isWanted = (job: Job): boolean => (kind === undefined || job.kind === kind) && (state === undefined || job.state === state)
      if (id !== undefined) {
        const row = rows.get(id)
        return { jobs: row ? [viewOf(row)].filter(isWanted) : [], next: null }
      }
      const jobs: Job[] = []
      for (let last = after; ; ) {
        const page = rows.page(last, PAGE)
        for (const row of page) {
          last = row.id
          const job = viewOf(row)
          if (!isWanted(job)) continue
          if (jobs.length === limit) return { jobs, next: jobs.at(-1)?.id ?? null }
          jobs.push(job)
        }
        if (page.length < PAGE) return { jobs, next: null }
      }
    },
    handle(kind, handler) {
      refuseClosed()
      if (served.has(kind.name)) throw new Error(`jobs of kind ${kind.name} have a handler already`)
      const mine: Served = {
        kind,
        run: async run => handler({ ...run, payload: kind.payload.parse(run.payload) }),
        running: new Map(),
        isLookingSoon: false,
        cancelTimer: () => {},
      }
      served.set(kind.name, mine)
      lookSoon(mine)
    },
    close() {
      const end = async (): Promise<void> => {
        const runs = [...served.values()].flatMap(kind => {
          kind.cancelTimer()
          return [...kind.running.values()]
        })
        for (const run of runs) run.abort.abort()
        await Promise.all(runs.map(run => run.ended))
        await rows.close()
      }
      closing ??= Promise.resolve().then(end)
      return closing
    },
  }
}
