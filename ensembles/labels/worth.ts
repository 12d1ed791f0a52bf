// How much there is to learn from a turn's label: where the ensemble could not tell two actions apart, where its voters contradict it, where the turn was taken
// back afterwards, where the customer says that it did not help, where an agent says that it was about something else. What everybody agrees on teaches
// nothing.
import { isByItsWords, type RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { Thumb } from '@parley/core/protocol/client-message.ts'
import { firstVote } from '../evaluation/variants.ts'
import { PRIOR } from '../fuse.ts'

export const REASONS = ['unsure', 'contradicted', 'asked back', 'handed over', 'taken back', 'thumbs down', 'corrected'] as const
export type Reason = (typeof REASONS)[number]

export interface Worth {
  /**
   * 0 to 5: 1 less the margin between the two likeliest actions, the share of the voters that are for another one, and 1 each for what was taken back,
   * for a thumb down, and for what an agent has corrected.
   */
  readonly value: number
  readonly why: readonly Reason[]
}

/** What people have made of a turn. */
export interface Regrets {
  /** The dialogue went back to before it, since an agent or the operator wanted so. */
  readonly takenBack?: boolean
  /** The last that the customer has said of its reply; null: nothing, or it was taken back. */
  readonly thumb?: Thumb | null
  /** An agent has said at the desk that it was about another action. */
  readonly isCorrected?: boolean
}

/** From where on a turn is called so. */
const UNSURE = 0.5
const CONTRADICTED = 1 / 3

/**
 * Undefined where there is nothing to label: no votes decided it, or it answers what the bot had asked.
 */
export function worthOf(decision: RecordedDecision, { takenBack = false, thumb = null, isCorrected = false }: Regrets): Worth | undefined {
  const { ranking, breakdown, votes, disposition, situation, risks = [] } = decision
  const top = ranking[0]
  if (!top || !isByItsWords(decision)) return undefined
  const heard = new Set(breakdown.map(({ voter }) => voter).filter(voter => voter !== PRIOR))
  const firsts = votes.flatMap(ballot => (heard.has(ballot.voter) ? (firstVote(ballot, situation.domain)?.action ?? []) : []))
  if (firsts.length === 0) return undefined
  const margin = marginOf(ranking)
  const against = firsts.filter(action => action !== top.action).length / firsts.length
  const isDoubt = disposition === 'handoff' && risks.length === 0 && !situation.alwaysPerson.includes(decision.action)
  const given = {
    unsure: margin < UNSURE,
    contradicted: against >= CONTRADICTED,
    'asked back': disposition === 'clarify',
    'handed over': isDoubt,
    'taken back': takenBack,
    'thumbs down': thumb === 'down',
    corrected: isCorrected,
  } satisfies Record<Reason, boolean>
  const regrets = [takenBack, thumb === 'down', isCorrected].filter(Boolean).length
  return { value: 1 - margin + against + regrets, why: REASONS.filter(reason => given[reason]) }
}

/** Between the probabilities of the two likeliest. */
function marginOf(ranking: RecordedDecision['ranking']): number {
  const best = ranking[0]?.score ?? 0 // best first
  const raised = ranking.map(({ score }) => Math.exp(score - best))
  const total = raised.reduce((sum, each) => sum + each, 0)
  return (1 - (raised[1] ?? 0)) / total
}
