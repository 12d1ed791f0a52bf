// The arithmetic of SPEC.md written down as it is read, without a thought for speed. Tests hold fuse.ts against it.

import { NO_PAST, type Past } from '@parley/core/ports/ensemble.ts'
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
  past: Past = NO_PAST,
): number {
  const over = (given: EnsembleFile['prior'], a: ActionId): number => {
    const raw = (b: ActionId): number =>
      given[b] ?? (1 - Object.values(given).reduce((s, p) => s + p, 0)) / domain.filter(c => given[c] === undefined).length
    return raw(a) / domain.map(raw).reduce((s, p) => s + p, 0)
  }
  const prior = (a: ActionId): number => over(file.prior, a)
  let score = Math.log(Object.keys(file.priorOfTraffic).length > 0 ? over(file.priorOfTraffic, action) : prior(action))
  for (const ballot of ballots) {
    const entry = file.voters[ballot.voter] ?? file.voters[ballot.voter.replace(/:.*/, ':*')]
    if (!entry || ballot.abstained) continue
    const knots = entry.calibration[language]
    const worth = (confidence: number): number => {
      if (knots.length === 0) return confidence
      const below = knots.findLast(([c]) => c <= confidence)
      const above = knots.find(([c]) => c >= confidence)
      if (!below || !above) return (below ?? above)![1]
      return above[0] === below[0] ? below[1] : below[1] + ((confidence - below[0]) / (above[0] - below[0])) * (above[1] - below[1])
    }
    const votes = ballot.votes.map(vote => ({ action: vote.action, confidence: worth(vote.confidence) }))
    const known = votes.filter(vote => domain.includes(vote.action))
    if (known.every(vote => vote.confidence === 0)) continue
    const foreign = votes.filter(vote => !domain.includes(vote.action)).reduce((s, vote) => s + vote.confidence, 0)
    const named = known.reduce((s, vote) => s + vote.confidence, 0)
    const kept = Math.max(1 - foreign, named)
    const confidence = (a: ActionId): number => known.filter(vote => vote.action === a).reduce((s, vote) => s + vote.confidence, 0)
    const rest = (a: ActionId): number => {
      const most = Math.max(...ballot.votes.filter(vote => domain.includes(vote.action)).map(vote => vote.confidence))
      const surest = ballot.votes.find(vote => domain.includes(vote.action) && vote.confidence === most)
      const mistakes = surest && entry.mistakes[surest.action]
      if (!mistakes) return generalRest(a)
      const left = Math.max(0, 1 - Object.values(mistakes).reduce((s, p) => s + p, 0))
      const others = domain.filter(b => mistakes[b] === undefined).reduce((s, b) => s + generalRest(b), 0)
      const raw = (b: ActionId): number => mistakes[b] ?? (left * generalRest(b)) / others
      return raw(a) / domain.map(raw).reduce((s, p) => s + p, 0)
    }
    const generalRest = (a: ActionId): number => {
      const left = Math.max(0, 1 - Object.values(entry.rest).reduce((s, p) => s + p, 0))
      const others = domain.filter(b => entry.rest[b] === undefined).reduce((s, b) => s + prior(b), 0)
      const raw = (b: ActionId): number => entry.rest[b] ?? (left * prior(b)) / others
      return raw(a) / domain.map(raw).reduce((s, p) => s + p, 0)
    }
    const unnamedRest = domain.filter(a => confidence(a) === 0).reduce((s, a) => s + rest(a), 0)
    const raw = (a: ActionId): number => {
      const share =
        confidence(a) > 0 ? confidence(a) / kept : unnamedRest > 1e-12 ? (Math.max(0, 1 - named / kept) * rest(a)) / unnamedRest : 0
      return Math.max(share, file.floor) ** (1 / entry.temperature[language])
    }
    const weight = entry.weight[language] * (entry.actions[action] ?? 1)
    score += weight * Math.log(raw(action) / domain.map(raw).reduce((s, p) => s + p, 0) / prior(action))
  }
  const told = (name: 'mood' | 'urgency' | 'handoff'): number[] => ballots.flatMap(({ signals }) => signals?.[name] ?? [])
  const moods = told('mood')
  const mood = moods.length > 0 ? moods.reduce((s, m) => s + m, 0) / moods.length : undefined
  const said = {
    always: 1,
    mood: mood ?? 0,
    urgency: Math.max(0, ...told('urgency')),
    handoff: Math.max(0, ...told('handoff')),
    turns: Math.min(past.turns, 10) / 10,
    repeats: Math.min(past.repeats, 3) / 3,
    misses: Math.min(past.misses, 3) / 3,
    fall: mood !== undefined && past.mood !== undefined && mood < past.mood ? (past.mood - mood) / 2 : 0,
  }
  for (const name of ['always', 'mood', 'urgency', 'handoff', 'turns', 'repeats', 'misses', 'fall'] as const)
    score += (file.signals[name]?.[action] ?? 0) * said[name]
  return score
}
