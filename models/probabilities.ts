// From a model's logits to what it says: probabilities, made as sure as it has been right by a temperature.

/** Softmax of `logits / temperature`, from `offset` on, `count` of them. Sums to 1. */
export function probabilitiesOf(logits: ArrayLike<number>, temperature: number, offset = 0, count = logits.length): Float64Array {
  const out = new Float64Array(count)
  let top = Number.NEGATIVE_INFINITY
  for (let i = 0; i < count; i++) top = Math.max(top, logits[offset + i]!) // the caller's range
  let total = 0
  for (let i = 0; i < count; i++) total += out[i] = Math.exp((logits[offset + i]! - top) / temperature)
  for (let i = 0; i < count; i++) out[i]! /= total
  return out
}
