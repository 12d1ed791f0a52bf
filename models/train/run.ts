// Runs a training over its steps, on threads of their own: whoever waits for it can draw a bar or answer customers meanwhile. Steps that are done
// already are not done again.
import '../without-telemetry.ts' // the threads inherit it

import { Worker } from 'node:worker_threads'
import type { Finished } from './finish.ts'
import type { FinalModel, StepId } from './results.ts'
import { isStepDone, stepReader } from './step-files.ts'
import type { EncoderPlaces, StepWorkerData } from './step-worker.ts'
import { stagesOf } from './steps.ts'
import type { Task } from './task.ts'
import { createEndCells, type EndCells, endInPeace } from './unhurried-end.ts'

export interface RunOptions {
  readonly task: Task
  /** Where the steps' results are kept, of this task alone. */
  readonly folder: string
  /** Of a task with an encoder. */
  readonly encoder?: EncoderPlaces
  /** Steps at a time; the outcome does not depend on it. */
  readonly threads: number
  /** Ends it; what is done by then stays. */
  readonly signal?: AbortSignal
  /** Called after each step with the share that is done; `before` was when it began. */
  readonly onProgress?: (share: number, before: number) => void
}

export interface Trained extends Finished {
  readonly model: FinalModel
  /** Steps that were done before this run. */
  readonly resumed: number
}

const WORKER = new URL('./step-worker.ts', import.meta.url)

/** Rejects with the signal's reason where that ends it. */
export async function runTraining({ task, folder, encoder, threads, signal, onProgress }: RunOptions): Promise<Trained> {
  const workers: StepThread[] = []
  const stages = stagesOf(task)
  const total = stages.flat().reduce((sum, { cost }) => sum + cost, 0)
  const ready = stages.flat().filter(({ id }) => isStepDone(folder, id))
  const before = ready.reduce((sum, { cost }) => sum + cost, 0) / total
  let share = before
  try {
    for (const stage of stages) {
      const left = stage.filter(step => !ready.includes(step))
      while (workers.length < Math.min(threads, left.length)) workers.push(startWorker({ task, folder, ...(encoder && { encoder }) }))
      await Promise.all(
        workers.map(async ({ worker }) => {
          for (let step = left.shift(); step !== undefined; step = left.shift()) {
            await workOut(worker, step.id, signal)
            share += step.cost / total
            onProgress?.(Math.min(1, share), before)
          }
        }),
      )
    }
  } finally {
    await Promise.all(workers.map(({ worker, end }) => endInPeace(worker, end)))
  }
  const read = stepReader(folder)
  return { ...read('finish'), model: read('final'), resumed: ready.length }
}

interface StepThread {
  readonly worker: Worker
  readonly end: EndCells
}

function startWorker(data: Omit<StepWorkerData, 'end'>): StepThread {
  const end = createEndCells()
  const workerData: StepWorkerData = { ...data, end }
  return { worker: new Worker(WORKER, { workerData, execArgv: ['--disable-warning=ExperimentalWarning'] }), end }
}

/** A worker has one step at a time. */
async function workOut(worker: Worker, step: StepId, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stop = (): void => reject(signal?.reason)
  const ended = (code: number): void => reject(new Error(`the thread of step ${step} has ended with ${code}`))
  worker.once('message', resolve).once('error', reject).once('exit', ended)
  signal?.addEventListener('abort', stop)
  try {
    if (signal?.aborted) stop()
    else worker.postMessage(step)
    await promise
  } finally {
    worker.off('message', resolve).off('error', reject).off('exit', ended)
    signal?.removeEventListener('abort', stop)
  }
}
