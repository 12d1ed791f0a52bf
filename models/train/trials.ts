// Which ways of making more sentences pay. Each is tried by itself, by cross-validation on a part of the data: once learned from, and once not, and
// judged both on sentences as they were written and on sentences with just such slips.

import { probabilitiesOf } from '../probabilities.ts'
import { AUGMENTATIONS, type Augmentation, rewrite } from './augmentations.ts'
import { fitTemperature, type Labelled } from './calibrate.ts'
import type { DataRow } from './data-file.ts'
import { classesIn, lessonsOf } from './data-lessons.ts'
import { likeliest } from './figures.ts'
import { meanDifference, places } from './intervals.ts'
import { learn } from './linear.ts'
import { createRandom } from './random.ts'
import { placeOf, type Split } from './split.ts'
import type { Task } from './task.ts'

/** Sentences that are enough to tell a gain of a point from chance; all of them would make the trials dearer than the training. */
const MOST_ROWS = 2_000
/** Of the cross-validation of a trial. */
export const TRIAL_PARTS = 2
/** From how many standard errors a difference is none of chance. */
const SURE_FROM = 2

export interface Judgement {
  /** −ln P(true class) of each sentence, calibrated. */
  readonly losses: readonly number[]
  readonly hits: number
}

export interface TrialPart {
  readonly clean: Judgement
  /** By augmentation: that which was learned from; where none was, each. */
  readonly rewritten: Partial<Readonly<Record<Augmentation, Judgement>>>
}

export interface TrialReport {
  readonly augmentation: Augmentation
  readonly rows: number
  /** Shares of right answers, learned without it and with it. */
  readonly clean: { readonly without: number; readonly with: number }
  readonly rewritten: { readonly without: number; readonly with: number }
  /** Fall of the loss on sentences with such slips, in nats, and its standard error. */
  readonly gain: number
  readonly error: number
  readonly pays: boolean
}

export function tryAugmentation(task: Task, { train, folds }: Split, augmentation: Augmentation | 'none', part: number): TrialPart {
  const { rows, seed } = task
  const inTrial = smallestPlaces(train, rows, seed)
  const partOf = new Map(train.map((row, i) => [row, folds[i]! % TRIAL_PARTS])) // a fold for each place
  const taught = train.filter(row => inTrial.has(row) && partOf.get(row) !== part).map(row => rows[row]!)
  const judged = train.filter(row => inTrial.has(row) && partOf.get(row) === part).map(row => rows[row]!)
  const classes = classesIn(task.kind, taught)
  const { judge } = learn(lessonsOf(task, taught, [], augmentation === 'none' ? [] : [augmentation]), classes, seed)
  const rowOf = (row: DataRow, text: string): Labelled => ({ logits: judge(text).logits, label: classes.indexOf(row.label) })
  const known = judged.filter(row => classes.includes(row.label))
  const clean = known.map(row => rowOf(row, row.text))
  const temperature = fitTemperature(clean)
  const rewritten = (augmentation === 'none' ? AUGMENTATIONS : [augmentation]).map(each => {
    const random = createRandom(seed + 1 + AUGMENTATIONS.indexOf(each)) // other slips than those that were learned from
    return [
      each,
      judgementOf(
        known.map(row => rowOf(row, rewrite(each, row.text, row.language, random))),
        temperature,
      ),
    ] as const
  })
  return { clean: judgementOf(clean, temperature), rewritten: Object.fromEntries(rewritten) }
}

function judgementOf(rows: readonly Labelled[], temperature: number): Judgement {
  return {
    losses: rows.map(({ logits, label }) => -Math.log(Math.max(1e-12, probabilitiesOf(logits, temperature)[label]!))), // the label of a class
    hits: rows.filter(({ logits, label }) => likeliest(logits) === label).length,
  }
}

function smallestPlaces(train: readonly number[], rows: readonly DataRow[], seed: number): ReadonlySet<number> {
  const placed = train.map(row => [placeOf(rows[row]!, seed + 1), row] as const).sort(([a], [b]) => a - b) // a row of the data
  return new Set(placed.slice(0, MOST_ROWS).map(([, row]) => row))
}

/** From the parts of one trial each, in the same order. */
export function reportOf(augmentation: Augmentation, without: readonly TrialPart[], taught: readonly TrialPart[]): TrialReport {
  const losses = (parts: readonly TrialPart[], of: (part: TrialPart) => Judgement): number[] => parts.flatMap(part => of(part).losses)
  const hits = (parts: readonly TrialPart[], of: (part: TrialPart) => Judgement): number =>
    parts.reduce((sum, part) => sum + of(part).hits, 0)
  const clean = (part: TrialPart): Judgement => part.clean
  const rewritten = (part: TrialPart): Judgement => part.rewritten[augmentation] ?? { losses: [], hits: 0 }
  const rows = losses(without, clean).length
  const harm = meanDifference(losses(taught, clean), losses(without, clean))
  const gain = meanDifference(losses(without, rewritten), losses(taught, rewritten))
  const share = (count: number): number => places(count / Math.max(1, rows))
  return {
    augmentation,
    rows,
    clean: { without: share(hits(without, clean)), with: share(hits(taught, clean)) },
    rewritten: { without: share(hits(without, rewritten)), with: share(hits(taught, rewritten)) },
    gain: places(gain.mean),
    error: places(gain.error),
    pays: gain.mean > SURE_FROM * gain.error && harm.mean <= SURE_FROM * harm.error,
  }
}
