// What is made of all the steps: what the model's file says beside the weights, and the figures of its card.

import { type WrittenModel, writtenView } from '../model-file.ts'
import type { ActionsByMood } from '../mood-answer.ts'
import { probabilitiesOf } from '../probabilities.ts'
import { OUT_OF_SCOPE } from '../rejection.ts'
import type { DataRow } from './data-file.ts'
import { type Confusion, figuresOf } from './figures.ts'
import { fitRejection, measureRejection, type RejectionPoint, type RejectionReport } from './fit-rejection.ts'
import { fitUrgency } from './fit-urgency.ts'
import { type Interval, shareOf } from './intervals.ts'
import { estimateActionsByMood } from './mood-table.ts'
import { CURVE, type Judged, type Read, trialReports } from './results.ts'
import { calibratedAcross, type Scored, type ScoresByLanguage, scoresOf, temperaturesOf } from './scores.ts'
import { foldsFor } from './split.ts'
import { hashOfRows, methodOf, type Task, type TaskEncoder } from './task.ts'
import type { TrialReport } from './trials.ts'

/** What was measured; the same for the same task. */
export interface CardFigures {
  readonly kind: Task['kind']
  readonly method: string
  /** The sentence encoder under the head. */
  readonly encoder?: TaskEncoder
  readonly seed: number
  readonly data: { readonly hash: string; readonly sentences: number; readonly zh: number; readonly en: number; readonly phrases: number }
  readonly split: { readonly train: number; readonly folds: number; readonly test: number; readonly aside: number; readonly groups: number }
  readonly classes: readonly {
    readonly label: string
    readonly train: number
    readonly test: number
    readonly f1: { zh: number; en: number }
  }[]
  readonly augmentations: readonly TrialReport[]
  readonly crossValidation: ScoresByLanguage
  /** Of the finished model on the locked part. */
  readonly test: ScoresByLanguage
  readonly temperature: { readonly zh: number; readonly en: number }
  readonly curve: readonly { readonly sentences: number; readonly accuracy: Interval }[]
  readonly confusions: readonly Confusion[]
  /** Intent. */
  readonly outOfScope?: RejectionReport & { readonly test?: RejectionPoint }
}

export interface Finished {
  /** All but the weights. */
  readonly metadata: Omit<WrittenModel, 'hashes' | 'onnx'>
  readonly figures: CardFigures
}

const CONFUSIONS = 12

export function finish(task: Task, read: Read): Finished {
  const { kind, encoder, rows, phrases, seed } = task
  const { train, test, aside, folds, groups } = read('split')
  const { classes, test: tested, requests, view } = read('final')
  const foldCount = foldsFor(rows.length)
  const outOfFold = gather(read, train, folds, foldCount)
  const labelOf = (row: DataRow): number => classes.indexOf(row.label)
  const judged = train.map((row, i) => ({
    logits: outOfFold.logits[i]!, // one for each that is learned from
    label: labelOf(rows[row]!), // a row of the data
    language: rows[row]!.language,
    fold: folds[i]!,
  }))
  const temperature = temperaturesOf(judged)
  const crossed = calibratedAcross(judged, foldCount)
  const scored = (places: readonly number[], said: Judged, probabilities: (i: number) => Float64Array): readonly Scored[] =>
    places.map((row, i) => ({
      label: labelOf(rows[row]!),
      language: rows[row]!.language,
      group: groups[row]!,
      probabilities: probabilities(i),
      distance: said.distances[i]!, // as above
    }))
  const crossScored = scored(train, outOfFold, i => crossed[i]!)
  const testScored = scored(test, tested, i => probabilitiesOf(tested.logits[i]!, temperature[rows[test[i]!]!.language]))
  const figures = figuresOf(
    train.map((row, i) => ({ example: rows[row]!, logits: outOfFold.logits[i]! })),
    classes,
  )
  const outOfScope = kind === 'intent' ? rejectionOf(crossScored, testScored, classes.indexOf(OUT_OF_SCOPE)) : undefined
  const count = (places: readonly number[], label: string): number => places.filter(row => rows[row]!.label === label).length
  const speaking = (language: string): number => rows.filter(row => row.language === language).length
  const { accuracy, macroF1, logLoss, f1 } = figures
  return {
    metadata: {
      name: kind,
      classes: [...classes],
      temperature,
      ...(kind === 'sentiment' && { actionsByMood: moodTable(task, classes, requests, temperature), ...urgencyOf(task) }),
      ...(outOfScope?.chosen && { rejection: outOfScope.chosen }),
      ...(encoder && view && { encoder: { name: encoder.name, hash: encoder.hash, ...writtenView(view) } }),
      training: { seed, data: hashOfRows(rows), examples: train.length, folds: foldCount, accuracy, macroF1, logLoss, f1 },
    },
    figures: {
      kind,
      method: methodOf(task),
      ...(encoder && { encoder }),
      seed,
      data: { hash: hashOfRows(rows), sentences: rows.length, zh: speaking('zh'), en: speaking('en'), phrases: phrases.length },
      split: { train: train.length, folds: foldCount, test: test.length, aside: aside.length, groups: new Set(groups).size },
      classes: classes.map(label => ({ label, train: count(train, label), test: count(test, label), f1: f1[label]! })), // figures of each class
      augmentations: trialReports(read),
      crossValidation: scoresOf(crossScored, classes.length, seed),
      test: scoresOf(testScored, classes.length, seed),
      temperature,
      curve: curveOf(read, crossScored, folds),
      confusions: [...figures.confusions.zh, ...figures.confusions.en].sort((a, b) => b.count - a.count).slice(0, CONFUSIONS),
      ...(outOfScope && { outOfScope }),
    },
  }
}

/** The folds' answers, by place in what is learned from. */
function gather(read: Read, train: readonly number[], folds: Int32Array, count: number): Judged {
  const said = Array.from({ length: count }, (_, fold) => ({ ...read(`fold-${fold}`), next: 0 }))
  const answers = train.map((_, i) => {
    const fold = said[folds[i]!]! // a fold for each
    const at = fold.next++
    return { logits: fold.logits[at]!, distance: fold.distances[at]! } // judged in this order
  })
  return { logits: answers.map(({ logits }) => logits), distances: answers.map(({ distance }) => distance) }
}

function rejectionOf(crossed: readonly Scored[], tested: readonly Scored[], outOfScope: number): CardFigures['outOfScope'] {
  const report = fitRejection(crossed, outOfScope)
  return { ...report, ...(report.chosen && { test: measureRejection(tested, outOfScope, report.chosen) }) }
}

function curveOf(read: Read, crossed: readonly Scored[], folds: Int32Array): CardFigures['curve'] {
  const points = CURVE.map((_, i) => read(`curve-${i}`)).map(({ sentences, hits, judged }) => ({
    sentences,
    accuracy: shareOf(hits, judged),
  }))
  const first = crossed.filter((_, i) => folds[i] === 0)
  const hits = first.filter(({ label, probabilities }) =>
    probabilities.every((p, c) => c === label || p < (probabilities[label] ?? 0)),
  ).length
  return [...points, { sentences: crossed.length - first.length, accuracy: shareOf(hits, first.length) }]
}

function urgencyOf({ urgency, seed }: Task): Pick<WrittenModel, 'urgency'> {
  const learned = fitUrgency(urgency, seed)
  return learned ? { urgency: learned } : {}
}

/** What the finished model makes of the pack's requests, which it has not learned from. Without any, moods vote for nothing. */
function moodTable(
  { requests }: Task,
  classes: readonly string[],
  logits: readonly Float64Array[],
  temperature: CardFigures['temperature'],
): Record<string, Record<string, number>> {
  if (requests.length === 0) return {}
  const rows = requests.map(({ label, language }, i) => ({ action: label, moods: probabilitiesOf(logits[i]!, temperature[language]) })) // one each
  const table: ActionsByMood = estimateActionsByMood(rows, classes, [...new Set(requests.map(({ label }) => label))].sort())
  return Object.fromEntries(Object.entries(table).map(([mood, actions]) => [mood, { ...actions }]))
}
