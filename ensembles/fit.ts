// Fits the weights of an ensemble whose voters are read as its file says: what `npm run train` does with the shipped one. A tune (tune/) learns more.
import type { Ballot } from '@parley/core/ports/voters.ts'
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'
import { type EnsembleFile, kindOf } from './ensemble-file.ts'
import { groundOf } from './ground.ts'
import { evidenceOf } from './tune/evidence.ts'
import { fitWeights as fitTo } from './tune/fit-weights.ts'

export interface LabelledBallots {
  readonly language: Language
  readonly ballots: readonly Ballot[]
  readonly action: ActionId
}

export interface FitOptions {
  /** Weight of the pull towards `towards`, in nats a unit of squared distance, for the mean row. */
  readonly pull: number
  readonly towards: number
}

/** Weights per voter and language, each in [0, 5]. `file` gives temperatures, prior and floor; its weights are not looked at. */
export function fitWeights(
  file: EnsembleFile,
  rows: readonly LabelledBallots[],
  domain: readonly ActionId[],
  { pull, towards }: FitOptions = { pull: 0.02, towards: 0.5 },
): Record<string, Record<Language, number>> {
  const voters = Object.keys(file.voters)
  const ground = groundOf(file, domain)
  const fitted = Object.fromEntries(voters.map(voter => [voter, { zh: towards, en: towards }]))
  for (const language of ['zh', 'en'] as const) {
    const turns = rows
      .filter(row => row.language === language && domain.includes(row.action))
      .map(({ ballots, action }, i) => ({
        conversation: i,
        language,
        ballots: ballots.map(ballot => asEntry(ballot, file)),
        right: action,
      }))
    if (turns.length === 0) continue
    const evidence = evidenceOf(turns, file, voters, domain, voter => ground.heardOf(voter)!.reading[language]) // of its entries
    const pulled = { towards: new Float64Array(voters.length).fill(towards), strength: pull * turns.length }
    const weights = fitTo(evidence, [...turns.keys()], pulled)
    for (const [i, voter] of voters.entries()) fitted[voter] = { ...fitted[voter]!, [language]: Math.round(weights[i]! * 1000) / 1000 } // filled above
  }
  return fitted
}

/** Under the name of the entry that it counts by: those of a kind without entries of their own count together. */
const asEntry = (ballot: Ballot, { voters }: EnsembleFile): Ballot =>
  voters[ballot.voter] ? ballot : { ...ballot, voter: kindOf(ballot.voter) }
