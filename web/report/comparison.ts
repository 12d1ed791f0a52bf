// Two ensembles on the same turns: what the gate says, what changed, the figures of both, and every changed turn side by side.
import type { Compared } from '@parley/ensembles/evaluation/report.ts'
import type { ComparisonFile } from '@parley/ensembles/report-file.ts'
import { make } from '../widget/elements.ts'
import { changedTurns, groupName, turnList } from './changed-turns.ts'
import { intervalRows } from './interval-rows.ts'
import { around, difference, exactDifference, kindOf, signedTickOf } from './numbers.ts'
import { comparedNames } from './rivals.ts'
import type { Strings } from './strings.ts'
import { behind, card, figure, table, words } from './table.ts'

type Told = Pick<ComparisonFile, 'comparison' | 'gate'>

export const comparisonParts = (told: Told, strings: Strings): readonly HTMLElement[] => [
  ...notes(told, strings),
  gateCard(told, strings),
  changesTable(told.comparison, strings),
  ...(told.comparison.figures ? [figuresPlot(told.comparison.figures, strings)] : []),
  changedTurns(told.comparison, strings),
]

function notes(
  { comparison: { a, b, turns, conversations, draws, known, incomplete, undecided } }: Told,
  strings: Strings,
): readonly HTMLElement[] {
  const sides = make('p', 'told')
  sides.append(make('strong', 'side', 'A'), ` ${a} `, make('strong', 'side', 'B'), ` ${b}`)
  return [
    sides,
    make('p', 'told', strings.judgedOn(turns, conversations, draws)),
    ...(known < turns ? [make('p', 'told', strings.knownOnly(known))] : []),
    ...(incomplete > 0 ? [make('p', 'told warning', strings.incomplete(incomplete))] : []),
    ...(undecided > 0 ? [make('p', 'told', strings.undecided(undecided))] : []),
  ]
}

/** Whether anything is against B, with the pinned turns that broke. */
export function gateCard({ comparison: { pinned }, gate }: Told, strings: Strings): HTMLElement {
  const isOpen = gate.against.length === 0
  const verdict = make('p', `verdict ${isOpen ? 'good' : 'bad'}`, isOpen ? strings.gateOpen : strings.gateShut)
  const list = make('ul', 'reasons')
  list.append(...gate.against.map(objection => make('li', '', strings.objection(objection))))
  return card(
    strings.gateTitle,
    strings.gateAsked(gate.maxBroken),
    verdict,
    ...(isOpen ? [] : [list]),
    ...(pinned.turns > 0 ? [make('p', '', strings.pinned(pinned.turns, pinned.broken.length, pinned.wrong))] : []),
    ...(pinned.broken.length > 0 ? [make('h3', '', strings.pinnedTitle), turnList(pinned.broken, strings)] : []),
  )
}

/** Above this the sign test shows nothing. */
const CHANCE = 0.05

export function changesTable({ groups, turns, changed, sign }: Told['comparison'], strings: Strings): HTMLElement {
  const { better, worse, p } = sign
  const chance = p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`
  const verdict = p >= CHANCE ? strings.signVerdicts.none : better > worse ? strings.signVerdicts.better : strings.signVerdicts.worse
  return card(
    strings.changesTitle,
    strings.changesExplained,
    table({
      title: strings.changesTitle,
      columns: [
        { title: strings.group },
        { title: strings.turnsHead, isNumber: true },
        { title: '%', isNumber: true },
        { title: strings.meaning },
      ],
      rows: [
        ...groups.map(({ group, turns: count, share, answers }) => [
          { by: group, show: groupName(group, strings) },
          figure(count, String(count)),
          figure(share.value, around(share, 'share', strings), 'loose'),
          words(
            `${strings.groupHints[group]}${answers.right + answers.wrong > 0 ? `; ${strings.answersWere(answers.right, answers.wrong)}` : ''}`,
            'wide',
          ),
        ]),
        [words(strings.unchanged), figure(turns - changed.length, String(turns - changed.length)), words(''), words('')],
      ],
    }),
    make('p', '', better + worse === 0 ? strings.signNothing : `${strings.sign(better, worse, chance)}${verdict}`),
  )
}

/** Shares on one axis, and the cost on its own. */
export function figuresPlot(figures: NonNullable<Told['comparison']['figures']>, strings: Strings): HTMLElement {
  const names = comparedNames(strings).map(([name]) => name)
  const rows = (those: readonly Compared[]): HTMLElement =>
    intervalRows({
      label: strings.besideTitle,
      axis: strings.besideAxis(those.length > 1 ? strings.points : strings.measures[those[0]!]), // there is one
      tick: signedTickOf(kindOf(those[0]!)),
      zero: 0,
      rows: those.map(name => {
        const { a, b, difference: between } = figures[name]
        const kind = kindOf(name)
        return {
          name: strings.measures[name],
          words: difference(between, kind, strings),
          isFaint: !between.isShown,
          points: [
            {
              series: 1,
              ...between,
              told: [
                strings.measures[name],
                strings.pair(strings.bLessA, exactDifference(between, kind, strings)),
                strings.pair('A', around(a, kind, strings)),
                strings.pair('B', around(b, kind, strings)),
              ],
            },
          ],
        }
      }),
    })
  return card(
    strings.besideTitle,
    strings.besideExplained,
    rows(names.filter(name => kindOf(name) === 'share')),
    rows(names.filter(name => kindOf(name) !== 'share')),
    behind(strings, () => ({
      title: strings.besideTitle,
      columns: [{ title: strings.measure }, ...['A', 'B', strings.bLessA].map(title => ({ title, isNumber: true }))],
      rows: names.map(name => {
        const { a, b, difference: between } = figures[name]
        const kind = kindOf(name)
        return [
          words(strings.measures[name]),
          figure(a.value, around(a, kind, strings)),
          figure(b.value, around(b, kind, strings)),
          figure(between.value, exactDifference(between, kind, strings)),
        ]
      }),
    })),
  )
}
