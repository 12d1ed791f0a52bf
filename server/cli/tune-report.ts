// What a tune has come to, as lines for a terminal.
import { type EnsembleFile, entryOf } from '@parley/ensembles/ensemble-file.ts'
import type { Difference } from '@parley/ensembles/evaluation/resample.ts'
import type { Differences, Estimates, TunedBy } from '@parley/ensembles/tune/figures.ts'
import { CANDIDATES, type CandidateName } from '@parley/ensembles/tune/fit-candidates.ts'
import type { Traffic, TunedEnsemble } from '../evaluation/tune-ensemble.ts'
import { numbers, section, share, shares, table } from './ensemble-report.ts'

const TITLES: Readonly<Record<CandidateName, string>> = {
  equal: 'equal weights',
  greedy: 'greedy selection',
  stacked: 'stacked',
  'by action': 'stacked, by action and signal',
}

/** What is told of each contender, and how many places it has. */
const COLUMNS = {
  accuracy: 'accuracy',
  logLoss: 'log-loss',
  costPer1000: 'cost per 1,000',
  wrongAnswers: 'wrong answers',
  answered: 'answered',
} as const
type Column = keyof typeof COLUMNS
const NAMES = Object.keys(COLUMNS) as readonly Column[] // its own keys
/** Actions that are named at most in a list. */
const MOST = 12

export interface ToldTune {
  readonly tuned: TunedEnsemble
  readonly file: EnsembleFile
  readonly inForce: { readonly version: string; readonly file: EnsembleFile }
  readonly traffic: Traffic | undefined
  /** Of what was tuned, and where it was written, if it was. */
  readonly version: string
  readonly written: string | undefined
}

export function tuneLines(told: ToldTune): readonly string[] {
  const { tuned, inForce } = told
  const { turns, conversations, turnsIn, folds, draws, incomplete, answers } = tuned
  return [
    `Tuned from ${inForce.version} on ${turns} turns of ${conversations} conversations (${turnsIn.zh} zh, ${turnsIn.en} en), ${folds} folds by conversation; intervals of 95 % from ${draws} draws of conversations`,
    ...(incomplete > 0 ? [`Of ${incomplete} turns a voter failed or was late: what it would have said is not learned.`] : []),
    ...(answers > 0 ? [`${answers} turns answer what the bot had asked, and are not understood by their words: left out.`] : []),
    ...section(
      'Each on turns that it was not fitted on; below, its difference to the ensemble in force, and to the best voter alone',
      contenders(told),
    ),
    ...section('As sure as it is right', sureness(told)),
    ...section(`Learned by ${TITLES[tuned.chosen]}`, learned(told)),
    ...section('Turns by action', actions(tuned)),
    ...(told.traffic
      ? section(`Live traffic, by the votes on ${told.traffic.turns} turns of the log`, traffic(told.traffic, told.file))
      : []),
    '',
    ...verdict(told),
  ]
}

/** For the file's own comments. */
export function figuresTold({ candidates, chosen, bestAlone }: TunedEnsemble): readonly string[] {
  const { figures, againstInForce, againstBestAlone } = candidates[chosen]
  const against = (differences: Differences): string =>
    (['accuracy', 'logLoss', 'costPer1000'] as const).map(name => `${COLUMNS[name]} ${differenceOf(differences[name], name)}`).join(', ')
  return [
    `on turns that it was not fitted on: accuracy ${shares(figures.accuracy)}, log-loss ${numbers(figures.logLoss, 3)}, calibration error ${shares(figures.calibrationError)}`,
    `less the one in force: ${against(againstInForce)}`,
    `less ${bestAlone.voter} alone: ${against(againstBestAlone)}`,
  ]
}

function contenders({ tuned: { inForce, bestAlone, candidates, chosen } }: ToldTune): readonly string[] {
  const figuresOf = (figures: Estimates): readonly string[] => NAMES.map(name => figureIn(figures, name))
  const differencesOf = (differences: Differences): readonly string[] => NAMES.map(name => differenceOf(differences[name], name))
  return table([
    ['', ...NAMES.map(name => COLUMNS[name])],
    ['in force', ...figuresOf(inForce)],
    [`${bestAlone.voter} alone (the best)`, ...figuresOf(bestAlone.figures)],
    ['  to the one in force', ...differencesOf(bestAlone.againstInForce)],
    ...CANDIDATES.flatMap(name => {
      const { figures, againstInForce, againstBestAlone } = candidates[name]
      return [
        [`${TITLES[name]}${name === chosen ? ' (chosen)' : ''}`, ...figuresOf(figures)],
        ['  to the one in force', ...differencesOf(againstInForce)],
        [`  to ${bestAlone.voter} alone`, ...differencesOf(againstBestAlone)],
      ]
    }),
  ])
}

const isShare = (name: TunedBy): boolean =>
  name === 'accuracy' || name === 'wrongAnswers' || name === 'answered' || name === 'calibrationError'
const placesOf = (name: TunedBy): number => (isShare(name) ? 1 : name === 'costPer1000' ? 0 : 3)

const figureIn = (figures: Estimates, name: TunedBy): string =>
  isShare(name) ? share(figures[name].value) : (figures[name].value?.toFixed(placesOf(name)) ?? '-')

function differenceOf({ value, low, high, isShown }: Difference, name: TunedBy): string {
  if (value === null || low === null || high === null) return 'not measured'
  if (!isShown) return 'no difference shown'
  const signed = (part: number): string => `${part > 0 ? '+' : ''}${(part * (isShare(name) ? 100 : 1)).toFixed(placesOf(name))}`
  return `${signed(value)} (${signed(low)} to ${signed(high)})`
}

function sureness({ tuned: { inForce, candidates, chosen } }: ToldTune): readonly string[] {
  const { figures, againstInForce } = candidates[chosen]
  return table([
    ['', 'calibration error (ECE)', 'Brier score'],
    ['in force', shares(inForce.calibrationError), numbers(inForce.brier, 3)],
    ['tuned', shares(figures.calibrationError), numbers(figures.brier, 3)],
    ['  difference', differenceOf(againstInForce.calibrationError, 'calibrationError'), differenceOf(againstInForce.brier, 'brier')],
  ])
}

function learned({ tuned: { methods }, file, inForce }: ToldTune): readonly string[] {
  const signals = Object.entries(file.signals).map(([name, weights]) => [name, listed(weights, 2)])
  return [
    ...table([
      ['', 'weight zh, en', 'before', 'calibrated zh, en', 'factors by action'],
      ...Object.entries(methods).map(([voter, { zh, en }]) => {
        const { weight, actions: factors } = file.voters[voter]! // what was learned is in it
        const before = entryOf(inForce.file, voter)?.weight
        return [
          voter,
          `${weight.zh}, ${weight.en}`,
          before ? `${before.zh}, ${before.en}` : 'not heard',
          `${zh}, ${en}`,
          listed(factors, 2),
        ]
      }),
    ]),
    ...(signals.length > 0 ? ['what signals add, in nats', ...table(signals).map(line => `  ${line}`)] : []),
  ]
}

/** The largest first; the others are counted. */
function listed(values: Readonly<Record<string, number>>, places: number): string {
  const away = places === 2 && Object.values(values).every(value => value >= 0) ? 1 : 0
  const sorted = Object.entries(values).sort(([, a], [, b]) => Math.abs(b - away) - Math.abs(a - away))
  const named = sorted.slice(0, 3).map(([action, value]) => `${action} ${value}`)
  return `${named.join(', ')}${sorted.length > 3 ? `, ${sorted.length - 3} more` : ''}`
}

function actions({ turnsAbout }: TunedEnsemble): readonly string[] {
  const few = Object.entries(turnsAbout)
    .filter(([, count]) => count < 20)
    .sort(([, a], [, b]) => a - b)
  if (few.length === 0) return ['20 or more of each.']
  const named = few.slice(0, MOST).map(([action, count]) => `${action} ${count}`)
  return [`fewer than 20: ${named.join(', ')}${few.length > MOST ? ` and ${few.length - MOST} other actions` : ''}`]
}

function traffic({ prior }: Traffic, file: EnsembleFile): readonly string[] {
  const moved = Object.entries(prior)
    .map(([action, here]) => ({ action, here, data: file.prior[action] ?? null }))
    .sort((a, b) => Math.abs(b.here - (b.data ?? 0)) - Math.abs(a.here - (a.data ?? 0)))
  return table([['', 'data', 'traffic'], ...moved.slice(0, MOST).map(({ action, data, here }) => [action, share(data), share(here)])])
}

function verdict({ tuned: { verdict: told, turns }, version, written }: ToldTune): readonly string[] {
  if (written !== undefined)
    return [`It is better: ${version} is written${written === version ? '; parley ensemble promote puts it in force' : ` to ${written}`}.`]
  const needed =
    told.turnsNeeded === null
      ? 'More turns like these would not show it.'
      : `About ${told.turnsNeeded} turns like these, all together, would likely show what there is to be shown; these are ${turns}.`
  return ['Nothing is written:', ...told.reasons.map(reason => `  ${reason}`), needed]
}
