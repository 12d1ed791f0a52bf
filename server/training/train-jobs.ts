// Trainings as jobs of the running server: listed, taken away and taken up again like any other. Each runs in a process of its own, one at a time.
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { TRAIN } from '@parley/core/jobs/kinds.ts'
import type { JobRun, Jobs } from '@parley/core/ports/jobs.ts'
import { ordered, readOrder, removeRun } from './order.ts'
import type { FromTraining, StartTraining } from './train-process.ts'

export interface TrainJobsParts {
  readonly jobs: Jobs
  readonly data: string
  /** A model is kept as a version. */
  readonly trained: (kind: string, version: string) => void
  /** A run has failed, and may be tried again. */
  readonly broke: (error: unknown) => void
}

export interface TrainJobs {
  /** Gives the job's id. Faults: UNKNOWN_TRAINING. */
  add(run: string): Promise<string>
}

const PROGRAM = fileURLToPath(new URL('./train-process.ts', import.meta.url))
/** Customers go first: of the machine's cores a training leaves one alone where it can. */
const threads = (): number => Math.max(1, Math.min(4, availableParallelism() - 1))

export function startTrainJobs({ jobs, data, trained, broke }: TrainJobsParts): TrainJobs {
  const idOf = (model: string, run: string): string => `train/${model}/${run}`
  const isKept = async (id: string): Promise<boolean> => (await jobs.list({ id, limit: 1 })).jobs.length > 0

  /** What customers wrote does not stay because a job was called off while nobody looked. */
  async function sweep(): Promise<void> {
    for (const run of ordered(data)) if (!(await isKept(idOf(readOrder(data, run).task.kind, run)))) removeRun(data, run)
  }

  jobs.handle(
    TRAIN,
    async ({ id, payload: { run }, signal, report }: JobRun<{ readonly model: 'intent' | 'sentiment'; readonly run: string }>) => {
      const done = await runProcess({ data, run, threads: threads() }, signal, report).catch(error => {
        broke(error)
        throw error
      })
      if (done) return trained(done.kind, done.version)
      if (!(await isKept(id))) removeRun(data, run) // taken away, and not only broken off by the end of the server
    },
  )
  const swept = sweep().catch(broke)
  return {
    async add(run) {
      await swept
      const { task } = readOrder(data, run)
      const id = idOf(task.kind, run)
      await jobs.add({ id, kind: TRAIN, payload: { model: task.kind, run } })
      return id
    },
  }
}

/** Undefined where the signal ended it. Faults: as the process tells. */
async function runProcess(
  start: StartTraining,
  signal: AbortSignal,
  report: (share: number) => void,
): Promise<Extract<FromTraining, { readonly type: 'done' }> | undefined> {
  const child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  let last: FromTraining | undefined
  child.on('message', (message: FromTraining) => {
    last = message
    if (message.type === 'progress') report(message.share)
  })
  const stop = (): void => void child.kill('SIGKILL') // its steps are whole or not there
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  else child.send(start)
  await new Promise<void>((resolve, reject) => child.once('exit', () => resolve()).once('error', reject))
  signal.removeEventListener('abort', stop)
  if (last?.type === 'done') return last
  if (signal.aborted) return undefined
  if (last?.type === 'failed') throw faultOf(last)
  throw new Error('the process of a training has ended before its training')
}

/** The job keeps its code alone, and the log its words. */
const faultOf = ({ code, message }: Extract<FromTraining, { readonly type: 'failed' }>): Error =>
  Object.assign(new Error(message), { code })
