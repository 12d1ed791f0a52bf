// What came of a report, drawn with the parts that the HTML file has too. In a comparison j and k go from turn to turn, and f to the filter.
import type { ReportView } from '@parley/core/protocol/studio.ts'
import type { Comparison } from '@parley/ensembles/comparison/comparison.ts'
import type { Evaluation, GateResult } from '@parley/ensembles/report-file.ts'
import { h } from '../../look/dom.ts'
import { comparisonParts } from '../../report/comparison.ts'
import { evaluationParts } from '../../report/evaluation.ts'
import { stringsOf } from '../../report/strings.ts'
import type { Studio } from '../studio.ts'

export interface ResultParts {
  readonly element: HTMLElement
  key?(event: KeyboardEvent): void
}

export function resultParts(studio: Studio, { order }: ReportView, result: unknown): ResultParts {
  const { locale, reports: words } = studio.words()
  const strings = stringsOf(locale)
  if (order.kind === 'evaluation') {
    const evaluation = result as Evaluation // our own server's answer, here and below
    return { element: h('div', { class: 'stack result' }, evaluationParts(evaluation, strings)) }
  }
  const { gate, ...comparison } = result as Comparison & { readonly gate: GateResult }
  const parts = comparisonParts({ comparison, gate }, strings)
  const element = h('div', { class: 'stack result' }, parts, h('p', { class: 'faint hint' }, words.keys))
  return { element, key: event => press(event, element) }
}

function press(event: KeyboardEvent, element: HTMLElement): void {
  const filter = element.querySelector<HTMLInputElement>('.filter')
  if (event.target === filter && event.key === 'Escape') return filter?.blur()
  if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return
  if (event.key === 'f' && filter) {
    event.preventDefault()
    filter.focus()
  }
  const by = { j: 1, k: -1 }[event.key]
  if (by === undefined) return
  const turns = [...element.querySelectorAll<HTMLElement>('.turns .turn')]
  const at = turns.indexOf(document.activeElement as HTMLElement) // -1 where it is none of them
  const next = turns[Math.min(turns.length - 1, Math.max(0, at + by))]
  if (!next) return
  next.tabIndex = -1
  next.focus()
}
