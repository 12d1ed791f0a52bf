// The examples that models learn from: enough of them, none twice, none under two actions.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PackLocale } from '@parley/core/pack/pack.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { nearDuplicateGroups } from '@parley/models/train/folds.ts'
import type { Report } from './problem.ts'

/** Fewest examples an action and language. */
const FEWEST = 80
/** Share of common character pairs from which one of two examples teaches hardly anything. */
const NEARLY_SAME = 0.9

interface Example {
  readonly file: string
  readonly line: number
  readonly action: string
  readonly locale: PackLocale
  readonly text: string
}

/** How many there are, by locale. */
export function checkExamples(
  folder: string,
  actions: readonly string[],
  locales: readonly PackLocale[],
  report: Report,
): Readonly<Record<string, number>> {
  const all = locales.flatMap(locale => {
    const files = textFiles(join(folder, 'examples', locale))
    for (const file of files)
      if (!actions.includes(file.slice(0, -'.txt'.length)))
        report({ severity: 'error', file: `examples/${locale}/${file}`, line: 1, reason: 'the catalogue has no such action' })
    return actions.flatMap(action => readExamples(folder, locale, action, report))
  })
  const firsts = reportTwins(all, report)
  for (const locale of locales)
    reportNearTwins(
      firsts.filter(example => example.locale === locale),
      report,
    )
  return Object.fromEntries(locales.map(locale => [locale, firsts.filter(example => example.locale === locale).length]))
}

const textFiles = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).filter(file => file.endsWith('.txt')) : [])

function readExamples(folder: string, locale: PackLocale, action: string, report: Report): readonly Example[] {
  const file = `examples/${locale}/${action}.txt`
  if (!existsSync(join(folder, file))) {
    report({ severity: 'error', file, line: 1, reason: 'the file is not there' })
    return []
  }
  const examples = readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .flatMap((line, i) => {
      const text = normaliseText(line)
      return text === '' || text.startsWith('#') ? [] : [{ file, line: i + 1, action, locale, text }]
    })
  const different = new Set(examples.map(({ text }) => text)).size
  if (different < FEWEST) report({ severity: 'error', file, line: 1, reason: `${different} different examples, fewer than ${FEWEST}` })
  return examples
}

/** Reports what stands twice and gives what stands first. The same words in two languages ("ok") are one action's or they conflict. */
function reportTwins(all: readonly Example[], report: Report): readonly Example[] {
  const seen = new Map<string, Example>()
  const seenInLocale = new Map<string, Example>()
  const firsts: Example[] = []
  for (const example of all) {
    const { file, line, text, action, locale } = example
    const error = (reason: string): void => report({ severity: 'error', file, line, reason: `${JSON.stringify(text)} ${reason}` })
    const anywhere = seen.get(text)
    const here = seenInLocale.get(`${locale} ${text}`)
    if (here && here.action === action) error(`is there already, ${placeOf(here)}`)
    else if (anywhere && anywhere.action !== action) error(`is an example of ${anywhere.action} too, ${placeOf(anywhere)}`)
    else firsts.push(example)
    if (!anywhere) seen.set(text, example)
    if (!here) seenInLocale.set(`${locale} ${text}`, example)
  }
  return firsts
}

function reportNearTwins(examples: readonly Example[], report: Report): void {
  const groups = nearDuplicateGroups(
    examples.map(({ text }) => text),
    NEARLY_SAME,
  )
  const firsts = new Map<number, Example>()
  for (const [i, example] of examples.entries()) {
    const group = groups[i]! // one for every example
    const before = firsts.get(group)
    if (!before) firsts.set(group, example)
    else
      report({
        severity: 'warning',
        file: example.file,
        line: example.line,
        reason: `${JSON.stringify(example.text)} is nearly ${JSON.stringify(before.text)}${before.action === example.action ? '' : ` of ${before.action}`}, ${placeOf(before)}`,
      })
  }
}

const placeOf = ({ file, line }: Example): string => `${file}:${line}`
