// One weight a voter: the least log-loss of the fused probabilities, pulled gently towards what is known before. The loss has one valley, so the same rows
// give the same weights however it is gone down.
import type { Evidence } from './evidence.ts'
import { type Bounds, goDown, newtonStep } from './solve.ts'

export const WEIGHTS: Bounds = { least: 0, most: 5 }
const ROUNDS = 30
/** In nats a row: less is no progress. */
const PROGRESS = 1e-7

export interface Pull {
  readonly towards: Float64Array
  /** In nats over all rows, for a squared distance of 1. */
  readonly strength: number
}

/** `rows`: those of the evidence that count. Each weight in [0, 5]. */
export function fitWeights(evidence: Evidence, rows: readonly number[], { towards, strength }: Pull): Float64Array {
  const pulled = (weights: Float64Array): number =>
    weights.reduce((sum, weight, v) => sum + strength * (weight - towards[v]!) ** 2, lossOf(evidence, rows, weights)) // one each
  let weights = Float64Array.from(towards)
  let loss = pulled(weights)
  for (let round = 0; round < ROUNDS; round++) {
    const { slope, hessian } = curveAt(evidence, rows, weights)
    for (let v = 0; v < weights.length; v++) {
      slope[v]! += 2 * strength * (weights[v]! - towards[v]!)
      hessian[v * weights.length + v]! += 2 * strength
    }
    const isHeld = (v: number): boolean => (weights[v]! <= WEIGHTS.least && slope[v]! > 0) || (weights[v]! >= WEIGHTS.most && slope[v]! < 0)
    const next = goDown(weights, newtonStep(hessian, slope, isHeld), () => WEIGHTS, pulled, loss)
    if (!next) break
    const gained = loss - next.loss
    weights = Float64Array.from(next.at)
    loss = next.loss
    if (gained < PROGRESS * rows.length) break
  }
  return weights
}

/** Sum over the rows, in nats. */
export function lossOf(evidence: Evidence, rows: readonly number[], weights: Float64Array): number {
  const p = new Float64Array(evidence.actions)
  return rows.reduce((sum, row) => sum + fuseRow(evidence, row, weights, p), 0)
}

/** Writes the probabilities to `p`, and gives the loss. */
function fuseRow({ base, voters, actions, shares, cast, right }: Evidence, row: number, weights: Float64Array, p: Float64Array): number {
  p.set(base)
  for (const v of cast[row]!) {
    const weight = weights[v]!
    if (weight === 0) continue
    const from = (row * voters + v) * actions
    for (let a = 0; a < actions; a++) p[a]! += weight * shares[from + a]! // p has every action, here and below
  }
  return softmaxRow(p, right[row]!)
}

/** Scores to probabilities, in place; the loss of what is right. */
export function softmaxRow(p: Float64Array, right: number): number {
  let top = Number.NEGATIVE_INFINITY
  for (let a = 0; a < p.length; a++) if (p[a]! > top) top = p[a]!
  const own = p[right]!
  let total = 0
  for (let a = 0; a < p.length; a++) {
    const below = p[a]! - top
    total += p[a] = below < FAR ? 0 : Math.exp(below)
  }
  for (let a = 0; a < p.length; a++) p[a]! /= total
  return top + Math.log(total) - own
}
/** Whose probability is nothing beside the likeliest one's. */
const FAR = -20

function curveAt(evidence: Evidence, rows: readonly number[], weights: Float64Array) {
  const { voters, actions, shares, cast, right } = evidence
  const slope = new Float64Array(voters)
  const hessian = new Float64Array(voters * voters)
  const p = new Float64Array(actions)
  const mean = new Float64Array(voters)
  for (const row of rows) {
    fuseRow(evidence, row, weights, p)
    const those = cast[row]!
    for (const v of those) {
      const from = (row * voters + v) * actions
      let sum = 0
      for (let a = 0; a < actions; a++) sum += p[a]! * shares[from + a]!
      mean[v] = sum
      slope[v]! += sum - shares[from + right[row]!]!
    }
    for (const v of those) {
      const from = (row * voters + v) * actions
      for (const u of those) {
        if (u > v) continue
        const beside = (row * voters + u) * actions
        let sum = 0
        for (let a = 0; a < actions; a++) sum += p[a]! * shares[from + a]! * shares[beside + a]!
        hessian[v * voters + u]! += sum - mean[v]! * mean[u]!
      }
    }
  }
  for (let v = 0; v < voters; v++) for (let u = 0; u < v; u++) hessian[u * voters + v] = hessian[v * voters + u]!
  return { slope, hessian }
}
