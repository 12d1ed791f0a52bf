// A training that a server is to do: what it learns from lies in a folder of its own, for its owner's eyes only, since customers may have written it, and
// goes when the training has ended or was called off. The job names the folder alone.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Card } from '@parley/models/train/card.ts'
import { nameOf, type Task } from '@parley/models/train/task.ts'
import { placeFile } from '../drivers/place-file.ts'

export const TRAINING_FOLDER = 'training'
const ORDER = 'order.json'

export interface TrainingOrder {
  readonly task: Task
  readonly source: Card['source']
}

/** Where the steps of a training are kept until it is done. */
export const runFolder = (data: string, run: string): string => join(data, TRAINING_FOLDER, run)

/** Gives the run's name, by which the job finds it. */
export function placeOrder(data: string, order: TrainingOrder): string {
  const run = nameOf(order.task)
  const folder = runFolder(data, run)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  placeFile(join(folder, ORDER), JSON.stringify(order))
  return run
}

/** Faults: UNKNOWN_TRAINING. */
export function readOrder(data: string, run: string): TrainingOrder {
  const file = join(runFolder(data, run), ORDER)
  if (!/^[0-9a-f]{16}$/.test(run) || !existsSync(file)) throw new Fault('UNKNOWN_TRAINING', { run })
  return JSON.parse(readFileSync(file, 'utf8')) as TrainingOrder // as `placeOrder` wrote it
}

/** What is to be learned from goes; steps that are done stay. */
export const dropOrder = (data: string, run: string): void => rmSync(join(runFolder(data, run), ORDER), { force: true })

export const removeRun = (data: string, run: string): void => rmSync(runFolder(data, run), { recursive: true, force: true })

/** Runs that were ordered: those of a command in its own process have no order. */
export function ordered(data: string): readonly string[] {
  const folder = join(data, TRAINING_FOLDER)
  return existsSync(folder) ? readdirSync(folder).filter(run => existsSync(join(folder, run, ORDER))) : []
}
