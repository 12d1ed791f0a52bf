// The decision of least expected cost. Answering wrongly, asking back and an agent's minutes all have a price; there is no threshold.

import type { Choice, Fusion, Situation } from '@parley/core/ports/ensemble.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'

/** In order of preference where costs are equal. */
const DISPOSITIONS = ['answer', 'clarify', 'handoff'] as const
/** How many options `clarify` offers at most, and the least probability of one worth offering. */
const OPTIONS = { most: 3, least: 0.05 } as const

export function decide({ ranking, probabilities }: Fusion, { domain, alwaysPerson, costs }: Situation): Choice {
  const p = (action: ActionId): number => probabilities[action] ?? 0
  /** What it costs in the mean to act as if the turn were about none but `right`. */
  const missing = (right: readonly ActionId[]): number =>
    domain.reduce((sum, action) => (right.includes(action) ? sum : sum + p(action) * costs.wrongAnswer * (costs.severity[action] ?? 1)), 0)

  // The action that is cheapest to answer: with equal severities the likeliest, but a likely enough grave one goes before it.
  const action = ranking.map(r => r.action).reduce((best, next) => (missing([next]) < missing([best]) - 1e-12 ? next : best))
  const options = optionsOf(
    ranking.map(r => r.action),
    p,
  )
  const expectedCosts = {
    answer: missing([action]),
    clarify: options.length < 2 ? Number.POSITIVE_INFINITY : costs.clarify + missing(options),
    handoff: costs.handoff,
  }
  const isForPerson = alwaysPerson.includes(action) && expectedCosts.answer <= expectedCosts.clarify
  const disposition = isForPerson
    ? 'handoff'
    : DISPOSITIONS.reduce((best, next) => (expectedCosts[next] < expectedCosts[best] ? next : best))
  // What is asked back or handed over out of doubt is about what is likeliest; only an answer goes by what it costs to be wrong.
  const about = disposition === 'answer' || isForPerson ? action : (ranking[0]?.action ?? action)
  return { action: about, disposition, confidence: p(about), options: disposition === 'clarify' ? options : [], expectedCosts }
}

/** What can be asked back: nothing that the customer would have said by now, such as a greeting or nonsense. */
function optionsOf(ranked: readonly ActionId[], p: (action: ActionId) => number): readonly ActionId[] {
  return ranked.filter(action => !UNASKABLE.has(action) && p(action) >= OPTIONS.least).slice(0, OPTIONS.most)
}
const UNASKABLE: ReadonlySet<ActionId> = new Set(['OUT_OF_SCOPE', 'GREETING', 'THANKS', 'GOODBYE', 'AFFIRM', 'DENY', 'PRAISE'])
