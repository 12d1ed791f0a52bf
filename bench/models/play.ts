// One contender on one set: lays the sentences out, lets it learn and answer in processes of its own, and weighs its answers. The labels of the test
// split stay here.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Answered, bytesOf, type ContenderTask, type Trained, writeRows } from './contender.ts'
import { type DataSet, type DataSetSource, OOS } from './data-sets.ts'
import { bestThreshold, countRight, type Interval, macroF1, recallAt, type ScopePoint, scopePoint, share } from './measures.ts'
import type { Contender } from './peers.ts'

export interface Played {
  /** Of what is in scope, where a set has more. */
  readonly accuracy: Interval
  readonly macroF1: Interval
  readonly scope?: {
    /** With `oos` as one class among others. */
    readonly untuned: ScopePoint
    /** With the threshold that is best on the validation split. */
    readonly tuned: ScopePoint
    /** The largest out-of-scope recall for a least in-scope accuracy, over all thresholds. */
    readonly curve: Readonly<Record<string, number | null>>
  }
  readonly trainSeconds: number
  readonly chosen?: string
  readonly perSecond: number | null
  readonly p50Ms: number
  readonly p99Ms: number
  readonly loadMs: number
  readonly peakMb: number
  readonly modelMb: number
}

const CURVE = [0.93, 0.925, 0.92, 0.915, 0.91, 0.9]

/** What it is worth, or why there is no figure. */
export async function play(
  { command }: Contender,
  { language, kind, ...source }: DataSetSource,
  set: DataSet,
  seed: number,
  limitSeconds: number,
): Promise<Played | string> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-models-'))
  try {
    const task = {
      language,
      kind,
      seed,
      isFewShot: source.isFewShot ?? false,
      isValidationLearned: set.isValidationLearned,
    } satisfies ContenderTask
    writeFileSync(join(folder, 'task.json'), JSON.stringify(task))
    writeRows(folder, 'train', set.train)
    writeRows(folder, 'validation', set.validation)
    writeRows(
      folder,
      'test',
      set.test.map(({ text }) => ({ text, label: '' })),
    )
    for (const phase of ['train', 'answer'])
      if (!(await finishes([...command, phase, folder], limitSeconds))) return `it did not end its ${phase} within ${limitSeconds} s`
    const trained = JSON.parse(readFileSync(join(folder, 'trained.json'), 'utf8')) as Trained // both written by the contender's program
    const answered = JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8')) as Answered
    const { validation, test, ...cost } = answered
    return { ...weigh(set, answered, seed), ...trained, ...cost, modelMb: bytesOf(join(folder, 'model')) / 1e6 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function weigh(set: DataSet, { validation, test }: Answered, seed: number): Pick<Played, 'accuracy' | 'macroF1' | 'scope'> {
  const truth = set.test.map(({ label }) => label)
  const inside = truth.flatMap((label, i) => (label === OOS ? [] : [i]))
  const labels = inside.map(i => truth[i]!) // places of the test split, here and below
  const said = inside.map(i => test[i]!.label)
  const accuracy = share(countRight(said, labels), labels.length)
  const f1 = macroF1(said, labels, seed)
  if (inside.length === truth.length) return { accuracy, macroF1: f1 }
  const outside = truth.flatMap((label, i) => (label === OOS ? [test[i]!.label] : []))
  const threshold = bestThreshold(
    validation,
    set.validation.map(({ label }) => label),
    OOS,
  )
  return {
    accuracy,
    macroF1: f1,
    scope: {
      untuned: { inScope: accuracy, oosRecall: share(outside.filter(label => label === OOS).length, outside.length) },
      tuned: scopePoint(test, truth, OOS, threshold),
      curve: Object.fromEntries(CURVE.map(least => [least, recallAt(test, truth, OOS, least) ?? null])),
    },
  }
}

const NICE = ['nice', '-n', '10']

function finishes(command: readonly string[], limitSeconds: number): Promise<boolean> {
  const [program, ...args] = [...NICE, ...command]
  const child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, OPENBLAS_NUM_THREADS: '1' } })
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill(constants.signals.SIGKILL)
    }, limitSeconds * 1_000)
    child.on('error', reject)
    child.on('exit', code => {
      clearTimeout(timer)
      if (code === 0) resolve(true)
      else if (isLate) resolve(false)
      else reject(new Error(`${command.join(' ')} ended with ${code}`))
    })
  })
}
