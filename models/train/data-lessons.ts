// What a model learns from data is a lesson for each sentence, and beside each one more that was made of it. How many there are does not depend on how
// many kinds of augmentation pay: each sentence is rewritten once, in one of the ways. How is decided by its own words and the seed, so that it is rewritten
// the same in every fold, and an encoder has it to encode but once.

import { OUT_OF_SCOPE } from '../rejection.ts'
import { gibberish } from './augment.ts'
import { type Augmentation, rewrite } from './augmentations.ts'
import type { Lesson } from './corpus.ts'
import type { DataRow } from './data-file.ts'
import { createRandom } from './random.ts'
import { placeOf } from './split.ts'
import type { Task } from './task.ts'

/** How much a rewritten sentence counts beside the one that somebody wrote. */
const REWRITTEN_WEIGHT = 0.5
/** Noises a language; without them random Han text is taken for a greeting. */
const NOISES = 100

/** `share`: of the sentences, how many are rewritten. */
export function lessonsOf(
  { kind, seed }: Pick<Task, 'kind' | 'seed'>,
  rows: readonly DataRow[],
  phrases: readonly Lesson[],
  augmentations: readonly Augmentation[],
  share = 1,
): readonly Lesson[] {
  const rewritten = rows.flatMap(row => {
    const random = createRandom(Math.floor(placeOf(row, seed + 3) * 2 ** 32))
    const fitting = augmentations.filter(each => each !== 'pinyin' || row.language === 'zh')
    const augmentation = random() >= share ? undefined : fitting[Math.floor(random() * fitting.length)]
    const text = augmentation && rewrite(augmentation, row.text, row.language, random)
    return text === undefined || text === row.text ? [] : [{ text, label: row.label, weight: row.weight * REWRITTEN_WEIGHT }]
  })
  const random = createRandom(seed)
  const noises = kind === 'intent' ? Array.from({ length: NOISES }, () => [gibberish('zh', random), gibberish('en', random)]).flat() : []
  return [
    ...rows.map(({ text, label, weight }) => ({ text, label, weight })),
    ...rewritten,
    ...phrases,
    ...noises.map(text => ({ text, label: OUT_OF_SCOPE, weight: 1 })),
  ]
}

/** The labels of what is learned from, sorted; an intent model always knows what is out of scope. */
export const classesIn = (kind: Task['kind'], rows: readonly DataRow[]): readonly string[] =>
  [...new Set([...rows.map(({ label }) => label), ...(kind === 'intent' ? [OUT_OF_SCOPE] : [])])].sort()
