// Writes the reply from its templates, in the turn's locale. What was just said is not said again in the same words.
import { hash } from 'node:crypto'
import { againOf } from '../pack/required-templates.ts'
import type { TemplateView } from '../ports/templates.ts'
import type { Shop } from './shop.ts'
import type { Planned, Rendered, Saying } from './turn.ts'
import { watchParts } from './watch-parts.ts'

/** Sayings that are remembered, so that none of them is given twice in the same words. */
const REMEMBERED = 16

export function render(turn: Planned, shop: Shop): Rendered {
  const locale = turn.question.locale
  const [main] = turn.sayings
  const said = turn.next.said
  const watch = watchParts(turn.facts)
  const write = (saying: Saying, template = saying.template): string =>
    shop.templates.render(template, locale, viewOf(turn, shop, saying, watch.facts))
  const spoken: string[] = []
  const templates: string[] = []
  const reply: string[] = []
  for (const saying of turn.sayings) {
    const again = shop.templates.resolve(againOf(saying.template))
    const ways = again === undefined ? [saying.template] : [saying.template, again]
    const { text, hashed, template } = freshest(ways, name => write(saying, name), said)
    if (text !== '') reply.push(text)
    templates.push(template)
    // What has no other words, and is put behind an answer, need not be remembered.
    if (again !== undefined || saying === main) spoken.push(hashed)
  }
  for (const { template, sources } of watch.gaps()) {
    if (shop.templates.resolve(template) === undefined) continue
    templates.push(template)
    reply.push(shop.templates.render(template, locale, { ...viewOf(turn, shop, { template }, watch.facts), sources }))
  }
  return {
    ...turn,
    reply: reply.join('\n'),
    templates,
    next: { ...turn.next, said: [...said.filter(other => !spoken.includes(other)), ...spoken].slice(-REMEMBERED) },
  }
}

interface Way {
  readonly template: string
  readonly text: string
  readonly hashed: string
  /** Where among what was said it stands; -1: not said yet. */
  readonly saidAt: number
}

/** The first words that were not said yet; when all were, those said longest ago. Most replies are new, and written once. */
function freshest(templates: readonly string[], write: (template: string) => string, said: readonly string[]): Way {
  let best: Way | undefined
  for (const template of templates) {
    const text = write(template)
    const hashed = hash('sha256', text, 'base64url').slice(0, 8)
    const way = { template, text, hashed, saidAt: said.lastIndexOf(hashed) }
    if (!best || way.saidAt < best.saidAt) best = way
    if (best.saidAt < 0) return best
  }
  if (!best) throw new Error('a saying has a template')
  return best
}

/** All that a template sees. Unknown facts are absent from `facts`; those whose source did not answer are named in `missing`. */
export function viewOf(turn: Planned, shop: Shop, saying: Saying, known: TemplateView['facts']): TemplateView {
  const facts = Object.entries(turn.facts)
  return {
    shop: shop.about,
    facts: known,
    missing: facts.flatMap(([name, fact]) => (fact.isKnown || fact.source === null ? [] : [name])),
    slots: turn.slots,
    options: (saying.options ?? []).map(action => ({ action, label: shop.actions[action]?.label[turn.question.locale] ?? action })),
    ...(turn.quote && { source: turn.quote }),
    ...(turn.place !== null && { queue: { position: turn.place } }),
  }
}
