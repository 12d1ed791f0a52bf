// A plot that answers: the mark nearest to the pointer or the finger, or the one that the arrow keys have come to, tells its numbers. It is drawn anew at the
// width that it has, so that its words keep their size on a phone. To a screen reader it is a slider over its marks.
import { make } from '../widget/elements.ts'
import { canvas, draw, drawPoint, type Series } from './svg.ts'

export interface Mark {
  readonly x: number
  readonly y: number
  /** What it is, and its numbers: a line each. */
  readonly told: readonly string[]
}

export interface Drawn {
  readonly svg: SVGSVGElement
  /** In the order in which the arrow keys go through them. */
  readonly marks: readonly Mark[]
}

/** What the pointer has to be near to: a mark of a line by its x, one of rows by its y. */
export type Along = 'x' | 'y' | 'both'
const PULL: Readonly<Record<Along, readonly [x: number, y: number]>> = { x: [1, 0.1], y: [0.02, 1], both: [1, 1] }

const EDGE = 2
const GAP = 12

/** `label` says what is to be seen. `drawAt` is called with each width, in pixels, that the plot comes to have. */
export function plot(label: string, along: Along, drawAt: (width: number) => Drawn): HTMLElement {
  const area = make('div', 'plot-area')
  const tip = make('div', 'tip')
  tip.hidden = true
  area.setAttribute('aria-label', label)
  area.append(tip)
  const ring = draw('circle', { class: 'ring', r: 8 })
  let marks: readonly Mark[] = []
  let svg: SVGSVGElement | undefined
  let [at, width] = [0, 0]

  function redraw(next: number): void {
    if (next === width || next < 1) return
    width = next
    const drawn = drawAt(width)
    svg?.remove()
    ;({ svg, marks } = drawn)
    area.prepend(svg)
    at = Math.min(at, Math.max(0, marks.length - 1))
    hide()
    describe()
  }
  function describe(): void {
    const mark = marks[at]
    if (!mark) return area.setAttribute('role', 'img')
    const attributes = { role: 'slider', tabindex: 0, 'aria-valuemin': 1, 'aria-valuemax': marks.length, 'aria-valuenow': at + 1 }
    for (const [name, value] of Object.entries(attributes)) area.setAttribute(name, String(value))
    area.setAttribute('aria-valuetext', mark.told.join(', '))
  }
  function show(index: number): void {
    const mark = marks[index]
    if (!mark || !svg) return
    at = index
    describe()
    ring.setAttribute('cx', String(mark.x))
    ring.setAttribute('cy', String(mark.y))
    svg.append(ring)
    tip.replaceChildren(...mark.told.map((line, i) => make('div', i === 0 ? 'tip-title' : '', line)))
    tip.hidden = false
    const { offsetWidth, offsetHeight } = tip
    tip.style.left = `${Math.max(EDGE, Math.min(width - offsetWidth - EDGE, mark.x - offsetWidth / 2))}px`
    tip.style.top = `${mark.y - offsetHeight - GAP >= EDGE ? mark.y - offsetHeight - GAP : mark.y + GAP}px`
  }
  function hide(): void {
    tip.hidden = true
    ring.remove()
  }
  function nearest(event: PointerEvent): number {
    const box = area.getBoundingClientRect()
    const [x, y] = [event.clientX - box.left, event.clientY - box.top]
    const distance = (mark: Mark): number => (PULL[along][0] * (mark.x - x)) ** 2 + (PULL[along][1] * (mark.y - y)) ** 2
    let best = 0
    for (const [i, mark] of marks.entries()) if (distance(mark) < distance(marks[best]!)) best = i // one of them
    return best
  }

  area.addEventListener('pointermove', event => show(nearest(event)))
  area.addEventListener('pointerdown', event => show(nearest(event)))
  area.addEventListener('pointerleave', event => event.pointerType === 'mouse' && hide()) // a finger that is lifted leaves what it found
  area.addEventListener('focus', () => show(at))
  area.addEventListener('blur', hide)
  area.addEventListener('keydown', event => {
    const last = marks.length - 1
    const next = {
      ArrowRight: Math.min(last, at + 1),
      ArrowDown: Math.min(last, at + 1),
      ArrowLeft: Math.max(0, at - 1),
      ArrowUp: Math.max(0, at - 1),
      Home: 0,
      End: last,
    }[event.key]
    if (event.key === 'Escape') hide()
    if (next === undefined) return
    event.preventDefault()
    show(next)
  })
  new ResizeObserver(([entry]) => entry && redraw(Math.floor(entry.contentRect.width))).observe(area)
  return area
}

/** What each series is, by its colour and its shape. */
export function legend(names: readonly (readonly [series: Series, name: string])[]): HTMLElement {
  const list = make('ul', 'legend')
  for (const [series, name] of names) {
    const item = make('li', '')
    const svg = canvas(14, 14)
    svg.append(drawPoint(7, 7, series))
    item.append(svg, name)
    list.append(item)
  }
  return list
}
