// Reports of made-up turns, by the same code as any: sixteen actions, two languages, and customers who write what would be markup.

import { createComparing } from '@parley/ensembles/comparison/compare.ts'
import type { Objection } from '@parley/ensembles/comparison/gate.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import type { JudgedTurn, Outcome } from '@parley/ensembles/evaluation/outcome.ts'
import { reportOn } from '@parley/ensembles/evaluation/report.ts'
import type { About, ComparisonFile, EvaluationFile, TuneFile } from '@parley/ensembles/report-file.ts'
import { tune } from '@parley/ensembles/tune/tune.ts'
import { figuresOf } from '@parley/server/evaluation/compare-ensembles.ts'
import { tuneResultOf } from '@parley/server/report-file/about.ts'
import { createRandom } from '../random.ts'

/** Each would set `window.taken`, or end what it stands in. */
export const HOSTILE = [
  '</script><script>window.taken = 1</script>',
  '<img src=x onerror="window.taken = 2">',
  '<!--<script>window.taken = 3//',
  '"><svg onload=window.taken=4> \u2028 ]]>',
] as const

const ACTIONS = Array.from({ length: 16 }, (_, i) => `ACTION_NUMBER_${i}`)
const TURNS = 320

export const about: About = {
  made: '2026-11-29T12:00:00.000Z',
  release: '0.1.0',
  shop: 'demo',
  pack: 'retail@1',
  data: { file: `${HOSTILE[1]}.jsonl`, sha256: 'ab'.repeat(32) },
  settings: { '--seed': '1' },
  hasTexts: true,
}

const turns: readonly JudgedTurn[] = Array.from({ length: TURNS }, (_, i) => ({
  conversation: Math.floor(i / 2),
  line: i + 1,
  text: i < HOSTILE.length ? HOSTILE[i]! : `sentence ${i}`, // below its length
  language: i % 3 === 0 ? 'zh' : 'en',
  source: i % 2 === 0 ? HOSTILE[0] : 'mail',
  right: ACTIONS[Math.floor((i * i) / TURNS) % ACTIONS.length]!, // an index below its length, as below
}))

function outcomesOf(seed: number, skill: number): readonly Outcome[] {
  const random = createRandom(seed)
  return turns.map(({ right }): Outcome => {
    const isRight = random() < skill
    const said = isRight ? right : ACTIONS[Math.floor(random() * ACTIONS.length)]!
    const confidence = Math.min(0.999, Math.max(0.05, (isRight ? 0.75 : 0.45) + 0.5 * (random() - 0.5)))
    const done = confidence < 0.35 ? 'asked back' : said === ACTIONS[0] ? 'by rule' : 'answered'
    const rules = done === 'by rule' ? [{ kind: 'action' as const, rule: said }] : []
    return { said, confidence, done, rules, brier: isRight ? 0.2 : 1.1, cost: done === 'answered' && said !== right ? 10 : 1 }
  })
}

const [good, bad] = [outcomesOf(1, 0.8), outcomesOf(2, 0.6)]

export const evaluationFile = (): EvaluationFile => ({
  kind: 'evaluate',
  about,
  evaluation: {
    ...reportOn({
      turns,
      judged: { name: 'made@1-0123456789ab', outcomes: good },
      rivals: [
        { name: 'majority vote', kind: 'majority', outcomes: bad },
        { name: 'equal weights', kind: 'equal', outcomes: good },
        { name: 'intent', kind: 'alone', outcomes: bad },
        { name: 'intent', kind: 'without', outcomes: outcomesOf(3, 0.7) },
      ],
      alwaysPerson: [ACTIONS[0]!],
      votes: turns.map((_, i) => [
        { voter: 'intent', action: good[i]!.said ?? undefined }, // one a turn
        { voter: 'keyword', action: i % 2 === 0 ? (bad[i]!.said ?? undefined) : undefined },
      ]),
      weights: { intent: { zh: 1, en: 0.9 }, keyword: { zh: 0.2, en: 0.3 } },
      precisions: [0.9, 0.9999],
      random: createRandom(4),
    }),
    incomplete: 3,
  },
})

export function comparisonFile(against: readonly Objection[]): ComparisonFile {
  const comparing = createComparing()
  for (const [i, { text, right, conversation }] of turns.entries())
    comparing.note({
      conversation: String(conversation),
      place: `line ${i + 1}`,
      text,
      right,
      isPinned: i < 6,
      a: { ...bad[i]!, options: [] }, // one a turn
      b: { ...good[i]!, options: ACTIONS.slice(0, 3) },
    })
  const both = turns.map((_, i) => [bad[i]!, good[i]!] as const)
  return {
    kind: 'compare',
    about,
    comparison: {
      a: 'made@1-0123456789ab',
      b: 'made@2-0123456789ab',
      ...comparing.result(createRandom(5)),
      figures: figuresOf(turns, both, 1),
      incomplete: 0,
      undecided: 0,
    },
    gate: { maxBroken: 5, against },
  }
}

/** Too few to learn from: it says so. */
export function tuneFile(): TuneFile {
  const inForce = parseEnsemble('name: made\nversion: 1\nvoters:\n  intent: { weight: { zh: 1, en: 0.8 } }\n', 'made')
  const domain = ACTIONS.slice(0, 4)
  const random = createRandom(6)
  const tuned = tune({
    turns: Array.from({ length: 60 }, (_, i) => {
      const right = domain[i % 4]! // an index below its length, as below
      const cast = (voter: string, skill: number) => ({
        voter,
        version: '1',
        abstained: false,
        votes: [{ action: random() < skill ? right : domain[Math.floor(random() * 4)]!, confidence: 0.8 }],
        ms: 0,
      })
      return {
        conversation: i,
        language: i % 3 === 0 ? ('zh' as const) : ('en' as const),
        right,
        ballots: [cast('intent', 0.8), cast('keyword', 0.4)],
      }
    }),
    situation: { domain, alwaysPerson: [], costs: { wrongAnswer: 10, clarify: 3, handoff: 6, severity: {} } },
    inForce: inForce.file,
    random,
    folds: 2,
  })
  const told = {
    tuned: { ...tuned, incomplete: 0, answers: 1 },
    file: tuned.file,
    inForce,
    version: 'made@2-0123456789ab',
    written: undefined,
  }
  return { kind: 'tune', about: { ...about, hasTexts: false }, tune: tuneResultOf(told) }
}
