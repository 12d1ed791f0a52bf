// One voter's votes as a distribution over the shop's actions, and what that adds to their scores.
import type { Ballot } from '@parley/core/ports/voters.ts'
import { calibrated } from './calibrate.ts'
import type { Ground, Left, Reading } from './ground.ts'

/**
 * Writes to `into` what the ballot adds to the score of each action at a weight of 1, in the order of the domain; false where it says nothing of them, and
 * `into` then means nothing. One array serves a whole turn: making one for each voter takes longer than the arithmetic.
 */
export function readBallot(ballot: Ballot, ground: Ground, reading: Reading, into: Float64Array): boolean {
  if (ballot.abstained || ballot.votes.length === 0) return false
  if (!distribute(ballot, ground, reading, into)) return false
  const { prior } = ground
  let [last, lastLog] = [1, 0]
  for (let i = 0; i < into.length; i++) {
    const ratio = into[i]! / prior[i]! // an entry an action
    // Actions that the voter did not name often stand alike.
    if (ratio !== last) [last, lastLog] = [ratio, Math.log(ratio)]
    into[i] = lastLog
  }
  return true
}

/**
 * Classes that the shop lacks are masked and the rest renormalised where the voter named everything; the mass it left unnamed goes to the unnamed actions.
 * False when none of its votes is of the domain.
 */
function distribute({ votes }: Ballot, { index, floor }: Ground, reading: Reading, p: Float64Array): boolean {
  const { knots, temperature } = reading
  const { rest, raised } = leftOf(votes, index, reading)
  p.fill(0)
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
    if (p[i] === 0) unnamedRest -= rest[i]!
    p[i]! += confidence
    named += confidence
  }
  if (named === 0) return false
  const kept = Math.max(1 - masked, named)
  const unnamed = Math.max(0, 1 - named / kept)
  let total = 0
  if (temperature === 1) {
    for (let i = 0; i < p.length; i++) {
      const share = p[i]! > 0 ? p[i]! / kept : unnamedRest > 1e-12 ? (unnamed * rest[i]!) / unnamedRest : 0
      p[i] = Math.max(share, floor)
      total += p[i]!
    }
  } else {
    // A power is dear: of the actions that were not named it is a product of two that are known.
    const power = 1 / temperature
    const scale = unnamedRest > 1e-12 ? (unnamed / unnamedRest) ** power : 0
    const least = floor ** power
    for (let i = 0; i < p.length; i++) {
      p[i] = Math.max(p[i]! > 0 ? (p[i]! / kept) ** power : scale * raised[i]!, least)
      total += p[i]!
    }
  }
  for (let i = 0; i < p.length; i++) p[i]! /= total
  return true
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
