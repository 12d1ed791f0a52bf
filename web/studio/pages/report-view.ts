// One report or comparison: how far it is, then what came of it, with the files to send to a colleague.
import type { ReportView } from '@parley/core/protocol/studio.ts'
import { h } from '../../look/dom.ts'
import { loading, trouble } from '../parts.ts'
import type { ReportsKnown } from '../reports-known.ts'
import { hashOf } from '../route.ts'
import { Refused } from '../server.ts'
import type { Studio } from '../studio.ts'
import { reportHead } from './report-list.ts'
import { resultParts } from './result.ts'

export interface ReportViewer {
  /** What is there of it now; the result is asked for once it is done, and drawn once it is here. */
  draw(id: string): HTMLElement
  /** What is drawn of the result is drawn anew: the language has changed. */
  forget(): void
  key(event: KeyboardEvent): void
}

export function createReportView(studio: Studio, known: ReportsKnown): ReportViewer {
  let held:
    | { readonly id: string; readonly at: number; result?: unknown; failed?: unknown; parts?: ReturnType<typeof resultParts> }
    | undefined

  async function fetchResult(id: string, at: number): Promise<void> {
    const mine: NonNullable<typeof held> = { id, at }
    held = mine
    try {
      mine.result = await studio.server.get<unknown>(`reports/${id}/result`)
    } catch (error) {
      mine.failed = error
    }
    if (held === mine) await known.load() // it is drawn then
  }

  function result(report: ReportView): HTMLElement {
    const words = studio.words()
    const { state, id } = report
    if (state.state !== 'done') return h('div')
    if (held?.id !== id || held.at !== state.at) {
      void fetchResult(id, state.at)
      return loading(words)
    }
    if (held.failed !== undefined)
      return trouble(words, held.failed, () => {
        held = undefined
        void known.load()
      })
    if (held.result === undefined) return loading(words)
    held.parts ??= resultParts(studio, report, held.result)
    return held.parts.element
  }

  return {
    draw(id) {
      const words = studio.words()
      const { reports: table } = words
      const report = known.all?.find(each => each.id === id)
      const isComparison = location.hash.startsWith('#/compare')
      const back = h(
        'a',
        { class: 'back', href: hashOf({ page: isComparison ? 'compare' : 'reports' }), 'data-key': 'back' },
        `‹ ${isComparison ? table.backCompare : table.back}`,
      )
      if (report === undefined)
        return h(
          'div',
          { class: 'stack' },
          back,
          known.failed
            ? trouble(words, known.failed, () => void known.load())
            : known.all
              ? trouble(words, new Refused(404, 'UNKNOWN_REPORT', '', {}))
              : loading(words),
        )
      const isDone = report.state.state === 'done'
      const file = (kind: 'html' | 'result'): string => `/v1/studio/reports/${report.id}/${kind}?download`
      return h(
        'div',
        { class: 'stack' },
        back,
        h('h2', { class: 'unseen' }, isComparison ? table.compareTitle : table.title),
        h(
          'section',
          { class: 'panel' },
          reportHead(
            studio,
            report,
            known.did,
            false,
            isDone && [
              h('a', { class: 'secondary', href: file('html'), download: true }, table.html),
              h('a', { class: 'secondary', href: file('result'), download: true }, table.json),
            ],
          ),
          isDone && h('p', { class: 'faint hint' }, table.holdsWords),
        ),
        result(report),
      )
    },
    forget() {
      if (held) delete held.parts
    },
    key: event => held?.parts?.key?.(event),
  }
}
