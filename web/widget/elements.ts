// The page's own elements, by the ids of index.html, and how new ones are made. Text goes in as text: nothing here parses HTML.

/** The element of index.html with this id. */
export function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} with id ${id}`)
  return found
}

/** A new element with a class and, if given, a text. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, className: string, text?: string): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

/** Sets a text only where it differs: a live region announces every change, also one to the same words. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text
}
