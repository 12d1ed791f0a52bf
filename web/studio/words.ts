// Every word of the Studio, in both languages. A word that is missing in one does not compile.
import type { PageLocale } from '../widget/strings.ts'
import { type CommonWords, common } from './words/common.ts'
import { type DriftWords, drift } from './words/drift.ts'
import { type LabelWords, label } from './words/label.ts'
import { type ReportsWords, reports } from './words/reports.ts'
import { type ShellWords, shell } from './words/shell.ts'
import { type VersionsWords, versions } from './words/versions.ts'
import { type WeightsWords, weights } from './words/weights.ts'

export interface Words {
  readonly locale: PageLocale
  readonly shell: ShellWords
  readonly common: CommonWords
  readonly versions: VersionsWords
  readonly reports: ReportsWords
  readonly weights: WeightsWords
  readonly label: LabelWords
  readonly drift: DriftWords
}
export type { PageLocale }

const of = (locale: PageLocale): Words => ({
  locale,
  shell: shell[locale],
  common: common[locale],
  versions: versions[locale],
  reports: reports[locale],
  weights: weights[locale],
  label: label[locale],
  drift: drift[locale],
})

export const WORDS: Readonly<Record<PageLocale, Words>> = { en: of('en'), 'zh-CN': of('zh-CN') }
