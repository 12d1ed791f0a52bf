// Precision, recall and F1 of each action, in a table that sorts.
import type { Report } from '@parley/ensembles/evaluation/report.ts'
import { make } from '../widget/elements.ts'
import { interval, told } from './numbers.ts'
import type { Strings } from './strings.ts'
import { canvas, draw } from './svg.ts'
import { type CellValue, card, figure, table, words } from './table.ts'

/** Below so many turns an action's figures tell little. */
const FEW = 20

export const actionsTable = (actions: Report['actions'], strings: Strings): HTMLElement =>
  card(
    strings.actionsTitle,
    strings.actionsExplained,
    table({
      title: strings.actionsTitle,
      columns: [
        { title: strings.action },
        ...[strings.turnsHead, strings.precision, strings.recall, 'F1'].map(title => ({ title, isNumber: true })),
      ],
      rows: actions.map(({ action, support, precision, recall, f1, within }) => {
        const kind = support < FEW ? 'few' : undefined
        return [
          words(action, kind),
          figure(support, supportOf(support, strings), kind),
          barred(precision, within.precision, strings, kind),
          barred(recall, within.recall, strings, kind),
          barred(f1, undefined, strings, kind),
        ]
      }),
      sorted: { column: 1, isDown: true },
    }),
  )

function supportOf(support: number, strings: Strings): HTMLElement {
  const box = make('span', '', String(support))
  if (support < FEW) box.append(make('small', 'few-turns', strings.few))
  return box
}

/** The number upon a bar, with its interval where there is one. */
function barred(
  value: number | null,
  within: { readonly low: number | null; readonly high: number | null } | undefined,
  strings: Strings,
  kind: string | undefined,
): CellValue {
  const box = make('span', 'barred')
  const svg = canvas(100, 8)
  svg.setAttribute('class', 'bar')
  svg.setAttribute('preserveAspectRatio', 'none')
  svg.append(
    draw('rect', { class: 'track', width: 100, height: 8 }),
    draw('rect', { class: 'filled', width: 100 * (value ?? 0), height: 8 }),
  )
  const number = make('span', '', told(value, 'share'))
  if (within && within.low !== null && within.high !== null) {
    const { low, high } = within
    number.append(make('small', 'faint', ` ${interval({ low, high }, 'share', strings)}`))
    svg.append(draw('rect', { class: 'interval', x: 100 * low, width: Math.max(1, 100 * (high - low)), y: 3, height: 2 }))
  }
  box.append(number, svg)
  return figure(value, box, kind)
}
