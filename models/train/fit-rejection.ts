// Finds from which confidence and which distance on a text is turned down, and says what that is worth: how many of the texts out of scope are turned
// down while the rest is answered as well as before, but for the points named.
import { type Rejection, SOFTNESS, surenessOf } from '../rejection.ts'
import { likeliest } from './figures.ts'
import { type Interval, places, shareOf } from './intervals.ts'
import type { Scored } from './scores.ts'

/** What may be lost of the accuracy on what is in scope. */
const LOSSES = [0, 0.005, 0.01, 0.02, 0.05] as const
/** The one that a model is given. */
const CHOSEN = 0.01
const STEPS = 40

export interface RejectionPoint {
  /** Share of all sentences in scope that are answered, and rightly. */
  readonly inScopeAccuracy: Interval
  /** Share of those out of scope that are not taken for something else. */
  readonly outOfScopeRecall: Interval
}

export interface RejectionReport {
  readonly rows: { readonly inScope: number; readonly outOfScope: number }
  /** By the class alone. */
  readonly byClass: RejectionPoint
  /** With rejection, by what may be lost: the thresholds were chosen on these very rows. */
  readonly points: readonly (RejectionPoint & Pick<Rejection, 'confidence' | 'distance'> & { readonly loss: number })[]
  /** As the model is given it; absent where nothing out of scope was there to learn it from. */
  readonly chosen?: Rejection
}

/** Rows are out of fold. */
export function fitRejection(rows: readonly Scored[], outOfScope: number): RejectionReport {
  const told = rows.map(row => toldOf(row, outOfScope))
  const out = told.filter(({ isOut }) => isOut).length
  const byClass = pointOf(told, NOTHING)
  const counts = { inScope: told.length - out, outOfScope: out }
  if (out === 0 || out === told.length) return { rows: counts, byClass, points: [] }
  const tried = candidates(told).map(limits => ({ ...limits, ...countsOf(told, limits) }))
  const before = countsOf(told, NOTHING).right
  const points = LOSSES.map(loss => {
    // Of equals the mildest: it turns the least down.
    const fair = tried.filter(({ right }) => right >= before - loss * counts.inScope)
    const { confidence, distance } = fair.reduce((a, b) =>
      b.caught > a.caught || (b.caught === a.caught && b.rejected < a.rejected) ? b : a,
    )
    return { loss, confidence, distance, ...pointOf(told, { confidence, distance }) }
  })
  const { confidence, distance } = points[LOSSES.indexOf(CHOSEN)]! // one for each
  const { rejected, rejectedOut } = countsOf(told, { confidence, distance })
  return {
    rows: counts,
    byClass,
    points,
    chosen: { confidence, softness: SOFTNESS, distance, outOfScope: places(rejectedOut / Math.max(1, rejected)) },
  }
}

/** The chosen rejection, measured on other rows than those it was chosen on. */
export const measureRejection = (rows: readonly Scored[], outOfScope: number, chosen: Rejection): RejectionPoint =>
  pointOf(
    rows.map(row => toldOf(row, outOfScope)),
    chosen,
  )

type Limits = Pick<Rejection, 'confidence' | 'distance'>
/** No text is turned down. */
const NOTHING: Limits = { confidence: 0, distance: 1 }

/** All that a limit needs to know of a row: thousands of limits are tried on each. */
interface Told {
  readonly isOut: boolean
  /** Where it is not turned down. */
  readonly isRight: boolean
  readonly sureness: number
  readonly distance: number
}

function toldOf({ label, probabilities, distance }: Scored, outOfScope: number): Told {
  const sureness = surenessOf(probabilities, outOfScope, SOFTNESS)
  return { isOut: label === outOfScope, isRight: likeliest(probabilities) === label, sureness, distance }
}

/** Both limits by quantiles of what the rows have; the first one turns nothing down. */
function candidates(rows: readonly Told[]): readonly Limits[] {
  const confidences = quantiles(rows.map(({ sureness }) => sureness))
  const distances = quantiles(rows.map(({ distance }) => distance))
  return [0, ...confidences].flatMap(confidence => [1, ...distances].map(distance => ({ confidence, distance })))
}

function quantiles(values: readonly number[]): readonly number[] {
  const sorted = values.toSorted((a, b) => a - b)
  return [...new Set(Array.from({ length: STEPS }, (_, i) => places(sorted[Math.floor(((i + 1) / (STEPS + 1)) * sorted.length)]!)))] // below its length
}

function countsOf(rows: readonly Told[], { confidence, distance: farthest }: Limits) {
  let right = 0
  let caught = 0
  let rejected = 0
  let rejectedOut = 0
  for (const { isOut, isRight, sureness, distance } of rows) {
    const isDown = distance > farthest || sureness < confidence // as `isRejected` has it
    if (isDown) rejected++
    if (isDown && isOut) rejectedOut++
    if (isOut) caught += isDown || isRight ? 1 : 0
    else right += !isDown && isRight ? 1 : 0
  }
  return { right, caught, rejected, rejectedOut }
}

function pointOf(rows: readonly Told[], limits: Limits): RejectionPoint {
  const { right, caught } = countsOf(rows, limits)
  const out = rows.filter(({ isOut }) => isOut).length
  return { inScopeAccuracy: shareOf(right, rows.length - out), outOfScopeRecall: shareOf(caught, out) }
}
