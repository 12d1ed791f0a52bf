// The reliability diagram: whether an ensemble is as sure as it is right.
import type { Report } from '@parley/ensembles/evaluation/report.ts'
import { make } from '../widget/elements.ts'
import { around, interval, told } from './numbers.ts'
import { type Drawn, plot } from './plot.ts'
import type { Strings } from './strings.ts'
import { axisOf, canvas, draw, drawAxes, drawPoint, pathThrough } from './svg.ts'
import { behind, card, figure, words } from './table.ts'

type Levels = Report['reliability']

const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1]
const percent = (value: number): string => `${Math.round(100 * value)} %`
/** How much of the height the bars of turns take. */
const BARS = 0.2

/** `headlines`: the calibration error and the Brier score, told beside it where they are given. */
export function reliabilityPlot(
  levels: Levels,
  headlines: Pick<Report['headlines'], 'calibrationError' | 'brier'> | undefined,
  strings: Strings,
): HTMLElement {
  const most = Math.max(...levels.map(({ count }) => count), 1)
  const named = (level: Levels[number]): string => strings.levelOf(percent(level.from), percent(level.to))
  const drawAt = (width: number): Drawn => {
    const height = Math.min(440, Math.max(280, width * 0.72))
    const svg = canvas(width, height)
    const frame = drawAxes(svg, width, height, axisOf(TICKS, strings.confidence, percent), axisOf(TICKS, strings.rightShare, percent))
    for (const { from, to, count } of levels) {
      const tall = (count / most) * BARS * (frame.bottom - frame.top)
      svg.append(
        draw('rect', {
          class: 'count-bar',
          x: frame.x(from) + 1.5,
          width: Math.max(1, frame.x(to) - frame.x(from) - 3),
          y: frame.bottom - tall,
          height: tall,
        }),
      )
    }
    svg.append(draw('line', { class: 'perfect', x1: frame.x(0), y1: frame.y(0), x2: frame.x(1), y2: frame.y(1) }))
    const there = levels.flatMap(level =>
      level.confidence === null || level.accuracy === null
        ? []
        : [{ level, x: frame.x(level.confidence), y: frame.y(level.accuracy), accuracy: level.accuracy, confidence: level.confidence }],
    )
    svg.append(draw('path', { class: 'line series-1', d: pathThrough(there.map(({ x, y }) => [x, y])) }))
    for (const { level, x, y } of there) {
      const { low, high } = level.reached
      if (low !== null && high !== null)
        svg.append(draw('line', { class: 'whisker series-1', x1: x, x2: x, y1: frame.y(low), y2: frame.y(high) }))
      svg.append(drawPoint(x, y, 1))
    }
    const marks = there.map(({ level, x, y, confidence }) => ({
      x,
      y,
      told: [
        named(level),
        strings.pair(strings.rightShare, around(level.reached, 'share', strings)),
        strings.pair(strings.meanConfidence, told(confidence, 'share')),
        strings.turns(level.count),
      ],
    }))
    return { svg, marks }
  }
  const parts: Node[] = []
  if (headlines) {
    const line = make('p', 'key-figures')
    line.append(
      make('strong', '', `ECE ${around(headlines.calibrationError, 'share', strings)}`),
      ' · ',
      make('strong', '', `Brier ${around(headlines.brier, 'score', strings)}`),
    )
    parts.push(line)
  }
  return card(
    strings.reliabilityTitle,
    strings.reliabilityExplained,
    ...parts,
    plot(strings.reliabilityTitle, 'x', drawAt),
    behind(strings, () => ({
      title: strings.reliabilityTitle,
      columns: [
        { title: strings.confidence },
        { title: strings.turnsHead, isNumber: true },
        { title: strings.meanConfidence, isNumber: true },
        { title: strings.rightShare, isNumber: true },
        { title: strings.intervalHead, isNumber: true },
      ],
      rows: levels.map(level => [
        words(strings.range(percent(level.from), percent(level.to))),
        figure(level.count, String(level.count)),
        figure(level.confidence, told(level.confidence, 'share')),
        figure(level.accuracy, told(level.accuracy, 'share')),
        words(interval(level.reached, 'share', strings)),
      ]),
    })),
  )
}
