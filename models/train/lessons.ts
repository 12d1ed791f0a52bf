// What a model is fitted on: the examples, each once more with slips of the thumb, and for the intent model noise that is out of scope.
// Measured by cross-validation: slips cost nothing on clean text and win three points in a hundred on English with slips; a hundred noises a
// language put random Han text out of scope, where without them it is taken for a greeting.

import { sha256 } from '../model-file.ts'
import { gibberish, withSlips } from './augment.ts'
import type { Lesson } from './corpus.ts'
import type { Example } from './examples.ts'
import { createRandom } from './random.ts'

const SLIP_WEIGHT = 0.5
const NOISES = 100

export function intentLessons(examples: readonly Example[], phrases: readonly Lesson[], seed: number): readonly Lesson[] {
  const random = createRandom(seed)
  const noises = Array.from({ length: NOISES }, () => [gibberish('zh', random), gibberish('en', random)]).flat()
  return [...moodLessons(examples, seed), ...phrases, ...noises.map(text => ({ text, label: 'OUT_OF_SCOPE', weight: 1 }))]
}

export function moodLessons(examples: readonly Example[], seed: number): readonly Lesson[] {
  const random = createRandom(seed)
  return [
    ...examples.map(({ text, label }) => ({ text, label, weight: 1 })),
    ...examples.map(({ text, label }) => ({ text: withSlips(text, random), label, weight: SLIP_WEIGHT })),
  ]
}

/** Names exactly what was learned from: a shipped model's `training.data`. */
export const dataHash = (lessons: readonly Lesson[]): string =>
  sha256(lessons.map(({ text, label, weight }) => `${label}\0${text}\0${weight}\n`).join(''))
