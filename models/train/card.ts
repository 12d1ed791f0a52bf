// The card of a model: what it was made of and what it is worth, for whoever decides whether it is put in force.
import type { CardFigures } from './finish.ts'
import type { RejectionPoint } from './fit-rejection.ts'
import type { Interval } from './intervals.ts'
import type { Scores } from './scores.ts'

export interface Card extends CardFigures {
  readonly format: 1
  /** SHA-256 of the model's JSON file, which names the weights. */
  readonly version: string
  readonly trainedAt: string
  /** Name of the file that was learned from, and how many of its lines were left out. */
  readonly source: { readonly file: string; readonly linesLeftOut: number }
  /** Of the run that ended it; a run that was broken off before is not in it. */
  readonly cost: {
    readonly seconds: number
    readonly stepsDoneBefore: number
    readonly threads: number
    readonly peakMemoryMb: number
    readonly bytes: number
    readonly node: string
    readonly machine: string
  }
}

/** The card as a page. */
export function cardPage(card: Card): string {
  const { kind, version, data, split, cost, source, temperature } = card
  return `${[
    `# ${kind} ${version.slice(0, 12)}`,
    `Trained ${card.trainedAt} from ${source.file}: ${data.sentences} sentences (zh ${data.zh}, en ${data.en})${source.linesLeftOut > 0 ? `, ${source.linesLeftOut} lines left out` : ''}${data.phrases > 0 ? `, and ${data.phrases} phrases of the pack` : ''}.`,
    `Method ${card.method}${card.encoder ? `, encoder ${card.encoder.name} (${card.encoder.hash})` : ''}, seed ${card.seed}, data ${data.hash}.`,
    section('What it is worth', scoresOf(card)),
    section('Out of scope', outOfScopeOf(card)),
    section('Classes', classesOf(card)),
    section('What is taken for what', card.confusions.map(({ truth, said, count }) => `- ${truth} as ${said}: ${count}`).join('\n')),
    section(
      'More sentences made of those that there are',
      table(
        ['', 'as written, without → with', 'with such slips, without → with', 'gain in nats', ''],
        card.augmentations.map(({ augmentation, clean, rewritten, gain, error, pays }) => [
          augmentation,
          `${percent(clean.without)} → ${percent(clean.with)}`,
          `${percent(rewritten.without)} → ${percent(rewritten.with)}`,
          `${gain.toFixed(3)} ± ${(2 * error).toFixed(3)}`,
          pays ? 'pays: used' : 'left out',
        ]),
      ),
    ),
    section(
      'Learning curve',
      table(
        ['sentences', 'accuracy'],
        card.curve.map(({ sentences, accuracy }) => [String(sentences), shown(accuracy)]),
      ),
    ),
    section(
      'How it was made',
      [
        `- learned from ${split.train}, in ${split.folds} folds; locked for the test ${split.test}; put aside, since something near is learned from, ${split.aside}; ${split.groups} groups of near-duplicates`,
        `- temperature zh ${temperature.zh}, en ${temperature.en}`,
        `- ${cost.seconds} s on ${cost.threads} threads${cost.stepsDoneBefore > 0 ? ` (${cost.stepsDoneBefore} steps were done before)` : ''}, at most ${cost.peakMemoryMb} MB of memory, ${(cost.bytes / 1e6).toFixed(2)} MB on the disk`,
        `- Node ${cost.node} on ${cost.machine}`,
      ].join('\n'),
    ),
  ].join('\n\n')}\n`
}

const section = (title: string, text: string): string => `## ${title}\n${text === '' ? 'Nothing.' : text}`

function scoresOf({ crossValidation, test }: Card): string {
  const row = (name: string, { rows, accuracy, macroF1, logLoss, calibrationError }: Scores): readonly string[] => [
    name,
    String(rows),
    shown(accuracy),
    shown(macroF1),
    logLoss.toFixed(3),
    percent(calibrationError),
  ]
  return table(
    ['', 'sentences', 'accuracy', 'macro-F1', 'log-loss', 'calibration error'],
    [
      row('cross-validation', crossValidation.all),
      row('… zh', crossValidation.zh),
      row('… en', crossValidation.en),
      row('locked test', test.all),
      row('… zh', test.zh),
      row('… en', test.en),
    ],
  )
}

function outOfScopeOf({ outOfScope }: Card): string {
  if (!outOfScope) return 'Not asked of this kind of model.'
  if (!outOfScope.chosen)
    return 'The data has no sentences labelled OUT_OF_SCOPE: nothing was measured, and nothing is turned down by its distance.'
  const { rows, byClass, points, chosen, test } = outOfScope
  const row = (name: string, point: RejectionPoint, limits = ''): readonly string[] => [
    name,
    shown(point.inScopeAccuracy),
    shown(point.outOfScopeRecall),
    limits,
  ]
  const limitsOf = (confidence: number, distance: number): string => `below ${confidence} or farther than ${distance}`
  return [
    `${rows.outOfScope} sentences out of scope, ${rows.inScope} in scope. A text is turned down where no class in scope is as likely as the first figure once the probabilities are evened out (raised to 1/${chosen.softness}), or where it lies farther from what was learned than the second; it is then out of scope with a confidence of ${chosen.outOfScope} at least.`,
    table(
      ['', 'accuracy in scope', 'recall out of scope', 'turned down'],
      [
        row('by the class alone', byClass),
        ...points.map(point => row(`${point.loss * 100} points of accuracy given`, point, limitsOf(point.confidence, point.distance))),
        ...(test ? [row('locked test', test, limitsOf(chosen.confidence, chosen.distance))] : []),
      ],
    ),
  ].join('\n\n')
}

const classesOf = ({ classes }: Card): string =>
  table(
    ['', 'learned from', 'tested', 'F1 zh', 'F1 en'],
    classes.map(({ label, train, test, f1 }) => [label, String(train), String(test), f1.zh.toFixed(3), f1.en.toFixed(3)]),
  )

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
/** With its interval of 95 %. */
export const shown = ({ value, low, high }: Interval): string => `${percent(value)} (${percent(low)} to ${percent(high)})`
