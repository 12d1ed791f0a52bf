// One voter's votes as a distribution over the shop's actions, and what that adds to their scores.
import type { Ballot } from '@parley/core/ports/voters.ts'
import { calibrated } from './calibrate.ts'
import type { Ground, Left, Reading } from './ground.ts'

/**
 * Writes to `into` what the ballot adds to the score of each action at a weight of 1, in the order of the domain; false where it says nothing of them, and
 * `into` then means nothing. One array serves a whole turn: making one for each voter takes longer than the arithmetic.
 *
 * Classes that the shop lacks are masked and the rest renormalised where the voter named everything; the mass it left unnamed goes to the unnamed actions.
 */
export function readBallot({ abstained, votes }: Ballot, ground: Ground, reading: Reading, into: Float64Array): boolean {
  if (abstained || votes.length === 0) return false
  const { index } = ground
  const { knots, temperature } = reading
  const left = leftOf(votes, index, reading)
  const { rest } = left
  into.fill(0)
  let named = 0
  let masked = 0
  let unnamedRest = 1
  for (const vote of votes) {
    const i = index.get(vote.action)
    const confidence = calibrated(knots, vote.confidence)
    if (i === undefined) {
      masked += confidence
      continue
    }
    if (into[i] === 0) unnamedRest -= rest[i]!
    into[i]! += confidence
    named += confidence
  }
  if (named === 0) return false
  const kept = Math.max(1 - masked, named)
  const unnamed = Math.max(0, 1 - named / kept)
  const each = unnamedRest > 1e-12 ? unnamedRest : Number.POSITIVE_INFINITY
  if (temperature === 1 && rest === ground.prior) addPlainly(into, kept, unnamed, each, ground)
  else addByTable(into, kept, unnamed / each, temperature, left, ground)
  return true
}

/** From confidences to shares, in place, for what is left by the prior. */
function addPlainly(p: Float64Array, kept: number, unnamed: number, unnamedRest: number, { prior, floor }: Ground): void {
  let total = 0
  for (let i = 0; i < p.length; i++) {
    p[i] = Math.max(p[i]! > 0 ? p[i]! / kept : (unnamed * prior[i]!) / unnamedRest, floor) // an entry an action, here and below
    total += p[i]!
  }
  let [last, lastLog] = [1, 0]
  for (let i = 0; i < p.length; i++) {
    const ratio = p[i]! / total / prior[i]!
    // Actions that the voter did not name often stand alike.
    if (ratio !== last) [last, lastLog] = [ratio, Math.log(ratio)]
    p[i] = lastLog
  }
}

/** The same for any rest and temperature. Powers and logarithms are dear: of the actions that were not named both are products and sums of what is known. */
function addByTable(
  p: Float64Array,
  kept: number,
  each: number,
  temperature: number,
  { raised, logs }: Left,
  { floor, logPrior }: Ground,
): void {
  const power = 1 / temperature
  const [scale, least] = [each ** power, floor ** power]
  const [logScale, logLeast] = [Math.log(scale), Math.log(least)]
  let total = 0
  for (let i = 0; i < p.length; i++) {
    if (p[i]! > 0) {
      const value = Math.max((p[i]! / kept) ** power, least) // an entry an action, here and below
      total += value
      p[i] = Math.log(value) - logPrior[i]!
      continue
    }
    const value = scale * raised[i]!
    total += Math.max(value, least)
    p[i] = value > least ? logScale + logs[i]! : logLeast - logPrior[i]!
  }
  const logTotal = Math.log(total)
  for (let i = 0; i < p.length; i++) p[i]! -= logTotal
}

function leftOf(votes: Ballot['votes'], index: Ground['index'], { left, mistakes }: Reading): Left {
  if (mistakes.size === 0) return left
  const surest = surestVote(votes, index)
  return (surest && mistakes.get(surest.action)) ?? left
}

/** Of those for an action of the domain; the first of equals. */
export function surestVote(votes: Ballot['votes'], index: Ground['index']): Ballot['votes'][number] | undefined {
  let surest: Ballot['votes'][number] | undefined
  for (const vote of votes) if (index.has(vote.action) && (!surest || vote.confidence > surest.confidence)) surest = vote
  return surest
}
