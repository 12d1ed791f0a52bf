// Ensembles that one is judged against: majority vote and equal weights, each voter by itself, and all but one of them.
import type { Ensemble, Fusion, Share } from '@parley/core/ports/ensemble.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'
import { decide } from '../decide.ts'
import { type EnsembleFile, entryOf } from '../ensemble-file.ts'
import { joinSignals, PRIOR, rank, softmax } from '../fuse.ts'

/** The same file with other weights of the voters that are heard; every voter of `voters` gets an entry of its own. */
export function reweighed(
  file: EnsembleFile,
  voters: readonly string[],
  weightOf: (voter: string, weight: number) => number,
): EnsembleFile {
  const entries = voters.flatMap(voter => {
    const entry = entryOf(file, voter)
    if (!entry) return []
    const weight = (language: Language): number => (entry.weight[language] === 0 ? 0 : weightOf(voter, entry.weight[language]))
    return [[voter, { ...entry, weight: { zh: weight('zh'), en: weight('en') } }] as const]
  })
  return { ...file, voters: Object.fromEntries(entries) }
}

/** Everyone who is heard counts alike. */
export const equalWeights = (file: EnsembleFile, voters: readonly string[]): EnsembleFile => reweighed(file, voters, () => 1)
/** Without signals: their weights were fitted beside the other voters. */
export const alone = (file: EnsembleFile, voters: readonly string[], voter: string): EnsembleFile => ({
  ...reweighed(file, voters, (each, weight) => (each === voter ? weight : 0)),
  signals: {},
})
export const without = (file: EnsembleFile, voters: readonly string[], voter: string): EnsembleFile =>
  reweighed(file, voters, (each, weight) => (each === voter ? 0 : weight))

/** What an action has that nobody votes for, beside 1 for a vote. */
const NOBODY = 0.001
/** Decides between actions with as many votes: the surer voters win. */
const TIE = 1e-6

/**
 * Every voter that `file` hears has one vote, for what it holds likeliest. An action's probability is its share of the votes. The decision by costs is the
 * same as any ensemble's.
 */
export function majorityVote(file: EnsembleFile): Ensemble {
  const hears = (voter: string, language: Language): boolean => (entryOf(file, voter)?.weight[language] ?? 0) > 0
  return {
    version: 'majority',
    hears,
    decide,
    fuse: (ballots, language, domain) =>
      countVotes(
        ballots.filter(({ voter }) => hears(voter, language)),
        ballots,
        domain,
      ),
  }
}

function countVotes(heard: readonly Ballot[], all: readonly Ballot[], domain: readonly ActionId[]): Fusion {
  const cast = heard.flatMap(ballot => {
    const first = firstVote(ballot, domain)
    return first ? [{ voter: ballot.voter, ...first }] : []
  })
  const floor = Math.log(NOBODY)
  const scores = domain.map(() => floor)
  const breakdown: Share[] = domain.map(action => ({ voter: PRIOR, action, share: floor }))
  for (const { voter, action } of cast) {
    const own = cast.filter(vote => vote.action === action)
    const sureness = own.reduce((sum, { confidence }) => sum + confidence, 0)
    const share = (Math.log(own.length + NOBODY) + TIE * sureness - floor) / own.length
    scores[domain.indexOf(action)]! += share // a first vote is of the domain
    breakdown.push({ voter, action, share })
  }
  return { ranking: rank(domain, scores), probabilities: softmax(domain, scores), breakdown, signals: joinSignals(all) }
}

/** The surest vote for an action of the domain. */
export function firstVote(
  { abstained, votes }: Pick<Ballot, 'abstained' | 'votes'>,
  domain: readonly ActionId[],
): { readonly action: ActionId; readonly confidence: number } | undefined {
  if (abstained) return undefined
  let first: { readonly action: ActionId; readonly confidence: number } | undefined
  for (const { action, confidence } of votes)
    if (domain.includes(action) && (!first || confidence > first.confidence)) first = { action, confidence }
  return first
}
