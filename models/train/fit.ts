// Fits the weights: multinomial logistic regression by stochastic gradient descent with a step of its own for every weight (AdaGrad), an L2
// pull, and classes balanced half-way, so that large classes lead without drowning small ones. All sums in a fixed order, stored as float32:
// the same lessons and seed give the same bytes on every machine.

import { featuresOf } from '../features.ts'
import { createRowTable, type RowTable, type Vector, vectorise } from '../rows.ts'
import type { Lesson } from './corpus.ts'
import { createRandom, shuffle } from './random.ts'

const EPOCHS = 20
const RATE = 0.5
const RATE_DECAY = 0.3
const PULL = 5e-5
/** A feature of one lesson alone says little, and leaving it out teaches the model what an unknown one looks like. */
const SEEN_FROM = 2

export interface Fitted {
  readonly table: RowTable
  /** [rows × classes], row by row. */
  readonly weights: Float32Array
  readonly bias: Float32Array
}

/** `classes` in the order of the columns; every lesson's label is one of them. */
export function fit(lessons: readonly Lesson[], classes: readonly string[], seed: number): Fitted {
  const table = learnableFeatures(lessons)
  const vectors = lessons.map(lesson => vectorise(lesson.text, table))
  const labels = Int32Array.from(lessons, lesson => classes.indexOf(lesson.label))
  const emphasis = balance(lessons, labels, classes.length)
  const width = classes.length
  const weights = new Float32Array(table.hashes.length * width)
  const squares = new Float32Array(weights.length).fill(1e-3)
  const bias = new Float32Array(width)
  const biasSquares = new Float32Array(width).fill(1e-3)
  const error = new Float64Array(width)
  const order = Int32Array.from(lessons, (_, i) => i)
  const random = createRandom(seed)
  // Indices below run over these arrays alone.
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    shuffle(order, random)
    const rate = RATE / (1 + epoch * RATE_DECAY)
    for (const i of order) {
      const vector = vectors[i]!
      errorOf(vector, labels[i]!, weights, bias, error)
      for (let c = 0; c < width; c++) error[c]! *= emphasis[i]!
      for (let k = 0; k < vector.ids.length; k++) {
        const value = vector.values[k]!
        const row = vector.ids[k]! * width
        for (let c = 0; c < width; c++) {
          const slope = error[c]! * value + PULL * weights[row + c]!
          const square = squares[row + c]! + slope * slope
          squares[row + c] = square
          weights[row + c]! -= (rate * slope) / Math.sqrt(square)
        }
      }
      for (let c = 0; c < width; c++) {
        biasSquares[c]! += error[c]! * error[c]!
        bias[c]! -= (rate * error[c]!) / Math.sqrt(biasSquares[c]!)
      }
    }
  }
  return { table, weights, bias }
}

/** Probability minus truth, a class, into `error`. */
function errorOf({ ids, values }: Vector, label: number, weights: Float32Array, bias: Float32Array, error: Float64Array): void {
  const width = error.length
  error.set(bias)
  for (let k = 0; k < ids.length; k++) {
    const value = values[k]!
    const row = ids[k]! * width
    for (let c = 0; c < width; c++) error[c]! += value * weights[row + c]!
  }
  let top = error[0]!
  for (let c = 1; c < width; c++) if (error[c]! > top) top = error[c]!
  let total = 0
  for (let c = 0; c < width; c++) total += error[c] = Math.exp(error[c]! - top)
  for (let c = 0; c < width; c++) error[c]! /= total
  error[label]! -= 1
}

function learnableFeatures(lessons: readonly Lesson[]): RowTable {
  const seen = new Map<number, number>()
  for (const { text } of lessons) for (const hash of featuresOf(text).keys()) seen.set(hash, (seen.get(hash) ?? 0) + 1)
  return createRowTable(Uint32Array.from([...seen].flatMap(([hash, count]) => (count >= SEEN_FROM ? [hash] : []))).sort())
}

/** How much every lesson counts: its weight, times the root of how much rarer its class is than an even share. */
function balance(lessons: readonly Lesson[], labels: Int32Array, width: number): Float64Array {
  const sums = new Float64Array(width)
  let total = 0
  for (const [i, { weight }] of lessons.entries()) {
    sums[labels[i]!]! += weight
    total += weight
  }
  return Float64Array.from(lessons, ({ weight }, i) => weight * Math.sqrt(total / width / sums[labels[i]!]!))
}
