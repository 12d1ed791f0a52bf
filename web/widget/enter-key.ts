// Whether a key press sends the message. Enter also picks a candidate in an input method (pinyin, kana, hangul); that must never send.

/** What is asked of a KeyboardEvent. */
export interface KeyPress {
  readonly key: string
  readonly keyCode: number
  readonly isComposing: boolean
  readonly shiftKey: boolean
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly metaKey: boolean
}

/** The key code of a press that an input method has taken. Safari ends the composition before it tells the key, so `isComposing` is false there. */
const TAKEN_BY_INPUT_METHOD = 229

export const doesSend = (press: KeyPress): boolean =>
  press.key === 'Enter' &&
  !press.isComposing &&
  press.keyCode !== TAKEN_BY_INPUT_METHOD &&
  !press.shiftKey &&
  !press.ctrlKey &&
  !press.altKey &&
  !press.metaKey
