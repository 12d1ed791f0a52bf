// Writes the reply from its templates, in the turn's locale. What was just said is not said again in the same words.
import { hash } from 'node:crypto'
import { againOf } from '../pack/required-templates.ts'
import type { TemplateView } from '../ports/templates.ts'
import type { Shop } from './shop.ts'
import type { Planned, Rendered, Saying } from './turn.ts'

/** Replies that are remembered, so that none of them is given twice in the same words. */
const REMEMBERED = 12

export function render(turn: Planned, shop: Shop): Rendered {
  const locale = turn.question.locale
  const [main, ...behind] = turn.sayings
  const said = turn.next.said
  const write = (saying: Saying, template = saying.template): string => shop.templates.render(template, locale, viewOf(turn, shop, saying))
  const first = write(main)
  const ofFirst = hashOf(first)
  const again = said.includes(ofFirst) ? shop.templates.resolve(againOf(main.template)) : undefined
  const opening = again === undefined ? first : write(main, again)
  const mine = opening === first ? ofFirst : hashOf(opening)
  const reply = [opening, ...behind.map(saying => write(saying))].filter(text => text !== '').join('\n')
  return {
    ...turn,
    reply,
    templates: [again ?? main.template, ...behind.map(({ template }) => template)],
    next: { ...turn.next, said: [...said.filter(other => other !== mine), mine].slice(-REMEMBERED) },
  }
}

const hashOf = (text: string): string => hash('sha256', text, 'base64url').slice(0, 8)

/** All that a template sees. Unknown facts are absent from `facts`; those whose source did not answer are named in `missing`. */
export function viewOf(turn: Planned, shop: Shop, saying: Saying): TemplateView {
  const facts = Object.entries(turn.facts)
  return {
    shop: shop.about,
    facts: Object.fromEntries(facts.flatMap(([name, fact]) => (fact.isKnown && fact.value !== null ? [[name, fact.value]] : []))),
    missing: facts.flatMap(([name, fact]) => (fact.isKnown || fact.source === null ? [] : [name])),
    slots: turn.slots,
    options: (saying.options ?? []).map(action => ({ action, label: shop.actions[action]?.label[turn.question.locale] ?? action })),
    ...(turn.place !== null && { queue: { position: turn.place } }),
  }
}
