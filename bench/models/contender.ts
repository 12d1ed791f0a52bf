// How a model takes part: two programs' worth of work in processes of their own, so that what one costs is not charged to another. `train` learns the
// folder's sentences and writes what it learned to model/; `answer`, started fresh, loads that and answers the sentences held back.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DataSetSource, Row } from './data-sets.ts'
import type { Answer } from './measures.ts'

/** task.json of the folder, beside train.jsonl, validation.jsonl and test.jsonl. */
export interface ContenderTask extends Pick<DataSetSource, 'language' | 'kind'> {
  readonly seed: number
  readonly isFewShot: boolean
  /** The validation split is a part of train.jsonl: whoever chooses by it must leave it out of what is learned until the choice is made. */
  readonly isValidationLearned: boolean
}

export interface Trained {
  /** Of the processor, without what was spent on choosing. */
  readonly trainSeconds: number
  /** What was chosen on the validation split, for the record. */
  readonly chosen?: string
}

/** answers.json of the folder. */
export interface Answered {
  readonly validation: readonly Answer[]
  readonly test: readonly Answer[]
  readonly loadMs: number
  /** Sentences, features included, for a second of processor time. */
  readonly perSecond: number
  /** Of one sentence by itself. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly peakMb: number
}

/** What a program of this folder is told: `train` or `answer`, and the folder. */
export function commandLine(): { readonly phase: 'train' | 'answer'; readonly folder: string; readonly task: ContenderTask } {
  const [phase, folder] = process.argv.slice(-2) // a program may be told more before
  if ((phase !== 'train' && phase !== 'answer') || folder === undefined) throw new Error('usage: train|answer FOLDER')
  return { phase, folder, task: JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8')) as ContenderTask } // written by play.ts
}

export const readRows = (folder: string, part: 'train' | 'validation' | 'test'): readonly Row[] =>
  readFileSync(join(folder, `${part}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Row) // written by play.ts

export function writeRows(folder: string, part: 'train' | 'validation' | 'test', rows: readonly Row[]): void {
  writeFileSync(join(folder, `${part}.jsonl`), rows.map(row => `${JSON.stringify(row)}\n`).join(''))
}

export const writeTrained = (folder: string, trained: Trained): void => writeFileSync(join(folder, 'trained.json'), JSON.stringify(trained))

/** Processor time of this process so far. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const SINGLE = 1_000
const BATCH = 64

/** Asks for all answers, and measures it: in batches for the rate, and one by one for the time of one. */
export async function answerAll(
  folder: string,
  loadMs: number,
  answer: (texts: readonly string[]) => Promise<readonly Answer[]>,
): Promise<void> {
  const inBatches = async (texts: readonly string[]): Promise<readonly Answer[]> => {
    const answers: Answer[] = []
    for (let at = 0; at < texts.length; at += BATCH) answers.push(...(await answer(texts.slice(at, at + BATCH))))
    return answers
  }
  const texts = readRows(folder, 'test').map(({ text }) => text)
  const validation = await inBatches(readRows(folder, 'validation').map(({ text }) => text))
  const test = await inBatches(texts)
  const perSecond = texts.length / (await secondsOf(() => inBatches(texts)))
  const single: number[] = []
  for (const text of texts.slice(0, SINGLE)) {
    const from = performance.now()
    await answer([text])
    single.push(performance.now() - from)
  }
  single.sort((a, b) => a - b)
  const at = (part: number): number => single[Math.min(single.length - 1, Math.floor(single.length * part))] ?? Number.NaN
  const answered: Answered = {
    validation,
    test,
    loadMs,
    perSecond,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    peakMb: process.resourceUsage().maxRSS / 1_024,
  }
  writeFileSync(join(folder, 'answers.json'), JSON.stringify(answered))
}

/** Of the processor, for one pass: the mean over a second of them, after a second of others, since code that is compiled as it runs is slow at first. */
async function secondsOf(pass: () => Promise<unknown>): Promise<number> {
  for (const before = cpuSeconds(); cpuSeconds() < before + 1; ) await pass()
  const before = cpuSeconds()
  let passes = 0
  for (; cpuSeconds() < before + 1; passes++) await pass()
  return (cpuSeconds() - before) / passes
}

export const bytesOf = (folder: string): number => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

/** The answer that probabilities give: as sure as its best label but `oos`. */
export function answerFrom(classes: readonly string[], probabilities: ArrayLike<number>, oos: string): Answer {
  let label = 0
  let inScope = -1
  for (let c = 0; c < classes.length; c++) {
    if (probabilities[c]! > probabilities[label]!) label = c // one probability a class
    if (classes[c] !== oos && (inScope < 0 || probabilities[c]! > probabilities[inScope]!)) inScope = c
  }
  return { label: classes[label]!, inScope: classes[inScope]!, doubt: 1 - probabilities[inScope]! }
}
