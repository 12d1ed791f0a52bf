// What fusing votes is worth: on our own turns in which words, mood and intent pull different ways (test/turns), on five platforms' answers to a live shop's
// questions, and on real escalations. Everything is cross-validated; docs/accuracy.md has the figures and how to read them.
//   npm run bench:ensembles -- --help
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import {
  type Difference,
  differenceOf,
  drawConversations,
  type Estimate,
  estimateOf,
  sampled,
} from '@parley/ensembles/evaluation/resample.ts'
import { createRandom } from '@parley/models/train/random.ts'
import { PROJECT } from '@parley/server/project.ts'
import { dissatisfaction, handoffs } from './ensembles/escalations.ts'
import { type Fused, fuseSignals, type SignalledTurns } from './ensembles/fuse-signals.ts'
import { figuresOf, type TurnFigures } from './ensembles/judge-turns.ts'
import { fusePlatforms, type Question, readQuestions } from './ensembles/platforms.ts'
import { askVoters, fuseOutOfFold, halfOf } from './ensembles/turns.ts'
import { machine } from './machine.ts'

const PARTS = ['turns', 'platforms', 'satisfaction', 'handoffs'] as const
const HELP = `npm run bench:ensembles -- [--part ${PARTS.join('|')}] [--half 0|1] [--seed N] [--json FILE]

What fused votes are worth beside the best single voter, cross-validated:
  turns         test/turns, the shop's own voters, ten folds
  platforms     hint3: five platforms' answers to a live shop's questions, ten folds
  satisfaction  jddc_satisfaction_zh: which turns customers were dissatisfied with, five folds by dialogue
  handoffs      mhch_handoff_ids_zh: which utterances were handed over to a person, five folds by dialogue

  --part   one of them alone; may be given more than once
  --half   of the turns, those of one half of the conversations: 0 is the one that votes on clauses were designed on
  --seed   of folds within training, and of draws (1)
  --json   writes all figures there

PARLEY_DATASETS names the folder of the public sets; a set that is not there is named and skipped. Votes on the turns are kept in the data folder (PARLEY_DATA).
`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    part: { type: 'string', multiple: true, default: [...PARTS] },
    half: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
})
const seed = Number(values.seed)
const unknown = values.part.find(part => !PARTS.some(each => each === part))
if (values.help || unknown !== undefined || !Number.isInteger(seed) || !['0', '1', undefined].includes(values.half)) {
  process.stdout.write(unknown === undefined ? HELP : `there is no part "${unknown}"\n\n${HELP}`)
  process.exit(values.help ? 0 : 2)
}

const said: Record<string, unknown> = { ...machine(), seed }
console.log(JSON.stringify(said))
const isAsked = (part: (typeof PARTS)[number]): boolean => values.part.includes(part)
if (isAsked('turns')) said.turns = await ofTurns()
if (isAsked('platforms')) said.platforms = ofPlatforms()
if (isAsked('satisfaction')) said.satisfaction = ofSignals('JDDC, dissatisfied with the turn', await dissatisfaction())
if (isAsked('handoffs')) {
  const sets = handoffs()
  if (!sets) skipped('MHCH hand-offs', 'mhch_handoff_ids_zh')
  said.handoffs = Object.fromEntries(
    Object.entries(sets ?? {}).map(([name, turns]) => [name, ofSignals(`MHCH ${name}, handed over`, turns)]),
  )
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(said, null, 2)}\n`)
process.exit(0)

async function ofTurns(): Promise<TurnFigures> {
  const path = join(PROJECT.ensembles, 'retail.yaml')
  const votes = await askVoters(parseEnsemble(readFileSync(path, 'utf8'), 'retail').file)
  const turns = values.half === undefined ? votes.turns : halfOf(votes.turns, Number(values.half))
  const figures = figuresOf(turns, fuseOutOfFold({ ...votes, turns }, seed), seed)
  console.log(
    `\ntest/turns: ${figures.turns} turns of ${figures.conversations} conversations; the best single voter is ${figures.best.join(', ')}; tuning chose ${[...new Set(figures.chosen)].join(', ')}`,
  )
  for (const [name, { accuracy, against, calibrationError, wrongWhereSure }] of Object.entries(figures.systems))
    console.log(
      `  ${name.padEnd(26)} right ${shown(accuracy)}, ${differing(against)}; calibration error ${shown(calibrationError)}; wrong among the surest 75 % ${shown(wrongWhereSure)} of all turns`,
    )
  console.log(
    `  wrong answers of the best single voter gone, at 75 %: ${shown(figures.wrongAnswersGone)} (by the single voter itself ${shown(figures.goneByBestSingle)})`,
  )
  console.log(`  its errors gone over all turns: ${shown(figures.errorsGone)}`)
  console.log(
    `  of the wrong answers of intent alone ${shown(figures.ofIntent.wrongAnswersGone)} gone, of its errors ${shown(figures.ofIntent.errorsGone)}`,
  )
  console.log(
    '  handed over: wrong by a threshold on the best single voter | tuned, never asking back | tuned, asking back where that is cheaper (asked back)',
  )
  for (const point of figures.escalation)
    console.log(
      `  ${percent(point.handedOver)}  ${shown(point.threshold)} | ${shown(point.tunedNeverAsking)}, ${differing(point.neverAskingLessThreshold)} | ${shown(point.tuned)}, ${differing(point.tunedLessThreshold)} (${shown(point.askedBack)})`,
    )
  for (const [source, { turns, single, tuned, difference }] of Object.entries(figures.sources))
    console.log(
      `  ${source.padEnd(10)} ${String(turns).padStart(4)} turns  single ${shown(single)}  tuned ${shown(tuned)}, ${differing(difference)}`,
    )
  console.log(
    `  taken for something else by the tuned: ${figures.confusions.map(({ right, said, count }) => `${right} as ${said ?? 'nothing'} ${count}`).join(', ')}`,
  )
  return figures
}

function ofPlatforms() {
  const questions = readQuestions()
  if (!questions) return skipped('HINT3 platforms', 'hint3')
  const systems = fusePlatforms(questions, seed)
  const places = questions.map((_, i) => i)
  const draws = drawConversations(places, createRandom(seed))
  const rightOf = (answers: readonly string[]) => {
    const right = answers.map((answer, i) => answer === (questions[i] as Question).right) // one a question
    return sampled(draw => right.reduce((sum, is, i) => sum + (is ? draw[i]! : 0), 0) / right.length, places, draws)
  }
  const best = rightOf(systems['best single platform'] ?? [])
  console.log(`\nHINT3 Curekart, five platforms' answers to ${questions.length} questions`)
  const figures = Object.fromEntries(
    Object.entries(systems).map(([name, answers]) => {
      const own = rightOf(answers)
      return [name, { right: estimateOf(own), against: differenceOf(own, best) }]
    }),
  )
  for (const [name, { right, against }] of Object.entries(figures))
    console.log(`  ${name.padEnd(54)} right ${shown(right)}, ${differing(against)}`)
  return figures
}

function ofSignals(title: string, turns: SignalledTurns | undefined): Fused | null {
  if (!turns) return skipped(title, 'jddc_satisfaction_zh')
  const fused = fuseSignals(turns, seed)
  console.log(`\n${title}: ${fused.turns} turns of ${fused.dialogues} dialogues, ${fused.so} so; area under the curve`)
  console.log(
    `  fused ${shown(fused.fused)}; best single signal (${fused.best.join(', ')}) ${shown(fused.bestAlone)}; ${differing(fused.difference)}`,
  )
  console.log(
    `  alone: ${Object.entries(fused.alone)
      .map(([name, area]) => `${name} ${shown(area)}`)
      .join('; ')}`,
  )
  return fused
}

function skipped(title: string, folder: string): null {
  console.log(`\n${title}: not run: ${folder} is not here (PARLEY_DATASETS names the folder that has it)`)
  return null
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(1)} %`
}
function shown({ value, low, high }: Estimate): string {
  return `${percent(value)} (${percent(low)} to ${percent(high)})`
}
function differing({ value, low, high, isShown }: Difference): string {
  return isShown
    ? `${percent(value)} against it (${percent(low)} to ${percent(high)})`
    : `no difference shown (${percent(low)} to ${percent(high)})`
}
