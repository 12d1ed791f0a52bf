// Small nets beside one another, each from its own start: a layer of units that pass what is above 0, then softmax. Steps of gradient descent are scaled
// by what has been stepped before (AdaGrad; a feature's row has one scale). Features and units are left out at random, and labels are not taken for
// certain, without which nets this free would learn the lessons by heart.
import type { Taught } from './fit.ts'
import { createRandom, type Random, shuffle } from './random.ts'

const RATE = 0.08
const START = 0.1
const FEATURES_OUT = 0.3
const UNITS_OUT = 0.5
/** What of a label's certainty is spread over all classes. */
const DOUBT = 0.1
const FIRST_SQUARE = 1e-4

/** Units of a net: many classes cannot be told apart by few. */
export const unitsFor = (classes: number): number => (classes < 10 ? 16 : classes < 60 ? 32 : 64)

/** How much is spent on learning. */
export interface Effort {
  /** Small nets beside one another. */
  readonly nets: number
  /** Lessons that each of them looks at, about; a lesson as often as that gives, but 5 times at least and 40 at most. */
  readonly looks: number
}

/** What two nets of a finished model look at. */
export const LOOKS = 180_000

const epochsFor = (lessons: number, looks: number): number => Math.min(40, Math.max(5, Math.round(looks / lessons)))

/** All nets as one: their units side by side, their logits averaged. */
export interface Deep {
  readonly units: number
  /** [rows × units], row by row. */
  readonly weights: Float32Array
  /** By unit. */
  readonly bias: Float32Array
  /** [units × classes], row by row. */
  readonly output: Float32Array
  readonly classBias: Float32Array
}

export function fitDeep(taught: Taught, rows: number, width: number, { nets, looks }: Effort, seed: number): Deep {
  const size = unitsFor(width)
  const units = nets * size
  const weights = new Float32Array(rows * units)
  const bias = new Float32Array(units)
  const output = new Float32Array(units * width)
  const classBias = new Float32Array(width)
  for (let n = 0; n < nets; n++) {
    const net = fitNet(taught, rows, width, size, looks, createRandom(seed + 1 + n))
    for (let row = 0; row < rows; row++) weights.set(net.weights.subarray(row * size, (row + 1) * size), row * units + n * size)
    bias.set(net.bias, n * size)
    output.set(
      net.output.map(weight => weight / nets),
      n * size * width,
    )
    for (let c = 0; c < width; c++) classBias[c]! += net.classBias[c]! / nets
  }
  return { units, weights, bias, output, classBias }
}

function fitNet(
  { vectors, labels, emphasis }: Taught,
  rows: number,
  width: number,
  size: number,
  looks: number,
  random: Random,
): Omit<Deep, 'units'> {
  const weights = new Float32Array(rows * size)
  for (let i = 0; i < weights.length; i++) weights[i] = START * bell(random)
  const output = new Float32Array(size * width)
  for (let i = 0; i < output.length; i++) output[i] = bell(random) / Math.sqrt(size)
  const bias = new Float32Array(size)
  const classBias = new Float32Array(width)
  const squares = {
    rows: new Float32Array(rows).fill(FIRST_SQUARE),
    bias: new Float32Array(size).fill(FIRST_SQUARE),
    classBias: new Float32Array(width).fill(FIRST_SQUARE),
    // Of the output's weights by unit and by class: what one weight has been stepped by is taken for the product of the two over `all`.
    units: new Float64Array(size).fill(FIRST_SQUARE * width),
    classes: new Float64Array(width).fill(FIRST_SQUARE * size),
    all: FIRST_SQUARE * size * width,
  }
  const longest = vectors.reduce((most, { ids }) => Math.max(most, ids.length), 0)
  const ids = new Int32Array(longest)
  const values = new Float64Array(longest)
  const units = new Float64Array(size)
  /** The units that are not left out, then those of them that are above 0. */
  const active = new Int32Array(size)
  const slopes = new Float64Array(size)
  const error = new Float64Array(width)
  const steps = new Float64Array(width)
  const order = Int32Array.from(vectors, (_, i) => i)
  const epochs = epochsFor(vectors.length, looks)
  let step = 0
  // Indices below run over these arrays alone.
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random)
    for (const i of order) {
      const rate = RATE * (1 - step++ / (epochs * vectors.length))
      const count = someFeatures(vectors[i]!, ids, values, random)
      let there = 0
      for (let u = 0; u < size; u++) if (random() >= UNITS_OUT) active[there++] = u
      for (let a = 0; a < there; a++) units[a] = bias[active[a]!]!
      for (let k = 0; k < count; k++) {
        const value = values[k]!
        const row = ids[k]! * size
        for (let a = 0; a < there; a++) units[a]! += value * weights[row + active[a]!]!
      }
      let passing = 0
      let excitement = 0
      for (let a = 0; a < there; a++) {
        if (units[a]! <= 0) continue
        const unit = units[a]! / (1 - UNITS_OUT)
        active[passing] = active[a]!
        units[passing++] = unit
        excitement += unit * unit
      }
      error.set(classBias)
      for (let a = 0; a < passing; a++) {
        const unit = units[a]!
        const from = active[a]! * width
        for (let c = 0; c < width; c++) error[c]! += unit * output[from + c]!
      }
      errorOf(error, labels[i]!, emphasis[i]!)
      let wrong = 0
      for (let c = 0; c < width; c++) {
        const own = error[c]! * error[c]!
        wrong += own
        squares.classes[c]! += own * excitement
      }
      squares.all += wrong * excitement
      const scale = rate * Math.sqrt(squares.all)
      for (let c = 0; c < width; c++) steps[c] = (scale * error[c]!) / Math.sqrt(squares.classes[c]!)
      let mean = 0
      for (let a = 0; a < passing; a++) {
        const u = active[a]!
        const unit = units[a]!
        const square = squares.units[u]! + unit * unit * wrong
        squares.units[u] = square
        const length = unit / Math.sqrt(square)
        const from = u * width
        let slope = 0
        for (let c = 0; c < width; c++) {
          const weight = output[from + c]!
          slope += error[c]! * weight
          output[from + c] = weight - length * steps[c]!
        }
        slope /= 1 - UNITS_OUT
        slopes[a] = slope
        mean += (slope * slope) / size
        const biased = squares.bias[u]! + slope * slope
        squares.bias[u] = biased
        bias[u]! -= (rate * slope) / Math.sqrt(biased)
      }
      for (let c = 0; c < width; c++) {
        const square = squares.classBias[c]! + error[c]! * error[c]!
        squares.classBias[c] = square
        classBias[c]! -= (rate * error[c]!) / Math.sqrt(square)
      }
      for (let k = 0; k < count; k++) {
        const value = values[k]!
        const square = squares.rows[ids[k]!]! + mean * value * value
        squares.rows[ids[k]!] = square
        const length = (rate * value) / Math.sqrt(square)
        const row = ids[k]! * size
        for (let a = 0; a < passing; a++) weights[row + active[a]!]! -= length * slopes[a]!
      }
    }
  }
  return { weights, bias, output, classBias }
}

/** Copies the features that are not left out this time, as long together as all of them were; gives how many there are. */
function someFeatures(vector: Taught['vectors'][number], ids: Int32Array, values: Float64Array, random: Random): number {
  let count = 0
  let all = 0
  let left = 0
  for (let k = 0; k < vector.ids.length; k++) {
    const value = vector.values[k]!
    all += value * value
    if (random() < FEATURES_OUT) continue
    ids[count] = vector.ids[k]!
    values[count++] = value
    left += value * value
  }
  const stretch = left > 0 ? Math.sqrt(all / left) : 1
  for (let k = 0; k < count; k++) values[k]! *= stretch
  return count
}

/** Turns logits into probability minus truth, a class, times how much the lesson counts. */
function errorOf(error: Float64Array, label: number, emphasis: number): void {
  const width = error.length
  let top = error[0]!
  for (let c = 1; c < width; c++) if (error[c]! > top) top = error[c]!
  let total = 0
  for (let c = 0; c < width; c++) total += error[c] = Math.exp(error[c]! - top)
  for (let c = 0; c < width; c++) error[c] = emphasis * (error[c]! / total - DOUBT / width - (c === label ? 1 - DOUBT : 0))
}

/** A number about 0 with a spread of 1, near enough to a normal one. */
const bell = (random: Random): number => (random() + random() + random() + random() - 2) * Math.sqrt(3)
