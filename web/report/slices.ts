// The same figure on parts of the turns: languages, lengths, sources.
import type { Report, Slice } from '@parley/ensembles/evaluation/report.ts'
import { make } from '../widget/elements.ts'
import { chooseAndShow } from './choice.ts'
import { intervalRows, type Row } from './interval-rows.ts'
import { around, kindOf, tickOf } from './numbers.ts'
import { comparedNames } from './rivals.ts'
import type { Strings } from './strings.ts'
import { behind, card, figure, words } from './table.ts'

/** `whole`: of all turns, which each part is seen beside. */
export function slicesPlot(slices: readonly Slice[], whole: Pick<Report, 'headlines' | 'turns'>, strings: Strings): HTMLElement {
  if (slices.length === 0) return card(strings.slicesTitle, strings.slicesNone)
  const nameOf = ({ by, name }: Slice): string =>
    by === 'language' && (name === 'zh' || name === 'en')
      ? strings.languages[name]
      : by === 'length'
        ? (strings.lengths[name] ?? name)
        : name
  const groups = [...Map.groupBy(slices, ({ by }) => by)]
  return card(
    strings.slicesTitle,
    strings.slicesExplained,
    chooseAndShow(strings.measure, comparedNames(strings), measure => {
      const kind = kindOf(measure)
      const rowOf = (name: string, turns: number, estimate: Report['headlines'][typeof measure]): Row => ({
        name,
        words: around(estimate, kind, strings),
        points: [
          {
            series: 1,
            ...estimate,
            told: [name, strings.pair(strings.measures[measure], around(estimate, kind, strings)), strings.turns(turns)],
          },
        ],
      })
      const values = [whole.headlines, ...slices.map(({ figures }) => figures)].flatMap(figures => {
        const { value, low, high } = figures[measure]
        return [value, low, high].filter(each => each !== null)
      })
      return [
        ...groups.flatMap(([by, those]) => [
          make('h3', '', strings.sliceKinds[by]),
          intervalRows({
            label: strings.pair(strings.sliceKinds[by], strings.measures[measure]),
            rows: [
              ...those.map(slice => rowOf(`${nameOf(slice)} · ${slice.turns}`, slice.turns, slice.figures[measure])),
              rowOf(`${strings.whole} · ${whole.turns}`, whole.turns, whole.headlines[measure]),
            ],
            axis: strings.measures[measure],
            tick: tickOf(kind),
            holds: [Math.min(...values), Math.max(...values)], // one axis for all
          }),
        ]),
        behind(strings, () => ({
          title: strings.pair(strings.slicesTitle, strings.measures[measure]),
          columns: [
            { title: strings.slice },
            { title: strings.turnsHead, isNumber: true },
            { title: strings.measures[measure], isNumber: true },
          ],
          rows: slices.map(slice => [
            words(strings.pair(strings.sliceKinds[slice.by], nameOf(slice))),
            figure(slice.turns, String(slice.turns)),
            figure(slice.figures[measure].value, around(slice.figures[measure], kind, strings)),
          ]),
          sorted: { column: 2, isDown: true },
        })),
      ]
    }),
  )
}
