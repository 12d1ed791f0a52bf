// The little drawings of the console. Sizes are attributes, not styles: the page's policy allows no inline style. Each stands beside words that say
// the same, so none is read out.

const SVG = 'http://www.w3.org/2000/svg'

function draw<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  return made
}

function canvas(className: string, width: number, height: number): SVGSVGElement {
  return draw('svg', { class: className, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' })
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** A share of the whole, 0 to 1, from the left. */
export function bar(share: number): SVGSVGElement {
  const svg = canvas('bar', 100, 4)
  svg.append(draw('rect', { class: 'filled', width: clamp(share, 0, 1) * 100, height: 4 }))
  return svg
}

/** From the middle to the left (-1) or right (1). */
export function balance(value: number, kind: string): SVGSVGElement {
  const svg = canvas(`balance ${kind}`, 100, 4)
  const length = Math.max(3, Math.abs(clamp(value, -1, 1)) * 50)
  svg.append(draw('rect', { class: 'filled', x: value < 0 ? 50 - length : 50, width: length, height: 4 }))
  svg.append(draw('rect', { class: 'middle', x: 49.25, width: 1.5, height: 4 }))
  return svg
}

/** Values from -1 to 1 in their order; the line in the middle is 0. */
export function sparkline(values: readonly number[]): SVGSVGElement {
  const [width, height, edge] = [300, 56, 6]
  const svg = canvas('sparkline', width, height)
  const x = (i: number): number => (values.length < 2 ? width / 2 : edge + (i * (width - 2 * edge)) / (values.length - 1))
  const y = (value: number): number => edge + ((1 - clamp(value, -1, 1)) * (height - 2 * edge)) / 2
  svg.append(draw('line', { class: 'zero', x1: 0, x2: width, y1: height / 2, y2: height / 2 }))
  svg.append(draw('polyline', { class: 'line', points: values.map((value, i) => `${x(i)},${y(value)}`).join(' ') }))
  for (const [i, value] of values.entries()) svg.append(draw('circle', { class: 'dot', cx: x(i), cy: y(value), r: 3.5 }))
  svg.setAttribute('preserveAspectRatio', 'xMidYMid meet')
  return svg
}
