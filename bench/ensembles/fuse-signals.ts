// Signals of a turn fused into how likely something is so of it, against the best single one of them. Everything is cross-validated by dialogue: the words'
// scores that the fusion learns from are themselves out of fold, and which single signal is best is chosen on the training folds.
import { type Draw, differenceOf, drawConversations, type Estimate, estimateOf, sampled } from '@parley/ensembles/evaluation/resample.ts'
import { createRandom } from '@parley/models/train/random.ts'
import { areaUnder } from '../area.ts'
import { foldsOf } from './folds.ts'
import { fitLogistic, type Row } from './softmax-regression.ts'

export interface SignalledTurn {
  /** Turns of one are in one fold, and drawn together. */
  readonly dialogue: string
  readonly isSo: boolean
  readonly words: Row
  /** What was said before it in the dialogue, the latest last. */
  readonly before: readonly Row[]
  /** What else is known of it, by name. */
  readonly signals: Readonly<Record<string, number>>
}

export interface SignalledTurns {
  /** Numbers that a row of words may have. */
  readonly width: number
  readonly turns: readonly SignalledTurn[]
}

export interface Fused {
  readonly turns: number
  readonly dialogues: number
  readonly so: number
  /** By signal: the area under the curve by itself, whichever way it points. */
  readonly alone: Readonly<Record<string, Estimate>>
  /** Those that were the best single one of the training folds. */
  readonly best: readonly string[]
  readonly bestAlone: Estimate
  readonly fused: Estimate
  /** Fused less best alone. */
  readonly difference: ReturnType<typeof differenceOf>
}

const FOLDS = 5
const WORDS = { pull: 3e-4, rounds: 40 } as const
const SIGNALS = { pull: 1e-4, rounds: 200 } as const

export function fuseSignals({ turns, width }: SignalledTurns, seed: number): Fused {
  const places = foldsOf(
    turns.map(({ dialogue }) => dialogue),
    FOLDS,
  )
  const fused = new Float64Array(turns.length)
  const single = new Float64Array(turns.length)
  const best: string[] = []
  const shown = new Map<string, Float64Array>()
  for (let fold = 0; fold < FOLDS; fold++) {
    const [known, asked] = parted(places, fold)
    // Features of the turns that are learned from come of models that had not seen them.
    const features = new Map<number, Readonly<Record<string, number>>>()
    const inner = foldsOf(
      known.map(row => turns[row]!.dialogue), // a row of the turns, here and below
      FOLDS - 1,
      'inner ',
    )
    for (let part = 0; part < FOLDS - 1; part++) {
      const score = wordsOf(
        turns,
        width,
        known.filter((_, i) => inner[i] !== part),
      )
      for (const [i, row] of known.entries()) if (inner[i] === part) features.set(row, featuresOf(turns[row]!, score))
    }
    const score = wordsOf(turns, width, known)
    for (const row of asked) features.set(row, featuresOf(turns[row]!, score))
    const names = Object.keys(features.get(known[0]!) ?? {})
    const toRow = standardised(
      known.map(row => features.get(row)!),
      names,
    )
    const tell = fitLogistic(
      known.map(row => toRow(features.get(row)!)),
      known.map(row => turns[row]!.isSo),
      { width: names.length, ...SIGNALS },
    )
    const areaOn = (name: string): number =>
      areaUnder(
        known.map(row => features.get(row)![name]!),
        known.map(row => turns[row]!.isSo),
      )(new Uint8Array(known.length).fill(1)) // it has them all
    const areas = new Map(names.map(name => [name, areaOn(name)]))
    const strength = (name: string): number => Math.abs(areas.get(name)! - 0.5)
    const first = names.reduce((a, b) => (strength(b) > strength(a) ? b : a))
    best.push(first)
    for (const row of asked) {
      const mine = features.get(row)!
      fused[row] = tell(toRow(mine))
      const [towards] = [Math.sign(areas.get(first)! - 0.5)]
      single[row] = towards! * toRow(mine).values[names.indexOf(first)]!
      for (const name of names) {
        const all = shown.get(name) ?? new Float64Array(turns.length)
        shown.set(name, all)
        all[row] = Math.sign(areas.get(name)! - 0.5) * toRow(mine).values[names.indexOf(name)]!
      }
    }
  }
  const dialogues = numbered(turns)
  const draws = drawConversations(dialogues, createRandom(seed))
  const isSo = turns.map(turn => turn.isSo)
  const area = (values: Float64Array) => {
    const measure = areaUnder(values, isSo)
    return sampled((draw: Draw) => measure(draw), dialogues, draws)
  }
  const [ours, theirs] = [area(fused), area(single)]
  return {
    turns: turns.length,
    dialogues: new Set(dialogues).size,
    so: isSo.filter(Boolean).length,
    alone: Object.fromEntries([...shown].map(([name, values]) => [name, estimateOf(area(values))])),
    best: [...new Set(best)],
    bestAlone: estimateOf(theirs),
    fused: estimateOf(ours),
    difference: differenceOf(ours, theirs),
  }
}

const wordsOf = (turns: readonly SignalledTurn[], width: number, rows: readonly number[]): ((row: Row) => number) =>
  fitLogistic(
    rows.map(row => turns[row]!.words), // of the turns
    rows.map(row => turns[row]!.isSo),
    { width, ...WORDS },
  )

function featuresOf({ words, before, signals }: SignalledTurn, score: (row: Row) => number): Readonly<Record<string, number>> {
  const earlier = before.map(score)
  const mean = (values: readonly number[]): number =>
    values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    words: score(words),
    'words of the turn before': earlier.at(-1) ?? mean(earlier),
    'words before, mean': mean(earlier),
    'words before, most': earlier.length === 0 ? 0 : Math.max(...earlier),
    ...signals,
  }
}

/** Mean 0 and deviation 1 on `known`. */
function standardised(known: readonly Readonly<Record<string, number>>[], names: readonly string[]) {
  const places = names.map((_, i) => i)
  const means = names.map(name => known.reduce((sum, each) => sum + each[name]!, 0) / known.length) // each has them all, here and below
  const deviations = names.map(
    (name, i) => Math.sqrt(known.reduce((sum, each) => sum + (each[name]! - means[i]!) ** 2, 0) / known.length) || 1,
  )
  return (features: Readonly<Record<string, number>>): Row => ({
    places,
    values: names.map((name, i) => (features[name]! - means[i]!) / deviations[i]!),
  })
}

const parted = (places: readonly number[], fold: number) =>
  [[...places.keys()].filter(row => places[row] !== fold), [...places.keys()].filter(row => places[row] === fold)] as const

function numbered(turns: readonly SignalledTurn[]): readonly number[] {
  const names = [...new Set(turns.map(({ dialogue }) => dialogue))]
  const places = new Map(names.map((name, i) => [name, i]))
  return turns.map(({ dialogue }) => places.get(dialogue)!) // of the names
}
