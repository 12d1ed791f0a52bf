// Where the agent writes. A text belongs to its conversation: going to another and back finds it again.
import { LIMITS } from '@parley/core/protocol/limits.ts'
import { element, setText } from '../widget/elements.ts'
import { doesSend } from '../widget/enter-key.ts'
import type { Strings } from './strings.ts'

export interface May {
  /** Writing goes on while the line is away: a reconnect in the midst of a word takes neither the focus nor the word. */
  readonly write: boolean
  readonly send: boolean
  /** Why not, in place of a text. */
  readonly obstacle: string | undefined
}

export interface Composer {
  show(conversation: string, may: May, strings: Strings): void
  putBack(text: string): void
  /** At the caret, apart from what stands beside it. False where nothing may be written. */
  insert(text: string): boolean
  focus(): void
  readonly isOpen: boolean
}

/** The count is shown from here on. */
const NEAR_LIMIT = LIMITS.textCharacters - 200

/** `send` gives false when the text was not taken; it then stays. */
export function createComposer(send: (text: string) => boolean, typing: () => void): Composer {
  const text = element('text', HTMLTextAreaElement)
  const button = element('send', HTMLButtonElement)
  const counter = element('counter', HTMLSpanElement)
  const drafts = new Map<string, string>()
  let shownOf: string | undefined
  let may: May = { write: false, send: false, obstacle: undefined }
  let strings: Strings | undefined

  function refresh(): void {
    const characters = charactersOf(text.value)
    const left = LIMITS.textCharacters - characters
    setText(counter, !strings || characters < NEAR_LIMIT ? '' : left < 0 ? strings.over(-left) : strings.left(left))
    counter.dataset.over = String(left < 0)
    text.ariaInvalid = String(left < 0)
    button.disabled = !may.send || left < 0 || text.value.trim() === ''
    // Through the object model, which the page's policy allows; it forbids style attributes alone.
    text.style.height = 'auto'
    text.style.height = `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`
  }

  function submit(): void {
    const value = text.value.trim()
    if (button.disabled || !send(value)) return
    text.value = ''
    if (shownOf !== undefined) drafts.delete(shownOf)
    refresh()
    text.focus()
  }

  text.addEventListener('input', () => {
    if (shownOf !== undefined) drafts.set(shownOf, text.value)
    refresh()
    if (text.value.trim() !== '') typing()
  })
  text.addEventListener('keydown', event => {
    if (!doesSend(event)) return
    event.preventDefault()
    submit()
  })
  button.addEventListener('click', submit)

  return {
    show(conversation, now, next) {
      strings = next
      may = now
      if (conversation !== shownOf) {
        shownOf = conversation
        text.value = drafts.get(conversation) ?? ''
      }
      text.readOnly = !may.write
      text.placeholder = may.obstacle ?? next.placeholder
      refresh()
    },
    putBack(back) {
      text.value = text.value.trim() === '' ? back : `${back}\n${text.value}`
      if (shownOf !== undefined) drafts.set(shownOf, text.value)
      refresh()
      text.focus()
    },
    insert(piece) {
      if (text.readOnly) return false
      const [before, after] = [text.value.slice(0, text.selectionStart), text.value.slice(text.selectionEnd)]
      // Chinese has no spaces: only a letter or a figure would run into it.
      const isApart = (letter: string | undefined): boolean => letter === undefined || !/[A-Za-z0-9]/.test(letter)
      const put = `${isApart(before.at(-1)) ? '' : ' '}${piece}${isApart(after[0]) ? '' : ' '}`
      text.value = before + put + after
      text.selectionStart = text.selectionEnd = before.length + put.length
      if (shownOf !== undefined) drafts.set(shownOf, text.value)
      refresh()
      return true
    },
    focus: () => text.focus(),
    get isOpen() {
      return may.write
    },
  }
}

/** Counted as the server counts: code points after NFC. */
function charactersOf(text: string): number {
  let count = 0
  for (const _ of text.trim().normalize('NFC')) count++
  return count
}
