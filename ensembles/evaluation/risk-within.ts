// How sure the risk-coverage curve is: the share of wrong answers above each threshold, on every draw of conversations, all thresholds in one pass of a draw.
import { isRight, type JudgedTurn, type Outcome } from './outcome.ts'
import { type Draw, type Estimate, estimateOf } from './resample.ts'
import type { CoveragePoint } from './sureness.ts'

export type Within = Pick<Estimate, 'low' | 'high'>

/** `points`: by falling threshold. An interval of the risk of each. */
export function riskWithin(
  turns: readonly JudgedTurn[],
  outcomes: readonly Outcome[],
  points: readonly CoveragePoint[],
  draws: readonly Draw[],
): readonly Within[] {
  const told = outcomes
    .flatMap(({ said, confidence }, row) => (said === null ? [] : [{ row, confidence }]))
    .sort((a, b) => b.confidence - a.confidence)
  const ends = points.map(({ threshold }) => told.findLastIndex(({ confidence }) => confidence >= threshold) + 1)
  const rows = Uint32Array.from(told, ({ row }) => row)
  const wrong = Uint8Array.from(told, ({ row }) => (isRight(turns[row]!, outcomes[row]!) ? 0 : 1)) // an outcome a turn
  const samples = points.map(() => new Float64Array(draws.length))
  for (const [i, draw] of draws.entries()) {
    let [answered, wrongly, at] = [0, 0, 0]
    for (const [point, end] of ends.entries()) {
      for (; at < end; at++) {
        const times = draw[rows[at]!]! // a draw has every turn
        answered += times
        if (wrong[at]) wrongly += times
      }
      samples[point]![i] = wrongly / answered // NaN where the draw has none
    }
  }
  const conversations = new Set<number>()
  let seen = 0
  return points.map(({ risk }, point) => {
    for (; seen < ends[point]!; seen++) conversations.add(turns[rows[seen]!]!.conversation)
    const { low, high } = estimateOf({ value: risk, samples: samples[point]!, units: conversations.size })
    return { low, high }
  })
}
