// Writes the reply from the template, in the turn's locale.
import type { TemplateView } from '../ports/templates.ts'
import type { Shop } from './shop.ts'
import type { Enriched, Rendered } from './turn.ts'

export function render(turn: Enriched, shop: Shop): Rendered {
  const locale = turn.question.locale
  return { ...turn, reply: shop.templates.render(turn.template, locale, viewOf(turn, shop)) }
}

/** All that a template sees. Unknown facts are absent from `facts`; those whose source did not answer are named in `missing`. */
export function viewOf(turn: Enriched, shop: Shop): TemplateView {
  const facts = Object.entries(turn.facts)
  return {
    shop: shop.about,
    facts: Object.fromEntries(facts.flatMap(([name, fact]) => (fact.isKnown ? [[name, fact.value]] : []))),
    missing: facts.flatMap(([name, fact]) => (fact.isKnown || fact.source === null ? [] : [name])),
    slots: {},
    options: turn.choice.options.map(action => ({ action, label: shop.actions[action]?.label[turn.question.locale] ?? action })),
  }
}
