// Turns a text's features into the places and values that a model multiplies: features it has learned have a row; the others only make the
// text longer, so that a text of strange words speaks softly.
import { countFeatures } from './features.ts'

/** The features that one model has learned. */
export interface RowTable {
  /** By row, ascending. */
  readonly hashes: Uint32Array
  /** −1 for a feature that was not learned. */
  rowOf(hash: number): number
}

/** Rows and values of one text's known features. Together with the unknown ones the values have the length 1. */
export interface Vector {
  readonly ids: Int32Array
  readonly values: Float32Array
}

export function createRowTable(hashes: Uint32Array): RowTable {
  // At least two places a row, so that a search is short. Not a Map: a text looks up a hundred features, and this takes a fifth of the time.
  const places = new Int32Array(2 ** (32 - Math.clz32(2 * hashes.length + 1))).fill(-1)
  const mask = places.length - 1
  for (let row = 0; row < hashes.length; row++) {
    let at = hashes[row]! & mask // within the list
    while (places[at] !== -1) at = (at + 1) & mask
    places[at] = row
  }
  return {
    hashes,
    rowOf(hash) {
      for (let at = hash & mask; ; at = (at + 1) & mask) {
        const row = places[at]! // within the mask
        if (row === -1 || hashes[row] === hash) return row
      }
    },
  }
}

/** The vector of a text that `normaliseText` gave, for training and the live path alike. Empty when nothing in it was ever seen. */
export function vectorise(text: string, table: RowTable): Vector {
  const { size, hashes, counts } = countFeatures(text)
  const ids = new Int32Array(size)
  const values = new Float32Array(size)
  let known = 0
  let squares = 0
  for (let i = 0; i < size; i++) {
    const count = counts[i]! // below their size, as the hash
    const value = count === 1 ? 1 : 1 + Math.log(count)
    squares += value * value
    const row = table.rowOf(hashes[i]!)
    if (row < 0) continue
    ids[known] = row
    values[known++] = value
  }
  const length = Math.sqrt(squares)
  for (let i = 0; i < known; i++) values[i]! /= length
  return { ids: ids.subarray(0, known), values: values.subarray(0, known) }
}

/** The vector with an encoder's numbers as features too, in the rows from `rows` on. */
export function withNumbers(vector: Vector, rows: number, numbers: Float32Array | undefined): Vector {
  if (!numbers) return vector
  const ids = new Int32Array(vector.ids.length + numbers.length)
  const values = new Float32Array(ids.length)
  ids.set(vector.ids)
  values.set(vector.values)
  for (let i = 0; i < numbers.length; i++) ids[vector.ids.length + i] = rows + i
  values.set(numbers, vector.values.length)
  return { ids, values }
}
