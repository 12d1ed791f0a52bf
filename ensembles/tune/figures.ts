// The figures that candidates are chosen by, each with an interval from draws of conversations.
import { measuresOf } from '../evaluation/measures.ts'
import type { JudgedTurn } from '../evaluation/outcome.ts'
import {
  type Difference,
  type Draw,
  differenceOf,
  type Estimate,
  estimateOf,
  type Measure,
  type Sampled,
  sampled,
} from '../evaluation/resample.ts'
import type { JudgedOutcome } from './judge.ts'

/** `logLoss` in nats; `wrongAnswers`, `answered` of all turns. */
export const TUNED_BY = ['accuracy', 'logLoss', 'costPer1000', 'wrongAnswers', 'answered', 'calibrationError', 'brier'] as const
export type TunedBy = (typeof TUNED_BY)[number]

/** Of these more is better; of the others less. `answered` is neither. */
const GAINS: ReadonlySet<TunedBy> = new Set(['accuracy'])

export type Samples = Readonly<Record<TunedBy, Sampled>>
export type Estimates = Readonly<Record<TunedBy, Estimate>>
export type Differences = Readonly<Record<TunedBy, Difference>>

export function samplesOf(turns: readonly JudgedTurn[], outcomes: readonly JudgedOutcome[], draws: readonly Draw[]): Samples {
  const conversations = turns.map(({ conversation }) => conversation)
  const isRight = outcomes.map(({ said }, i) => said === turns[i]!.right) // an outcome a turn
  const mean = (take: (outcome: JudgedOutcome, i: number) => number): Measure => {
    const values = Float64Array.from(outcomes, take)
    return draw => {
      let [sum, count] = [0, 0]
      for (let i = 0; i < values.length; i++) {
        sum += draw[i]! * values[i]! // as long as the turns
        count += draw[i]!
      }
      return sum / count
    }
  }
  const measures: Readonly<Record<TunedBy, Measure>> = {
    accuracy: mean((_, i) => (isRight[i] ? 1 : 0)),
    logLoss: mean(({ loss }) => loss),
    costPer1000: mean(({ cost }) => 1_000 * cost),
    wrongAnswers: mean(({ done }, i) => (done === 'answered' && !isRight[i] ? 1 : 0)),
    answered: mean(({ done }) => (done === 'answered' ? 1 : 0)),
    calibrationError: measuresOf(turns, outcomes).calibrationError,
    brier: mean(({ brier }) => brier),
  }
  return mapped(name => sampled(measures[name], conversations, draws))
}

export const estimatesOf = (samples: Samples): Estimates => mapped(name => estimateOf(samples[name]))
/** `a` less `b`. */
export const differencesOf = (a: Samples, b: Samples): Differences => mapped(name => differenceOf(a[name], b[name]))

export const isShownBetter = (differences: Differences, by: TunedBy): boolean =>
  differences[by].isShown && differences[by].value! > 0 === GAINS.has(by) // what is shown was measured
export const isShownWorse = (differences: Differences, by: TunedBy): boolean => differences[by].isShown && !isShownBetter(differences, by)

/** Of a normal distribution: an interval of 95 %, and to see what is there in 8 of 10 samples. */
const [Z, POWER] = [1.96, 0.84]

/** How many times as many conversations would likely show the difference; infinite where it does not lie the better way. */
export function timesAsMany({ value, low, high }: Difference, by: TunedBy): number {
  if (value === null || low === null || high === null || value === 0 || value > 0 !== GAINS.has(by)) return Number.POSITIVE_INFINITY
  const error = (high - low) / (2 * Z)
  return (((Z + POWER) * error) / value) ** 2
}

const mapped = <T>(of: (name: TunedBy) => T): Readonly<Record<TunedBy, T>> =>
  Object.fromEntries(TUNED_BY.map(name => [name, of(name)])) as Record<TunedBy, T> // its names
