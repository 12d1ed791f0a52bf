// Sets of turns, and what versions are worth on them: upload, start, watch, and read a report.
import type { EnsemblesView, ReportOrder, ReportView, SetUploaded, SetView } from '@parley/core/protocol/studio.ts'
import { fill, h } from '../../look/dom.ts'
import { time } from '../format.ts'
import { empty, field, loading, select, trouble, versionOptions } from '../parts.ts'
import { createReportsKnown } from '../reports-known.ts'
import { hashOf, type Route } from '../route.ts'
import type { Page, Studio } from '../studio.ts'
import { hashOfReport, reportList } from './report-list.ts'
import { createReportView } from './report-view.ts'
import { createUpload, problemList } from './upload.ts'

export function createReportsPage(studio: Studio): Page {
  const element = h('div', { class: 'page' })
  const said = h('div')
  const list = h('div')
  const problems = new Map<string, SetUploaded>()
  let route: Route | undefined
  let ensembles: EnsemblesView | undefined
  let sets: readonly SetView[] | undefined
  let failed: unknown
  let chosen: { ensemble?: string | undefined; set?: string | undefined } = {}

  const known = createReportsKnown(
    studio,
    () => (route?.item === undefined ? drawList() : draw()),
    () => studio.go(hashOf({ page: 'reports' })),
    ({ id }) => route?.item === undefined || route.item === id,
  )
  const view = createReportView(studio, known)
  const upload = createUpload(studio, () => void load())

  async function load(): Promise<void> {
    try {
      const [gotEnsembles, gotSets] = await Promise.all([
        studio.server.get<EnsemblesView>('ensembles'),
        studio.server.get<{ sets: readonly SetView[] }>('sets'),
        studio.shop(),
      ])
      ensembles = gotEnsembles
      sets = gotSets.sets
      failed = undefined
    } catch (error) {
      failed = error
    }
    if (route?.item === undefined) draw()
    await known.load()
  }

  async function start(order: ReportOrder): Promise<void> {
    fill(said)
    try {
      const report = await studio.server.post<ReportView>('reports', order)
      await known.load()
      studio.go(hashOfReport(report))
    } catch (error) {
      fill(said, trouble(studio.words(), error))
    }
  }
  async function showProblems(id: string): Promise<void> {
    try {
      problems.set(id, await studio.server.get<SetUploaded>(`sets/${id}`))
      draw()
    } catch (error) {
      fill(said, trouble(studio.words(), error))
    }
  }
  async function removeSet({ id, name }: SetView): Promise<void> {
    if (!confirm(studio.words().reports.removeSure(name))) return
    try {
      await studio.server.remove(`sets/${id}`)
    } catch (error) {
      fill(said, trouble(studio.words(), error))
    }
    await load()
  }

  function setRow(set: SetView): HTMLElement {
    const { reports: words, common, locale } = studio.words()
    const isLabelled = set.kind === 'labelled'
    const found = problems.get(set.id)
    return h(
      'li',
      { class: 'set-row', 'data-set': set.id },
      h('h4', { class: 'version' }, isLabelled ? words.labelled : set.name),
      h(
        'p',
        { class: 'faint' },
        isLabelled && set.turns === 0
          ? words.labelledNone
          : [
              `${common.turns(set.turns)} · ${common.conversations(set.conversations)}`,
              set.bad > 0 && ` · ${words.left(set.bad)}`,
              set.who !== null && set.at !== null && ` · ${words.uploadedBy(set.who, time(set.at, locale))}`,
            ],
      ),
      found && problemList(studio, found.problems),
      h(
        'div',
        { class: 'actions' },
        isLabelled && h('a', { class: 'secondary', href: hashOf({ page: 'label' }) }, words.toLabel),
        set.bad > 0 &&
          !found &&
          h(
            'button',
            { class: 'quiet', type: 'button', 'data-key': `problems ${set.id}`, onclick: () => void showProblems(set.id) },
            words.showProblems,
          ),
        !isLabelled &&
          h(
            'button',
            { class: 'quiet', type: 'button', 'data-key': `remove ${set.id}`, onclick: () => void removeSet(set) },
            words.removeSet,
          ),
      ),
    )
  }

  function startForm(views: EnsemblesView, usable: readonly SetView[]): HTMLElement {
    const words = studio.words()
    const { reports: table } = words
    if (usable.length === 0) return empty(table.noSet, table.noSetHint)
    const ensemble = views.versions.some(({ version }) => version === chosen.ensemble) ? chosen.ensemble : views.standing.inForce
    const set = usable.find(({ id }) => id === chosen.set) ?? usable.at(-1)
    return h(
      'form',
      {
        class: 'fields',
        onsubmit: event => {
          event.preventDefault()
          if (set) void start({ kind: 'evaluation', ensemble: ensemble ?? views.standing.inForce, set: set.id })
        },
      },
      field(
        words.common.version,
        select(versionOptions(words, views), ensemble, value => choose({ ensemble: value }), 'report-version'),
      ),
      field(
        words.common.set,
        select(
          usable.map(({ id, kind, name, turns }) => [id, `${kind === 'labelled' ? table.labelled : name} (${words.common.turns(turns)})`]),
          set?.id,
          value => choose({ set: value }),
          'report-set',
        ),
      ),
      h('button', { class: 'primary', type: 'submit', id: 'report-start' }, table.startButton),
    )
  }
  function choose(more: typeof chosen): void {
    chosen = { ...chosen, ...more }
    draw()
  }

  function drawList(): void {
    const words = studio.words()
    const reports = known.all?.filter(({ order }) => order.kind === 'evaluation')
    fill(
      list,
      known.failed !== undefined && trouble(words, known.failed, () => void known.load()),
      reports && (reports.length === 0 ? empty(words.reports.none, words.reports.noneHint) : reportList(studio, reports, known.did)),
    )
  }
  function draw(): void {
    const words = studio.words()
    const { reports: table } = words
    if (route?.item !== undefined) return fill(element, view.draw(route.item))
    if (sets === undefined || ensembles === undefined)
      return fill(element, h('h2', null, table.title), failed ? trouble(words, failed, () => void load()) : loading(words))
    const usable = sets.filter(({ turns }) => turns > 0)
    if (upload.element.childElementCount === 0) upload.draw()
    drawList()
    fill(
      element,
      h('h2', null, table.title),
      h('p', { class: 'intro' }, table.intro),
      failed !== undefined && trouble(words, failed, () => void load()),
      said,
      h(
        'div',
        { class: 'columns' },
        h(
          'section',
          { class: 'panel', 'aria-labelledby': 'sets-title' },
          h('h3', { id: 'sets-title' }, table.sets),
          h('ul', { class: 'sets' }, sets.map(setRow)),
          upload.element,
        ),
        h(
          'div',
          { class: 'stack' },
          h(
            'section',
            { class: 'panel', 'aria-labelledby': 'start-title' },
            h('h3', { id: 'start-title' }, table.start),
            startForm(ensembles, usable),
          ),
          h('section', { class: 'panel', 'aria-labelledby': 'list-title' }, h('h3', { id: 'list-title' }, table.list), list),
        ),
      ),
    )
  }

  return {
    element,
    open(next) {
      route = next
      chosen = { ...chosen, ...(next.query.has('ensemble') && { ensemble: next.query.get('ensemble') }) }
      draw()
      void load()
    },
    draw() {
      upload.draw()
      view.forget()
      draw()
    },
    leave: known.stop,
  }
}
