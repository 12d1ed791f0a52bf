// Chooses what costs least, and the template that says it.

import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { CLARIFY_TEMPLATE, HANDOFF_TEMPLATE } from '../pack/required-templates.ts'
import type { Choice, Ensemble } from '../ports/ensemble.ts'
import type { Shop } from './shop.ts'
import type { Decided, Fused } from './turn.ts'

export function decide(turn: Fused, shop: Shop, ensemble: Ensemble): Decided {
  const choice = ensemble.decide(turn.fusion, shop.situation)
  return { ...turn, choice, template: chooseTemplate(turn, choice, shop) }
}

function chooseTemplate(turn: Fused, choice: Choice, shop: Shop): string {
  if (choice.disposition === 'clarify') return CLARIFY_TEMPLATE
  // An action that a person always takes has words of its own; one handed over out of doubt must not sound sure of what it is about.
  if (choice.disposition === 'handoff' && !shop.situation.alwaysPerson.includes(choice.action)) return HANDOFF_TEMPLATE
  return namedTemplate(turn, choice.action, shop) ?? defaultTemplate(shop, choice.action)
}

/** Of the votes for the action that name a template of this shop, the weightiest one's. */
function namedTemplate(turn: Fused, action: ActionId, shop: Shop): string | undefined {
  const share = new Map(turn.fusion.breakdown.filter(s => s.action === action).map(s => [s.voter, s.share]))
  let best: { readonly share: number; readonly template: string } | undefined
  for (const ballot of turn.ballots) {
    for (const vote of ballot.votes) {
      const template = vote.action === action && vote.template !== undefined ? shop.templates.resolve(vote.template) : undefined
      const weight = share.get(ballot.voter) ?? 0
      if (template !== undefined && weight > 0 && (!best || weight > best.share)) best = { share: weight, template }
    }
  }
  return best?.template
}

function defaultTemplate(shop: Shop, action: ActionId): string {
  const entry = shop.actions[action]
  if (!entry) throw new Error(`the ensemble chose ${action}, which shop ${shop.id} does not have`)
  return entry.template
}
