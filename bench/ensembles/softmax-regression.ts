// A plain softmax regression on few or many numbers a row: what fusions are compared with, and what scores a turn by its characters.
/** The numbers of a row that are not 0, by their place. */
export interface Row {
  readonly places: ArrayLike<number>
  readonly values: ArrayLike<number>
}

export interface Fit {
  /** Numbers a row may have. */
  readonly width: number
  readonly classes: number
  /** In nats of the mean row, for half the squared length of the weights. */
  readonly pull: number
  readonly rounds: number
}

/** What it gives: scores of the classes of a row, of which the softmax are probabilities. */
export type Scores = (row: Row) => Float64Array

/** Least mean log-loss, by Nesterov's accelerated descent over all rows. `right`: the class of each row. The same rows give the same weights. */
export function fitSoftmax(rows: readonly Row[], right: readonly number[], { width, classes, pull, rounds }: Fit): Scores {
  // The last number of every row is 1.
  const size = (width + 1) * classes
  let weights = new Float64Array(size)
  let ahead = new Float64Array(size)
  const step = 1 / (0.5 * Math.max(...rows.map(lengthOf)) + pull)
  let pace = 1
  for (let round = 0; round < rounds; round++) {
    const slope = ahead.map(weight => pull * weight)
    slope.fill(0, width * classes)
    for (const [at, row] of rows.entries()) {
      const p = softmax(scoresOf(row, ahead, width, classes))
      p[right[at]!]! -= 1 // one a row
      for (let c = 0; c < classes; c++) {
        const off = p[c]! / rows.length // of the classes
        for (let i = 0; i < row.places.length; i++) slope[row.places[i]! * classes + c]! += off * row.values[i]! // places are below the width
        slope[width * classes + c]! += off
      }
    }
    const next = ahead.map((weight, i) => weight - step * slope[i]!) // as long
    const faster = (1 + Math.sqrt(1 + 4 * pace * pace)) / 2
    ahead = next.map((weight, i) => weight + ((pace - 1) / faster) * (weight - weights[i]!))
    weights = next
    pace = faster
  }
  return row => scoresOf(row, weights, width, classes)
}

function scoresOf({ places, values }: Row, weights: Float64Array, width: number, classes: number): Float64Array {
  const scores = weights.slice(width * classes)
  for (let i = 0; i < places.length; i++) for (let c = 0; c < classes; c++) scores[c]! += weights[places[i]! * classes + c]! * values[i]! // places are below the width
  return scores
}

/** Squared. */
function lengthOf({ values }: Row): number {
  let sum = 1
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2
  return sum
}

/** In place. */
export function softmax(scores: Float64Array): Float64Array {
  const top = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY)
  let total = 0
  for (let i = 0; i < scores.length; i++) total += scores[i] = Math.exp(scores[i]! - top)
  for (let i = 0; i < scores.length; i++) scores[i]! /= total
  return scores
}

/** What is to be told is so or not: its log odds. */
export function fitLogistic(rows: readonly Row[], isSo: readonly boolean[], fit: Omit<Fit, 'classes'>): (row: Row) => number {
  const scores = fitSoftmax(
    rows,
    isSo.map(so => (so ? 1 : 0)),
    { ...fit, classes: 2 },
  )
  return row => {
    const [not, so] = scores(row)
    return so! - not! // of two classes
  }
}
