// Reports and comparisons that were ordered: how far each is, and what can be done with it. Asked for again while one is under way.
import type { ReportView } from '@parley/core/protocol/studio.ts'
import { type Child, h } from '../../look/dom.ts'
import { time } from '../format.ts'
import { progressBar } from '../parts.ts'
import { hashOf } from '../route.ts'
import type { Studio } from '../studio.ts'
import type { Words } from '../words.ts'

export const isUnderWay = ({ state }: ReportView): boolean => state.state === 'waiting' || state.state === 'running'

/** What it is about, in a line. */
export function nameOfReport({ reports }: Words, { order, setName }: ReportView): string {
  const set = setName ?? (order.kind === 'log-comparison' ? reports.onLog(order.days) : order.set)
  if (order.kind === 'evaluation') return reports.on(order.ensemble, order.set === 'labelled' ? reports.labelled : set)
  return reports.on(reports.against(order.a, order.b), order.kind === 'comparison' && order.set === 'labelled' ? reports.labelled : set)
}

export const hashOfReport = ({ id, order }: ReportView): string =>
  hashOf({ page: order.kind === 'evaluation' ? 'reports' : 'compare', item: id })

export type Did = (report: ReportView, what: 'cancel' | 'again' | 'remove') => void

export function reportList(studio: Studio, reports: readonly ReportView[], did: Did): HTMLElement {
  return h(
    'ul',
    { class: 'reports' },
    reports.map(report => h('li', { class: 'report-row', 'data-report': report.id }, reportHead(studio, report, did, true))),
  )
}

/** Its name, state and what can be done: a row of the list, or above the report itself. */
export function reportHead(studio: Studio, report: ReportView, did: Did, isRow: boolean, ...more: readonly Child[]): HTMLElement {
  const words = studio.words()
  const { reports: table, common, locale } = words
  const { state } = report
  const name = nameOfReport(words, report)
  const button = (what: 'cancel' | 'again' | 'remove', kind: string): HTMLElement =>
    h('button', { class: kind, type: 'button', 'data-key': `${what} ${report.id}`, onclick: () => did(report, what) }, table[what])
  const kind = { done: 'good', failed: 'bad', waiting: 'wait', running: 'wait' }[state.state as string] ?? ''
  return h(
    'div',
    { class: 'report-head' },
    h(
      'div',
      { class: 'report-name' },
      isRow
        ? h('a', { class: 'version', href: hashOfReport(report), 'data-key': `open ${report.id}` }, name)
        : h('h3', { class: 'version' }, name),
      h('span', { class: `badge ${kind}` }, table.states[state.state] ?? state.state),
      h(
        'p',
        { class: 'faint' },
        table.byAt(report.who, time(report.at, locale)),
        state.state === 'done' && ` · ${common.turns(state.turns)}`,
      ),
    ),
    state.state === 'running' && progressBar(words, state, name),
    state.state === 'failed' && h('p', { class: 'bad' }, words.shell.troubles[state.code] ?? '', ' ', state.message),
    table.why[state.state] !== undefined && h('p', { class: 'faint' }, table.why[state.state]),
    h(
      'div',
      { class: 'actions' },
      more,
      isUnderWay(report) && button('cancel', 'secondary'),
      ['failed', 'cancelled', 'broken-off', 'erased'].includes(state.state) && button('again', 'secondary'),
      !isUnderWay(report) && button('remove', 'quiet'),
    ),
  )
}
