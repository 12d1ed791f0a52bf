// How much there is to learn from a turn's label: where the ensemble could not tell two actions apart, where its voters contradict it, where the turn was taken
// back afterwards. What everybody agrees on teaches nothing.
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { firstVote } from '../evaluation/variants.ts'
import { PRIOR } from '../fuse.ts'

export const REASONS = ['unsure', 'contradicted', 'asked back', 'handed over', 'taken back'] as const
export type Reason = (typeof REASONS)[number]

export interface Worth {
  /** 0 to 3: 1 less the margin between the two likeliest actions, the share of the voters that are for another one, and 1 for what was taken back. */
  readonly value: number
  readonly why: readonly Reason[]
}

/** From where on a turn is called so. */
const UNSURE = 0.5
const CONTRADICTED = 1 / 3

/**
 * Undefined where there is nothing to label: no votes decided it, or it answers what the bot had asked. `takenBack`: the dialogue went back to before it,
 * since the customer or an agent wanted so.
 */
export function worthOf(decision: RecordedDecision, takenBack: boolean): Worth | undefined {
  const { ranking, breakdown, votes, how, disposition, situation, risks = [] } = decision
  const top = ranking[0]
  if (!top || (how !== undefined && how !== 'plain')) return undefined
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
  } satisfies Record<Reason, boolean>
  return { value: 1 - margin + against + (takenBack ? 1 : 0), why: REASONS.filter(reason => given[reason]) }
}

/** Between the probabilities of the two likeliest. */
function marginOf(ranking: RecordedDecision['ranking']): number {
  const best = ranking[0]?.score ?? 0 // best first
  const raised = ranking.map(({ score }) => Math.exp(score - best))
  const total = raised.reduce((sum, each) => sum + each, 0)
  return (1 - (raised[1] ?? 0)) / total
}
