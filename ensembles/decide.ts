// The decision of least expected cost. Answering wrongly, asking back and an agent's minutes all have a price; there is no threshold.

import type { Choice, Fusion, Situation } from '@parley/core/ports/ensemble.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'

/** What an empty ranking is about: there is none, since every shop has this action. */
const OUT_OF_SCOPE = 'OUT_OF_SCOPE'
/** In order of preference where costs are equal. */
const DISPOSITIONS = ['answer', 'clarify', 'handoff'] as const
/** How many options `clarify` offers at most, and the least probability of one worth offering. */
const OPTIONS = { most: 3, least: 0.05 } as const

export function decide({ ranking, probabilities }: Fusion, { domain, alwaysPerson, costs }: Situation): Choice {
  const p = (action: ActionId): number => probabilities[action] ?? 0
  const losses = domain.map(action => p(action) * costs.wrongAnswer * (costs.severity[action] ?? 1))
  /** What it costs in the mean to act as if the turn were about none but `right`. */
  const missing = (right: readonly ActionId[]): number => {
    let sum = 0
    for (let i = 0; i < domain.length; i++) if (!right.includes(domain[i]!)) sum += losses[i]! // both have an entry an action
    return sum
  }

  // The action that is cheapest to answer: with equal severities the likeliest, but a likely enough grave one goes before it.
  let action = ranking[0]?.action ?? OUT_OF_SCOPE
  let least = missing([action])
  for (const { action: next } of ranking.slice(1)) {
    const cost = missing([next])
    if (cost < least - 1e-12) [action, least] = [next, cost]
  }
  const options = optionsOf(
    ranking.map(r => r.action),
    p,
  )
  const expectedCosts = {
    answer: least,
    clarify: options.length < 2 ? Number.POSITIVE_INFINITY : costs.clarify + missing(options),
    handoff: costs.handoff,
  }
  // Handed over as being about it only where that is likely enough to say so; a remote chance of a grave action is doubt, and doubt is handed over too.
  const isForPerson = alwaysPerson.includes(action) && expectedCosts.answer <= Math.min(expectedCosts.clarify, expectedCosts.handoff)
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
const UNASKABLE: ReadonlySet<ActionId> = new Set([OUT_OF_SCOPE, 'GREETING', 'THANKS', 'GOODBYE', 'AFFIRM', 'DENY', 'PRAISE'])
