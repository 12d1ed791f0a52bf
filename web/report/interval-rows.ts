// Rows of figures with their intervals along one axis: what a rival's difference is, what a slice has, what a voter weighs.
import { type Drawn, type Mark, plot } from './plot.ts'
import { axisOf, canvas, draw, drawPoint, drawXAxis, frameOf, roundTicks, type Series } from './svg.ts'

export interface RowPoint {
  readonly series: Series
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  /** Its exact numbers, a line each. */
  readonly told: readonly string[]
}

export interface Row {
  readonly name: string
  /** Beside the interval, in words or numbers. */
  readonly words: string
  /** Drawn faint: it shows nothing. */
  readonly isFaint?: boolean
  readonly points: readonly RowPoint[]
}

export interface RowsParts {
  readonly label: string
  readonly rows: readonly Row[]
  readonly axis: string
  readonly tick: (value: number) => string
  /** A line that says "the same". */
  readonly zero?: number
  /** The axis holds these too. */
  readonly holds?: readonly number[]
  /** Names of rows that stand in line with those of another plot. */
  readonly beside?: readonly string[]
}

const WIDE = 620
const TALL = { wide: 27, narrow: 44 }

/** On a phone a row's name stands above its interval. */
export function intervalRows({ label, rows, axis, tick, zero, holds = [], beside = [] }: RowsParts): HTMLElement {
  const values = rows.flatMap(({ points }) => points.flatMap(({ value, low, high }) => [value, low, high].filter(each => each !== null)))
  const all = [...values, ...holds, ...(zero === undefined ? [] : [zero])]
  const ticks = roundTicks(Math.min(...all), Math.max(...all), 6)
  return plot(label, 'y', (width): Drawn => {
    const isWide = width >= WIDE
    const tall = isWide ? TALL.wide : TALL.narrow
    const height = 8 + rows.length * tall + 44
    const svg = canvas(width, height)
    const x = axisOf(ticks, axis, tick)
    const longest = Math.max(...[...rows.map(({ name }) => name), ...beside].map(widthOf), 0)
    const left = isWide ? Math.min(300, 24 + longest) : 12
    const frame = frameOf(left, isWide ? width - 190 : width - 14, 4, height - 44, x, { from: 0, to: 1 })
    for (const at of ticks) {
      const kind = at === zero ? 'zero' : 'across'
      svg.append(draw('line', { class: kind, x1: frame.x(at), x2: frame.x(at), y1: frame.top, y2: frame.bottom }))
    }
    drawXAxis(svg, frame, x)
    const marks: Mark[] = []
    for (const [i, row] of rows.entries()) {
      const top = 4 + i * tall
      const middle = isWide ? top + tall / 2 : top + 31
      const faint = row.isFaint ? ' faint' : ''
      const at = isWide ? { x: left - 12, y: middle + 4, 'text-anchor': 'end' } : { x: 2, y: top + 14 }
      const room = isWide ? left - 14 : width - widthOf(row.words) - 16
      svg.append(draw('text', { class: 'row-name', ...at }, shortened(row.name, room)))
      const beside = isWide ? { x: frame.right + 12, y: middle + 4 } : { x: width - 2, y: top + 14, 'text-anchor': 'end' }
      svg.append(draw('text', { class: `row-words${faint}`, ...beside }, row.words))
      for (const { series, value, low, high, told } of row.points) {
        if (value === null) continue
        if (low !== null && high !== null)
          svg.append(
            draw('line', { class: `whisker series-${series}${faint}`, x1: frame.x(low), x2: frame.x(high), y1: middle, y2: middle }),
          )
        const point = drawPoint(frame.x(value), middle, series)
        if (row.isFaint) point.classList.add('faint')
        svg.append(point)
        marks.push({ x: frame.x(value), y: middle, told })
      }
    }
    return { svg, marks }
  })
}

/** About, in pixels: characters of Chinese are wide. */
const widthOf = (text: string): number => [...text].reduce((sum, character) => sum + (character > '\u2e7f' ? 12.5 : 7), 0)

/** Its marks tell the whole of it. */
function shortened(text: string, room: number): string {
  if (widthOf(text) <= room) return text
  let kept = text
  while (kept !== '' && widthOf(`${kept}…`) > room) kept = kept.slice(0, -1)
  return `${kept}…`
}
