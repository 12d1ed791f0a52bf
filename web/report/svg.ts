// What plots are drawn with: SVG elements, axes and the marks of series. Sizes are attributes, not styles: no page's policy allows an inline style.

const SVG = 'http://www.w3.org/2000/svg'

export type Attributes = Readonly<Record<string, string | number>>

/** A new element of SVG, with a text if there is one. */
export function draw<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Attributes, text?: string): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(typeof value === 'number' ? round(value) : value))
  if (text !== undefined) made.textContent = text
  return made
}

const round = (value: number): number => Math.round(value * 100) / 100

export const canvas = (width: number, height: number): SVGSVGElement =>
  draw('svg', { viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true', focusable: 'false' })

export interface Axis {
  readonly from: number
  readonly to: number
  readonly ticks: readonly number[]
  readonly title: string
  told(value: number): string
}

export interface Frame {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  x(value: number): number
  y(value: number): number
}

const SPACE = { left: 46, right: 14, top: 26, bottom: 42 }
/** A tick's words and what keeps them apart. */
const TICK_WIDTH = 46

/** Draws both axes, with their titles and lines across. */
export function drawAxes(svg: SVGSVGElement, width: number, height: number, x: Axis, y: Axis): Frame {
  const frame = frameOf(SPACE.left, width - SPACE.right, SPACE.top, height - SPACE.bottom, x, y)
  for (const tick of y.ticks) {
    const at = frame.y(tick)
    svg.append(draw('line', { class: 'across', x1: frame.left, x2: frame.right, y1: at, y2: at }))
    svg.append(draw('text', { class: 'tick', x: frame.left - 7, y: at + 4, 'text-anchor': 'end' }, y.told(tick)))
  }
  drawXAxis(svg, frame, x)
  svg.append(draw('text', { class: 'axis', x: 2, y: 12 }, y.title))
  return frame
}

export function frameOf(
  left: number,
  right: number,
  top: number,
  bottom: number,
  x: Pick<Axis, 'from' | 'to'>,
  y: Pick<Axis, 'from' | 'to'>,
): Frame {
  const place = (axis: Pick<Axis, 'from' | 'to'>, start: number, end: number) => (value: number) =>
    start + ((Math.min(axis.to, Math.max(axis.from, value)) - axis.from) / (axis.to - axis.from || 1)) * (end - start)
  return { left, right, top, bottom, x: place(x, left, right), y: place(y, bottom, top) }
}

/** Below a frame: as many ticks as there is room for. */
export function drawXAxis(svg: SVGSVGElement, frame: Frame, x: Axis): void {
  const room = Math.max(2, Math.floor((frame.right - frame.left) / TICK_WIDTH))
  const step = Math.ceil(x.ticks.length / room)
  svg.append(draw('line', { class: 'base', x1: frame.left, x2: frame.right, y1: frame.bottom, y2: frame.bottom }))
  for (const [i, tick] of x.ticks.entries()) {
    if (i % step !== 0) continue
    const at = frame.x(tick)
    svg.append(draw('line', { class: 'base', x1: at, x2: at, y1: frame.bottom, y2: frame.bottom + 4 }))
    svg.append(draw('text', { class: 'tick', x: at, y: frame.bottom + 17, 'text-anchor': 'middle' }, x.told(tick)))
  }
  svg.append(draw('text', { class: 'axis', x: (frame.left + frame.right) / 2, y: frame.bottom + 35, 'text-anchor': 'middle' }, x.title))
}

/** About `count` round numbers from at most `from` to at least `to`, two at least; 0 and 1 where there is nothing between them (the least of no numbers is infinite). */
export function roundTicks(from: number, to: number, count: number): readonly number[] {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return [0, 1]
  if (from === to) return roundTicks(from, from + (Math.abs(from) / 10 || 1), count)
  const span = to - from
  const rough = span / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find(each => each * power >= rough - 1e-12) ?? 10) * power
  const first = Math.floor(from / step + 1e-9)
  const last = Math.ceil(to / step - 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

export const axisOf = (ticks: readonly number[], title: string, told: (value: number) => string): Axis => ({
  from: ticks[0] ?? 0,
  to: ticks.at(-1) ?? 1,
  ticks,
  title,
  told,
})

/** Series are told apart by shape too. */
export type Series = 1 | 2 | 3 | 4 | 5 | 6

export function drawPoint(x: number, y: number, series: Series, size = 5): SVGElement {
  const attributes = { class: `point series-${series}` }
  if (series === 1) return draw('circle', { ...attributes, cx: x, cy: y, r: size })
  if (series === 2) return draw('rect', { ...attributes, x: x - size * 0.9, y: y - size * 0.9, width: size * 1.8, height: size * 1.8 })
  const corners = SHAPES[series].map(([dx, dy]) => `${round(x + dx * size)},${round(y + dy * size)}`)
  return draw('polygon', { ...attributes, points: corners.join(' ') })
}

const SHAPES: Readonly<Record<Exclude<Series, 1 | 2>, readonly (readonly [x: number, y: number])[]>> = {
  3: [
    [0, -1.3],
    [1.3, 0],
    [0, 1.3],
    [-1.3, 0],
  ],
  4: [
    [0, -1.2],
    [1.2, 0.9],
    [-1.2, 0.9],
  ],
  5: [
    [0, 1.2],
    [1.2, -0.9],
    [-1.2, -0.9],
  ],
  6: [
    [-1.2, -0.5],
    [1.2, -0.5],
    [1.2, 0.5],
    [-1.2, 0.5],
  ],
}

export const pathThrough = (points: readonly (readonly [x: number, y: number])[]): string =>
  points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('')
