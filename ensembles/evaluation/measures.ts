// The figures that an ensemble is judged by, each as a measure that takes a draw of the turns.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { isRight, type JudgedTurn, OUT_OF_SCOPE, type Outcome } from './outcome.ts'
import type { Draw, Measure } from './resample.ts'

export const MEASURES = [
  'accuracy',
  'macroF1',
  'weightedF1',
  'outOfScopeRecall',
  'abstention',
  'answered',
  'precisionOfAnswers',
  'wrongAnswers',
  'costPer1000',
  'calibrationError',
  'brier',
] as const
export type MeasureName = (typeof MEASURES)[number]

/** Levels of confidence that the calibration error is taken over. */
export const LEVELS = 10
export const levelOf = (confidence: number): number => Math.min(LEVELS - 1, Math.floor(confidence * LEVELS))

/** `rows`: the turns that count, by their place; all where it is absent. */
export function measuresOf(
  turns: readonly JudgedTurn[],
  outcomes: readonly Outcome[],
  rows: readonly number[] = turns.map((_, i) => i),
): Readonly<Record<MeasureName, Measure>> {
  const right = Uint8Array.from(turns, (turn, i) => (isRight(turn, outcomes[i]!) ? 1 : 0)) // an outcome a turn, here and below
  const sum = (draw: Draw, value: (row: number) => number): number => {
    let total = 0
    for (const row of rows) if (draw[row] !== 0) total += draw[row]! * value(row)
    return total
  }
  const share = (of: (row: number) => boolean, among: (row: number) => boolean = () => true): Measure => {
    const within = rows.filter(among)
    const hits = within.filter(of)
    const count = (draw: Draw, list: readonly number[]): number => list.reduce((total, row) => total + draw[row]!, 0)
    return Object.assign((draw: Draw) => count(draw, hits) / count(draw, within), { among: within }) // NaN where there is none
  }
  const isAnswered = (row: number): boolean => outcomes[row]!.done === 'answered'
  const isHit = (row: number): boolean => right[row] === 1
  const mean =
    (value: (row: number) => number): Measure =>
    draw =>
      sum(draw, value) / sum(draw, () => 1)
  const f1 = f1Of(turns, outcomes, rows)
  return {
    accuracy: share(isHit),
    macroF1: draw => f1(draw).macro,
    weightedF1: draw => f1(draw).weighted,
    outOfScopeRecall: share(isHit, row => turns[row]!.right === OUT_OF_SCOPE),
    abstention: share(row => outcomes[row]!.done === 'asked back' || outcomes[row]!.done === 'handed over'),
    answered: share(isAnswered),
    precisionOfAnswers: share(isHit, isAnswered),
    wrongAnswers: share(row => isAnswered(row) && !isHit(row)),
    costPer1000: mean(row => 1_000 * outcomes[row]!.cost),
    calibrationError: calibrationErrorOf(outcomes, right, rows),
    brier: mean(row => outcomes[row]!.brier),
  }
}

/** Over the actions that the draw's turns are about. */
function f1Of(turns: readonly JudgedTurn[], outcomes: readonly Outcome[], rows: readonly number[]) {
  const actions = new Set<ActionId>([...turns.map(({ right }) => right), ...outcomes.flatMap(({ said }) => said ?? [])])
  const places = new Map([...actions].map((action, i) => [action, i]))
  const truths = Int32Array.from(turns, ({ right }) => places.get(right)!) // of the actions, as below
  const said = Int32Array.from(outcomes, outcome => (outcome.said === null ? -1 : places.get(outcome.said)!))
  return (draw: Draw): { readonly macro: number; readonly weighted: number } => {
    const there = new Float64Array(places.size)
    const named = new Float64Array(places.size)
    const hits = new Float64Array(places.size)
    for (const row of rows) {
      const times = draw[row]!
      if (times === 0) continue
      there[truths[row]!]! += times
      if (said[row]! >= 0) named[said[row]!]! += times
      if (said[row] === truths[row]) hits[truths[row]!]! += times
    }
    let [sum, weighed, occurring, total] = [0, 0, 0, 0]
    for (let action = 0; action < there.length; action++) {
      const support = there[action]!
      if (support === 0) continue
      const value = (2 * hits[action]!) / (support + named[action]!)
      sum += value
      weighed += support * value
      occurring++
      total += support
    }
    return { macro: sum / occurring, weighted: weighed / total }
  }
}

/** How far confidence and accuracy lie apart in the mean over levels of confidence. Turns of which nothing was said are left out. */
export function calibrationErrorOf(
  outcomes: readonly Pick<Outcome, 'said' | 'confidence'>[],
  right: Uint8Array,
  rows: readonly number[],
): Measure {
  const told = rows.filter(row => outcomes[row]!.said !== null)
  return draw => {
    const gaps = new Float64Array(LEVELS)
    let count = 0
    for (const row of told) {
      const { confidence } = outcomes[row]!
      gaps[levelOf(confidence)]! += draw[row]! * (confidence - right[row]!)
      count += draw[row]!
    }
    return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / count
  }
}
