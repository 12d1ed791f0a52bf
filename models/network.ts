// A trained model as plain numbers. It is wide and deep: each feature has one row, which says a little for or against every class by itself (wide) and
// moves a few hidden units (deep), which see what features mean together and say the rest. Rows are 8-bit with one scale a column, which costs no
// accuracy that can be measured and makes the file a quarter. The ONNX graph says the same; a test holds the two together.
import type { Vector } from './rows.ts'

/** A row has a column for each class, then one for each hidden unit. */
export interface FloatNetwork {
  readonly classes: readonly string[]
  readonly hidden: number
  /** [rows × columns], row by row. */
  readonly weights: Float32Array
  /** By column. */
  readonly bias: Float32Array
  /** [hidden × classes], row by row. */
  readonly output: Float32Array
}

export interface Network extends Omit<FloatNetwork, 'weights'> {
  /** [rows × columns], row by row. A weight is this times its column's scale. */
  readonly weights: Int8Array
  readonly scales: Float32Array
}

/** Rounds to 8 bits, each column by its own largest weight. */
export function quantise({ weights, ...rest }: FloatNetwork): Network {
  const count = rest.classes.length + rest.hidden
  const scales = new Float32Array(count)
  for (let row = 0; row < weights.length; row += count)
    for (let c = 0; c < count; c++) scales[c] = Math.max(scales[c]!, Math.abs(weights[row + c]!)) // indices in range
  for (let c = 0; c < count; c++) scales[c] = scales[c] === 0 ? 1 : scales[c]! / 127
  const rounded = new Int8Array(weights.length)
  for (let row = 0; row < weights.length; row += count)
    for (let c = 0; c < count; c++) rounded[row + c] = Math.round(weights[row + c]! / scales[c]!)
  return { ...rest, weights: rounded, scales }
}

/** One logit a class, before any temperature. */
export function logitsOf({ classes, hidden, weights, scales, bias, output }: Network, { ids, values }: Vector): Float64Array {
  const count = classes.length + hidden
  const sums = new Float64Array(count)
  for (let k = 0; k < ids.length; k++) {
    const value = values[k]! // as many values as ids
    const row = ids[k]! * count
    for (let c = 0; c < count; c++) sums[c]! += value * weights[row + c]!
  }
  for (let c = 0; c < count; c++) sums[c] = sums[c]! * scales[c]! + bias[c]!
  const logits = sums.slice(0, classes.length)
  for (let unit = 0; unit < hidden; unit++) {
    const excited = sums[classes.length + unit]!
    if (excited > 0) for (let c = 0; c < classes.length; c++) logits[c]! += excited * output[unit * classes.length + c]!
  }
  return logits
}
