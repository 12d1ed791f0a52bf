// Fits a network to lessons. Its wide part is a margin for each class against all others (fit-wide.ts); its deep part are small nets from different
// starts, each of which learned by itself (fit-deep.ts). Their answers are added: they are wrong in different places, and together less often than either.
// Classes are balanced half-way, so that large ones lead without drowning small ones. All sums in a fixed order: the same lessons and seed give the same
// bytes on every machine.

import { featuresOf } from '../features.ts'
import type { FloatNetwork } from '../network.ts'
import { createRowTable, type RowTable, type Vector, vectorise, withNumbers } from '../rows.ts'
import type { Lesson } from './corpus.ts'
import { type Effort, fitDeep, LOOKS, unitsFor } from './fit-deep.ts'
import { fitWide } from './fit-wide.ts'

/** A feature of one lesson alone says little, and leaving it out teaches the model what an unknown one looks like. */
const SEEN_FROM = 2
/** Rows that a model has at most: of more, those which move the margins least are left out, and are unknown features from then on. Narrow rows cost little: of two classes it is four megabytes of them. */
const mostRowsFor = (columns: number): number => Math.max(65_536, Math.floor(2 ** 22 / columns))
/**
 * How much a margin of 1 counts beside the nets' mean logit. Among more classes the nets' logits lie farther apart, and the mean of more nets deserves more of the say.
 * Put through what was best on validation splits: 0.5 to 1.5 of 2 classes, 3 to 5 of 39, 1 to 4 of 64, 1 to 2 of 77 with six nets, 4 to 8 of 118, 5 to 12 of 151.
 */
const wideShareFor = (classes: number, nets: number): number => (0.6 * Math.sqrt(classes) * 2) / nets

/** From few lessons every net learns something else, and the mean of many is better than each; with many lessons two will do. */
const netsFor = (lessons: number): number => (lessons < 3_000 ? 6 : 2)

/** What a model that is to vote is worth. */
export const wholeEffort = (lessons: number): Effort => ({ nets: netsFor(lessons), looks: LOOKS })

export interface Fitted {
  readonly table: RowTable
  readonly network: FloatNetwork
}

export interface Taught {
  readonly vectors: readonly Vector[]
  /** By lesson: the index of its class. */
  readonly labels: Int32Array
  /** By lesson: how much it counts. */
  readonly emphasis: Float64Array
}

/** What an encoder says of the lessons, each number a feature that has its row after those of the sub-words. */
export interface Encoded {
  /** By lesson, all of one length. */
  readonly vectors: readonly Float32Array[]
  /** Whether sub-words are learned beside them. */
  readonly isBlended: boolean
}

/** `classes` in the order of the columns; every lesson's label is one of them. */
export function fit(
  lessons: readonly Lesson[],
  classes: readonly string[],
  seed: number,
  encoded?: Encoded,
  effort: Effort = wholeEffort(lessons.length),
): Fitted {
  const labels = Int32Array.from(lessons, lesson => classes.indexOf(lesson.label))
  const emphasis = balance(lessons, labels, classes.length)
  const seen = createRowTable(!encoded || encoded.isBlended ? learnableFeatures(lessons) : new Uint32Array())
  const width = classes.length
  const look = (table: RowTable): readonly Vector[] =>
    lessons.map(({ text }, i) => withNumbers(vectorise(text, table), table.hashes.length, encoded?.vectors[i]))
  const all = { vectors: look(seen), labels, emphasis }
  const numbers = encoded?.vectors[0]?.length ?? 0
  const margins = fitWide(all, seen.hashes.length + numbers, width, seed)
  const { nets } = effort
  const kept = strongest(all.vectors, margins.weights, width, seen.hashes.length, mostRowsFor(width + nets * unitsFor(width)))
  const words = kept.length - numbers
  const table = words === seen.hashes.length ? seen : createRowTable(kept.subarray(0, words).map(row => seen.hashes[row]!)) // rows of the table
  const vectors = table === seen ? all.vectors : look(table)
  const deep = fitDeep({ vectors, labels, emphasis }, kept.length, width, effort, seed)
  const share = wideShareFor(width, nets)
  const columns = width + deep.units
  const weights = new Float32Array(kept.length * columns)
  for (const [row, from] of kept.entries()) {
    for (let c = 0; c < width; c++) weights[row * columns + c] = share * margins.weights[from * width + c]! // in range, as below
    for (let unit = 0; unit < deep.units; unit++) weights[row * columns + width + unit] = deep.weights[row * deep.units + unit]!
  }
  const bias = new Float32Array(columns)
  for (let c = 0; c < width; c++) bias[c] = share * margins.bias[c]! + deep.classBias[c]!
  bias.set(deep.bias, width)
  return { table, network: { classes, hidden: deep.units, weights, bias, output: deep.output } }
}

/** The hashes of the features that are worth a row, ascending. */
export function learnableFeatures(lessons: readonly Lesson[]): Uint32Array<ArrayBuffer> {
  const seen = new Map<number, number>()
  for (const { text } of lessons) for (const hash of featuresOf(text).keys()) seen.set(hash, (seen.get(hash) ?? 0) + 1)
  return Uint32Array.from([...seen].flatMap(([hash, count]) => (count >= SEEN_FROM ? [hash] : []))).sort()
}

/** The rows to keep, ascending: of the first `words`, the `most` whose weights move the lessons' margins most; all that come after. */
function strongest(
  vectors: readonly Vector[],
  weights: Float32Array,
  width: number,
  words: number,
  most: number,
): Uint32Array<ArrayBuffer> {
  const rows = weights.length / width
  const all = Uint32Array.from({ length: rows }, (_, row) => row)
  if (words <= most) return all
  const force = new Float64Array(rows)
  for (const { ids, values } of vectors) for (let k = 0; k < ids.length; k++) force[ids[k]!]! += values[k]! * values[k]!
  for (let row = 0; row < words; row++) {
    let squares = 0
    for (let c = 0; c < width; c++) squares += weights[row * width + c]! ** 2
    force[row]! *= squares
  }
  const kept = all
    .slice(0, words)
    .sort((a, b) => force[b]! - force[a]! || a - b)
    .slice(0, most)
    .sort()
  return Uint32Array.from([...kept, ...all.slice(words)])
}

/** How much every lesson counts: its weight, times the root of how much rarer its class is than an even share. */
export function balance(lessons: readonly Lesson[], labels: Int32Array, width: number): Float64Array {
  const sums = new Float64Array(width)
  let total = 0
  for (const [i, { weight }] of lessons.entries()) {
    sums[labels[i]!]! += weight
    total += weight
  }
  return Float64Array.from(lessons, ({ weight }, i) => weight * Math.sqrt(total / width / sums[labels[i]!]!))
}
