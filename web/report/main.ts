// The report as a file of its own: reads what stands in the page and shows it. It asks nothing of anybody.
import type { About, ReportFile } from '@parley/ensembles/report-file.ts'
import { element, make } from '../widget/elements.ts'
import { comparisonParts } from './comparison.ts'
import { evaluationParts } from './evaluation.ts'
import { type Locale, type Strings, stringsOf } from './strings.ts'
import { tuneParts } from './tune.ts'

const file = JSON.parse(element('report', HTMLScriptElement).text) as ReportFile // our own server wrote it
let locale: Locale = navigator.language.startsWith('zh') ? 'zh-CN' : 'en'

function show(): void {
  const strings = stringsOf(locale)
  document.documentElement.lang = locale
  document.title = titleOf(strings)
  const switchTo = make('button', 'secondary', strings.languageSwitch)
  switchTo.type = 'button'
  switchTo.setAttribute('aria-label', strings.languageSwitchLabel)
  switchTo.addEventListener('click', () => {
    locale = locale === 'en' ? 'zh-CN' : 'en'
    show()
    document.querySelector<HTMLElement>('header button')?.focus()
  })
  const header = make('header', '')
  header.append(make('h1', '', titleOf(strings)), switchTo)
  const main = make('main', '')
  main.append(...aboutParts(file.about, strings), ...partsOf(strings))
  document.body.replaceChildren(header, main)
}

function titleOf({ titles }: Strings): string {
  if (file.kind === 'evaluate') return titles.evaluate(file.evaluation.ensemble)
  return file.kind === 'compare' ? titles.compare(file.comparison.a, file.comparison.b) : titles.tune(file.tune.from)
}

function partsOf(strings: Strings): readonly HTMLElement[] {
  if (file.kind === 'evaluate') return evaluationParts(file.evaluation, strings)
  return file.kind === 'compare' ? comparisonParts(file, strings) : tuneParts(file.tune, strings)
}

const DAY_MS = 86_400_000

function aboutParts({ made, release, shop, pack, data, settings, hasTexts }: About, strings: Strings): readonly HTMLElement[] {
  const list = make('dl', 'about')
  const told = strings.about
  const rows: readonly (readonly [string, string])[] = [
    [
      told.made,
      new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(made)).concat(' UTC'),
    ],
    [told.release, release],
    [told.shop, shop],
    [told.pack, pack],
    ...('file' in data
      ? ([
          [told.data, data.file],
          [told.hash, data.sha256],
        ] as const)
      : ([[told.data, told.log(String(Number((data.logMs / DAY_MS).toFixed(1))))]] as const)),
    [
      told.settings,
      Object.entries(settings)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
  ]
  for (const [name, value] of rows) {
    const row = make('div', '')
    row.append(make('dt', '', name), make('dd', '', value))
    list.append(row)
  }
  return [make('p', hasTexts ? 'notice' : 'notice quietly', hasTexts ? strings.holdsTexts : strings.holdsNoTexts), list]
}

show()
