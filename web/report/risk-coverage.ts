// How much is wrong among the answers when only what the ensemble is surest of is answered, and the thresholds that wanted precisions imply.
import type { Report } from '@parley/ensembles/evaluation/report.ts'
import { make } from '../widget/elements.ts'
import { around, interval, tickOf, told } from './numbers.ts'
import { type Drawn, type Mark, plot } from './plot.ts'
import type { Strings } from './strings.ts'
import { axisOf, canvas, draw, drawAxes, drawPoint, pathThrough, roundTicks } from './svg.ts'
import { behind, card, figure, table, words } from './table.ts'

type Curve = Pick<Report, 'turns' | 'riskCoverage' | 'thresholds' | 'unreached'>

const COVERAGE = [0, 0.2, 0.4, 0.6, 0.8, 1]
/** The first points are of few turns, and their intervals wide: the axis goes no higher than this part of what there is. */
const HIGHEST = 0.6

export function riskCoveragePlot({ turns, riskCoverage, thresholds, unreached }: Curve, strings: Strings): HTMLElement {
  const settled = riskCoverage.filter(({ coverage }) => coverage > 0.05).flatMap(({ risk, within }) => [risk, within.high ?? risk])
  const ticks = roundTicks(0, Math.min(HIGHEST, Math.max(0.05, ...settled)), 5)
  const places = (threshold: number): string => threshold.toFixed(3)
  const answeredOf = (coverage: number): string =>
    strings.pair(strings.answeredThen, `${told(coverage, 'share')}, ${strings.turns(Math.round(coverage * turns))}`)
  const drawAt = (width: number): Drawn => {
    const height = Math.min(440, Math.max(280, width * 0.72))
    const svg = canvas(width, height)
    const frame = drawAxes(
      svg,
      width,
      height,
      axisOf(COVERAGE, strings.answeredAxis, tickOf('share')),
      axisOf(ticks, strings.riskAxis, tickOf('share')),
    )
    const at = ({ coverage, risk }: { readonly coverage: number; readonly risk: number }) => [frame.x(coverage), frame.y(risk)] as const
    const upper = riskCoverage.map(({ coverage, risk, within }) => at({ coverage, risk: within.high ?? risk }))
    const lower = riskCoverage.map(({ coverage, risk, within }) => at({ coverage, risk: within.low ?? risk }))
    if (riskCoverage.length > 1)
      svg.append(draw('path', { class: 'band series-1', d: `${pathThrough([...upper, ...lower.toReversed()])}Z` }))
    svg.append(draw('path', { class: 'line series-1', d: pathThrough(riskCoverage.map(at)) }))
    const marks: (Mark & { readonly isThreshold?: true })[] = riskCoverage.map(point => {
      const [x, y] = at(point)
      return {
        x,
        y,
        told: [
          answeredOf(point.coverage),
          strings.pair(strings.riskAxis, around({ value: point.risk, ...point.within }, 'share', strings)),
          strings.answersFrom(places(point.threshold)),
        ],
      }
    })
    for (const { precision, threshold, coverage, risk, reached } of thresholds) {
      const [x, y] = at({ coverage, risk })
      svg.append(draw('line', { class: 'drop', x1: x, x2: x, y1: y, y2: frame.bottom }), drawPoint(x, y, 3, 6))
      svg.append(draw('text', { class: 'note', x: x - 10, y: Math.max(frame.top + 10, y - 10), 'text-anchor': 'end' }, percent(precision)))
      marks.push({
        x,
        y,
        isThreshold: true,
        told: [
          strings.wantedRight(percent(precision)),
          strings.answersFrom(places(threshold)),
          answeredOf(coverage),
          strings.pair(strings.reachedHere, around(reached, 'share', strings)),
        ],
      })
    }
    return { svg, marks: withThresholds(marks) }
  }
  return card(
    strings.riskTitle,
    strings.riskExplained,
    plot(strings.riskTitle, 'x', drawAt),
    ...(thresholds.length > 0
      ? [
          table({
            title: strings.wanted,
            columns: [strings.wanted, strings.threshold, strings.answeredThen, strings.reachedHere].map((title, i) => ({
              title,
              isNumber: i > 0,
            })),
            rows: thresholds.map(({ precision, threshold, coverage, reached }) => [
              words(percent(precision)),
              figure(threshold, places(threshold)),
              figure(coverage, told(coverage, 'share')),
              figure(reached.value, around(reached, 'share', strings), 'loose'),
            ]),
          }),
          make('p', 'explained', strings.chosenHere),
        ]
      : []),
    ...unreached.map(wanted => make('p', 'explained', strings.unreached(percent(wanted)))),
    behind(strings, () => ({
      title: strings.riskTitle,
      columns: [strings.answeredThen, strings.riskAxis, strings.intervalHead, strings.threshold].map(title => ({ title, isNumber: true })),
      rows: riskCoverage.map(({ coverage, risk, within, threshold }) => [
        figure(coverage, told(coverage, 'share')),
        figure(risk, told(risk, 'share')),
        words(interval(within, 'share', strings)),
        figure(threshold, places(threshold)),
      ]),
    })),
  )
}

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`

/** By coverage, so that the arrow keys go along the curve; a threshold takes the place of the points beside it. */
function withThresholds(marks: readonly (Mark & { readonly isThreshold?: true })[]): readonly Mark[] {
  const taken = marks.filter(({ isThreshold }) => isThreshold)
  const NEAR = 5
  return marks.filter(mark => mark.isThreshold || !taken.some(({ x }) => Math.abs(x - mark.x) < NEAR)).sort((a, b) => a.x - b.x)
}
