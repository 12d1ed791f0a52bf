// Where the customer writes: a text that grows with what is in it, a count when it nears the limit, and the keys that send.
import { LIMITS } from '@parley/core/protocol/limits.ts'
import { element, setText } from './elements.ts'
import { doesSend } from './enter-key.ts'
import type { Strings } from './strings.ts'

export interface Composer {
  label(strings: Strings): void
  /** Puts a text back to be changed. What was being written is kept, below it. */
  putBack(text: string): void
  focus(): void
}

/** The count is shown from here on. */
const NEAR_LIMIT = LIMITS.textCharacters - 200

/** `send` gives false when the text was not taken; it then stays. */
export function createComposer(send: (text: string) => boolean, typing: () => void): Composer {
  const text = element('text', HTMLTextAreaElement)
  const button = element('send', HTMLButtonElement)
  const counter = element('counter', HTMLSpanElement)
  let strings: Strings | undefined

  function refresh(): void {
    const characters = charactersOf(text.value)
    const left = LIMITS.textCharacters - characters
    setText(counter, !strings || characters < NEAR_LIMIT ? '' : left < 0 ? strings.over(-left) : strings.left(left))
    counter.dataset.over = String(left < 0)
    text.ariaInvalid = String(left < 0)
    button.disabled = left < 0 || text.value.trim() === ''
    text.style.height = 'auto'
    text.style.height = `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`
  }

  function submit(): void {
    const value = text.value.trim()
    if (button.disabled || !send(value)) return
    text.value = ''
    refresh()
    text.focus()
  }

  text.addEventListener('input', () => {
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
    label(next) {
      strings = next
      setText(element('text-label', HTMLLabelElement), next.placeholder)
      text.placeholder = next.placeholder
      button.ariaLabel = next.send
      button.title = next.send
      refresh()
    },
    putBack(back) {
      text.value = text.value.trim() === '' ? back : `${back}\n${text.value}`
      refresh()
      text.focus()
    },
    focus: () => text.focus(),
  }
}

/** Counted as the server counts: code points after NFC. */
function charactersOf(text: string): number {
  let count = 0
  for (const _ of text.trim().normalize('NFC')) count++
  return count
}
