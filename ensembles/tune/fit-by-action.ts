// Beyond one weight a voter: a factor for each voter and action, and what each signal adds to each action. Only where there are turns enough, and pulled towards
// saying nothing: a factor towards 1, a signal's weight towards 0.
import { SIGNALS } from '../signals.ts'
import type { Evidence } from './evidence.ts'
import { softmaxRow } from './fit-weights.ts'
import { type Bounds, goDown, newtonStep } from './solve.ts'

export interface ByAction {
  /** By voter and action. */
  readonly factors: Float64Array
  /** By signal and action. */
  readonly signals: Float64Array
}

const FACTORS: Bounds = { least: 0, most: 5 }
const SHARES: Bounds = { least: -5, most: 5 }
const ROUNDS = 15
/** In nats a row. */
const PROGRESS = 1e-6
/** Turns that are about an action before anything is learned of it. */
const LEAST_TURNS = 10
/** Turns on which a voter votes, or a signal says something. */
const LEAST_SAID = 50
/** A probability below this moves too little to look at. */
const MOVED = 1e-3

/** `weightOf`: of a voter on a row, which the factor multiplies. `strength`: of the pull, in nats over all rows for a squared distance of 1. */
export function fitByAction(
  evidence: Evidence,
  rows: readonly number[],
  weightOf: (voter: number, row: number) => number,
  strength: number,
): ByAction {
  const { voters, actions, shares, cast, signals, right } = evidence
  const features = voters + SIGNALS.length
  const isOpen = openOnes(evidence, rows)
  const p = new Float64Array(actions)
  const fuseRow = (row: number, at: Float64Array): number => fuseByAction(evidence, row, weightOf, at, p)
  const rest = (i: number): number => (i < voters * actions ? 1 : 0)
  const boundsOf = (i: number): Bounds => (i < voters * actions ? FACTORS : SHARES)
  const pulled = (at: Float64Array): number =>
    at.reduce(
      (sum, value, i) => sum + strength * (value - rest(i)) ** 2,
      rows.reduce((sum, row) => sum + fuseRow(row, at), 0),
    )
  let at = Float64Array.from({ length: features * actions }, (_, i) => rest(i))
  let loss = pulled(at)
  const own = new Float64Array(features)
  for (let round = 0; round < ROUNDS; round++) {
    const slope = new Float64Array(features * actions)
    // Of each action by itself: how one action's weights bend another's is left out, and going down by halves makes up for it.
    const curve = new Float64Array(actions * features * features)
    for (const row of rows) {
      fuseRow(row, at)
      for (let a = 0; a < actions; a++) {
        const off = p[a]! - (a === right[row] ? 1 : 0)
        if (Math.abs(off) < MOVED) continue
        const bend = p[a]! * (1 - p[a]!)
        const said: number[] = []
        for (const v of cast[row]!) {
          if (!isOpen[v * actions + a]) continue
          own[v] = weightOf(v, row) * shares[(row * voters + v) * actions + a]!
          said.push(v)
        }
        for (let k = 0; k < SIGNALS.length; k++) {
          const value = signals[row * SIGNALS.length + k]!
          if (value === 0 || !isOpen[(voters + k) * actions + a]) continue
          own[voters + k] = value
          said.push(voters + k)
        }
        for (const f of said) {
          slope[f * actions + a]! += off * own[f]!
          for (const g of said) curve[(a * features + f) * features + g]! += bend * own[f]! * own[g]!
        }
      }
    }
    const step = new Float64Array(features * actions)
    for (let a = 0; a < actions; a++) {
      const block = curve.subarray(a * features * features, (a + 1) * features * features)
      const down = new Float64Array(features)
      for (let f = 0; f < features; f++) {
        const i = f * actions + a
        down[f] = slope[i]! + 2 * strength * (at[i]! - rest(i))
        block[f * features + f]! += 2 * strength
      }
      const isHeld = (f: number): boolean => {
        const i = f * actions + a
        const { least, most } = boundsOf(i)
        return !isOpen[i] || (at[i]! <= least && down[f]! > 0) || (at[i]! >= most && down[f]! < 0)
      }
      const moved = newtonStep(block, down, isHeld)
      for (let f = 0; f < features; f++) step[f * actions + a] = moved[f]!
    }
    const next = goDown(at, step, boundsOf, pulled, loss)
    if (!next) break
    const gained = loss - next.loss
    at = Float64Array.from(next.at)
    loss = next.loss
    if (gained < PROGRESS * rows.length) break
  }
  return { factors: at.slice(0, voters * actions), signals: at.slice(voters * actions) }
}

/** Sum over the rows, in nats. */
export function lossByAction(
  evidence: Evidence,
  rows: readonly number[],
  weightOf: (voter: number, row: number) => number,
  { factors, signals }: ByAction,
): number {
  const at = Float64Array.of(...factors, ...signals)
  const p = new Float64Array(evidence.actions)
  return rows.reduce((sum, row) => sum + fuseByAction(evidence, row, weightOf, at, p), 0)
}

/** `at`: factors, then signals. Writes the probabilities to `p`, and gives the loss. */
function fuseByAction(
  { voters, actions, base, shares, cast, signals, right }: Evidence,
  row: number,
  weightOf: (voter: number, row: number) => number,
  at: Float64Array,
  p: Float64Array,
): number {
  p.set(base)
  for (const v of cast[row]!) {
    const [from, weight] = [(row * voters + v) * actions, weightOf(v, row)]
    if (weight === 0) continue
    for (let a = 0; a < actions; a++) p[a]! += at[v * actions + a]! * weight * shares[from + a]! // each has every action, here and below
  }
  for (let k = 0; k < SIGNALS.length; k++) {
    const said = signals[row * SIGNALS.length + k]!
    if (said === 0) continue
    for (let a = 0; a < actions; a++) p[a]! += at[(voters + k) * actions + a]! * said
  }
  return softmaxRow(p, right[row]!)
}

/** By feature and action: whether there are turns enough. */
function openOnes({ voters, actions, cast, signals, right }: Evidence, rows: readonly number[]): Uint8Array {
  const about = new Float64Array(actions)
  const said = new Float64Array(voters + SIGNALS.length)
  for (const row of rows) {
    about[right[row]!]!++
    for (const v of cast[row]!) said[v]!++
    for (let k = 0; k < SIGNALS.length; k++) if (signals[row * SIGNALS.length + k] !== 0) said[voters + k]!++
  }
  return Uint8Array.from({ length: said.length * actions }, (_, i) =>
    about[i % actions]! >= LEAST_TURNS && said[Math.floor(i / actions)]! >= LEAST_SAID ? 1 : 0,
  )
}
