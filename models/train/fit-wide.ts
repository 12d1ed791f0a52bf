// A margin for every class against all others: support vector machines with squared hinge loss, by coordinate descent in the dual as LIBLINEAR does it
// (Hsieh et al. 2008), for all classes in one pass over the lessons, so that a row's weights stand together in memory.
import type { Taught } from './fit.ts'
import { createRandom, shuffle } from './random.ts'

/** How dear it is that a lesson is on the wrong side of its margin. */
const COST = 2
const EPOCHS = 12
/** A smaller step changes nothing that could be seen. */
const STEP_FROM = 1e-7

export interface Wide {
  /** [rows × classes], row by row. */
  readonly weights: Float32Array
  readonly bias: Float32Array
}

export function fitWide({ vectors, labels, emphasis }: Taught, rows: number, width: number, seed: number, cost = COST): Wide {
  const weights = new Float32Array(rows * width)
  const bias = new Float32Array(width)
  // By lesson and class: how hard the lesson pulls at the class's margin; 0 for all that are clear of it.
  const pulls = new Float32Array(vectors.length * width)
  const squares = Float64Array.from(vectors, ({ values }) => values.reduce((sum, value) => sum + value * value, 1))
  const margins = new Float64Array(width)
  const steps = new Float64Array(width)
  const moved = new Int32Array(width)
  const order = Int32Array.from(vectors, (_, i) => i)
  const random = createRandom(seed)
  // Indices below run over these arrays alone.
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    shuffle(order, random)
    for (const i of order) {
      const { ids, values } = vectors[i]!
      const slack = 0.5 / (cost * emphasis[i]!)
      margins.set(bias)
      for (let k = 0; k < ids.length; k++) {
        const value = values[k]!
        const row = ids[k]! * width
        for (let c = 0; c < width; c++) margins[c]! += value * weights[row + c]!
      }
      let count = 0
      for (let c = 0; c < width; c++) {
        const sign = c === labels[i] ? 1 : -1
        const pull = pulls[i * width + c]!
        const slope = sign * margins[c]! - 1 + slack * pull
        if (pull === 0 && slope >= 0) continue
        const next = Math.max(0, pull - slope / (squares[i]! + slack))
        if (Math.abs(next - pull) < STEP_FROM) continue
        pulls[i * width + c] = next
        steps[count] = (next - pull) * sign
        moved[count++] = c
      }
      for (let m = 0; m < count; m++) bias[moved[m]!]! += steps[m]!
      for (let k = 0; k < ids.length && count > 0; k++) {
        const value = values[k]!
        const row = ids[k]! * width
        for (let m = 0; m < count; m++) weights[row + moved[m]!]! += value * steps[m]!
      }
    }
  }
  return { weights, bias }
}
