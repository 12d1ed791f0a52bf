// Shows what goes before a conversation is taken back, and takes the reason. What is shown follows the shop: a message that comes meanwhile is on the
// list before it is taken back.
import { element, make, setText } from '../widget/elements.ts'
import type { Preview } from './desk-client.ts'
import { textOf } from './rows.ts'
import type { Strings } from './strings.ts'

export interface RollbackDialog {
  /** Opens with a preview, and closes without one. */
  show(preview: Preview | undefined, strings: Strings): void
}

/** `rollback` gives false when it could not be asked for; the dialog then stays with its reason. */
export function createRollbackDialog(rollback: (toSeq: number, reason: string) => boolean, leave: () => void): RollbackDialog {
  const dialog = element('rollback', HTMLDialogElement)
  const reason = element('rollback-reason', HTMLTextAreaElement)
  const goes = element('rollback-goes', HTMLUListElement)
  const effects = element('rollback-effects', HTMLUListElement)
  goes.tabIndex = 0 // the arrow keys scroll it
  let shown: Preview | undefined

  element('rollback-no', HTMLButtonElement).addEventListener('click', () => dialog.close())
  element('rollback-yes', HTMLButtonElement).addEventListener('click', () => {
    if (!shown || !rollback(shown.toSeq, reason.value)) return
    reason.value = ''
    dialog.close()
  })
  dialog.addEventListener('close', leave) // by a button or by Escape

  return {
    show(preview, strings) {
      if (preview === shown) return
      shown = preview
      if (!preview) return dialog.close()
      goes.replaceChildren(
        ...preview.goes.map(event => {
          const who = event.type === 'agent_message' ? event.name : strings[SPEAKERS[event.type]]
          const item = make('li', '')
          item.append(make('span', 'speaker', who), ` ${textOf(event)}`)
          return item
        }),
      )
      effects.replaceChildren(
        ...preview.undoes.map(({ name, result }) =>
          make('li', '', strings.rollbackUndoes(strings.nameOfEffect(name), Object.values(result).join(' '))),
        ),
        ...preview.staysUndone.map(({ name }) => make('li', '', strings.rollbackStays(strings.nameOfEffect(name)))),
      )
      effects.hidden = effects.childElementCount === 0
      setText(element('rollback-yes', HTMLButtonElement), strings.rollbackYes)
      if (dialog.open) return
      dialog.showModal()
      reason.focus()
    },
  }
}

const SPEAKERS = { message: 'customer', reply: 'bot', notice: 'notice' } as const
