// Labels that the other lessons contradict. Where people label in haste, a good part of the labels is wrong, and a model that is made to believe them all
// is worse than one that never saw the worst of them. A label is contradicted where a model that has not learned from the lesson holds another class for
// several times as likely.
import { probabilitiesOf } from '../probabilities.ts'
import { createRowTable, vectorise } from '../rows.ts'
import type { Lesson } from './corpus.ts'
import { likeliest } from './figures.ts'
import { learnableFeatures, type Taught } from './fit.ts'
import { fitWide } from './fit-wide.ts'
import { createRandom, shuffle } from './random.ts'

const FOLDS = 5
/** Of labels worse than this nobody would want to believe all: out-of-fold answers agree with fewer of them than that. */
const NOISY_BELOW = 0.65
/** Where the first fold's answers agree with more of its labels than this, the other folds are not asked. */
const CLEAN_FROM = 0.75
/** From fewer lessons a class, answers are wrong for want of lessons, and contradict nothing. */
const LESSONS_A_CLASS = 40
/** Wrong labels must not be learned by heart, so margins are softer than usual. */
const SOFT_COST = 0.3
/** From margins to probabilities. */
const TEMPERATURE = 1 / 6
const TIMES_AS_LIKELY = 4

/** The lessons without those whose label is contradicted; all of them where labels are mostly agreed with, or lessons are few. The same for the same lessons and seed. */
export function withoutContradicted(lessons: readonly Lesson[], classes: readonly string[], seed: number): readonly Lesson[] {
  if (lessons.length < LESSONS_A_CLASS * classes.length) return lessons
  const order = Int32Array.from(lessons, (_, i) => i)
  shuffle(order, createRandom(seed))
  const foldOf = new Int32Array(lessons.length)
  for (const [place, i] of order.entries()) foldOf[i] = place % FOLDS
  const labels = Int32Array.from(lessons, ({ label }) => classes.indexOf(label))
  const table = createRowTable(learnableFeatures(lessons))
  const vectors = lessons.map(({ text }) => vectorise(text, table))
  const isContradicted = new Uint8Array(lessons.length)
  let agreed = 0
  for (let fold = 0; fold < FOLDS; fold++) {
    const others = [...lessons.keys()].filter(i => foldOf[i] !== fold)
    const taught: Taught = {
      vectors: others.map(i => vectors[i]!), // lessons, here and below
      labels: Int32Array.from(others, i => labels[i]!),
      emphasis: Float64Array.from(others, i => lessons[i]!.weight),
    }
    const { weights, bias } = fitWide(taught, table.hashes.length, classes.length, seed, SOFT_COST)
    for (const [i, { ids, values }] of vectors.entries()) {
      if (foldOf[i] !== fold) continue
      const margins = Float64Array.from(bias)
      for (let k = 0; k < ids.length; k++)
        for (let c = 0; c < margins.length; c++) margins[c]! += values[k]! * weights[ids[k]! * margins.length + c]! // in range
      const probabilities = probabilitiesOf(margins, TEMPERATURE)
      const best = likeliest(margins)
      if (best === labels[i]) agreed++
      else if (probabilities[best]! > TIMES_AS_LIKELY * probabilities[labels[i]!]!) isContradicted[i] = 1
    }
    if (fold === 0 && agreed * FOLDS > CLEAN_FROM * lessons.length) return lessons
  }
  return agreed < NOISY_BELOW * lessons.length ? lessons.filter((_, i) => isContradicted[i] === 0) : lessons
}
