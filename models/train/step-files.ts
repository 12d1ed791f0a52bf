// Where the results of a training's steps lie until it is done: a file each, whole or not there. Arrays of numbers are kept to the bit.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { Read, Results, StepId } from './results.ts'

const fileOf = (folder: string, step: StepId): string => join(folder, `${step}.step`)

/** Whole or not at all, also where two threads write the same. */
export function keepStep(folder: string, step: StepId, result: Results[StepId], writer: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const draft = join(folder, `${step}.${process.pid}-${writer}`)
  const descriptor = openSync(draft, 'w', 0o600)
  try {
    const bytes = serialize(result)
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(draft, fileOf(folder, step))
}

export const isStepDone = (folder: string, step: StepId): boolean => existsSync(fileOf(folder, step))

/** Reads what `keepStep` has kept. */
export const stepReader =
  (folder: string): Read =>
  step =>
    deserialize(readFileSync(fileOf(folder, step)))
