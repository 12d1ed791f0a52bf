// Learns what presses from examples of what does and what can wait: one margin between the two, judged out of fold for its figures and for how sure
// it may be.

import { createRowTable, vectorise } from '../rows.ts'
import { createMargin, URGENCIES, type UrgencyWeights } from '../urgency.ts'
import type { Example } from './examples.ts'
import { figuresOf } from './figures.ts'
import { balance, learnableFeatures } from './fit.ts'
import { fitWide } from './fit-wide.ts'
import { assignFolds, nearDuplicateGroups } from './folds.ts'
import { dataHash, moodLessons } from './lessons.ts'

const FOLDS = 5

/** Undefined where there are no examples of both. The same for the same examples and seed. */
export function fitUrgency(examples: readonly Example[], seed: number): UrgencyWeights | undefined {
  if (!URGENCIES.every(name => examples.some(({ label }) => label === name))) return undefined
  const groups = nearDuplicateGroups(examples.map(({ text }) => text))
  const labels = examples.map(({ label }) => label)
  const folds = assignFolds(groups, labels, FOLDS, seed)
  const margins = Array.from({ length: FOLDS }, (_, fold) => {
    const { hashes, weights, scale, bias } = learn(
      examples.filter((_, i) => folds[i] !== fold),
      seed,
    )
    return createMargin(hashes, weights, scale, bias)
  })
  const judged = examples.map((example, i) => ({ example, logits: Float64Array.of(margins[folds[i]!]!(example.text), 0) })) // a fold for each
  const { temperature, accuracy, macroF1, logLoss } = figuresOf(judged, URGENCIES)
  const { hashes, weights, scale, bias } = learn(examples, seed)
  return {
    rows: base64(hashes),
    weights: base64(weights),
    scale,
    bias,
    temperature,
    training: { data: dataHash(moodLessons(examples, seed)), examples: examples.length, accuracy, macroF1, logLoss },
  }
}

function learn(examples: readonly Example[], seed: number) {
  const lessons = moodLessons(examples, seed)
  const hashes = learnableFeatures(lessons)
  const table = createRowTable(hashes)
  const labels = Int32Array.from(lessons, ({ label }) => URGENCIES.indexOf(label as (typeof URGENCIES)[number])) // the folder's labels are these
  const taught = {
    vectors: lessons.map(({ text }) => vectorise(text, table)),
    labels,
    emphasis: balance(lessons, labels, URGENCIES.length),
  }
  const wide = fitWide(taught, hashes.length, URGENCIES.length, seed)
  const exact = Float64Array.from(hashes, (_, row) => wide.weights[2 * row]! - wide.weights[2 * row + 1]!) // two a row
  const scale = exact.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-6) / 127
  return { hashes, weights: Int8Array.from(exact, weight => Math.round(weight / scale)), scale, bias: wide.bias[0]! - wide.bias[1]! }
}

const base64 = ({ buffer, byteOffset, byteLength }: Uint32Array | Int8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64')
