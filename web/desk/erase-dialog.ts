// Says exactly what goes before a customer is erased, and takes a word for it: nobody can bring it back, and a button is pressed too easily.
import { element, setText } from '../widget/elements.ts'
import type { Strings } from './strings.ts'

/** `erase` gives false when it could not be asked for; the dialog then stays. */
export function createEraseDialog(erase: () => boolean): (strings: Strings) => void {
  const dialog = element('erase', HTMLDialogElement)
  const word = element('erase-word', HTMLInputElement)
  const yes = element('erase-yes', HTMLButtonElement)
  let wanted = ''
  const isTyped = (): boolean => word.value.trim().toLowerCase() === wanted.toLowerCase()
  const look = (): void => {
    yes.ariaDisabled = String(!isTyped())
  }
  word.addEventListener('input', look)
  element('erase-form', HTMLFormElement).addEventListener('submit', event => {
    event.preventDefault() // the dialog closes when it was asked for
    if (isTyped() && erase()) dialog.close()
  })
  element('erase-no', HTMLButtonElement).addEventListener('click', () => dialog.close())
  return strings => {
    wanted = strings.eraseWord
    word.value = ''
    look()
    setText(element('erase-ask', HTMLLabelElement), strings.eraseAsk(wanted))
    dialog.showModal()
    word.focus()
  }
}
