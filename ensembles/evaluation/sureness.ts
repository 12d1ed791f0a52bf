// Whether an ensemble is as sure as it is right, and what it costs to have it answer only what it is surest of.

import { LEVELS, levelOf } from './measures.ts'
import { isRight, type JudgedTurn, type Outcome } from './outcome.ts'
import { rounded } from './resample.ts'

export interface Level {
  /** Confidence from here on, and up to there. */
  readonly from: number
  readonly to: number
  readonly count: number
  /** Means over its turns; null where there is none. */
  readonly confidence: number | null
  readonly accuracy: number | null
}

/** The reliability diagram. Turns of which nothing was said are left out. */
export function reliabilityOf(turns: readonly JudgedTurn[], outcomes: readonly Outcome[]): readonly Level[] {
  const sums = Array.from({ length: LEVELS }, () => ({ count: 0, sure: 0, right: 0 }))
  for (const [i, turn] of turns.entries()) {
    const outcome = outcomes[i]! // one a turn
    if (outcome.said === null) continue
    const sum = sums[levelOf(outcome.confidence)]! // within the levels
    sum.count++
    sum.sure += outcome.confidence
    if (isRight(turn, outcome)) sum.right++
  }
  return sums.map(({ count, sure, right }, level) => ({
    from: level / LEVELS,
    to: (level + 1) / LEVELS,
    count,
    confidence: count === 0 ? null : rounded(sure / count),
    accuracy: count === 0 ? null : rounded(right / count),
  }))
}

export interface CoveragePoint {
  /** Whatever is at least so sure is answered. */
  readonly threshold: number
  /** Share of all turns that are. */
  readonly coverage: number
  /** Share of those that are wrong. */
  readonly risk: number
}

export interface Threshold extends CoveragePoint {
  /** What was asked for: least share of right ones among those answered. */
  readonly precision: number
}

/** One point for each confidence that occurs, the surest first. What nobody voted on is never answered. */
export function riskCoverage(turns: readonly JudgedTurn[], outcomes: readonly Outcome[]): readonly CoveragePoint[] {
  const told = turns
    .map((turn, i) => ({ confidence: outcomes[i]!.confidence, isTold: outcomes[i]!.said !== null, isWrong: !isRight(turn, outcomes[i]!) }))
    .filter(({ isTold }) => isTold)
    .sort((a, b) => b.confidence - a.confidence)
  const points: CoveragePoint[] = []
  let wrong = 0
  for (const [i, { confidence, isWrong }] of told.entries()) {
    if (isWrong) wrong++
    if (told[i + 1]?.confidence === confidence) continue // all that are as sure go together
    points.push({ threshold: confidence, coverage: (i + 1) / turns.length, risk: wrong / (i + 1) })
  }
  return points
}

/** The threshold with which most turns are answered and at least `precision` of those rightly; undefined where none does it. */
export function thresholdFor(points: readonly CoveragePoint[], precision: number): Threshold | undefined {
  const point = points.findLast(({ risk }) => 1 - risk >= precision)
  return point && { precision, ...roundedPoint(point) }
}

/** About `most` points of the curve, evenly by coverage, with its ends. */
export function thinned(points: readonly CoveragePoint[], most: number): readonly CoveragePoint[] {
  const step = Math.max(1, points.length / most)
  const kept = new Set(Array.from({ length: Math.min(most, points.length) }, (_, i) => Math.floor(i * step)))
  return points.filter((_, i) => kept.has(i) || i === points.length - 1).map(roundedPoint)
}

/** A threshold is rounded down, so that what is as sure as it stays above it. */
const roundedPoint = ({ threshold, coverage, risk }: CoveragePoint): CoveragePoint => ({
  threshold: Math.floor(threshold * 1e5) / 1e5,
  coverage: rounded(coverage),
  risk: rounded(risk),
})
