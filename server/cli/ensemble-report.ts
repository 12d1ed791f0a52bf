// A report on an ensemble as lines for a terminal.
import type { Cell } from '@parley/ensembles/evaluation/by-action.ts'
import { COMPARED, type Compared, type Report, type RivalFigures } from '@parley/ensembles/evaluation/report.ts'
import type { Difference, Estimate } from '@parley/ensembles/evaluation/resample.ts'
import type { Evaluation } from '@parley/ensembles/report-file.ts'

/** Of the commonest confusions, and of the sentences behind each. */
const MOST_CELLS = 15
const MOST_SENTENCES = 3
/** Below so many turns an action's figures tell little. */
const FEW = 20

export function reportLines(report: Evaluation): readonly string[] {
  return [
    `${report.ensemble} on ${report.turns} turns of ${report.conversations} conversations; intervals of 95 % from ${report.draws} draws of conversations`,
    ...(report.incomplete > 0
      ? [`Of ${report.incomplete} turns a voter failed or was late: what it would have said is not in these figures.`]
      : []),
    ...section('What it is worth', headlines(report)),
    ...section('Given to a person by rule, whatever the votes say', rules(report)),
    ...section('Beside others (the ensemble less the other; a difference that the turns do not show is said so)', rivals(report)),
    ...section('Voters', voters(report)),
    ...section('As sure as it is right', reliability(report)),
    ...section('Answering only what it is surest of', coverage(report)),
    ...section('Slices', slices(report)),
    ...section('Actions', actions(report)),
    ...section('Taken for something else (--cell RIGHT:SAID names all sentences of one)', confusions(report)),
  ]
}

/** Every sentence of one cell. */
export function cellLines(
  { confusions: cells }: Report,
  { right, said }: { readonly right: string; readonly said: string },
): readonly string[] {
  const cell = cells.find(each => each.right === right && (each.said ?? '-') === said)
  return cell ? [titleOf(cell), ...cell.sentences.map(sentenceOf)] : [`No turn that is about ${right} was taken for ${said}.`]
}

export const section = (title: string, lines: readonly string[]): readonly string[] => [
  '',
  title,
  ...lines.map(line => `  ${line}`.trimEnd()),
]

function headlines({ headlines: told, byRule }: Report): readonly string[] {
  return table([
    ['accuracy', shares(told.accuracy), 'of all turns taken for what they are about'],
    ['macro-F1', shares(told.macroF1), 'mean over actions'],
    ['weighted F1', shares(told.weightedF1), 'weighed by how many turns are about them'],
    ['out-of-scope recall', shares(told.outOfScopeRecall), 'of turns that are about nothing of the shop'],
    ['answered', shares(told.answered), 'of all turns'],
    ['  of these rightly', shares(told.precisionOfAnswers), ''],
    ['  wrong answers', shares(told.wrongAnswers), 'of all turns'],
    ['abstention', shares(told.abstention), 'asked back, or handed over out of doubt'],
    [
      'handed over by rule',
      `${byRule.turns} turns`,
      `a person always takes them, or a risk: no vote talks them out of it; ${byRule.right} are about what they were taken for`,
    ],
    ['cost per 1,000 turns', numbers(told.costPer1000, 0), "by the shop's costs, as it turned out"],
    ['calibration error', shares(told.calibrationError), 'between confidence and accuracy (ECE)'],
    ['Brier score', numbers(told.brier, 3), '0 best, 2 worst'],
  ])
}

function rules({ byRule }: Report): readonly string[] {
  if (byRule.rules.length === 0) return ['Nothing, and nothing that should have been.']
  return table([
    ['', 'turns', "a person's", 'missed'],
    ...byRule.rules.map(({ kind, rule, turns, rightly, missed }) => [
      kind === 'risk' ? `risk ${rule}` : rule,
      String(turns),
      String(rightly),
      missed === null ? '' : String(missed),
    ]),
  ])
}

export const NAMES: Readonly<Record<Compared, string>> = {
  accuracy: 'accuracy',
  macroF1: 'macro-F1',
  abstention: 'abstention',
  wrongAnswers: 'wrong answers',
  costPer1000: 'cost per 1,000',
}

function rivals(report: Report): readonly string[] {
  const titleOf = ({ kind, name }: RivalFigures): string =>
    kind === 'alone' ? `${name} alone${name === report.bestAlone ? ' (the best)' : ''}` : kind === 'without' ? `without ${name}` : name
  return table([
    ['', ...COMPARED.map(name => NAMES[name])],
    ...report.rivals.flatMap(rival => [
      [
        titleOf(rival),
        ...COMPARED.map(name => (name === 'costPer1000' ? number(rival.figures[name].value, 0) : share(rival.figures[name].value))),
      ],
      ['', ...COMPARED.map(name => differenceIn(rival.against[name], name))],
    ]),
  ])
}

export function differenceIn({ value, low, high, isShown }: Difference, name: Compared): string {
  if (value === null || low === null || high === null) return 'not measured'
  if (!isShown) return 'no difference shown'
  const scale = name === 'costPer1000' ? 1 : 100
  const signed = (part: number): string => `${part > 0 ? '+' : ''}${(part * scale).toFixed(name === 'costPer1000' ? 0 : 1)}`
  return `${signed(value)} (${signed(low)} to ${signed(high)})`
}

function voters({ voters: told }: Report): readonly string[] {
  return table([
    ['', 'votes on', 'with others', 'against one', 'right', 'wrong', 'precision', 'weight zh, en'],
    ...told.map(({ voter, coverage: votes, overlap, conflict, right, wrong, precision, weight }) => [
      voter,
      share(votes),
      share(overlap),
      share(conflict),
      String(right),
      String(wrong),
      share(precision),
      weight ? `${weight.zh}, ${weight.en}` : 'not heard',
    ]),
  ])
}

const BAR = 30

function reliability({ reliability: levels }: Report): readonly string[] {
  const bar = (value: number | null): string => (value === null ? '' : '#'.repeat(Math.round(value * BAR)))
  return table([
    ['confidence', 'turns', 'mean', 'right', ''],
    ...levels.map(({ from, to, count, confidence, accuracy }) => [
      `${(100 * from).toFixed(0)} to ${(100 * to).toFixed(0)} %`,
      String(count),
      share(confidence),
      share(accuracy),
      bar(accuracy),
    ]),
  ])
}

/** Of the curve, the points nearest to these coverages. */
const COVERAGES = [0.25, 0.5, 0.75, 0.9, 1]

function coverage({ riskCoverage: curve, thresholds, unreached }: Report): readonly string[] {
  const nearest = COVERAGES.flatMap(wanted => curve.findLast(point => point.coverage <= wanted + 1e-9) ?? [])
  return [
    ...table([
      ['answering', 'of these wrong', 'confidence from'],
      ...[...new Set(nearest)].map(point => [share(point.coverage), share(point.risk), point.threshold.toFixed(3)]),
    ]),
    ...thresholds.map(
      ({ precision, threshold, coverage: answered, reached }) =>
        `${share(precision)} right: answer from a confidence of ${threshold.toFixed(3)} on, which is ${share(answered)} of the turns; reached here ${shares(reached)}`,
    ),
    ...unreached.map(wanted => `${share(wanted)} right: no threshold gives it`),
  ]
}

function slices({ slices: told }: Report): readonly string[] {
  if (told.length === 0) return ['All turns are of one language, length and source.']
  return table([
    ['', 'turns', ...COMPARED.map(name => NAMES[name])],
    ...told.map(({ by, name, turns, figures }) => [
      `${by} ${name}`,
      String(turns),
      ...COMPARED.map(measure => (measure === 'costPer1000' ? numbers(figures[measure], 0) : shares(figures[measure]))),
    ]),
  ])
}

function actions({ actions: told }: Report): readonly string[] {
  return table([
    ['', 'turns', 'precision', 'recall', 'F1', ''],
    ...told.map(({ action, support, precision, recall, f1 }) => [
      action,
      String(support),
      share(precision),
      share(recall),
      share(f1),
      support < FEW ? 'few turns' : '',
    ]),
  ])
}

function confusions({ confusions: cells }: Report): readonly string[] {
  const misses = cells.filter(({ right, said }) => right !== said)
  if (misses.length === 0) return ['Nothing.']
  const rest = misses.slice(MOST_CELLS).reduce((sum, { count }) => sum + count, 0)
  return [
    ...misses.slice(0, MOST_CELLS).flatMap(cell => [titleOf(cell), ...cell.sentences.slice(0, MOST_SENTENCES).map(sentenceOf)]),
    ...(rest > 0 ? [`and ${rest} turns in ${misses.length - MOST_CELLS} other cells`] : []),
  ]
}

const titleOf = ({ right, said, count }: Cell): string => `${count} × ${right} taken for ${said ?? 'nothing: nobody voted'}`
const sentenceOf = ({ line, text, confidence }: Cell['sentences'][number]): string =>
  `  line ${line}, ${share(confidence)}: ${text.replaceAll(/\s+/g, ' ')}`

export const share = (value: number | null): string => (value === null ? '-' : `${(100 * value).toFixed(1)} %`)
export const number = (value: number | null, places: number): string => (value === null ? '-' : value.toFixed(places))
const around = (estimate: Estimate, shown: (value: number | null) => string): string =>
  estimate.low === null ? shown(estimate.value) : `${shown(estimate.value)} (${shown(estimate.low)} to ${shown(estimate.high)})`
export const shares = (estimate: Estimate): string => around(estimate, share)
export const numbers = (estimate: Estimate, places: number): string => around(estimate, value => number(value, places))

/** Cells under one another. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<readonly number[]>((most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), [])
  return rows.map(row => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')) // a width a cell
}
