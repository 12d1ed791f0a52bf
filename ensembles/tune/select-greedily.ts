// Greedy selection with replacement (Caruana and others 2004), for a log-linear pool: from nobody on, the voter whose next tenth of a weight lowers the loss
// most gets it, until none does.
import type { Evidence } from './evidence.ts'
import { softmaxRow, WEIGHTS } from './fit-weights.ts'

const STEP = 0.1
const MOST_STEPS = 80
/** In nats a row. */
const WORTHWHILE = 1e-4

/** Weights, each a multiple of a tenth. */
export function selectGreedily(evidence: Evidence, rows: readonly number[]): Float64Array {
  const { voters, actions, base, shares, cast, right } = evidence
  const weights = new Float64Array(voters)
  const scores = rows.map(() => Float64Array.from(base))
  const losses = Float64Array.from(rows, row => softmaxRow(Float64Array.from(base), right[row]!))
  const votesOn = Array.from({ length: voters }, (_, v) => [...rows.keys()].filter(i => cast[rows[i]!]!.includes(v))) // its own keys
  const tried = new Float64Array(actions)
  const lossOn = (i: number, voter: number): number => {
    const row = rows[i]! // one of them
    const [from, before] = [(row * voters + voter) * actions, scores[i]!]
    for (let a = 0; a < actions; a++) tried[a] = before[a]! + STEP * shares[from + a]!
    return softmaxRow(tried, right[row]!)
  }
  /** Where it does not vote nothing changes. */
  const gainOf = (voter: number): number => votesOn[voter]!.reduce((sum, i) => sum + losses[i]! - lossOn(i, voter), 0)
  for (let step = 0; step < MOST_STEPS; step++) {
    let [best, most] = [-1, WORTHWHILE * rows.length]
    for (let voter = 0; voter < voters; voter++) {
      const gained = weights[voter]! > WEIGHTS.most - STEP ? 0 : gainOf(voter)
      if (gained > most) [best, most] = [voter, gained]
    }
    if (best < 0) break
    weights[best]! += STEP
    for (const i of votesOn[best]!) {
      losses[i] = lossOn(i, best)
      const from = (rows[i]! * voters + best) * actions
      const own = scores[i]!
      for (let a = 0; a < actions; a++) own[a]! += STEP * shares[from + a]!
    }
  }
  return weights
}
