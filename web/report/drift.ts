// Figures over weeks, each with its interval: what the ensemble in force does as customers change.
import type { Estimate } from '@parley/ensembles/evaluation/resample.ts'
import { around, interval, type Kind, tickOf, told } from './numbers.ts'
import { type Drawn, legend, type Mark, plot } from './plot.ts'
import type { Strings } from './strings.ts'
import { axisOf, canvas, draw, drawAxes, drawPoint, pathThrough, roundTicks, type Series } from './svg.ts'
import { behind, card, figure, words } from './table.ts'

export interface DriftPoint {
  /** The Monday that it begins on, such as `2026-11-23`. */
  readonly week: string
  /** A value of null leaves a gap. */
  readonly estimate: Estimate
  /** Turns that it is of. */
  readonly support: number
}

export interface DriftSeries {
  readonly name: string
  /** The oldest week first. */
  readonly points: readonly DriftPoint[]
}

export interface DriftParts {
  readonly title: string
  readonly explanation: string
  readonly kind: Kind
  /** Six at most; told apart by colour and shape. */
  readonly series: readonly DriftSeries[]
}

const MOST = 6
/** Of the axis of shares, so that a change of nothing does not look like one. */
const LEAST_SPAN = 0.1
const seriesAt = (i: number): Series => ((i % MOST) + 1) as Series // 1 to 6

export function driftPlot({ title, explanation, kind, series }: DriftParts, strings: Strings): HTMLElement {
  const weeks = [...new Set(series.flatMap(({ points }) => points.map(({ week }) => week)))].sort()
  const values = series.flatMap(({ points }) =>
    points.flatMap(({ estimate: { value, low, high } }) => [value, low, high].filter(each => each !== null)),
  )
  if (values.length === 0) return card(title, explanation, strings.driftNone)
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const lowest = kind === 'share' ? Math.max(0, Math.min(least, (least + most - LEAST_SPAN) / 2)) : least
  const ticks = roundTicks(lowest, kind === 'share' ? Math.max(most, Math.min(1, lowest + LEAST_SPAN)) : most, 5)
  const drawAt = (width: number): Drawn => {
    const height = Math.min(320, Math.max(220, width * 0.5))
    const svg = canvas(width, height)
    const x = {
      ...axisOf(
        weeks.map((_, i) => i),
        strings.week,
        i => (weeks[i] ?? '').slice(5),
      ),
      from: -0.3,
      to: weeks.length - 0.7,
    }
    const frame = drawAxes(svg, width, height, x, axisOf(ticks, '', tickOf(kind)))
    const marks: Mark[] = []
    for (const [i, { name, points }] of series.entries()) {
      const at = (point: DriftPoint): number =>
        frame.x(weeks.indexOf(point.week) + (series.length > 1 ? (i - (series.length - 1) / 2) * 0.06 : 0))
      for (const run of runsOf(points, weeks))
        svg.append(
          draw('path', {
            class: `line series-${seriesAt(i)}`,
            d: pathThrough(run.map(point => [at(point), frame.y(point.estimate.value!)])),
          }),
        ) // a run has values
      for (const point of points) {
        const { value, low, high } = point.estimate
        if (value === null) continue
        if (low !== null && high !== null)
          svg.append(
            draw('line', { class: `whisker series-${seriesAt(i)}`, x1: at(point), x2: at(point), y1: frame.y(low), y2: frame.y(high) }),
          )
        svg.append(drawPoint(at(point), frame.y(value), seriesAt(i), 4.5))
        marks.push({
          x: at(point),
          y: frame.y(value),
          told: [name, strings.weekOf(point.week), around(point.estimate, kind, strings), strings.turns(point.support)],
        })
      }
    }
    return { svg, marks }
  }
  return card(
    title,
    explanation,
    ...(series.length > 1 ? [legend(series.map(({ name }, i) => [seriesAt(i), name] as const))] : []),
    plot(title, 'both', drawAt),
    behind(strings, () => ({
      title,
      columns: [
        { title: strings.week },
        ...(series.length > 1 ? [{ title: strings.measure }] : []),
        ...[strings.value, strings.intervalHead, strings.turnsHead].map(head => ({ title: head, isNumber: true })),
      ],
      rows: series.flatMap(({ name, points }) =>
        points.map(({ week, estimate, support }) => [
          words(week),
          ...(series.length > 1 ? [words(name)] : []),
          figure(estimate.value, told(estimate.value, kind)),
          words(interval(estimate, kind, strings)),
          figure(support, String(support)),
        ]),
      ),
      sorted: { column: 0, isDown: true },
    })),
  )
}

/** A line goes from week to week, and breaks where one has no value. */
function runsOf(points: readonly DriftPoint[], weeks: readonly string[]): readonly (readonly DriftPoint[])[] {
  const runs: DriftPoint[][] = []
  let last = Number.NaN
  for (const point of points) {
    if (point.estimate.value === null) continue
    const at = weeks.indexOf(point.week)
    if (at === last + 1)
      runs.at(-1)!.push(point) // `last` is of it
    else runs.push([point])
    last = at
  }
  return runs
}
