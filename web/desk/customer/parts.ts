// A panel's answer as elements. The query is the shop's own, so nothing here knows a field by name: what is drawn how comes from the kinds that the
// answer tells. A list of things is cards; in a card its number and its state are first, then what it is made of, then the rest.
import type { PanelField, PanelGap, PanelPath, PanelStale } from '@parley/core/protocol/customer-panel.ts'
import { type Child, h } from '../../look/dom.ts'
import type { PageLocale } from '../strings.ts'
import { bar } from '../svg.ts'
import { agoWords, currencyOf, dateWords, isDate, isRow, isWithin, moneyWords, type Row, stepOf } from './values.ts'
import type { PanelWords } from './words.ts'

export interface Drawing {
  readonly words: PanelWords
  readonly locale: PageLocale
  readonly now: number
  readonly gaps: readonly PanelGap[]
  readonly stale: readonly PanelStale[]
  /** Lists that are shown whole, by their path. */
  readonly whole: ReadonlySet<string>
  readonly copy: (text: string) => void
  readonly intoReply: (text: string) => void
  readonly showWhole: (path: string) => void
}

/** Cards of a list before the button that shows all. */
const FIRST = 3
/** Up to so many short fields a thing is one line of a list. */
const LINE_FIELDS = 4

/** What a field of the query gives: the customer with everything that is theirs. */
export function drawRoot(field: PanelField, value: unknown, d: Drawing): HTMLElement[] {
  const path = [field.key]
  if (field.isList || !field.fields) return [section(field, path, [drawAny(field, value, path, undefined, d)], d)]
  // Why nothing is there stands above everything else already.
  if (!isRow(value)) return gapsAt(path, d).length > 0 ? [] : [h('p', { class: 'none' }, d.words.unknown)]
  const { fields } = field
  const title = fields.find(({ kind }) => kind === 'name')
  const inner = fields.filter(each => each.fields !== undefined)
  const plain = fields.filter(each => each !== title && !inner.includes(each))
  const currency = currencyOf(value, fields, undefined)
  return [
    h(
      'section',
      { class: 'part who' },
      title && h('p', { class: 'person', title: title.description }, textOf(value[title.key]), staleMark([...path, title.key], d)),
      pairs(plain, value, path, currency, d),
    ),
    ...inner.map(each => {
      const place = [...path, each.key]
      return section(each, place, [drawAny(each, value[each.key], place, currency, d) ?? nothing(place, d)], d)
    }),
  ]
}

function section(field: PanelField, path: PanelPath, content: readonly (Node | undefined)[], d: Drawing): HTMLElement {
  const heading = h('h3', { title: field.description }, field.title, staleMark(path, d))
  return h(
    'section',
    { class: 'part' },
    heading,
    content.filter(each => each !== undefined),
  )
}

/** There is none, or it did not come. */
function nothing(path: PanelPath, d: Drawing): HTMLElement {
  const gaps = gapsAt(path, d)
  return gaps.length > 0 ? h('p', { class: 'missing' }, whyNot(gaps, d)) : h('p', { class: 'none' }, d.words.none)
}

/** An object or a list of something. */
function drawAny(field: PanelField, value: unknown, path: PanelPath, currency: unknown, d: Drawing): HTMLElement | undefined {
  const { fields } = field
  if (field.isList) {
    if (!Array.isArray(value) || value.length === 0) return nothing(path, d)
    if (!fields) return h('p', null, value.map(textOf).join(d.words.join))
    const name = path.join('.')
    const shown = d.whole.has(name) || path.length > 2 ? value : value.slice(0, FIRST)
    const drawOne = isLine(fields) ? drawLine : drawCard
    const rows = shown.map((each, i) => h('li', null, isRow(each) ? drawOne(fields, each, [...path, i], currency, d) : textOf(each)))
    return h(
      'div',
      null,
      h('ul', { class: isLine(fields) ? 'things' : 'cards' }, rows),
      shown.length < value.length &&
        h(
          'button',
          { class: 'link', type: 'button', 'data-key': `whole ${name}`, onclick: () => d.showWhole(name) },
          d.words.more(value.length),
        ),
    )
  }
  if (fields && isRow(value)) return pairs(fields, value, path, currencyOf(value, fields, currency), d)
  return undefined
}

/** All of it are words, a number and an amount: `Wool scarf × 2  ¥159.00`. */
const isLine = (fields: readonly PanelField[]): boolean =>
  fields.length <= LINE_FIELDS &&
  fields.some(({ kind }) => kind === 'name') &&
  fields.every(({ kind, isList }) => !isList && ['name', 'count', 'money', 'currency'].includes(kind))

function drawLine(fields: readonly PanelField[], row: Row, _path: PanelPath, above: unknown, d: Drawing): HTMLElement {
  const currency = currencyOf(row, fields, above)
  return h(
    'div',
    { class: 'thing' },
    fields.map(field => {
      const value = row[field.key]
      if (value === null || value === undefined || field.kind === 'currency') return undefined
      const words = field.kind === 'count' ? `× ${value}` : valueWords(field, value, currency, d)
      return h('span', { class: field.kind === 'name' ? 'name' : field.kind === 'money' ? 'number' : '', title: field.description }, words)
    }),
  )
}

function drawCard(fields: readonly PanelField[], row: Row, path: PanelPath, above: unknown, d: Drawing): HTMLElement {
  const currency = currencyOf(row, fields, above)
  const first = fields.find(({ kind }) => kind === 'identifier') ?? fields.find(({ kind }) => kind === 'name')
  const state = fields.find(({ kind }) => kind === 'state')
  const day = fields.find(({ key }) => isDate(row[key]))
  const money = fields.find(({ kind }) => kind === 'money')
  const inHead = [first, state, day, money]
  const rest = fields.filter(each => !inHead.includes(each) && !each.fields)
  return h(
    'article',
    { class: 'order' },
    h(
      'div',
      { class: 'vote-head' },
      first && drawValue(first, row[first.key], currency, d),
      state &&
        row[state.key] !== null &&
        h('span', { class: 'chip', title: state.description }, valueWords(state, row[state.key], currency, d)),
    ),
    (day || money) &&
      h(
        'div',
        { class: 'vote-head faint' },
        day && h('span', { title: tip(day) }, valueWords(day, row[day.key], currency, d)),
        money &&
          row[money.key] !== null &&
          h('span', { class: 'number total', title: tip(money) }, valueWords(money, row[money.key], currency, d)),
      ),
    fields
      .filter(({ isList, fields: inner }) => isList && inner)
      .map(each => drawAny(each, row[each.key], [...path, each.key], currency, d)),
    pairs(rest, row, path, currency, d),
    fields
      .filter(({ isList, fields: inner }) => !isList && inner)
      .map(each => {
        const inner = drawAny(each, row[each.key], [...path, each.key], currency, d)
        return (
          inner && h('div', { class: 'sub' }, h('h4', { title: each.description }, each.title, staleMark([...path, each.key], d)), inner)
        )
      }),
    missing(fields, row, path, d),
  )
}

const tip = ({ title, description }: PanelField): string => (description === undefined ? title : `${title}. ${description}`)

/** What did not come of an object, in a line by system. */
function missing(fields: readonly PanelField[], row: Row, path: PanelPath, d: Drawing): HTMLElement[] {
  const byWhy = new Map<string, string[]>()
  for (const { key, title } of fields) {
    const gaps = row[key] === null ? gapsAt([...path, key], d) : []
    if (gaps.length > 0) byWhy.set(whyNot(gaps, d), [...(byWhy.get(whyNot(gaps, d)) ?? []), title])
  }
  return [...byWhy].map(([why, titles]) => h('p', { class: 'missing' }, d.words.without(titles.join(d.words.join), why)))
}

/** What is there of plain fields, as terms and values; undefined where nothing is. */
function pairs(fields: readonly PanelField[], row: Row, path: PanelPath, currency: unknown, d: Drawing): HTMLElement | undefined {
  const entries = fields.flatMap(field => {
    const value = row[field.key]
    if (value === null || value === undefined || field.kind === 'currency') return []
    if (field.fields) return []
    return [
      h('dt', { title: field.description }, field.title),
      h('dd', null, drawValue(field, value, currency, d), staleMark([...path, field.key], d)),
    ]
  })
  const gone = path.length > 0 && path.length < 2 ? missing(fields, row, path, d) : []
  if (entries.length === 0 && gone.length === 0) return undefined
  return h('div', null, entries.length > 0 && h('dl', { class: 'pairs' }, entries), gone)
}

function drawValue(field: PanelField, value: unknown, currency: unknown, d: Drawing): Node {
  const words = valueWords(field, value, currency, d)
  if (field.kind === 'identifier') return identifier(field, words, d)
  if (field.kind === 'progress') {
    const at = stepOf(field, value)
    const step = at && d.words.stepOf(at.step, at.of)
    return h(
      'span',
      { class: 'progress', title: step },
      words,
      step && h('span', { class: 'unseen' }, ` (${step})`),
      at && bar(at.step / at.of),
    )
  }
  if (typeof value === 'string' && /^https:\/\/\S+$/.test(value))
    return h('a', { href: value, target: '_blank', rel: 'noopener noreferrer' }, words)
  return document.createTextNode(words)
}

/** A number that people copy: a press has it, another puts it into the reply. */
function identifier({ title, description }: PanelField, text: string, d: Drawing): HTMLElement {
  const about = description === undefined ? title : `${title}. ${description}`
  return h(
    'span',
    { class: 'identifier' },
    h(
      'button',
      { class: 'copy', type: 'button', 'data-key': `copy ${text}`, title: `${d.words.copy(text)}. ${about}`, onclick: () => d.copy(text) },
      text,
    ),
    h(
      'button',
      {
        class: 'into-reply',
        type: 'button',
        'data-key': `reply ${text}`,
        'aria-label': d.words.intoReply(text),
        title: d.words.intoReply(text),
        onclick: () => d.intoReply(text),
      },
      h('span', { 'aria-hidden': 'true' }, '↵'),
    ),
  )
}

function valueWords(field: PanelField, value: unknown, currency: unknown, d: Drawing): string {
  if (Array.isArray(value)) return value.map(textOf).join(d.words.join)
  if (field.words) return field.words[String(value)] ?? String(value)
  if (field.kind === 'money') return moneyWords(value, currency, d.locale)
  if (typeof value === 'boolean') return value ? d.words.yes : d.words.no
  if (isDate(value)) return dateWords(value, d.locale, d.now)
  if (typeof value === 'number' && field.kind !== 'identifier') return value.toLocaleString(d.locale)
  return textOf(value)
}

const textOf = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)

const gapsAt = (path: PanelPath, { gaps }: Drawing): readonly PanelGap[] => gaps.filter(gap => isWithin(path, gap.path))

export function whyNot(gaps: readonly PanelGap[], { words }: Pick<Drawing, 'words'>): string {
  const { source, isPassing } = gaps.find(gap => gap.source !== undefined) ?? gaps[0] ?? {}
  if (source === undefined) return words.ours
  return isPassing ? words.down(source) : words.broken(source)
}

/** Of what is told in place of what did not come. */
function staleMark(path: PanelPath, { stale, words, locale }: Drawing): readonly Child[] | undefined {
  const found = stale.find(each => each.path.length === path.length && isWithin(path, each.path))
  if (!found) return undefined
  const ago = agoWords(found.ageMs, locale)
  return [' ', h('span', { class: 'stale', title: words.standsIn(found.source, ago) }, words.old(ago))]
}
