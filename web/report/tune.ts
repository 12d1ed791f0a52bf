// What a tune has come to: whether something was written and why, the candidates with their figures, and what was learned of the voters.
import type { TuneResult } from '@parley/ensembles/report-file.ts'
import type { TunedBy } from '@parley/ensembles/tune/figures.ts'
import type { CandidateName } from '@parley/ensembles/tune/fit-candidates.ts'
import { make } from '../widget/elements.ts'
import { chooseAndShow } from './choice.ts'
import { intervalRows } from './interval-rows.ts'
import { around, difference, exactDifference, type Kind, signedTickOf } from './numbers.ts'
import { legend } from './plot.ts'
import type { Strings } from './strings.ts'
import { behind, card, figure, table, words } from './table.ts'

export const tuneParts = (tune: TuneResult, strings: Strings): readonly HTMLElement[] => [
  make('p', 'told', strings.tunedOn(tune.turns, tune.conversations, tune.turnsIn.zh, tune.turnsIn.en, tune.folds, tune.draws)),
  ...(tune.incomplete > 0 ? [make('p', 'told warning', strings.incomplete(tune.incomplete))] : []),
  ...(tune.answers > 0 ? [make('p', 'told', strings.answersLeftOut(tune.answers))] : []),
  verdictCard(tune, strings),
  candidatesPlot(tune, strings),
  surenessTable(tune, strings),
  learnedCard(tune.voters, strings),
  turnsAboutTable(tune.turnsAbout, strings),
]

const KINDS: Readonly<Record<TunedBy, Kind>> = {
  logLoss: 'score',
  costPer1000: 'cost',
  accuracy: 'share',
  wrongAnswers: 'share',
  answered: 'share',
  calibrationError: 'share',
  brier: 'score',
}
const MEASURES = Object.keys(KINDS) as readonly TunedBy[] // its own keys

/** What was written, or why nothing was and how much is missing. */
export function verdictCard({ verdict, written, version, turns, chosen }: TuneResult, strings: Strings): HTMLElement {
  const name = make('p', '')
  name.append(strings.pair(strings.chosenIs, ''), make('strong', '', strings.candidates[chosen]))
  if (verdict.isBetter) {
    const line = written === null ? strings.isBetterUnwritten(version) : strings.isWritten(version, written)
    return card(strings.verdictTitle, '', make('p', 'verdict good', line), name)
  }
  const list = make('ul', 'reasons')
  list.append(...verdict.because.map(reason => make('li', '', strings.reason(reason))))
  return card(
    strings.verdictTitle,
    '',
    make('p', 'verdict bad', strings.notWritten),
    list,
    make('p', '', strings.needed(verdict.turnsNeeded, turns)),
    name,
  )
}

type Against = 'againstInForce' | 'againstBestAlone'

/** Differences to what is in force and to the best voter alone, with a table of all figures. */
export function candidatesPlot({ inForce, bestAlone, candidates, chosen }: TuneResult, strings: Strings): HTMLElement {
  const names = Object.keys(candidates) as readonly CandidateName[] // its own keys
  const titleOf = (name: CandidateName): string => `${strings.candidates[name]}${name === chosen ? ` (${strings.chosen})` : ''}`
  const plotOf = (measure: TunedBy, against: Against, other: string): HTMLElement =>
    intervalRows({
      label: strings.candidateAxis(strings.measures[measure], other),
      axis: strings.candidateAxis(strings.measures[measure], other),
      tick: signedTickOf(KINDS[measure]),
      zero: 0,
      rows: names.map(name => {
        const between = candidates[name][against][measure]
        return {
          name: titleOf(name),
          words: difference(between, KINDS[measure], strings),
          isFaint: !between.isShown,
          points: [
            {
              series: name === chosen ? 1 : 2,
              ...between,
              told: [
                titleOf(name),
                strings.pair(strings.differenceHead, exactDifference(between, KINDS[measure], strings)),
                strings.pair(strings.measures[measure], around(candidates[name].figures[measure], KINDS[measure], strings)),
              ],
            },
          ],
        }
      }),
    })
  return card(
    strings.candidatesTitle,
    strings.candidatesExplained,
    chooseAndShow(
      strings.measure,
      MEASURES.map(name => [name, strings.measures[name]] as const),
      measure => [
        make('h3', '', strings.pair(strings.compareWith, strings.against.inForce)),
        plotOf(measure, 'againstInForce', strings.against.inForce),
        make('h3', '', strings.pair(strings.compareWith, strings.alone(bestAlone.voter))),
        plotOf(measure, 'againstBestAlone', strings.against.bestAlone),
      ],
    ),
    behind(strings, () => ({
      title: strings.candidatesTitle,
      columns: [{ title: strings.candidate }, ...MEASURES.map(name => ({ title: strings.measures[name], isNumber: true }))],
      rows: [
        { title: strings.inForce, figures: inForce },
        { title: strings.alone(bestAlone.voter), figures: bestAlone.figures },
        ...names.map(name => ({ title: titleOf(name), figures: candidates[name].figures })),
      ].map(({ title, figures }) => [
        words(title),
        ...MEASURES.map(name => figure(figures[name].value, around(figures[name], KINDS[name], strings))),
      ]),
    })),
  )
}

export function surenessTable({ inForce, candidates, chosen }: TuneResult, strings: Strings): HTMLElement {
  const { figures, againstInForce } = candidates[chosen]
  return card(
    strings.sureTitle,
    strings.sureExplained,
    table({
      title: strings.sureTitle,
      columns: [
        { title: strings.measure },
        ...[strings.inForce, strings.tuned, strings.differenceHead].map(title => ({ title, isNumber: true })),
      ],
      rows: (['calibrationError', 'brier'] as const).map(name => [
        words(strings.measures[name]),
        figure(inForce[name].value, around(inForce[name], KINDS[name], strings), 'loose'),
        figure(figures[name].value, around(figures[name], KINDS[name], strings), 'loose'),
        figure(againstInForce[name].value, exactDifference(againstInForce[name], KINDS[name], strings), 'loose'),
      ]),
    }),
  )
}

/** Of a voter's factors, those farthest from 1. */
const MOST_FACTORS = 4

/** Weights before and after, in each language, with how each voter was calibrated. */
export function learnedCard(voters: TuneResult['voters'], strings: Strings): HTMLElement {
  const languages = ['zh', 'en'] as const
  return card(
    strings.learnedTitle,
    strings.learnedExplained,
    legend([
      [2, strings.before],
      [1, strings.after],
    ]),
    ...languages.flatMap(language => [
      make('h3', '', strings.languages[language]),
      intervalRows({
        label: strings.pair(strings.learnedTitle, strings.languages[language]),
        axis: strings.weightAxis,
        tick: value => String(Number(value.toFixed(3))),
        holds: [0, 1],
        zero: 0,
        rows: voters.map(({ voter, before, weight }) => ({
          name: voter,
          words: `${before ? before[language] : strings.notHeard} → ${weight[language]}`,
          points: [
            ...(before
              ? [
                  {
                    series: 2 as const,
                    value: before[language],
                    low: null,
                    high: null,
                    told: [voter, strings.pair(strings.before, String(before[language]))],
                  },
                ]
              : []),
            {
              series: 1,
              value: weight[language],
              low: null,
              high: null,
              told: [voter, strings.pair(strings.after, String(weight[language]))],
            },
          ],
        })),
      }),
    ]),
    table({
      title: strings.learnedTitle,
      columns: [
        { title: strings.voter },
        ...languages.map(language => ({ title: strings.calibrated(strings.languages[language]) })),
        { title: strings.byAction },
      ],
      rows: voters.map(({ voter, method, actions }) => [
        words(voter),
        ...languages.map(language => words(strings.methods[method[language]])),
        words(factorsOf(actions), 'wide'),
      ]),
    }),
  )
}

function factorsOf(actions: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(actions).sort(([, a], [, b]) => Math.abs(b - 1) - Math.abs(a - 1))
  const named = sorted.slice(0, MOST_FACTORS).map(([action, factor]) => `${action} ${factor}`)
  return `${named.join(', ')}${sorted.length > MOST_FACTORS ? ` +${sorted.length - MOST_FACTORS}` : ''}`
}

export const turnsAboutTable = (turnsAbout: TuneResult['turnsAbout'], strings: Strings): HTMLElement => {
  const details = make('details', 'behind')
  details.append(
    make('summary', '', strings.asTable),
    table({
      title: strings.turnsAboutTitle,
      columns: [{ title: strings.action }, { title: strings.turnsHead, isNumber: true }],
      rows: Object.entries(turnsAbout).map(([action, count]) => [words(action), figure(count, String(count))]),
      sorted: { column: 1, isDown: false },
    }),
  )
  return card(strings.turnsAboutTitle, strings.turnsAboutExplained, details)
}
