// How the pages make their elements. Text goes in as text nodes, and no style attribute is set: the page's policy allows neither.

export type Child = Node | string | number | null | undefined | false | readonly Child[]
export type Props = Readonly<Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>> & {
  readonly style?: never
}

/** A new element. A prop that is a function listens (`onclick`), `true` is an attribute without a value; `false`, `null` and undefined are none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props?: Props | null,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(props ?? {})) {
    if (typeof value === 'function') made.addEventListener(name.slice(2), value)
    else if (value === true) made.setAttribute(name, '')
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value))
  }
  made.append(...nodesOf(children))
  return made
}

const nodesOf = (children: readonly Child[]): (Node | string)[] =>
  children.flatMap(child => {
    if (child === null || child === undefined || child === false) return []
    if (typeof child === 'number') return [String(child)]
    return typeof child === 'string' || child instanceof Node ? [child] : nodesOf(child)
  })

/** Puts these in place of what is there. What had the focus keeps it where something with the same `data-key` or id takes its place. */
export function fill(container: HTMLElement, ...children: readonly Child[]): void {
  const active = document.activeElement
  const key = active instanceof HTMLElement && container.contains(active) ? keyOf(active) : undefined
  const caret = active instanceof HTMLInputElement && active.type === 'search' ? active.selectionStart : null
  container.replaceChildren(...nodesOf(children))
  if (key === undefined || document.activeElement === active) return
  const heir = [...container.querySelectorAll<HTMLElement>('[data-key], [id]')].find(found => keyOf(found) === key)
  heir?.focus({ preventScroll: true })
  if (heir instanceof HTMLInputElement && caret !== null) heir.setSelectionRange(caret, caret)
}

const keyOf = (found: HTMLElement): string | undefined => found.dataset.key ?? (found.id || undefined)

const SVG = 'http://www.w3.org/2000/svg'

/** A small drawing of strokes, 24 by 24, for a button that has words too. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  const line = document.createElementNS(SVG, 'path')
  line.setAttribute('d', path)
  svg.append(line)
  return svg
}
