// What decides in the shop, what is tried, every version there is, and what was done by whom and why. Every change asks for its reason.
import type { CanaryView, EnsembleOrder, EnsemblesView, EnsembleView, ShadowView, VersionView } from '@parley/core/protocol/studio.ts'
import { fill, h } from '../../look/dom.ts'
import { percent, time } from '../format.ts'
import { askOrder, type Question, showText } from '../order-dialog.ts'
import { empty, loading, table, trouble } from '../parts.ts'
import { hashOf } from '../route.ts'
import type { Page, Studio } from '../studio.ts'
import { canaryTable, shadowFindings } from './trying.ts'

/** How often what came of a canary and a shadow is looked at again: the log is read for it. */
const LOOK_MS = 60_000

interface Known {
  readonly view: EnsemblesView
  readonly canary: CanaryView | null
  readonly shadow: ShadowView | null
}

export function createVersionsPage(studio: Studio): Page {
  const element = h('div', { class: 'page versions' })
  let known: Known | undefined
  let failed: unknown
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function load(): Promise<void> {
    clearTimeout(timer)
    const mine = ++asked
    try {
      const [view, { canary }, { shadow }] = await Promise.all([
        studio.server.get<EnsemblesView>('ensembles'),
        studio.server.get<{ canary: CanaryView | null }>('canary'),
        studio.server.get<{ shadow: ShadowView | null }>('shadow'),
        studio.shop(),
      ])
      if (mine !== asked) return
      known = { view, canary, shadow }
      failed = undefined
      if (view.standing.canary || view.standing.shadow) timer = setTimeout(() => void load(), LOOK_MS)
    } catch (error) {
      if (mine !== asked) return
      failed = error
    }
    draw()
  }

  async function order(order: EnsembleOrder, did: string): Promise<void> {
    await studio.server.post<EnsemblesView>('ensembles/orders', order)
    studio.tell(did)
    await load()
  }
  const button = (text: string, kind: string, key: string, question: Question): HTMLButtonElement =>
    h('button', { class: kind, type: 'button', 'data-key': key, onclick: () => askOrder(studio, question) }, text)

  function promote(version: string, kind: string, place: string): HTMLButtonElement {
    const { versions: words } = studio.words()
    return button(words.promote, kind, `promote ${place} ${version}`, {
      title: words.promoteTitle(version),
      text: words.promoteText(known?.view.standing.inForce ?? ''),
      yes: words.yes.promote,
      act: ({ why }) => order({ what: 'promote', ensemble: version, why }, words.did.promote),
    })
  }
  function canary(version: string, share: number, isNew: boolean, place: string): HTMLButtonElement {
    const { versions: words } = studio.words()
    return button(isNew ? words.toCanary : words.changeShare, 'secondary', `canary ${place} ${version}`, {
      title: isNew ? words.canaryDialog(version) : words.shareTitle(version),
      text: words.canaryText,
      yes: isNew ? words.yes.canary : words.yes.share,
      share: { label: words.canaryShare, value: share },
      act: ({ why, share: next }) =>
        order({ what: 'canary', ensemble: version, share: next, why }, isNew ? words.did.canary : words.did.share),
    })
  }
  function shadow(version: string): HTMLButtonElement {
    const { versions: words } = studio.words()
    return button(words.toShadow, 'secondary', `shadow ${version}`, {
      title: words.shadowDialog(version),
      text: words.shadowText,
      yes: words.yes.shadow,
      act: ({ why }) => order({ what: 'shadow', ensemble: version, why }, words.did.shadow),
    })
  }
  function end(what: 'canary-off' | 'shadow-off'): HTMLButtonElement {
    const { versions: words } = studio.words()
    const isCanary = what === 'canary-off'
    return button(isCanary ? words.endCanary : words.endShadow, 'quiet', what, {
      title: isCanary ? words.endCanaryTitle : words.endShadowTitle,
      text: isCanary ? words.endCanaryText : words.endShadowText,
      yes: words.yes.end,
      act: ({ why }) => order({ what, why }, words.did.end),
    })
  }

  function inForce({ view: { standing, versions, history } }: Known): HTMLElement {
    const { versions: words, locale } = studio.words()
    const change = history.find(({ what, version }) => (what === 'promote' || what === 'rollback') && version === standing.inForce)
    const back = standing.rollback
    const description = versions.find(({ version }) => version === standing.inForce)?.description ?? ''
    return h(
      'section',
      { class: 'panel in-force', 'aria-labelledby': 'in-force-title' },
      h('h3', { id: 'in-force-title' }, words.inForce),
      h('p', { class: 'big version' }, standing.inForce),
      description !== '' && h('p', { class: 'faint' }, description),
      h('p', { class: 'faint' }, change ? words.since(time(change.at, locale), change.who) : words.fromSettings),
      change && change.why !== '' && h('blockquote', null, change.why),
      h(
        'div',
        { class: 'actions' },
        back === null
          ? h('p', { class: 'faint' }, words.nothingBack)
          : button(words.rollback, 'secondary', 'rollback', {
              title: words.rollbackTitle,
              text:
                back.what === 'ends-canary'
                  ? words.rollbackCanary
                  : words.rollbackTo(back.version === 'settings' ? words.settings : back.version),
              yes: words.yes.rollback,
              act: ({ why }) => order({ what: 'rollback', why }, words.did.rollback),
            }),
        h('a', { class: 'secondary', href: hashOf({ page: 'reports', query: { ensemble: standing.inForce } }) }, words.report),
      ),
    )
  }

  function tried({ view: { standing }, canary: figures, shadow: findings }: Known): HTMLElement[] {
    const { versions: words, locale } = studio.words()
    const running = (title: string, id: string, version: string, more: string, ...rest: (HTMLElement | null)[]): HTMLElement =>
      h(
        'section',
        { class: 'panel', 'aria-labelledby': id },
        h('h3', { id }, title),
        h('p', { class: 'big version' }, version),
        h('p', { class: 'faint' }, more),
        ...rest,
      )
    const none = (title: string, id: string, text: string, hint: string): HTMLElement =>
      h('section', { class: 'panel', 'aria-labelledby': id }, h('h3', { id }, title), empty(text, `${hint} ${words.pick}`))
    const { canary: trial, shadow: unseen } = standing
    return [
      trial
        ? running(
            words.canaryTitle,
            'canary-title',
            trial.version,
            `${words.decides(percent(trial.share, 0))} · ${time(trial.since, locale)}`,
            canaryTable(studio, figures),
            h(
              'div',
              { class: 'actions' },
              promote(trial.version, 'primary', 'canary'),
              canary(trial.version, trial.share, false, 'canary'),
              end('canary-off'),
            ),
          )
        : none(words.canaryTitle, 'canary-title', words.noCanary, words.canaryIs),
      unseen
        ? running(
            words.shadowTitle,
            'shadow-title',
            unseen.version,
            time(unseen.since, locale),
            shadowFindings(studio, findings),
            h('div', { class: 'actions' }, promote(unseen.version, 'secondary', 'shadow'), end('shadow-off')),
          )
        : none(words.shadowTitle, 'shadow-title', words.noShadow, words.shadowIs),
    ]
  }

  async function file(version: string): Promise<void> {
    const { versions: words } = studio.words()
    try {
      const { text } = await studio.server.get<EnsembleView>(`ensembles/${version}`)
      showText(studio, words.fileOf(version), text)
    } catch (error) {
      fill(said, trouble(studio.words(), error))
    }
  }
  const said = h('div')

  function row(each: VersionView, { view: { standing } }: Known): HTMLElement {
    const { versions: words } = studio.words()
    const { version } = each
    const is = {
      inForce: version === standing.inForce,
      canary: version === standing.canary?.version,
      shadow: version === standing.shadow?.version,
    }
    return h(
      'li',
      { class: 'version-row', 'data-version': version },
      h(
        'div',
        { class: 'version-head' },
        h('h4', { class: 'version' }, version),
        is.inForce && h('span', { class: 'badge good' }, words.inForce),
        is.canary && h('span', { class: 'badge wait' }, words.canaryTitle),
        is.shadow && h('span', { class: 'badge' }, words.shadowTitle),
        each.isShipped && h('span', { class: 'badge' }, words.shipped),
        each.fault !== null && h('span', { class: 'badge bad' }, words.unreadable),
      ),
      (each.fault ?? each.description) !== '' && h('p', { class: 'faint' }, each.fault ?? each.description),
      Object.keys(each.weights).length > 0 && weightList(each.weights, words.weights),
      h(
        'div',
        { class: 'actions' },
        each.fault === null && [
          !is.inForce && promote(version, 'secondary', 'list'),
          !is.inForce && !is.canary && canary(version, 0.1, true, 'list'),
          !is.inForce && !is.shadow && shadow(version),
          !is.inForce &&
            h('a', { class: 'quiet', href: hashOf({ page: 'compare', query: { a: standing.inForce, b: version } }) }, words.compare),
          h('a', { class: 'quiet', href: hashOf({ page: 'weights', query: { from: version } }) }, studio.words().shell.page.weights),
        ],
        h('button', { class: 'quiet', type: 'button', 'data-key': `file ${version}`, onclick: () => void file(version) }, words.file),
      ),
    )
  }

  function historyTable({ view: { history } }: Known): HTMLElement {
    const { versions: words, common, locale } = studio.words()
    if (history.length === 0) return h('p', { class: 'faint' }, words.noHistory)
    return table(
      words.history,
      [{ title: common.when }, { title: common.what }, { title: common.version }, { title: common.who }, { title: common.why }],
      history.map(line => [
        time(line.at, locale),
        `${words.kinds[line.what] ?? line.what}${line.share === undefined ? '' : ` ${percent(line.share, 0)}`}`,
        h('span', { class: 'version' }, line.version ?? words.theSettings),
        line.who,
        line.why || common.none,
      ]),
    )
  }

  function draw(): void {
    const words = studio.words()
    if (known === undefined)
      return fill(element, h('h2', null, words.versions.title), failed ? trouble(words, failed, () => void load()) : loading(words))
    fill(
      element,
      h('h2', null, words.versions.title),
      failed !== undefined && trouble(words, failed, () => void load()),
      said,
      h('div', { class: 'standing', 'data-canary': known.view.standing.canary !== null }, inForce(known), ...tried(known)),
      h('h3', null, words.versions.all),
      h(
        'ul',
        { class: 'version-list' },
        known.view.versions.map(each => row(each, known as Known)),
      ), // it was compared
      h('h3', null, words.versions.history),
      historyTable(known),
    )
  }

  return {
    element,
    open: () => {
      if (known === undefined) draw()
      void load()
    },
    draw,
    leave: () => {
      asked++
      clearTimeout(timer)
    },
  }
}

/** Each voter with what it counts in both languages. */
function weightList(weights: VersionView['weights'], label: string): HTMLElement {
  const text = (weight: number): string => String(Math.round(weight * 100) / 100)
  return h(
    'dl',
    { class: 'weights', 'aria-label': label },
    Object.entries(weights).map(([voter, { zh, en }]) =>
      h('div', null, h('dt', null, voter), h('dd', null, zh === en ? text(zh) : `${text(zh)} / ${text(en)}`)),
    ),
  )
}
