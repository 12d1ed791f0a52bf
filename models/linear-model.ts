// A trained model as plain numbers: one row of weights a feature, one column a class. Weights are 8-bit with one scale a class, which costs no
// accuracy that can be measured and makes the file a quarter. The ONNX graph says the same; a test holds the two together.
import type { Vector } from './rows.ts'

export interface LinearModel {
  readonly classes: readonly string[]
  /** [rows × classes], row by row. A weight is this times its class's scale. */
  readonly weights: Int8Array
  readonly scales: Float32Array
  readonly bias: Float32Array
}

/** Rounds to 8 bits, each class by its own largest weight. */
export function quantise(classes: readonly string[], weights: Float32Array, bias: Float32Array): LinearModel {
  const count = classes.length
  const scales = new Float32Array(count)
  for (let i = 0; i < weights.length; i++) scales[i % count] = Math.max(scales[i % count]!, Math.abs(weights[i]!)) // indices in range
  for (let c = 0; c < count; c++) scales[c] = scales[c] === 0 ? 1 : scales[c]! / 127
  const rounded = Int8Array.from(weights, (weight, i) => Math.round(weight / scales[i % count]!))
  return { classes, weights: rounded, scales, bias: bias.slice() }
}

/** One logit a class, before any temperature. */
export function logitsOf(model: LinearModel, { ids, values }: Vector): Float64Array {
  const count = model.classes.length
  const logits = new Float64Array(count)
  for (let k = 0; k < ids.length; k++) {
    const value = values[k]! // as many values as ids
    const row = ids[k]! * count
    for (let c = 0; c < count; c++) logits[c]! += value * model.weights[row + c]!
  }
  for (let c = 0; c < count; c++) logits[c] = logits[c]! * model.scales[c]! + model.bias[c]!
  return logits
}
