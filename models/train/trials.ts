// Which ways of making more sentences pay. Each is tried by itself on a part of the data: learned from, and not, and judged on sentences that were kept
// apart, both as they were written and with just such slips.

import { probabilitiesOf } from '../probabilities.ts'
import { AUGMENTATIONS, type Augmentation, rewrite } from './augmentations.ts'
import { fitTemperature, type Labelled } from './calibrate.ts'
import type { DataRow } from './data-file.ts'
import { classesIn, lessonsOf } from './data-lessons.ts'
import { likeliest } from './figures.ts'
import type { Effort } from './fit-deep.ts'
import { meanDifference, places } from './intervals.ts'
import { type Eye, learn } from './learn.ts'
import { createRandom } from './random.ts'
import { placeOf, type Split } from './split.ts'
import type { Task } from './task.ts'

/** Three fifths teach and two fifths judge: enough to tell a gain of a point from chance. All of them would make the trials dearer than the training. */
const MOST_ROWS = 5_000
/** With an encoder, each rewritten sentence costs as much as ten do otherwise. */
const MOST_ROWS_ENCODED = 1_500
/** Of what teaches, how much is rewritten: about what each way has when several pay. All of it harms where a third helps. */
const REWRITTEN = 1 / 3
/** A model that says which way pays need not be the best there is; one that has looked at as many lessons, rewritten or not, is compared fairly. */
const EFFORT: Effort = { nets: 1, looks: 40_000 }
/** From how many standard errors a difference is none of chance. */
const SURE_FROM = 2

export interface Judgement {
  /** −ln P(true class) of each sentence, calibrated. */
  readonly losses: readonly number[]
  readonly hits: number
}

export interface Trial {
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

export async function tryAugmentation(task: Task, { train, folds }: Split, augmentation: Augmentation | 'none', eye?: Eye): Promise<Trial> {
  const { rows, seed } = task
  const inTrial = smallestPlaces(train, rows, seed, eye ? MOST_ROWS_ENCODED : MOST_ROWS)
  const side = (isJudged: boolean): readonly DataRow[] =>
    train.filter((row, i) => inTrial.has(row) && (folds[i]! % 2 === 1) === isJudged).map(row => rows[row]!) // a fold for each, and rows of the data
  const taught = side(false)
  const judged = side(true)
  const classes = classesIn(task.kind, taught)
  const lessons = lessonsOf(task, taught, [], augmentation === 'none' ? [] : [augmentation], REWRITTEN)
  const { judge } = await learn(lessons, classes, seed, eye, EFFORT)
  const judgeAll = async (said: readonly DataRow[], textOf: (row: DataRow) => string): Promise<readonly Labelled[]> => {
    const answers: Labelled[] = []
    for (const row of said) answers.push({ logits: (await judge(textOf(row))).logits, label: classes.indexOf(row.label) })
    return answers
  }
  const known = judged.filter(row => classes.includes(row.label))
  const clean = await judgeAll(known, row => row.text)
  const temperature = fitTemperature(clean)
  const rewritten: Partial<Record<Augmentation, Judgement>> = {}
  for (const each of augmentation === 'none' ? AUGMENTATIONS : [augmentation]) {
    const random = createRandom(seed + 1 + AUGMENTATIONS.indexOf(each)) // other slips than those that were learned from
    rewritten[each] = judgementOf(await judgeAll(known, row => rewrite(each, row.text, row.language, random)), temperature)
  }
  return { clean: judgementOf(clean, temperature), rewritten }
}

function judgementOf(rows: readonly Labelled[], temperature: number): Judgement {
  return {
    losses: rows.map(({ logits, label }) => -Math.log(Math.max(1e-12, probabilitiesOf(logits, temperature)[label]!))), // the label of a class
    hits: rows.filter(({ logits, label }) => likeliest(logits) === label).length,
  }
}

function smallestPlaces(train: readonly number[], rows: readonly DataRow[], seed: number, most: number): ReadonlySet<number> {
  const placed = train.map(row => [placeOf(rows[row]!, seed + 1), row] as const).sort(([a], [b]) => a - b) // a row of the data
  return new Set(placed.slice(0, most).map(([, row]) => row))
}

export function reportOf(augmentation: Augmentation, without: Trial, taught: Trial): TrialReport {
  const [before, after] = [without.rewritten[augmentation]!, taught.rewritten[augmentation]!] // the one tries all, the other its own
  const harm = meanDifference(taught.clean.losses, without.clean.losses)
  const gain = meanDifference(before.losses, after.losses)
  const rows = without.clean.losses.length
  const share = ({ hits }: Judgement): number => places(hits / Math.max(1, rows))
  return {
    augmentation,
    rows,
    clean: { without: share(without.clean), with: share(taught.clean) },
    rewritten: { without: share(before), with: share(after) },
    gain: places(gain.mean),
    error: places(gain.error),
    pays: gain.mean > SURE_FROM * gain.error && harm.mean <= SURE_FROM * harm.error,
  }
}
