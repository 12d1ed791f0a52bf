// The hand-off card at the right: why the assistant gave the conversation to a person, what it knew, and the customer's orders. It says what was
// measured, in the order in which an agent asks: why, about what, how sure, who said so, how the customer feels, what was tried.
import type { DeskOrder, HandoffCard } from '@parley/core/protocol/desk-message.ts'
import { element, make } from '../widget/elements.ts'
import { moodWord, percent, readable, signed, trendWord } from './describe.ts'
import type { PageLocale, Strings } from './strings.ts'
import { balance, bar, sparkline } from './svg.ts'
import type { Watched } from './watched.ts'

/** Less is how plain questions sound. */
const PRESSES_FROM = 0.5

export interface CardContext {
  /** The customer's panel has the orders, and more of them. */
  readonly hasPanel: boolean
  readonly strings: Strings
  readonly locale: PageLocale
}

export function createCard(): (watched: Watched | undefined, context: CardContext) => void {
  const body = element('card-body', HTMLDivElement)
  body.tabIndex = 0 // the arrow keys scroll it
  element('card-title', HTMLHeadingElement).tabIndex = -1 // it takes the focus when it comes into view
  let shown = ''
  return (watched, context) => {
    // Built anew only when something in it is new: what somebody is reading is not taken away under their eyes.
    const { card, orders, stage, conversation } = watched ?? {}
    const isLoading = watched !== undefined && watched.position === null && stage !== 'synced'
    const content = JSON.stringify([conversation, card, orders, isLoading, context.locale, context.hasPanel])
    if (content === shown) return
    shown = content
    if (!watched) return body.replaceChildren()
    if (isLoading) return body.replaceChildren(make('p', 'none', context.strings.noCardYet))
    const { strings } = context
    body.replaceChildren(
      ...(watched.card ? cardParts(watched.card, context) : [make('p', 'none', strings.noCard)]),
      ...(context.hasPanel ? [] : [part(strings.orders, ...ordersOf(watched.orders, strings))]),
    )
  }
}

function part(title: string, ...content: readonly (Node | string)[]): HTMLElement {
  const section = make('section', 'part')
  section.append(make('h3', '', title), ...content)
  return section
}

function cardParts(card: HandoffCard, context: CardContext): HTMLElement[] {
  const { strings, locale } = context
  const name = (action: string): string => card.labels[action]?.[locale] ?? readable(action)
  const why = make('section', 'part why')
  const at = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  why.append(
    make('p', 'reason-long', strings.reasonsLong[card.reason]),
    make('p', 'faint', `${strings.about}: ${card.label[locale]} · ${strings.sure(percent(card.confidence))} · ${at.format(card.at)}`),
  )
  const parts = [why]
  if (card.risks.length > 0)
    parts.push(
      part(
        strings.risks,
        list(
          'chips',
          card.risks.map(risk => [make('span', 'chip', readable(risk))]),
        ),
      ),
    )
  if (card.moods.length > 0) parts.push(part(strings.moodOver, moodsOf(card, strings)))
  parts.push(part(strings.thought, rankingOf(card, name)))
  parts.push(part(strings.votes, ...votesOf(card, name, strings)))
  if (card.tried.length > 0) parts.push(part(strings.tried, triedOf(card, name, strings)))
  const slots = Object.entries(card.slots)
  if (slots.length > 0)
    parts.push(part(strings.slots, pairs(slots.map(([slot, value]) => [strings.slotNames[slot] ?? readable(slot), value]))))
  if (card.effects.length > 0) parts.push(part(strings.effects, ...card.effects.map(effect => effectOf(effect, strings))))
  return parts
}

function list(className: string, entries: readonly (readonly Node[])[]): HTMLElement {
  const made = make('ul', className)
  for (const nodes of entries) {
    const entry = make('li', '')
    entry.append(...nodes)
    made.append(entry)
  }
  return made
}

function pairs(entries: readonly (readonly [string, string])[]): HTMLElement {
  const made = make('dl', 'pairs')
  for (const [term, value] of entries) made.append(make('dt', '', term), make('dd', '', value))
  return made
}

const rankingOf = ({ ranking }: HandoffCard, name: (action: string) => string): HTMLElement =>
  list(
    'ranking',
    ranking.map(({ action, probability }) => {
      const label = make('span', 'name', name(action))
      label.title = action
      return [label, make('span', 'number', percent(probability)), bar(probability)]
    }),
  )

function votesOf({ votes, fused }: HandoffCard, name: (action: string) => string, strings: Strings): HTMLElement[] {
  const beside = (fused?.beside ?? []).filter(({ share }) => share !== 0)
  const most = Math.max(0.01, ...[...votes, ...beside].map(({ share }) => Math.abs(share ?? 0)))
  const amountOf = (share: number): readonly Node[] => [
    make('span', 'number', strings.share(signed(share))),
    balance(share / most, share < 0 ? 'against' : 'for'),
  ]
  const cast = list(
    'votes',
    votes.map(({ voter, abstained, reason, share, votes: cast }) => {
      const head = make('div', 'vote-head')
      head.append(make('span', 'voter', voter))
      if (abstained) head.append(make('span', 'number faint', strings.abstained[reason ?? ''] ?? reason ?? ''))
      else if (share !== undefined) head.append(...amountOf(share))
      const said = cast.map(({ action, confidence, evidence }) => {
        const line = make('div', 'cast')
        line.append(make('span', '', `${name(action)} ${percent(confidence)}`))
        if (evidence !== undefined) line.append(make('q', 'evidence', evidence))
        return line
      })
      return [head, ...said]
    }),
  )
  if (!fused) return [cast]
  const others = list(
    'votes',
    beside.map(({ what, share }) => {
      const head = make('div', 'vote-head')
      head.append(make('span', '', strings.beside[what] ?? readable(what)), ...amountOf(share))
      return [head]
    }),
  )
  return [
    cast,
    ...(beside.length > 0 ? [make('h4', '', strings.besideVotes), others] : []),
    make('p', 'faint', strings.score(signed(fused.score))),
  ]
}

function moodsOf({ moods, trend, urgency }: HandoffCard, strings: Strings): HTMLElement {
  const words = moods.map(mood => strings.moods[moodWord(mood)])
  const figure = make('div', 'moods')
  const picture = make('div', '')
  picture.role = 'img'
  picture.ariaLabel = strings.moodAlt(words.join(', '))
  picture.append(sparkline(moods))
  const ends = make('div', 'ends faint')
  ends.ariaHidden = 'true' // the picture's own words have both ends
  ends.append(make('span', '', words[0] ?? ''), make('span', '', words.length > 1 ? (words.at(-1) ?? '') : ''))
  figure.append(picture, ends)
  const moved = trend === undefined ? undefined : trendWord(trend)
  if (moved !== undefined) figure.append(make('p', `trend ${moved}`, strings.trends[moved]))
  if (urgency !== undefined && urgency >= PRESSES_FROM) figure.append(make('p', 'faint', strings.presses(percent(urgency))))
  return figure
}

const triedOf = ({ tried }: HandoffCard, name: (action: string) => string, strings: Strings): HTMLElement =>
  list(
    'tried',
    tried.map(({ turn, action, disposition, template }) => {
      const what = make('span', '', `${name(action)}: ${strings.dispositions[disposition] ?? readable(disposition)}`)
      what.title = template
      return [make('span', 'faint', strings.turn(turn)), what]
    }),
  )

function effectOf({ name, state, result, reason }: HandoffCard['effects'][number], strings: Strings): HTMLElement {
  const made = make('div', 'effect')
  const head = make('div', 'vote-head')
  const word = make('span', 'chip', strings.effectStates[state] ?? readable(state))
  word.dataset.state = state
  head.append(make('span', 'voter', strings.nameOfEffect(name)), word)
  made.append(head)
  const entries = Object.entries({ ...result, ...(reason !== undefined && { reason }) })
  if (entries.length > 0) made.append(pairs(entries.map(([key, value]) => [strings.slotNames[key] ?? readable(key), value])))
  return made
}

function ordersOf(orders: readonly DeskOrder[] | null, strings: Strings): HTMLElement[] {
  if (orders === null) return [make('p', 'none', strings.ordersUnknown)]
  if (orders.length === 0) return [make('p', 'none', strings.noOrders)]
  return orders.map(({ number, placedOn, status, items, total }) => {
    const made = make('div', 'order')
    const head = make('div', 'vote-head')
    head.append(make('span', 'voter', number), make('span', 'chip', strings.orderStatuses[status] ?? status))
    const things = list(
      'things',
      items.map(({ name, quantity }) => [make('span', 'name', name), make('span', 'number', `× ${quantity}`)]),
    )
    const foot = make('div', 'vote-head faint')
    foot.append(make('span', '', placedOn), make('span', 'number', total))
    made.append(head, things, foot)
    return made
  })
}
