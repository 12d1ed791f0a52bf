// One training: what it learns from, and what names it. Whatever changes the weights is in the name, so that a training which was broken off goes on
// only with what it began with, and two of one name give the same model, bit for bit.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Fault } from '@parley/core/faults.ts'
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { sha256 } from '../model-file.ts'
import type { Lesson } from './corpus.ts'
import type { DataRow, Kind } from './data-file.ts'
import type { Example } from './examples.ts'

/** A request that moods are tied to: what people in a mood ask for is learned from them. */
export interface Request {
  readonly text: string
  readonly language: Language
  readonly label: string
}

export interface TaskEncoder {
  readonly name: string
  /** Of the encoder as it is kept. */
  readonly hash: string
  /** Numbers of its vectors. */
  readonly size: number
  /** Whether sub-words are learned beside it. */
  readonly isBlended: boolean
}

export interface Task {
  readonly kind: Kind
  /** The sentence encoder that the head stands on; without it, on sub-word features. */
  readonly encoder?: TaskEncoder
  readonly rows: readonly DataRow[]
  /** Intent: the pack's phrases, short lessons that are never tested on. */
  readonly phrases: readonly Lesson[]
  /** Sentiment: requests of the pack. */
  readonly requests: readonly Request[]
  /** Sentiment: the pack's examples of what presses and what can wait. */
  readonly urgency: readonly Example[]
  readonly seed: number
}

/** What a model's head sees, as its card names it. */
export const methodOf = ({ encoder }: Pick<Task, 'encoder'>): 'subword' | 'encoder' | 'blend' =>
  encoder === undefined ? 'subword' : encoder.isBlended ? 'blend' : 'encoder'

/** Fewer sentences can be neither split nor measured. */
const FEWEST_ROWS = 50

/** Faults: TRAINING_DATA_INVALID where there is too little to learn from. */
export function refuseTooLittle(file: string, rows: readonly DataRow[]): void {
  const labels = new Set(rows.map(({ label }) => label))
  const reason =
    rows.length < FEWEST_ROWS
      ? `there are ${rows.length} sentences to learn from; it takes ${FEWEST_ROWS} at least`
      : labels.size < 2
        ? `every sentence has the label ${[...labels][0]}; it takes two labels at least`
        : undefined
  if (reason !== undefined) throw new Fault('TRAINING_DATA_INVALID', { file, line: 0, reason, problems: 1 })
}

/** Of the rows alone: the same lines in another file, or in another order, are other data only by their order. */
export const hashOfRows = (rows: readonly DataRow[]): string =>
  sha256(rows.map(({ text, label, language, weight }) => JSON.stringify([text, label, language, weight])).join('\n'))

/** Sixteen digits that stand for everything that the weights depend on, this code and this Node among it. */
export function nameOf({ kind, encoder, rows, phrases, requests, urgency, seed }: Task): string {
  const { v8, icu = '' } = process.versions
  const parts = [
    kind,
    encoder?.isBlended ?? '',
    encoder?.hash ?? '',
    hashOfRows(rows),
    JSON.stringify(phrases),
    JSON.stringify(requests),
    JSON.stringify(urgency),
    seed,
    codeVersion(),
    v8,
    icu,
    process.arch,
  ]
  return sha256(parts.join('\0')).slice(0, 16)
}

/** A hash over the sources of features and training, and the versions of the libraries: another release may learn otherwise. */
export function codeVersion(): string {
  const libraries = readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8')
  const sources = ['../', './', '../onnx/', '../encoder/'].flatMap(folder => {
    const path = fileURLToPath(new URL(folder, import.meta.url))
    return readdirSync(path)
      .filter(name => name.endsWith('.ts'))
      .sort()
      .map(name => `${name}\0${readFileSync(path + name, 'utf8')}`)
  })
  return sha256([libraries, ...sources].join('\0')).slice(0, 12)
}
