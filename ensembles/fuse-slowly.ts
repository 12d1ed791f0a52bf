// The arithmetic of SPEC.md written down as it is read, without a thought for speed. Tests hold fuse.ts against it.

import type { Ballot } from '@parley/core/ports/voters.ts'
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'
import type { EnsembleFile } from './ensemble-file.ts'

/** Score of one action. */
export function scoreSlowly(
  file: EnsembleFile,
  ballots: readonly Ballot[],
  language: Language,
  domain: readonly ActionId[],
  action: ActionId,
): number {
  const prior = (a: ActionId): number => {
    const raw = (b: ActionId): number =>
      file.prior[b] ?? (1 - Object.values(file.prior).reduce((s, p) => s + p, 0)) / domain.filter(c => file.prior[c] === undefined).length
    return raw(a) / domain.map(raw).reduce((s, p) => s + p, 0)
  }
  let score = Math.log(prior(action))
  for (const ballot of ballots) {
    const entry = file.voters[ballot.voter] ?? file.voters[ballot.voter.replace(/:.*/, ':*')]
    const known = ballot.votes.filter(vote => domain.includes(vote.action))
    if (!entry || ballot.abstained || known.every(vote => vote.confidence === 0)) continue
    const foreign = ballot.votes.filter(vote => !domain.includes(vote.action)).reduce((s, vote) => s + vote.confidence, 0)
    const named = known.reduce((s, vote) => s + vote.confidence, 0)
    const kept = Math.max(1 - foreign, named)
    const confidence = (a: ActionId): number => known.filter(vote => vote.action === a).reduce((s, vote) => s + vote.confidence, 0)
    const unnamedPrior = domain.filter(a => confidence(a) === 0).reduce((s, a) => s + prior(a), 0)
    const raw = (a: ActionId): number => {
      const share =
        confidence(a) > 0 ? confidence(a) / kept : unnamedPrior > 1e-12 ? (Math.max(0, 1 - named / kept) * prior(a)) / unnamedPrior : 0
      return Math.max(share, file.floor) ** (1 / entry.temperature[language])
    }
    score += entry.weight[language] * Math.log(raw(action) / domain.map(raw).reduce((s, p) => s + p, 0) / prior(action))
  }
  return score
}
