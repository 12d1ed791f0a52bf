// Turns a text's features into the places and values that a model multiplies: features it has learned have a row; the others only make the
// text longer, so that a text of strange words speaks softly.
import { featuresOf } from './features.ts'

/** The features that one model has learned. */
export interface RowTable {
  /** By row, ascending. */
  readonly hashes: Uint32Array
  readonly rowOf: ReadonlyMap<number, number>
}

/** Rows and values of one text's known features. Together with the unknown ones the values have the length 1. */
export interface Vector {
  readonly ids: Int32Array
  readonly values: Float32Array
}

export function createRowTable(hashes: Uint32Array): RowTable {
  const rowOf = new Map<number, number>()
  for (const [row, hash] of hashes.entries()) rowOf.set(hash, row)
  return { hashes, rowOf }
}

/** The vector of a text that `normaliseText` gave, for training and the live path alike. Empty when nothing in it was ever seen. */
export function vectorise(text: string, table: RowTable): Vector {
  const counts = featuresOf(text)
  const ids = new Int32Array(counts.size)
  const values = new Float32Array(counts.size)
  let known = 0
  let squares = 0
  for (const [hash, count] of counts) {
    const value = 1 + Math.log(count)
    squares += value * value
    const row = table.rowOf.get(hash)
    if (row === undefined) continue
    ids[known] = row
    values[known++] = value
  }
  const length = Math.sqrt(squares)
  for (let i = 0; i < known; i++) values[i]! /= length
  return { ids: ids.slice(0, known), values: values.slice(0, known) }
}
