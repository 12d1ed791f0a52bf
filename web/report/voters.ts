// What each voter does by itself and beside the others, and how much it counts in each language.
import type { Report } from '@parley/ensembles/evaluation/report.ts'
import { intervalRows } from './interval-rows.ts'
import { told } from './numbers.ts'
import { legend } from './plot.ts'
import type { Strings } from './strings.ts'
import { behind, card, figure, type TableParts, table, words } from './table.ts'

type Voters = Report['voters']

export const votersTable = (voters: Voters, strings: Strings): HTMLElement =>
  card(
    strings.votersTitle,
    strings.votersExplained,
    table({
      title: strings.votersTitle,
      columns: [
        { title: strings.voter },
        ...[strings.coverage, strings.overlap, strings.conflict, strings.right, strings.wrong, strings.precision].map(title => ({
          title,
          isNumber: true,
        })),
        ...LANGUAGES.map(language => ({ title: strings.weight(strings.languages[language]), isNumber: true })),
      ],
      rows: voters.map(({ voter, coverage, overlap, conflict, right, wrong, precision, weight }) => [
        words(voter),
        ...[coverage, overlap, conflict].map(share => figure(share, told(share, 'share'))),
        figure(right, String(right)),
        figure(wrong, String(wrong)),
        figure(precision, told(precision, 'share')),
        ...LANGUAGES.map(language => figure(weight?.[language] ?? null, weight ? String(weight[language]) : strings.notHeard)),
      ]),
      sorted: { column: 1, isDown: true },
    }),
  )

const LANGUAGES = ['zh', 'en'] as const

/** Voters that are heard, those that count most first. */
export function weightsPlot(voters: readonly Pick<Voters[number], 'voter' | 'weight'>[], strings: Strings): HTMLElement {
  const heard = voters.flatMap(({ voter, weight }) => (weight ? [{ voter, weight }] : [])).sort((a, b) => sum(b.weight) - sum(a.weight))
  const tableOf = (): TableParts => ({
    title: strings.weightsTitle,
    columns: [{ title: strings.voter }, ...LANGUAGES.map(language => ({ title: strings.languages[language], isNumber: true }))],
    rows: heard.map(({ voter, weight }) => [
      words(voter),
      ...LANGUAGES.map(language => figure(weight[language], String(weight[language]))),
    ]),
    sorted: { column: 1, isDown: true },
  })
  return card(
    strings.weightsTitle,
    strings.weightsExplained,
    legend([
      [1, strings.languages.zh],
      [2, strings.languages.en],
    ]),
    intervalRows({
      label: strings.weightsTitle,
      axis: strings.weightAxis,
      tick: value => String(Number(value.toFixed(3))),
      holds: [0, 1],
      zero: 0,
      rows: heard.map(({ voter, weight }) => ({
        name: voter,
        words: `${weight.zh}, ${weight.en}`,
        points: LANGUAGES.map((language, i) => ({
          series: i === 0 ? 1 : 2,
          value: weight[language],
          low: null,
          high: null,
          told: [voter, strings.pair(strings.weight(strings.languages[language]), String(weight[language]))],
        })),
      })),
    }),
    behind(strings, tableOf),
  )
}

const sum = ({ zh, en }: { readonly zh: number; readonly en: number }): number => zh + en
