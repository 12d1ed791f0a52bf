// Log-linear pool: score(a) = ln prior(a) + Σ over voters of weight · factor(a) · ln(p_voter(a) / prior(a)) + Σ over signals of weight(a) · signal. See SPEC.md; ensembles/fuse-slowly.ts is its twin.

import { type Fusion, NO_PAST, type Past, type Ranked, type Share } from '@parley/core/ports/ensemble.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import type { ActionId, Language, Signals } from '@parley/plugin-sdk/vocabulary.ts'
import type { EnsembleFile } from './ensemble-file.ts'
import { type Ground, groundOf } from './ground.ts'
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
  const rows: Row[] = [{ name: PRIOR, shares: ground.scores }]
  for (const ballot of ballots) {
    const shares = sharesOf(ballot, ground, language)
    if (shares) rows.push({ name: ballot.voter, shares })
  }
  if (ground.signals.length > 0) {
    const said = signalsOf(signals, past)
    for (const { name, weights } of ground.signals)
      if (said[name] !== 0) rows.push({ name: shareName(name), shares: weights.map(weight => weight * said[name]) })
  }
  const scores = new Float64Array(domain.length)
  // As long as it will be: pushing thousands of entries takes longer than the arithmetic.
  const breakdown = new Array<Share>(rows.length * domain.length)
  let at = 0
  for (const { name, shares } of rows)
    for (let i = 0; i < domain.length; i++) {
      const share = shares[i]! // a row has every action of the domain, here and below
      scores[i] = name === PRIOR ? share : scores[i]! + share
      breakdown[at++] = { voter: name, action: domain[i]!, share }
    }
  return { ranking: rank(domain, scores), probabilities: softmax(domain, scores), breakdown, signals }
}

interface Row {
  readonly name: string
  readonly shares: Float64Array
}

/** What a voter adds to the score of each action, in the order of the domain; undefined where it adds nothing. */
function sharesOf(ballot: Ballot, ground: Ground, language: Language): Float64Array | undefined {
  const heard = ground.heardOf(ballot.voter)
  const weight = heard?.entry.weight[language] ?? 0
  if (!heard || weight === 0) return undefined
  const shares = readBallot(ballot, ground, heard.reading[language])
  if (!shares) return undefined
  const { factors } = heard
  for (let i = 0; i < shares.length; i++) shares[i]! *= factors ? weight * factors[i]! : weight
  return shares
}

export function rank(domain: readonly ActionId[], scores: ArrayLike<number>): Ranked[] {
  const ranking = domain.map((action, i) => ({ action, score: scores[i]! }))
  return ranking.sort((a, b) => b.score - a.score || (a.action < b.action ? -1 : 1))
}

export function softmax(domain: readonly ActionId[], scores: ArrayLike<number>): Record<ActionId, number> {
  const top = domain.reduce((most, _, i) => Math.max(most, scores[i]!), Number.NEGATIVE_INFINITY) // a score an action, here and below
  const raised = Float64Array.from(scores, score => Math.exp(score - top))
  const total = raised.reduce((sum, x) => sum + x, 0)
  const probabilities: Record<ActionId, number> = {}
  for (let i = 0; i < domain.length; i++) probabilities[domain[i]!] = raised[i]! / total
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
