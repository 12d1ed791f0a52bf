// Asks before a conversation leaves the agent's hands, and takes the note for colleagues.
import { element, setText } from '../widget/elements.ts'
import type { ReleaseTo } from './desk-client.ts'
import type { Strings } from './strings.ts'

/** `release` gives false when it could not be asked for; the dialog then stays with its note. */
export function createReleaseDialog(release: (to: ReleaseTo, note: string) => boolean): (to: ReleaseTo, strings: Strings) => void {
  const dialog = element('release', HTMLDialogElement)
  const note = element('note', HTMLTextAreaElement)
  const yes = element('release-yes', HTMLButtonElement)
  let to: ReleaseTo = 'bot'
  element('release-no', HTMLButtonElement).addEventListener('click', () => dialog.close())
  yes.addEventListener('click', () => {
    if (!release(to, note.value)) return
    note.value = ''
    dialog.close()
  })
  return (next, strings) => {
    to = next
    setText(element('release-title', HTMLHeadingElement), strings.releaseTitle[to])
    setText(element('release-text', HTMLParagraphElement), strings.releaseText[to])
    setText(yes, strings.releaseYes[to])
    dialog.showModal()
    note.focus()
  }
}
