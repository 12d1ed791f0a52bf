// What an ensemble is worth, in large numbers with their intervals.
import type { MeasureName } from '@parley/ensembles/evaluation/measures.ts'
import type { Report } from '@parley/ensembles/evaluation/report.ts'
import { make } from '../widget/elements.ts'
import { interval, type Kind, told } from './numbers.ts'
import type { Strings } from './strings.ts'
import { canvas, draw } from './svg.ts'
import { card } from './table.ts'

/** In the order in which they are shown; a share has a bar from 0 to 1. */
const KINDS: Readonly<Record<MeasureName, Kind>> = {
  accuracy: 'share',
  precisionOfAnswers: 'share',
  answered: 'share',
  wrongAnswers: 'share',
  abstention: 'share',
  outOfScopeRecall: 'share',
  macroF1: 'share',
  weightedF1: 'share',
  costPer1000: 'cost',
  calibrationError: 'share',
  brier: 'score',
}
/** Those whose place between 0 and 1 says something. */
const BARS: ReadonlySet<MeasureName> = new Set([
  'accuracy',
  'precisionOfAnswers',
  'answered',
  'wrongAnswers',
  'abstention',
  'outOfScopeRecall',
  'macroF1',
  'weightedF1',
])

export function headlines({ headlines: figures, byRule }: Pick<Report, 'headlines' | 'byRule'>, strings: Strings): HTMLElement {
  const grid = make('dl', 'headlines')
  for (const name of Object.keys(KINDS) as MeasureName[]) {
    const estimate = figures[name]
    grid.append(
      headline(
        strings.measures[name],
        told(estimate.value, KINDS[name]),
        interval(estimate, KINDS[name], strings),
        strings.measureHints[name],
        BARS.has(name) ? bar(estimate) : undefined,
      ),
    )
  }
  grid.append(headline(strings.byRuleHeadline, strings.turns(byRule.turns), '', strings.byRuleHint(byRule.right)))
  return card(strings.headlinesTitle, '', grid)
}

function headline(name: string, value: string, between: string, hint: string, picture?: SVGSVGElement): HTMLElement {
  const item = make('div', 'headline')
  const large = make('dd', 'large', value)
  item.append(make('dt', '', name), large)
  const small = make('dd', 'between', between)
  if (picture) small.append(picture)
  if (between || picture) item.append(small)
  item.append(make('dd', 'hint', hint))
  return item
}

/** The value as a bar, its interval as a line upon it. */
function bar({ value, low, high }: Report['headlines'][MeasureName]): SVGSVGElement {
  const svg = canvas(100, 8)
  svg.setAttribute('class', 'bar')
  svg.setAttribute('preserveAspectRatio', 'none')
  svg.append(
    draw('rect', { class: 'track', width: 100, height: 8 }),
    draw('rect', { class: 'filled', width: 100 * (value ?? 0), height: 8 }),
  )
  if (low !== null && high !== null)
    svg.append(draw('rect', { class: 'interval', x: 100 * low, width: Math.max(0.6, 100 * (high - low)), y: 3, height: 2 }))
  return svg
}
