// `--html FILE` of evaluate, compare and tune: the report as a file to send to a colleague.
import { writeFileSync } from 'node:fs'
import type { ReportFile } from '@parley/ensembles/report-file.ts'
import { reportHtml, withoutTexts } from '../report-file/report-html.ts'
import type { WrongUse } from './agent.ts'

export interface HtmlOptions {
  readonly html?: string
  /** Whether what customers wrote is in it, where there is any. */
  readonly sentences?: boolean
}

/** Before the work: sentences are left out of a file, so there has to be one. */
export function checkHtml({ html, sentences }: HtmlOptions, wrongUse: WrongUse): void {
  if (html === undefined && sentences === false) wrongUse('--no-sentences says what --html leaves out: give it too')
}

/** Readable by its owner alone, as what it is made from. Nothing where none is asked for. */
export function writeHtml({ html, sentences }: HtmlOptions, file: () => ReportFile): void {
  if (html === undefined) return
  const told = file()
  writeFileSync(html, reportHtml(sentences === false ? withoutTexts(told) : told), { mode: 0o600 })
}
