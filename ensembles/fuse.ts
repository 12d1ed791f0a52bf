// Log-linear pool: score(a) = ln prior(a) + Σ over voters of weight · factor(a) · ln(p_voter(a) / prior(a)) + Σ over signals of weight(a) · signal. See SPEC.md; ensembles/fuse-slowly.ts is its twin.

import { type Fusion, NO_PAST, type Past, type Ranked, type Share } from '@parley/core/ports/ensemble.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import type { ActionId, Language, Signals } from '@parley/plugin-sdk/vocabulary.ts'
import type { EnsembleFile } from './ensemble-file.ts'
import { groundOf } from './ground.ts'
import { readBallot } from './read-ballot.ts'
import { shareName, signalsOf } from './signals.ts'

/** The name under which the breakdown lists what was known before any vote. */
export const PRIOR = 'prior'

export function fuse(
  file: EnsembleFile,
  ballots: readonly Ballot[],
  language: Language,
  domain: readonly ActionId[],
  past: Past = NO_PAST,
): Fusion {
  const ground = groundOf(file, domain)
  const signals = joinSignals(ballots)
  const count = domain.length
  const sum: Sum = {
    domain,
    scores: new Float64Array(count),
    // As long as it may get: pushing thousands of entries takes longer than the arithmetic.
    breakdown: new Array<Share>((1 + ballots.length + ground.signals.length) * count),
  }
  const own = new Float64Array(count)
  let at = add(sum, PRIOR, ground.scores, 0, 1)
  for (const ballot of ballots) {
    const heard = ground.heardOf(ballot.voter)
    const weight = heard?.entry.weight[language] ?? 0
    if (!heard || weight === 0 || !readBallot(ballot, ground, heard.reading[language], own)) continue
    const { factors } = heard
    if (factors) for (let i = 0; i < count; i++) own[i]! *= factors[i]! // one for each action
    at = add(sum, ballot.voter, own, at, weight)
  }
  if (ground.signals.length > 0) {
    const said = signalsOf(signals, past)
    for (const { name, weights } of ground.signals) if (said[name] !== 0) at = add(sum, shareName(name), weights, at, said[name])
  }
  sum.breakdown.length = at
  return { ranking: rank(domain, sum.scores), probabilities: softmax(domain, sum.scores), breakdown: sum.breakdown, signals }
}

interface Sum {
  readonly domain: readonly ActionId[]
  readonly scores: Float64Array
  readonly breakdown: Share[]
}

/** Puts `weight` times a row of shares into the breakdown, from `at` on, and into the scores; gives where the next begins. */
function add({ domain, scores, breakdown }: Sum, voter: string, shares: Float64Array, at: number, weight: number): number {
  const count = domain.length
  for (let i = 0; i < count; i++) {
    const share = shares[i]! * weight // one for each action, as of the scores
    scores[i] = at === 0 ? share : scores[i]! + share
    breakdown[at + i] = { voter, action: domain[i]!, share }
  }
  return at + count
}

export function rank(domain: readonly ActionId[], scores: ArrayLike<number>): Ranked[] {
  const ranking = domain.map((action, i) => ({ action, score: scores[i]! }))
  return ranking.sort((a, b) => b.score - a.score || (a.action < b.action ? -1 : 1))
}

export function softmax(domain: readonly ActionId[], scores: ArrayLike<number>): Record<ActionId, number> {
  const raised = new Float64Array(domain.length)
  let top = Number.NEGATIVE_INFINITY
  for (let i = 0; i < raised.length; i++) if (scores[i]! > top) top = scores[i]! // a score an action, here and below
  let total = 0
  for (let i = 0; i < raised.length; i++) total += raised[i] = Math.exp(scores[i]! - top)
  const probabilities: Record<ActionId, number> = {}
  for (let i = 0; i < raised.length; i++) probabilities[domain[i]!] = raised[i]! / total
  return probabilities
}

export function joinSignals(ballots: readonly Ballot[]): Signals {
  let [moods, mood, urgency, handoff] = [0, 0, -1, -1]
  for (const { signals } of ballots) {
    if (!signals) continue
    if (signals.mood !== undefined) {
      moods++
      mood += signals.mood
    }
    urgency = Math.max(urgency, signals.urgency ?? -1)
    handoff = Math.max(handoff, signals.handoff ?? -1)
  }
  return { ...(moods > 0 && { mood: mood / moods }), ...(urgency >= 0 && { urgency }), ...(handoff >= 0 && { handoff }) }
}
