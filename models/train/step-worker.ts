// A thread of a training: works out the steps that it is sent, one after another, and keeps each result before it says so.
import { parentPort, threadId, workerData } from 'node:worker_threads'
import type { StepId } from './results.ts'
import { keepStep, stepReader } from './step-files.ts'
import { workOutStep } from './steps.ts'
import type { Task } from './task.ts'

export interface StepWorkerData {
  readonly task: Task
  /** Where the results of steps lie. */
  readonly folder: string
}

const { task, folder } = workerData as StepWorkerData // as run.ts starts it
const read = stepReader(folder)

parentPort?.on('message', (step: StepId) => {
  keepStep(folder, step, workOutStep(step, task, read), threadId)
  parentPort?.postMessage(step)
})
