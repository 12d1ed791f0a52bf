// Precision, recall and F1 of each action, in a table that sorts.
import type { ActionFigures } from '@parley/ensembles/evaluation/by-action.ts'
import { make } from '../widget/elements.ts'
import { told } from './numbers.ts'
import type { Strings } from './strings.ts'
import { canvas, draw } from './svg.ts'
import { type CellValue, card, figure, table, words } from './table.ts'

/** Below so many turns an action's figures tell little. */
const FEW = 20

export const actionsTable = (actions: readonly ActionFigures[], strings: Strings): HTMLElement =>
  card(
    strings.actionsTitle,
    strings.actionsExplained,
    table({
      title: strings.actionsTitle,
      columns: [
        { title: strings.action },
        ...[strings.turnsHead, strings.precision, strings.recall, 'F1'].map(title => ({ title, isNumber: true })),
      ],
      rows: actions.map(({ action, support, precision, recall, f1 }) => {
        const kind = support < FEW ? 'few' : undefined
        return [
          words(action, kind),
          figure(support, support < FEW ? `${support} (${strings.few})` : String(support), kind),
          ...[precision, recall, f1].map(value => barred(value, kind)),
        ]
      }),
      sorted: { column: 1, isDown: true },
    }),
  )

/** The number upon a bar. */
function barred(value: number | null, kind: string | undefined): CellValue {
  const box = make('span', 'barred')
  const svg = canvas(100, 6)
  svg.setAttribute('class', 'bar')
  svg.setAttribute('preserveAspectRatio', 'none')
  svg.append(
    draw('rect', { class: 'track', width: 100, height: 6 }),
    draw('rect', { class: 'filled', width: 100 * (value ?? 0), height: 6 }),
  )
  box.append(told(value, 'share'), svg)
  return figure(value, box, kind)
}
