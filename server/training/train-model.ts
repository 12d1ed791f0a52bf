// A whole training, from what is learned from to the version with its card. Broken off anywhere, the same call goes on where it was.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { arch, cpus } from 'node:os'
import { join } from 'node:path'
import { verifyEncoder } from '@parley/models/encoder/kept-encoder.ts'
import { readModelFile, sha256, writeModelFile } from '@parley/models/model-file.ts'
import { type Card, cardPage } from '@parley/models/train/card.ts'
import { runTraining, type Trained } from '@parley/models/train/run.ts'
import { nameOf } from '@parley/models/train/task.ts'
import { systemClock } from '../drivers/clock.system.ts'
import { lockFolder } from '../drivers/folder-lock.ts'
import { keptEncoder, vectorsFolder } from './encoders.ts'
import { removeRun, runFolder, type TrainingOrder } from './order.ts'

export interface TrainingOptions {
  /** The data folder. */
  readonly data: string
  readonly threads: number
  readonly signal?: AbortSignal
  readonly onProgress?: (share: number, before: number) => void
}

/**
 * `take` is handed the folder with the finished model and its card; when it has it, what the training kept goes. Faults: DATA_IN_USE, where the same is
 * trained already; ENCODER_INVALID.
 */
export async function trainModel<T>(
  order: TrainingOrder,
  { data, threads, signal, onProgress }: TrainingOptions,
  take: (folder: string, card: Card) => Promise<T>,
): Promise<T> {
  const started = systemClock.monotonic()
  const run = nameOf(order.task)
  const folder = runFolder(data, run)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(folder)
  try {
    const { encoder } = order.task
    if (encoder) await verifyEncoder(keptEncoder(data, encoder.hash))
    const trained = await runTraining({
      task: order.task,
      folder,
      ...(encoder && { encoder: { folder: keptEncoder(data, encoder.hash).folder, vectors: vectorsFolder(data, encoder.hash) } }),
      threads,
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    })
    const model = join(folder, 'model')
    rmSync(model, { recursive: true, force: true })
    mkdirSync(model, { mode: 0o700 })
    const card = writeModel(model, order, trained, { threads, seconds: (systemClock.monotonic() - started) / 1000 })
    const taken = await take(model, card)
    removeRun(data, run)
    return taken
  } finally {
    unlock()
  }
}

function writeModel(
  folder: string,
  { task, source }: TrainingOrder,
  { metadata, figures, model, resumed }: Trained,
  { threads, seconds }: { readonly threads: number; readonly seconds: number },
): Card {
  const { kind } = task
  writeModelFile(folder, { ...metadata, hashes: model.hashes, onnx: model.onnx })
  readModelFile(folder, kind) // as whoever loads it will
  const files = [`${kind}.json`, `${kind}.onnx`].map(name => join(folder, name))
  const card: Card = {
    format: 1,
    version: sha256(readFileSync(files[0]!)), // the first of the two
    trainedAt: new Date(systemClock.now()).toISOString(),
    source,
    ...figures,
    cost: {
      seconds: Math.round(seconds * 10) / 10,
      stepsDoneBefore: resumed,
      threads,
      peakMemoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
      bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
      node: process.versions.node,
      machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${arch()}`,
    },
  }
  writeFileSync(join(folder, 'card.json'), `${JSON.stringify(card, null, 2)}\n`)
  writeFileSync(join(folder, 'card.md'), cardPage(card))
  return card
}
