// A slider with its number beside it: both move, and each moves the other.
import { h } from '../../look/dom.ts'

export interface SliderParts {
  readonly key: string
  /** What a screen reader calls it, and what stands above it. */
  readonly name: string
  readonly label: string
  readonly value: number
  /** It has not been moved, wherever it stands. */
  readonly isUnmoved: boolean
  /** Where it began: in two languages at two places, it may be. */
  readonly was: readonly number[]
  readonly min?: number
  readonly max: number
  readonly step: number
  wasText(weight: string): string
  moved(value: number): void
}

const rounded = (value: number): string => String(Math.round(value * 100) / 100)

export function slider({ key, name, label, value, isUnmoved, was, min = 0, max, step, wasText, moved }: SliderParts): HTMLElement {
  const began = h('span', { class: 'faint was' })
  const range = h('input', {
    type: 'range',
    id: `slide-${key}`,
    'aria-label': name,
    min,
    max,
    step,
    value: rounded(value),
    oninput: () => take(range.value),
  })
  const number = h('input', {
    type: 'number',
    id: `number-${key}`,
    'aria-label': name,
    min,
    max,
    step,
    value: rounded(value),
    inputmode: 'decimal',
    onchange: () => take(number.value),
  })
  function take(text: string): void {
    const next = Math.min(max, Math.max(min, Number(text)))
    if (!Number.isFinite(next)) return
    range.value = number.value = rounded(next)
    tell(next)
    moved(Number(rounded(next)))
  }
  function tell(now: number): void {
    began.textContent = was.every(each => rounded(each) === rounded(now)) ? '' : wasText(was.map(rounded).join(' / '))
  }
  if (!isUnmoved) tell(value)
  return h('div', { class: 'slider' }, h('span', { class: 'slider-name' }, label, ' ', began), range, number)
}

/** How far a cost may be moved, around what it is. */
export const costLabels = (cost: number): { readonly min: number; readonly max: number; readonly step: number } => {
  const max = Math.max(1, Math.ceil(cost * 4))
  return { min: 0.1, max, step: max > 100 ? 1 : 0.1 }
}
