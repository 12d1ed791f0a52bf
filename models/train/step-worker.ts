// A thread of a training: works out the steps that it is sent, one after another, and keeps each result before it says so. With an encoder, it has a session of it of
// its own.
import { parentPort, threadId, workerData } from 'node:worker_threads'
import { readEncoder } from '../encoder/kept-encoder.ts'
import { cacheVectors } from '../encoder/vector-cache.ts'
import type { StepId } from './results.ts'
import { keepStep, stepReader } from './step-files.ts'
import { workOutStep } from './steps.ts'
import type { Task } from './task.ts'
import { type EndCells, inPeace } from './unhurried-end.ts'

export interface StepWorkerData {
  readonly task: Task
  /** Where the results of steps lie. */
  readonly folder: string
  readonly encoder?: EncoderPlaces
  readonly end: EndCells
}

/** Where the encoder of a task lies, and the vectors that it has given. */
export interface EncoderPlaces {
  readonly folder: string
  readonly vectors: string
}

const { task, folder, encoder, end } = workerData as StepWorkerData // as run.ts starts it
const read = stepReader(folder)

const cached = encoder && task.encoder && openCached(encoder, task.encoder.hash)

parentPort?.on('message', async (step: StepId) => {
  const vectors = await cached
  vectors?.flush() // those of other threads
  const eye = vectors && task.encoder && { encode: vectors.encode, isBlended: task.encoder.isBlended }
  keepStep(folder, step, await workOutStep(step, task, read, eye), threadId)
  vectors?.flush()
  parentPort?.postMessage(step)
})

async function openCached(places: EncoderPlaces, hash: string) {
  const { openEncoder } = await import('../encoder/encode.ts') // onnxruntime, which no other training needs
  const { size, encode } = await inPeace(end, () => openEncoder(readEncoder(places.folder, hash)))
  return cacheVectors(places.vectors, size, text => inPeace(end, () => encode(text)))
}
