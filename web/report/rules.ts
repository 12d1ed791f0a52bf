// What the rules took that no vote talks out of a person's hands.
import type { Report } from '@parley/ensembles/evaluation/report.ts'
import type { Strings } from './strings.ts'
import { card, figure, table, words } from './table.ts'

export function rulesTable({ rules }: Report['byRule'], strings: Strings): HTMLElement {
  if (rules.length === 0) return card(strings.rulesTitle, strings.rulesNone)
  return card(
    strings.rulesTitle,
    strings.rulesExplained,
    table({
      title: strings.rulesTitle,
      columns: [{ title: strings.rule }, ...[strings.turnsHead, strings.persons, strings.missed].map(title => ({ title, isNumber: true }))],
      rows: rules.map(({ kind, rule, turns, rightly, missed }) => [
        words(kind === 'risk' ? strings.risk(rule) : rule),
        figure(turns, String(turns)),
        figure(rightly, String(rightly)),
        figure(missed, missed === null ? '' : String(missed)),
      ]),
      sorted: { column: 1, isDown: true },
    }),
  )
}
