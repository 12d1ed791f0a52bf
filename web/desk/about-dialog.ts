// "It was about X": one action of the shop's catalogue for a turn of the bot's, found by typing. The keyboard stays in the field: the arrows choose, Enter says it.
import type { NamedAction } from '@parley/core/protocol/desk-message.ts'
import { element, make, setText } from '../widget/elements.ts'
import { findActions } from './find-actions.ts'
import { textOf } from './rows.ts'
import type { PageLocale, Strings } from './strings.ts'
import type { Watched } from './watched.ts'

export interface AboutDialog {
  open(watched: Watched, turn: number): void
  /** What there is to choose from; it may come after the dialog was opened. */
  show(actions: readonly NamedAction[], strings: Strings, locale: PageLocale): void
}

/** `say` gives false when it could not be said; the dialog then stays. */
export function createAboutDialog(say: (turn: number, action: string | null) => boolean): AboutDialog {
  const dialog = element('about', HTMLDialogElement)
  const field = element('about-find', HTMLInputElement)
  const list = element('about-actions', HTMLDivElement)
  const withdraw = element('about-withdraw', HTMLButtonElement)
  let turn = 0
  /** What this agent has said already. */
  let mine: string | undefined
  let actions: readonly NamedAction[] = []
  let found: readonly NamedAction[] = []
  let chosen = 0
  let words: Strings | undefined
  let locale: PageLocale = 'en'
  let shown = ''

  function fill(): void {
    found = findActions(actions, field.value)
    chosen = Math.max(0, field.value === '' ? found.findIndex(({ action }) => action === mine) : 0)
    list.replaceChildren(...found.map(option))
    setText(element('about-none', HTMLParagraphElement), actions.length > 0 && found.length === 0 ? (words?.aboutNone ?? '') : '')
    mark()
  }

  function option({ action, label }: NamedAction, i: number): HTMLElement {
    const other: PageLocale = locale === 'en' ? 'zh-CN' : 'en'
    const made = make('div', 'named-action')
    made.role = 'option'
    made.id = `about-${i}`
    const aside = make('span', 'faint', label[other])
    aside.lang = other
    made.append(make('span', '', label[locale]), aside)
    made.title = action
    made.addEventListener('click', () => pick(action))
    return made
  }

  function mark(): void {
    for (const [i, each] of [...list.children].entries()) each.ariaSelected = String(i === chosen)
    const at = list.children[chosen]
    if (at) field.setAttribute('aria-activedescendant', at.id)
    else field.removeAttribute('aria-activedescendant')
    at?.scrollIntoView({ block: 'nearest' })
  }

  function pick(action: string | null): void {
    if (say(turn, action)) dialog.close()
  }

  field.addEventListener('input', fill)
  field.addEventListener('keydown', event => {
    if (event.isComposing || event.keyCode === 229) return // the input method's
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const wanted = found[chosen]
    if (step !== undefined && found.length > 0) {
      event.preventDefault()
      chosen = (chosen + step + found.length) % found.length
      mark()
    } else if (event.key === 'Enter' && wanted) {
      event.preventDefault()
      pick(wanted.action)
    }
  })
  withdraw.addEventListener('click', () => pick(null))
  element('about-no', HTMLButtonElement).addEventListener('click', () => dialog.close())

  return {
    open(watched, of) {
      turn = of
      const end = watched.log.find(event => event.type === 'reply' && event.turn === of)?.seq ?? of
      const said = watched.log.filter(event => event.type === 'message' && event.seq >= of && event.seq < end)
      setText(element('about-said', HTMLQuoteElement), said.map(event => (event.type === 'mark' ? '' : textOf(event))).join('\n'))
      mine = watched.labels.find(label => label.turn === of && label.isMine)?.action
      withdraw.hidden = mine === undefined
      field.value = ''
      shown = ''
      dialog.showModal()
      field.focus()
    },
    show(next, strings, inLocale) {
      if (!dialog.open) return
      const now = JSON.stringify([next, inLocale])
      if (now === shown) return
      shown = now
      ;[actions, words, locale] = [next, strings, inLocale]
      fill()
    },
  }
}
