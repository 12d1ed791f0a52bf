// What an ensemble makes of turns, by the votes alone: its decision by the shop's costs, and what that came to. The dialogue's rules stand beside it and are the
// same for every ensemble.
import type { Choice, Costs, Situation } from '@parley/core/ports/ensemble.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { decide } from '../decide.ts'
import type { EnsembleFile } from '../ensemble-file.ts'
import type { Outcome } from '../evaluation/outcome.ts'
import { fuse } from '../fuse.ts'
import type { TurnToFit } from './turn-to-fit.ts'

export interface JudgedOutcome extends Outcome {
  readonly said: ActionId
  /** Of the probability that was given to what is right, in nats. */
  readonly loss: number
}

export function judge(file: EnsembleFile, turns: readonly TurnToFit[], situation: Situation): readonly JudgedOutcome[] {
  return turns.map(({ ballots, language, past, right }) => {
    const fusion = fuse(file, ballots, language, situation.domain, past)
    const choice = decide(fusion, situation)
    const { probabilities } = fusion
    const brier = situation.domain.reduce((sum, action) => sum + (probabilities[action]! - (action === right ? 1 : 0)) ** 2, 0) // of the domain
    return {
      said: choice.action,
      confidence: choice.confidence,
      done: doneBy(choice, situation),
      rules: [],
      brier,
      cost: costOf(choice, right, situation.costs),
      loss: -Math.log(Math.max(probabilities[right] ?? 0, 1e-12)),
    }
  })
}

function doneBy({ action, disposition }: Choice, { alwaysPerson }: Situation): Outcome['done'] {
  if (disposition === 'clarify') return 'asked back'
  if (disposition === 'answer') return 'answered'
  return alwaysPerson.includes(action) ? 'by rule' : 'handed over'
}

/** As it turned out. */
function costOf({ action, disposition, options }: Choice, right: ActionId, { wrongAnswer, clarify, handoff, severity }: Costs): number {
  const missed = wrongAnswer * (severity[right] ?? 1)
  if (disposition === 'handoff') return handoff
  if (disposition === 'clarify') return clarify + (options.includes(right) ? 0 : missed)
  return action === right ? 0 : missed
}
