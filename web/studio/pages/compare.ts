// Two versions beside each other, on a set or on the log's last days: every turn that a customer would get otherwise.
import type { EnsemblesView, ReportOrder, ReportView, SetView } from '@parley/core/protocol/studio.ts'
import { fill, h } from '../../look/dom.ts'
import { empty, field, loading, select, trouble, versionOptions } from '../parts.ts'
import { createReportsKnown } from '../reports-known.ts'
import { hashOf, type Route } from '../route.ts'
import type { Page, Studio } from '../studio.ts'
import { hashOfReport, reportList } from './report-list.ts'
import { createReportView } from './report-view.ts'

const DAYS = 7
const LOG = 'log'

export function createComparePage(studio: Studio): Page {
  const element = h('div', { class: 'page' })
  const said = h('div')
  const list = h('div')
  let route: Route | undefined
  let ensembles: EnsemblesView | undefined
  let sets: readonly SetView[] = []
  let failed: unknown
  let chosen: { a?: string | undefined; b?: string | undefined; on?: string | undefined; days?: number } = {}

  const known = createReportsKnown(
    studio,
    () => (route?.item === undefined ? drawList() : draw()),
    () => studio.go(hashOf({ page: 'compare' })),
    ({ id }) => route?.item === undefined || route.item === id,
  )
  const view = createReportView(studio, known)

  async function load(): Promise<void> {
    try {
      const [gotEnsembles, gotSets] = await Promise.all([
        studio.server.get<EnsemblesView>('ensembles'),
        studio.server.get<{ sets: readonly SetView[] }>('sets'),
        studio.shop(),
      ])
      ensembles = gotEnsembles
      sets = gotSets.sets.filter(({ turns }) => turns > 0)
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
  /** The choice is in the address too: a reload keeps it. */
  function choose(more: typeof chosen): void {
    chosen = { ...chosen, ...more }
    const { a, b, on } = chosen
    studio.stay(hashOf({ page: 'compare', query: { a, b, on } }))
    draw()
  }

  function form(views: EnsemblesView): HTMLElement {
    const words = studio.words()
    const { reports: table } = words
    const options = versionOptions(words, views)
    if (options.length < 2)
      return empty(
        table.oneVersion,
        table.oneVersionHint,
        h('a', { class: 'secondary', href: hashOf({ page: 'weights' }) }, words.shell.page.weights),
      )
    const known = (version: string | undefined): string | undefined => options.find(([each]) => each === version)?.[0]
    const a = known(chosen.a) ?? views.standing.inForce
    const b = known(chosen.b) ?? options.find(([version]) => version !== a)?.[0] ?? a
    const on = chosen.on === LOG || sets.some(({ id }) => id === chosen.on) ? chosen.on : (sets.at(-1)?.id ?? LOG)
    const days = chosen.days ?? DAYS
    return h(
      'form',
      {
        class: 'fields',
        onsubmit: event => {
          event.preventDefault()
          if (a === b) fill(said, h('p', { class: 'trouble', role: 'alert' }, table.same))
          else void start(on === LOG ? { kind: 'log-comparison', a, b, days } : { kind: 'comparison', a, b, set: on ?? '' })
        },
      },
      field(
        table.a,
        select(options, a, value => choose({ a: value }), 'compare-a'),
      ),
      field(
        table.b,
        select(options, b, value => choose({ b: value }), 'compare-b'),
      ),
      field(
        table.source,
        select(
          [
            ...sets.map(
              ({ id, kind, name, turns }) => [id, `${kind === 'labelled' ? table.labelled : name} (${words.common.turns(turns)})`] as const,
            ),
            [LOG, table.log],
          ],
          on,
          value => choose({ on: value }),
          'compare-on',
        ),
      ),
      on === LOG &&
        field(
          table.days,
          h('input', {
            type: 'number',
            id: 'compare-days',
            min: 1,
            max: 365,
            value: days,
            onchange: event =>
              choose({ days: Math.min(365, Math.max(1, Math.round(Number((event.currentTarget as HTMLInputElement).value) || DAYS))) }), // its own
          }),
        ),
      h('button', { class: 'primary', type: 'submit', id: 'compare-start' }, table.compareButton),
    )
  }

  function drawList(): void {
    const words = studio.words()
    const comparisons = known.all?.filter(({ order }) => order.kind !== 'evaluation')
    fill(
      list,
      known.failed !== undefined && trouble(words, known.failed, () => void known.load()),
      comparisons &&
        (comparisons.length === 0
          ? empty(words.reports.compareNone, words.reports.compareNoneHint)
          : reportList(studio, comparisons, known.did)),
    )
  }
  function draw(): void {
    const words = studio.words()
    const { reports: table } = words
    if (route?.item !== undefined) return fill(element, view.draw(route.item))
    if (ensembles === undefined)
      return fill(element, h('h2', null, table.compareTitle), failed ? trouble(words, failed, () => void load()) : loading(words))
    drawList()
    fill(
      element,
      h('h2', null, table.compareTitle),
      h('p', { class: 'intro' }, table.compareIntro),
      failed !== undefined && trouble(words, failed, () => void load()),
      h('section', { class: 'panel', 'aria-label': table.compareTitle }, form(ensembles), said),
      h(
        'section',
        { class: 'panel', 'aria-labelledby': 'comparisons-title' },
        h('h3', { id: 'comparisons-title' }, table.compareList),
        list,
      ),
    )
  }

  return {
    element,
    open(next) {
      route = next
      const asked = (name: string) => next.query.get(name)
      chosen = {
        ...chosen,
        ...(asked('a') && { a: asked('a') }),
        ...(asked('b') && { b: asked('b') }),
        ...(asked('on') && { on: asked('on') }),
      }
      draw()
      void load()
    },
    draw() {
      view.forget()
      draw()
    },
    leave: known.stop,
    key: view.key,
  }
}
