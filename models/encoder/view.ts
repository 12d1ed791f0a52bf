// From an encoder's vector to what a head multiplies. Encoders crowd their vectors into one corner (of E5, any two sentences are alike by 0.7 and more), so each number
// is taken by how far it is from its mean over what was learned, measured by its spread there; all of them together have about the length 1, as sub-words have.
// How far a text lies from what was learned is the angle to the nearest class.

export interface View {
  /** By number of the vector: its mean, and what its difference from that is multiplied by. */
  readonly centre: Float32Array
  readonly stretch: Float32Array
  /** [classes in scope × numbers], row by row: the direction in which each class lies. */
  readonly classes: Float32Array
}

/** `labels`: of the vectors, the index of a class in scope, or −1. Sums in a fixed order: the same vectors give the same view. */
export function viewOf(vectors: readonly Float32Array[], labels: ArrayLike<number>, classes: number): View {
  const size = vectors[0]?.length ?? 0
  const sums = new Float64Array(size)
  const squares = new Float64Array(size)
  for (const vector of vectors) for (let i = 0; i < size; i++) sums[i]! += vector[i]! // all of one size, as below
  const centre = Float32Array.from(sums, sum => sum / vectors.length)
  for (const vector of vectors) for (let i = 0; i < size; i++) squares[i]! += (vector[i]! - centre[i]!) ** 2
  // A number that never moves says nothing.
  const stretch = Float32Array.from(squares, square => (square === 0 ? 0 : 1 / Math.sqrt((square / vectors.length) * size)))
  const directions = new Float32Array(classes * size)
  const means = new Float64Array(classes * size)
  for (const [row, vector] of vectors.entries()) {
    const label = labels[row]! // one each
    if (label < 0) continue
    const numbers = seenIn(vector, { centre, stretch })
    for (let i = 0; i < size; i++) means[label * size + i]! += numbers[i]!
  }
  for (let label = 0; label < classes; label++) {
    const mean = means.subarray(label * size, (label + 1) * size)
    const length = Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0)) || 1
    for (let i = 0; i < size; i++) directions[label * size + i] = mean[i]! / length
  }
  return { centre, stretch, classes: directions }
}

/** What the head multiplies. */
export const seenIn = (vector: Float32Array, { centre, stretch }: Pick<View, 'centre' | 'stretch'>): Float32Array =>
  vector.map((value, i) => (value - centre[i]!) * stretch[i]!) // all of one size

/** From 0, in the direction of a class, to 1, opposite to all of them; `numbers` as `seenIn` gave them. */
export function distanceFrom(numbers: Float32Array, { classes }: Pick<View, 'classes'>): number {
  const size = numbers.length
  let squares = 0
  for (const value of numbers) squares += value * value
  const length = Math.sqrt(squares) || 1
  let nearest = -1
  for (let at = 0; at + size <= classes.length; at += size) {
    let dot = 0
    for (let i = 0; i < size; i++) dot += numbers[i]! * classes[at + i]!
    nearest = Math.max(nearest, dot / length)
  }
  return Math.min(1, Math.max(0, (1 - nearest) / 2))
}
