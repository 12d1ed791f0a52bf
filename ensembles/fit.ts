// Fits the weights of an ensemble: the log-loss of the fused probabilities over labelled ballots, pulled gently towards equal weights. The loss is
// convex in the weights, so plain descent finds the one best answer, and the same rows give the same weights.
import type { Ballot } from '@parley/core/ports/voters.ts'
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'
import { type EnsembleFile, kindOf } from './ensemble-file.ts'
import { fuse, PRIOR } from './fuse.ts'

export interface LabelledBallots {
  readonly language: Language
  readonly ballots: readonly Ballot[]
  readonly action: ActionId
}

export interface FitOptions {
  /** Weight of the pull towards `towards`, in nats a unit of squared distance, for the mean row. */
  readonly pull: number
  readonly towards: number
  readonly steps: number
}

/** Weights per voter and language, each in [0, 5]. `file` gives temperatures, prior and floor; its weights are not looked at. */
export function fitWeights(
  file: EnsembleFile,
  rows: readonly LabelledBallots[],
  domain: readonly ActionId[],
  { pull, towards, steps }: FitOptions = { pull: 0.02, towards: 0.5, steps: 400 },
): Record<string, Record<Language, number>> {
  const voters = Object.keys(file.voters)
  const open: EnsembleFile = {
    ...file,
    voters: Object.fromEntries(Object.entries(file.voters).map(([voter, entry]) => [voter, { ...entry, weight: { zh: 1, en: 1 } }])),
  }
  const fitted = Object.fromEntries(voters.map(voter => [voter, { zh: towards, en: towards }]))
  for (const language of ['zh', 'en'] as const) {
    const mine = rows
      .filter(row => row.language === language && domain.includes(row.action))
      .map(row => evidenceOf(open, row, voters, domain))
    if (mine.length === 0) continue
    const weights = descend(mine, voters.length, { pull, towards, steps })
    for (const [i, voter] of voters.entries()) fitted[voter] = { ...fitted[voter]!, [language]: Math.round(weights[i]! * 1000) / 1000 } // filled above
  }
  return fitted
}

interface Evidence {
  readonly prior: Float64Array
  /** By voter: what it would add to each score at weight 1. */
  readonly shares: readonly Float64Array[]
  readonly right: number
}

function evidenceOf(file: EnsembleFile, row: LabelledBallots, voters: readonly string[], domain: readonly ActionId[]): Evidence {
  const index = new Map(domain.map((action, i) => [action, i]))
  const prior = new Float64Array(domain.length)
  const shares = voters.map(() => new Float64Array(domain.length))
  for (const { voter, action, share } of fuse(file, row.ballots, row.language, domain).breakdown) {
    const at = index.get(action)! // the breakdown is over the domain
    if (voter === PRIOR) prior[at] = share
    else {
      const own = voters.indexOf(voter)
      const target = shares[own >= 0 ? own : voters.indexOf(kindOf(voter))]! // only voters with an entry are heard
      target[at]! += share
    }
  }
  return { prior, shares, right: index.get(row.action)! } // rows were filtered by the domain
}

function descend(rows: readonly Evidence[], count: number, { pull, towards, steps }: FitOptions): Float64Array {
  const weights = new Float64Array(count).fill(towards)
  const size = rows[0]!.prior.length // there is a row: the caller has looked
  const scores = new Float64Array(size)
  for (let step = 0; step < steps; step++) {
    const gradient = new Float64Array(count)
    for (const { prior, shares, right } of rows) {
      scores.set(prior)
      for (let v = 0; v < count; v++) for (let a = 0; a < size; a++) scores[a]! += weights[v]! * shares[v]![a]!
      const top = Math.max(...scores)
      let total = 0
      for (let a = 0; a < size; a++) total += scores[a] = Math.exp(scores[a]! - top)
      for (let v = 0; v < count; v++) {
        let expected = 0
        for (let a = 0; a < size; a++) expected += (scores[a]! / total) * shares[v]![a]!
        gradient[v]! += expected - shares[v]![right]!
      }
    }
    const rate = 0.3 / (1 + step / 40)
    for (let v = 0; v < count; v++) {
      const slope = gradient[v]! / rows.length + 2 * pull * (weights[v]! - towards)
      weights[v] = Math.min(5, Math.max(0, weights[v]! - rate * slope))
    }
  }
  return weights
}
