// Log-linear pool: score(a) = ln prior(a) + Σ over voters of weight · ln(p_voter(a) / background(a)). See SPEC.md; ensembles/fuse-slowly.ts is its twin.

import type { Fusion, Ranked, Share } from '@parley/core/ports/ensemble.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import type { ActionId, Language, Signals } from '@parley/plugin-sdk/vocabulary.ts'
import { type EnsembleFile, entryOf } from './ensemble-file.ts'

/** The name under which the breakdown lists what was known before any vote. */
export const PRIOR = 'prior'

export function fuse(file: EnsembleFile, ballots: readonly Ballot[], language: Language, domain: readonly ActionId[]): Fusion {
  const { prior, scores: priorScores, index } = groundOf(file, domain)
  const scores = [...priorScores]
  const breakdown: Share[] = domain.map((action, i) => ({ voter: PRIOR, action, share: scores[i]! }))
  for (const ballot of ballots) {
    const entry = entryOf(file, ballot.voter)
    const weight = entry?.weight[language] ?? 0
    if (weight === 0 || ballot.abstained || ballot.votes.length === 0) continue
    const distribution = distributionOf(ballot, index, prior, file.floor, entry?.temperature[language] ?? 1)
    if (!distribution) continue
    for (let i = 0; i < domain.length; i++) {
      const share = weight * Math.log(distribution[i]! / prior[i]!)
      scores[i]! += share
      breakdown.push({ voter: ballot.voter, action: domain[i]!, share })
    }
  }
  return { ranking: rank(domain, scores), probabilities: softmax(domain, scores), breakdown, signals: joinSignals(ballots) }
}

/** What the file alone says of a domain. */
interface Ground {
  readonly domain: readonly ActionId[]
  readonly prior: readonly number[]
  readonly scores: readonly number[]
  readonly index: ReadonlyMap<ActionId, number>
}

/** Of the domain that was asked for last: a shop has one for its life. */
const grounds = new WeakMap<EnsembleFile, Ground>()

function groundOf(file: EnsembleFile, domain: readonly ActionId[]): Ground {
  const known = grounds.get(file)
  if (known?.domain === domain) return known
  const prior = priorOf(file, domain)
  const ground = { domain, prior, scores: prior.map(Math.log), index: new Map(domain.map((action, i) => [action, i])) }
  grounds.set(file, ground)
  return ground
}

/** The prior over the domain: named actions as given, the rest evenly, renormalised over what the shop has. */
export function priorOf(file: EnsembleFile, domain: readonly ActionId[]): number[] {
  const unnamed = domain.filter(action => file.prior[action] === undefined).length
  const left = 1 - Object.values(file.prior).reduce((sum, p) => sum + p, 0)
  const raw = domain.map(action => file.prior[action] ?? left / unnamed)
  const total = raw.reduce((sum, p) => sum + p, 0)
  return raw.map(p => p / total)
}

/**
 * A voter's votes as a distribution over the domain: classes that the shop lacks are masked and the rest renormalised where the voter named
 * everything; the mass it left unnamed goes to the unnamed actions by the prior. Undefined when none of its votes is of the domain.
 */
function distributionOf(
  ballot: Ballot,
  index: ReadonlyMap<ActionId, number>,
  prior: readonly number[],
  floor: number,
  temperature: number,
): Float64Array | undefined {
  const p = new Float64Array(prior.length)
  let named = 0
  let masked = 0
  let unnamedPrior = 1
  for (const vote of ballot.votes) {
    const i = index.get(vote.action)
    if (i === undefined) {
      masked += vote.confidence
      continue
    }
    if (p[i] === 0) unnamedPrior -= prior[i]!
    p[i]! += vote.confidence
    named += vote.confidence
  }
  if (named === 0) return undefined
  const kept = Math.max(1 - masked, named)
  const unnamed = Math.max(0, 1 - named / kept)
  let total = 0
  for (let i = 0; i < p.length; i++) {
    const share = p[i]! > 0 ? p[i]! / kept : unnamedPrior > 1e-12 ? (unnamed * prior[i]!) / unnamedPrior : 0
    // The power of 1 is exact and dear.
    p[i] = temperature === 1 ? Math.max(share, floor) : Math.max(share, floor) ** (1 / temperature)
    total += p[i]!
  }
  for (let i = 0; i < p.length; i++) p[i]! /= total
  return p
}

export function rank(domain: readonly ActionId[], scores: readonly number[]): Ranked[] {
  const ranking = domain.map((action, i) => ({ action, score: scores[i]! }))
  return ranking.sort((a, b) => b.score - a.score || (a.action < b.action ? -1 : 1))
}

export function softmax(domain: readonly ActionId[], scores: readonly number[]): Record<ActionId, number> {
  const top = Math.max(...scores)
  const raised = scores.map(score => Math.exp(score - top))
  const total = raised.reduce((sum, x) => sum + x, 0)
  const probabilities: Record<ActionId, number> = {}
  for (let i = 0; i < domain.length; i++) probabilities[domain[i]!] = raised[i]! / total // both have an entry an action
  return probabilities
}

export function joinSignals(ballots: readonly Ballot[]): Signals {
  const given = (name: keyof Signals): number[] => ballots.flatMap(ballot => ballot.signals?.[name] ?? [])
  const moods = given('mood')
  const urgency = given('urgency')
  const handoff = given('handoff')
  return {
    ...(moods.length > 0 && { mood: moods.reduce((sum, m) => sum + m, 0) / moods.length }),
    ...(urgency.length > 0 && { urgency: Math.max(...urgency) }),
    ...(handoff.length > 0 && { handoff: Math.max(...handoff) }),
  }
}
