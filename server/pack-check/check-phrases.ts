// The phrases of the keyword voter and of the risk list: each means what it says once.
import type { Catalogue, PackLocale, Phrases } from '@parley/core/pack/pack.ts'
import { partsOf, type RiskList } from '@parley/core/pack/risks.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import type { Report } from './problem.ts'
import type { YamlFile } from './yaml-file.ts'

interface Meaning {
  readonly action: string
  readonly weight: number
  readonly line: number
}

/** Meanings by phrase. A phrase may hint at two actions, but not promise more than one of them: a weight is a probability. */
export function checkPhrases(
  { file, value = {}, lineOf }: YamlFile<Phrases>,
  catalogue: Pick<Catalogue, 'aliases'>,
  actions: readonly string[],
  templates: ReadonlySet<string>,
  report: Report,
): ReadonlyMap<string, readonly Meaning[]> {
  const meanings = new Map<string, Meaning[]>()
  for (const [action, entries] of Object.entries(value)) {
    if (!actions.includes(action))
      report({ severity: 'error', file, line: lineOf([action]), reason: `the catalogue has no action ${action}` })
    for (const [i, { phrase, weight, template }] of entries.entries()) {
      const line = lineOf([action, i])
      if (template !== undefined && !templates.has(catalogue.aliases[template] ?? template))
        report({ severity: 'error', file, line, reason: `there is no template ${JSON.stringify(template)}` })
      const text = normaliseText(phrase)
      if (text === '') report({ severity: 'error', file, line, reason: 'the phrase is blank' })
      const before = meanings.get(text) ?? []
      const twin = before.find(meaning => meaning.action === action)
      if (twin)
        report({ severity: 'error', file, line, reason: `${JSON.stringify(phrase)} stands under ${action} already, line ${twin.line}` })
      else meanings.set(text, [...before, { action, weight, line }])
    }
  }
  for (const [text, list] of meanings) {
    const last = list.at(-1)
    if (!last || list.length === 1) continue
    const promised = list.reduce((sum, { weight }) => sum + weight, 0)
    const where = list.map(({ action, weight, line }) => `${action} (${weight}, line ${line})`).join(' and ')
    report({
      severity: promised > 1 + 1e-9 ? 'error' : 'warning',
      file,
      line: last.line,
      reason: `${JSON.stringify(text)} is a phrase of ${where}${promised > 1 + 1e-9 ? ': the weights promise more than 1' : ''}`,
    })
  }
  return meanings
}

export function checkRisks(
  { file, value = {}, lineOf }: YamlFile<RiskList>,
  meanings: Readonly<Record<PackLocale, ReadonlyMap<string, readonly Meaning[]>>>,
  templates: ReadonlySet<string>,
  report: Report,
): void {
  const homes = new Map<string, string>()
  for (const [risk, { rule, template, phrases, unless }] of Object.entries(value)) {
    if (template !== undefined && !templates.has(template))
      report({ severity: 'error', file, line: lineOf([risk, 'template']), reason: `there is no template ${JSON.stringify(template)}` })
    for (const [key, byLocale] of [
      ['phrases', phrases],
      ['unless', unless],
    ] as const) {
      for (const locale of ['zh-CN', 'en'] as const) {
        for (const [i, phrase] of byLocale[locale].entries()) {
          const line = lineOf([risk, key, locale, i])
          const texts = partsOf(phrase).map(normaliseText)
          const text = texts.join(' … ')
          if (texts.includes('')) report({ severity: 'error', file, line, reason: 'the phrase is blank' })
          if (key === 'unless') continue
          const home = homes.get(text)
          if (home) report({ severity: 'error', file, line, reason: `${JSON.stringify(phrase)} is a phrase of ${home} already` })
          homes.set(text, risk)
          // What only signals leaves the votes to the voters, so its words may be theirs.
          if (rule === 'signal') continue
          for (const { action, line: at } of meanings[locale].get(text) ?? [])
            report({
              severity: 'error',
              file,
              line,
              reason: `${JSON.stringify(phrase)} is a phrase of ${action} too, phrases/${locale}.yaml:${at}: a risk outvotes it`,
            })
        }
      }
    }
  }
}
