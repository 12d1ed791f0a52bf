// An ensemble beside others: majority vote and equal weights, each voter alone, each left out. A plot of the differences with their intervals.
import type { Compared, Report, RivalFigures } from '@parley/ensembles/evaluation/report.ts'
import { make } from '../widget/elements.ts'
import { chooseAndShow } from './choice.ts'
import { intervalRows, type Row } from './interval-rows.ts'
import { around, difference, exactDifference, kindOf, signedTickOf } from './numbers.ts'
import type { Strings } from './strings.ts'
import { behind, card, figure, words } from './table.ts'

/** What others are compared by, in the order of the choice. */
export const comparedNames = (strings: Strings): readonly (readonly [Compared, string])[] =>
  (Object.keys(COMPARED) as Compared[]).map(name => [name, strings.measures[name]]) // its own keys
const COMPARED: Readonly<Record<Compared, true>> = {
  accuracy: true,
  wrongAnswers: true,
  costPer1000: true,
  abstention: true,
  macroF1: true,
}

export function rivalsPlot({ rivals, bestAlone }: Pick<Report, 'rivals' | 'bestAlone'>, strings: Strings): HTMLElement {
  const nameOf = ({ kind, name }: RivalFigures): string =>
    `${strings.rivalNames[kind](name)}${kind === 'alone' && name === bestAlone ? ` (${strings.best})` : ''}`
  const groups = Map.groupBy(rivals, ({ kind }) => strings.rivalKinds[kind])
  return card(
    strings.rivalsTitle,
    strings.rivalsExplained,
    chooseAndShow(strings.measure, comparedNames(strings), measure => {
      const kind = kindOf(measure)
      const rowOf = (rival: RivalFigures): Row => {
        const against = rival.against[measure]
        return {
          name: nameOf(rival),
          words: difference(against, kind, strings),
          isFaint: !against.isShown,
          points: [
            {
              series: 1,
              ...against,
              told: [
                nameOf(rival),
                strings.pair(strings.ours, exactDifference(against, kind, strings)),
                strings.pair(strings.theirs, around(rival.figures[measure], kind, strings)),
              ],
            },
          ],
        }
      }
      return [
        make('p', 'explained', strings.better[measure]),
        ...[...groups].flatMap(([title, those]) => [
          make('h3', '', title),
          intervalRows({
            label: strings.pair(title, strings.measures[measure]),
            rows: those.map(rowOf),
            axis: strings.differenceAxis(strings.measures[measure], kind === 'share'),
            tick: signedTickOf(kind),
            zero: 0,
            beside: rivals.map(nameOf),
          }),
        ]),
        behind(strings, () => ({
          title: strings.pair(strings.rivalsTitle, strings.measures[measure]),
          columns: [{ title: strings.rivalHead }, { title: strings.theirs, isNumber: true }, { title: strings.ours, isNumber: true }],
          rows: rivals.map(rival => [
            words(nameOf(rival)),
            figure(rival.figures[measure].value, around(rival.figures[measure], kind, strings)),
            figure(rival.against[measure].value, exactDifference(rival.against[measure], kind, strings)),
          ]),
          sorted: { column: 1, isDown: true },
        })),
      ]
    }),
  )
}
