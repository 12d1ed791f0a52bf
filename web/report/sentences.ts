// The sentences behind a cell of the confusion matrix, in a dialog: they stand in it as text, whatever a customer has written.
import type { Cell } from '@parley/ensembles/evaluation/by-action.ts'
import { make } from '../widget/elements.ts'
import { told } from './numbers.ts'
import type { Strings } from './strings.ts'

export interface SentencesDialog {
  readonly element: HTMLDialogElement
  /** Focus goes back to where it was when it is closed. */
  show(cell: Cell): void
}

export const saidOf = ({ said }: Pick<Cell, 'said'>, strings: Strings): string => said ?? strings.nobody

export function createSentencesDialog(strings: Strings): SentencesDialog {
  const dialog = make('dialog', 'sentences')
  const title = make('h2', '')
  const list = make('ul', '')
  list.tabIndex = 0 // the arrow keys scroll it
  const close = make('button', 'secondary', strings.close)
  close.type = 'button'
  close.addEventListener('click', () => dialog.close())
  // A press beside it.
  dialog.addEventListener('click', event => event.target === dialog && dialog.close())
  const body = make('div', 'sentences-body')
  body.append(title, list, close)
  dialog.append(body)
  return {
    element: dialog,
    show(cell) {
      const { right, count, sentences } = cell
      title.textContent = `${strings.cellTitle(right, saidOf(cell, strings))} · ${strings.turns(count)}`
      dialog.setAttribute('aria-label', title.textContent)
      const isLeftOut = sentences.every(({ text }) => text === '')
      list.replaceChildren(
        ...(isLeftOut ? [make('li', 'faint', strings.textsLeftOut)] : []),
        ...sentences.map(({ line, text, confidence }) => {
          const item = make('li', '')
          if (!isLeftOut) item.append(make('span', 'sentence', text))
          item.append(make('span', 'faint', `${strings.line(line)} · ${told(confidence, 'share')}`))
          return item
        }),
      )
      dialog.showModal()
      list.scrollTop = 0
    },
  }
}
