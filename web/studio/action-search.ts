// All actions of the shop, found by typing any part of a name in either language: a box with a list, by the pattern of a combobox.
import type { ActionView } from '@parley/core/protocol/studio.ts'
import { fill, h } from '../look/dom.ts'
import type { PageLocale } from './words.ts'

const LISTED = 8

/** Those in whose names every word of the query stands, those that begin with it first. */
export function findActions(actions: readonly ActionView[], query: string): readonly ActionView[] {
  const parts = query.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  if (parts.length === 0) return []
  const textOf = ({ id, label }: ActionView): string => `${label['zh-CN']} ${label.en} ${id.replaceAll('_', ' ')} ${id}`.toLocaleLowerCase()
  const begins = ({ id, label }: ActionView): boolean =>
    [label['zh-CN'], label.en, id].some(name => name.toLocaleLowerCase().startsWith(parts[0] ?? ''))
  return actions.filter(action => parts.every(part => textOf(action).includes(part))).sort((a, b) => Number(begins(b)) - Number(begins(a)))
}

export interface ActionSearch {
  readonly element: HTMLElement
  focus(): void
  clear(): void
}

export function createActionSearch(
  actions: readonly ActionView[],
  words: { readonly locale: PageLocale; readonly search: string; readonly noMatch: string },
  chosen: (action: string) => void,
): ActionSearch {
  let found: readonly ActionView[] = []
  let at = 0
  const list = h('ul', { id: 'action-list', role: 'listbox', 'aria-label': words.search, hidden: true })
  const none = h('p', { class: 'faint hint', role: 'status' })
  const input = h('input', {
    type: 'search',
    id: 'action-search',
    role: 'combobox',
    'aria-label': words.search,
    placeholder: words.search,
    'aria-autocomplete': 'list',
    'aria-controls': 'action-list',
    'aria-expanded': 'false',
    autocomplete: 'off',
    oninput: () => {
      at = 0
      draw()
    },
    onkeydown: event => press(event as KeyboardEvent), // what the event is
    onblur: () => setTimeout(() => list.contains(document.activeElement) || clear(), 150),
  })
  const take = (action: ActionView): void => {
    clear()
    input.blur() // so that the digits choose again
    chosen(action.id)
  }
  function press(event: KeyboardEvent): void {
    if (event.isComposing) return
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by !== undefined && found.length > 0) {
      event.preventDefault()
      at = (at + by + found.length) % found.length
      draw()
    } else if (event.key === 'Enter') {
      event.preventDefault()
      const action = found[at]
      if (action) take(action)
    } else if (event.key === 'Escape') {
      event.preventDefault()
      clear()
      input.blur()
    }
  }
  function draw(): void {
    found = findActions(actions, input.value).slice(0, LISTED)
    list.hidden = found.length === 0
    input.setAttribute('aria-expanded', String(found.length > 0))
    if (found.length > 0) input.setAttribute('aria-activedescendant', `action-${at}`)
    else input.removeAttribute('aria-activedescendant')
    fill(none, input.value.trim() !== '' && found.length === 0 && words.noMatch)
    fill(
      list,
      found.map((action, i) =>
        h(
          'li',
          {
            id: `action-${i}`,
            role: 'option',
            'aria-selected': String(i === at),
            onpointerdown: event => {
              event.preventDefault() // the box keeps the focus until it is taken
              take(action)
            },
          },
          h('span', null, action.label[words.locale]),
          h('span', { class: 'faint' }, action.label[words.locale === 'en' ? 'zh-CN' : 'en']),
        ),
      ),
    )
  }
  function clear(): void {
    input.value = ''
    draw()
  }
  return { element: h('div', { class: 'search' }, input, list, none), focus: () => input.focus(), clear }
}
