// The queue of turns worth labelling, one at a time: the turn in its conversation, the likely actions on the digits, all others by typing.
import type { LabelRow } from '@parley/core/protocol/studio.ts'
import { bar } from '../../desk/svg.ts'
import { fill, h } from '../../look/dom.ts'
import { createActionSearch } from '../action-search.ts'
import { percent, time } from '../format.ts'
import { createLabelQueue } from '../label-queue.ts'
import { empty, loading, progressBar, trouble, troubleText } from '../parts.ts'
import { hashOf } from '../route.ts'
import type { Page, Studio } from '../studio.ts'
import { createAgreement } from './agreement.ts'

const OUT_OF_SCOPE = 'OUT_OF_SCOPE'
const DIGITS = 9
const signed = (share: number): string => `${share < 0 ? '−' : '+'}${Math.abs(share).toFixed(2)}`

export function createLabelPage(studio: Studio): Page {
  const element = h('div', { class: 'page' })
  const queue = createLabelQueue(studio.server, () => draw())
  const agreement = createAgreement(studio)
  const said = h('p', { class: 'label-said', role: 'status' })
  let shopFailed: unknown
  let hasShop = false
  let search: ReturnType<typeof createActionSearch> | undefined
  let searchOf = ''

  async function load(): Promise<void> {
    try {
      await studio.shop()
      hasShop = true
      shopFailed = undefined
    } catch (error) {
      shopFailed = error
      draw()
    }
    await Promise.all([queue.load(), agreement.load()])
  }
  function give(action: string | null): void {
    if (!queue.current) return
    const { label: words } = studio.words()
    queue.give(action)
    fill(said, action === null ? words.skipped : words.given(studio.nameOf(action)))
  }
  function undo(): void {
    const { label: words } = studio.words()
    fill(said, queue.undo() ? words.undone : words.noUndo)
  }
  const likelyOf = (row: LabelRow): LabelRow['likely'] => row.likely.filter(({ action }) => action !== OUT_OF_SCOPE).slice(0, DIGITS)

  function conversation(row: LabelRow): HTMLElement {
    const { label: words } = studio.words()
    return h(
      'section',
      { class: 'panel conversation', 'aria-labelledby': 'conversation-title' },
      h('h3', { id: 'conversation-title' }, words.conversation),
      h(
        'ol',
        { class: 'said-before' },
        row.before.map(({ who, text }) =>
          h('li', { class: who }, h('span', { class: 'faint' }, words.who[who] ?? who), h('p', null, text)),
        ),
        h(
          'li',
          { class: 'customer the-turn', lang: row.lang === 'zh' ? 'zh-CN' : 'en' },
          h('span', { class: 'faint' }, words.who.customer),
          h('p', null, row.text),
        ),
      ),
      h(
        'p',
        { class: 'faint' },
        [...row.why.map(why => words.reasons[why] ?? why), row.times > 1 && words.times(row.times)].filter(Boolean).join(' · '),
      ),
      h(
        'details',
        { class: 'took' },
        h('summary', { 'data-key': 'took' }, words.votes),
        h(
          'p',
          null,
          h('span', { class: 'faint' }, `${words.took} `),
          studio.nameOf(row.said),
          row.reply && [h('span', { class: 'faint' }, ` ${words.replied} `), row.reply],
        ),
        h(
          'ul',
          { class: 'votes' },
          row.votes.map(({ voter, action, confidence }) =>
            h(
              'li',
              null,
              h('span', { class: 'faint' }, voter),
              ' ',
              action === null ? words.silent : `${studio.nameOf(action)} · ${percent(confidence, 0)}`,
            ),
          ),
        ),
        row.shares.length > 0 && [
          h('p', { class: 'faint' }, words.shares(studio.nameOf(row.said), signed(row.shares.reduce((sum, { share }) => sum + share, 0)))),
          h(
            'ul',
            { class: 'votes', 'data-key': 'shares' },
            row.shares.map(({ what, share }) => h('li', null, h('span', { class: 'faint' }, what), ' ', signed(share))),
          ),
        ],
      ),
    )
  }

  function choices(row: LabelRow): HTMLElement {
    const { label: words, locale } = studio.words()
    if (search === undefined || searchOf !== locale) {
      search = createActionSearch([...studio.actions()], { locale, search: words.search, noMatch: words.noMatch }, give)
      searchOf = locale
    }
    const choice = (key: string, action: string, p: number | undefined): HTMLElement =>
      h(
        'li',
        null,
        h(
          'button',
          {
            type: 'button',
            class: 'pick',
            'data-key': `choice ${key}`,
            'data-action': action,
            onclick: () => give(action),
            'aria-keyshortcuts': key,
          },
          h('kbd', null, key),
          h('span', { class: 'pick-name' }, studio.nameOf(action)),
          p !== undefined && [bar(p), h('span', { class: 'faint' }, percent(p, 0))],
        ),
      )
    const outOfScope = row.likely.find(({ action }) => action === OUT_OF_SCOPE)?.p
    return h(
      'section',
      { class: 'panel choices-of', 'aria-labelledby': 'choices-title' },
      h('h3', { id: 'choices-title' }, words.theTurn),
      h(
        'ol',
        { class: 'likely', 'aria-label': words.likely },
        likelyOf(row).map(({ action, p }, i) => choice(String(i + 1), action, p)),
        choice('0', OUT_OF_SCOPE, outOfScope),
      ),
      search.element,
      h(
        'div',
        { class: 'actions' },
        h(
          'button',
          { type: 'button', class: 'secondary', 'data-key': 'skip', onclick: () => give(null), 'aria-keyshortcuts': 's' },
          h('kbd', null, 's'),
          ` ${words.skip}`,
        ),
        undoButton(),
      ),
    )
  }
  const undoButton = (): HTMLElement =>
    h(
      'button',
      { type: 'button', class: 'secondary', 'data-key': 'undo', disabled: !queue.canUndo, onclick: undo, 'aria-keyshortcuts': 'u' },
      h('kbd', null, 'u'),
      ` ${studio.words().label.undo}`,
    )

  function work(): HTMLElement {
    const words = studio.words()
    const { label: table } = words
    const { page, current, failed } = queue
    if (shopFailed !== undefined) return trouble(words, shopFailed, () => void load())
    if (page === undefined || !hasShop) return failed === undefined ? loading(words) : trouble(words, failed, () => void load())
    const { left, labelled, skipped } = queue.counts
    return h(
      'div',
      { class: 'stack' },
      h(
        'div',
        { class: 'label-count' },
        h('p', { class: 'figure', id: 'label-left' }, table.left(left)),
        h('p', { class: 'faint' }, table.done(labelled, skipped)),
        page.readAt !== null && h('p', { class: 'faint' }, table.readAt(time(page.readAt, words.locale))),
        said,
      ),
      failed !== undefined && h('p', { class: 'trouble', role: 'alert' }, `${table.notKept} ${troubleText(words.shell, failed)}`),
      page.progress &&
        !current &&
        h('div', { class: 'panel' }, h('p', null, table.reading), progressBar(words, page.progress, table.reading)),
      current
        ? h('div', { class: 'label-work' }, conversation(current), choices(current))
        : page.readAt !== null &&
            empty(
              table.nothing,
              table.nothingHint,
              h(
                'div',
                { class: 'actions' },
                h('button', { class: 'secondary', type: 'button', onclick: () => void load() }, table.lookAgain),
                h('a', { class: 'secondary', href: hashOf({ page: 'reports' }) }, table.toReports),
                queue.canUndo && undoButton(),
              ),
            ),
      current && keyList(),
    )
  }
  function keyList(): HTMLElement {
    const { label: words } = studio.words()
    return h(
      'dl',
      { class: 'key-list', 'aria-label': words.keysTitle },
      words.keys.map(([key, what]) => h('div', null, h('dt', null, h('kbd', null, key)), h('dd', null, what))),
    )
  }

  function draw(): void {
    const { label: words } = studio.words()
    fill(element, h('h2', null, words.title), h('p', { class: 'intro' }, words.intro), work(), agreement.element)
  }

  return {
    element,
    open() {
      draw()
      void load()
    },
    draw() {
      fill(said)
      draw()
      agreement.draw()
    },
    leave: queue.stop,
    key(event) {
      if (
        event.target instanceof HTMLInputElement ||
        event.target instanceof HTMLTextAreaElement ||
        event.target instanceof HTMLSelectElement
      )
        return
      const row = queue.current
      if (event.key === 'u') undo()
      else if (row === undefined) return
      else if (event.key === 's') give(null)
      else if (event.key === '0') give(OUT_OF_SCOPE)
      else if (event.key === '/') search?.focus()
      else if (/^[1-9]$/.test(event.key)) {
        const likely = likelyOf(row)[Number(event.key) - 1]
        if (!likely) return
        give(likely.action)
      } else return
      event.preventDefault()
    },
  }
}
