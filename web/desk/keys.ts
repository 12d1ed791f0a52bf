// What a key press asks of the console. Single letters act only outside of texts and dialogs, and only while the agent has them turned on.
import type { KeyPress } from '../widget/enter-key.ts'

export type KeyAction = 'next' | 'previous' | 'claim' | 'reply' | 'side' | 'help' | 'leave-text' | 'leave'

/** Where the focus is. In the `list` the arrows go from row to row; elsewhere they scroll. */
export type FocusPlace = 'text' | 'list' | 'dialog' | 'elsewhere'

const LETTERS: Readonly<Record<string, KeyAction>> = { j: 'next', k: 'previous', c: 'claim', r: 'reply', v: 'side', '?': 'help' }
const ARROWS: Readonly<Record<string, KeyAction>> = { ArrowDown: 'next', ArrowUp: 'previous' }

/** Undefined: the press is the browser's. `hasLetters`: whether single letters are turned on. */
export function keyAction(press: KeyPress, place: FocusPlace, hasLetters: boolean): KeyAction | undefined {
  if (press.isComposing || press.keyCode === 229 || press.ctrlKey || press.altKey || press.metaKey || place === 'dialog') return undefined
  if (press.key === 'Escape') return place === 'text' ? 'leave-text' : 'leave'
  if (place === 'text') return undefined
  const arrow = place === 'list' ? ARROWS[press.key] : undefined
  return arrow ?? (hasLetters ? LETTERS[press.key] : undefined)
}
