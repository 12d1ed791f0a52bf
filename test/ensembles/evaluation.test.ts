// The figures of an evaluation, against what comes out by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { confusionMatrix, figuresByAction } from '@parley/ensembles/evaluation/by-action.ts'
import { figuresByRule } from '@parley/ensembles/evaluation/by-rule.ts'
import { figuresByVoter } from '@parley/ensembles/evaluation/by-voter.ts'
import { measuresOf } from '@parley/ensembles/evaluation/measures.ts'
import type { JudgedTurn, Outcome } from '@parley/ensembles/evaluation/outcome.ts'
import { reportOn } from '@parley/ensembles/evaluation/report.ts'
import { differenceOf, drawConversations, estimateOf, type Measure, sampled } from '@parley/ensembles/evaluation/resample.ts'
import { riskWithin } from '@parley/ensembles/evaluation/risk-within.ts'
import { reliabilityOf, riskCoverage, thinned, thresholdFor } from '@parley/ensembles/evaluation/sureness.ts'
import { alone, equalWeights, majorityVote, without } from '@parley/ensembles/evaluation/variants.ts'
import { createRandom } from '../random.ts'

const OUT = 'OUT_OF_SCOPE'
/** right, said, confidence, done, cost. */
type Row = readonly [string, string | null, number, Outcome['done'], number]
const ROWS: readonly Row[] = [
  ['A', 'A', 0.95, 'answered', 0],
  ['A', 'A', 0.85, 'answered', 0],
  ['A', 'B', 0.85, 'answered', 10],
  ['B', 'B', 0.55, 'asked back', 3],
  ['B', 'A', 0.45, 'handed over', 7],
  ['C', 'C', 0.99, 'by rule', 7],
  [OUT, OUT, 0.75, 'answered', 0],
  [OUT, null, 0, 'handed over', 7],
]
const turns: readonly JudgedTurn[] = ROWS.map(([right], i) => ({
  conversation: i,
  line: i + 1,
  text: `turn ${i + 1}`,
  language: i < 4 ? 'zh' : 'en',
  source: '',
  right,
}))
const outcomes: readonly Outcome[] = ROWS.map(([, said, confidence, done, cost]) => ({
  said,
  confidence,
  done,
  rules: done === 'by rule' && said !== null ? [{ kind: 'action', rule: said }] : [],
  cost,
  brier: 0.25,
}))
const once = new Uint16Array(ROWS.length).fill(1)
const near = (actual: number | null, expected: number, what?: string): void =>
  assert.ok(actual !== null && Math.abs(actual - expected) < 1e-5, `${what ?? ''} ${actual}, not ${expected}`)

test('[EVAL1] each headline is what it is by hand', () => {
  const measures = measuresOf(turns, outcomes)
  // A: 2 of 3 named and 2 of 3 there; B: 1 of 2 and 1 of 2; C: 1 and 1; out of scope: 1 of 1 named, 1 of 2 there.
  const f1 = { A: 4 / 6, B: 2 / 4, C: 1, OUT: 2 / 3 }
  near(measures.accuracy(once), 5 / 8)
  near(measures.macroF1(once), (f1.A + f1.B + f1.C + f1.OUT) / 4)
  near(measures.weightedF1(once), (3 * f1.A + 2 * f1.B + f1.C + 2 * f1.OUT) / 8)
  near(measures.outOfScopeRecall(once), 1 / 2)
  near(measures.answered(once), 4 / 8)
  near(measures.precisionOfAnswers(once), 3 / 4)
  near(measures.wrongAnswers(once), 1 / 8)
  near(measures.abstention(once), 3 / 8)
  near(measures.costPer1000(once), (1_000 * 34) / 8)
  near(measures.brier(once), 0.25)
  // By level: 40 % 0.45 for 0, 50 % 0.55 for 1, 70 % 0.75 for 1, 80 % 1.7 for 1, 90 % 1.94 for 2; what nobody voted on is left out.
  near(measures.calibrationError(once), (0.45 + 0.45 + 0.25 + 0.7 + 0.06) / 7)
})

test('[EVAL1] a draw counts each turn as often as it has it, and says nothing of what it lacks', () => {
  const measures = measuresOf(turns, outcomes)
  const draw = Uint16Array.of(0, 2, 1, 0, 0, 0, 0, 0)
  near(measures.accuracy(draw), 2 / 3)
  near(measures.macroF1(draw), 4 / 5) // A alone is there: 2 named rightly, 3 there, B was named for the third
  assert.ok(Number.isNaN(measures.outOfScopeRecall(draw)))
  const half = measuresOf(turns, outcomes, [0, 1, 2, 3])
  near(half.accuracy(once), 3 / 4)
  near(half.costPer1000(once), 13_000 / 4)
})

test('[EVAL1] per action: precision, recall, F1 and support; behind each cell its sentences, misses first', () => {
  assert.deepEqual(figuresByAction(turns, outcomes), [
    { action: 'A', support: 3, precision: 0.66667, recall: 0.66667, f1: 0.66667 },
    { action: 'B', support: 2, precision: 0.5, recall: 0.5, f1: 0.5 },
    { action: 'C', support: 1, precision: 1, recall: 1, f1: 1 },
    { action: OUT, support: 2, precision: 1, recall: 0.5, f1: 0.66667 },
  ])
  const cells = confusionMatrix(turns, outcomes)
  assert.deepEqual(
    cells.map(({ right, said, count }) => [right, said, count]),
    [
      ['A', 'B', 1],
      ['B', 'A', 1],
      [OUT, null, 1],
      ['A', 'A', 2],
      ['B', 'B', 1],
      ['C', 'C', 1],
      [OUT, OUT, 1],
    ],
  )
  assert.deepEqual(
    cells[3]?.sentences.map(({ line, confidence }) => [line, confidence]),
    [
      [1, 0.95],
      [2, 0.85],
    ],
  )
})

test('[EVAL2] the reliability diagram has the mean confidence and accuracy of each level', () => {
  const levels = reliabilityOf(turns, outcomes)
  assert.equal(levels.length, 10)
  assert.deepEqual(levels[8], { from: 0.8, to: 0.9, count: 2, confidence: 0.85, accuracy: 0.5 })
  assert.deepEqual(levels[0], { from: 0, to: 0.1, count: 0, confidence: null, accuracy: null })
  assert.equal(
    levels.reduce((sum, { count }) => sum + count, 0),
    7,
  )
})

test('[EVAL2] a wanted precision gives the threshold with which most is answered; what is as sure goes together', () => {
  const points = riskCoverage(turns, outcomes)
  assert.deepEqual(
    points.map(({ threshold, coverage, risk }) => [threshold, coverage, Math.round(risk * 1e4) / 1e4]),
    [
      [0.99, 1 / 8, 0],
      [0.95, 2 / 8, 0],
      [0.85, 4 / 8, 0.25],
      [0.75, 5 / 8, 0.2],
      [0.55, 6 / 8, 0.1667],
      [0.45, 7 / 8, 0.2857],
    ],
  )
  assert.deepEqual(thresholdFor(points, 0.8), { precision: 0.8, threshold: 0.55, coverage: 0.75, risk: 0.16667 })
  assert.deepEqual(thresholdFor(points, 0.9), { precision: 0.9, threshold: 0.95, coverage: 0.25, risk: 0 })
  assert.equal(thresholdFor(riskCoverage(turns.slice(2, 3), outcomes.slice(2, 3)), 0.5), undefined)
  assert.deepEqual(
    thinned(points, 3).map(({ threshold }) => threshold),
    [0.99, 0.85, 0.55, 0.45],
  )
})

test('[EVAL2] [EVAL4] each point of the curve has the interval of the share of wrong answers above its threshold', () => {
  const random = createRandom(7)
  const many = Array.from({ length: 300 }, (_, i): JudgedTurn => ({ ...turns[0]!, conversation: Math.floor(i / 3), line: i + 1 }))
  const made = many.map((): Outcome => {
    const confidence = Math.floor(random() * 20) / 20
    return { ...outcomes[0]!, confidence, said: random() < 0.1 ? null : random() < confidence ? 'A' : 'B' }
  })
  const conversations = many.map(({ conversation }) => conversation)
  const draws = drawConversations(conversations, random)
  const points = thinned(riskCoverage(many, made), 8)
  const slowly = points.map(({ threshold }) => {
    const rows = made.flatMap(({ said, confidence }, i) => (said !== null && confidence >= threshold ? [i] : []))
    const count = (draw: Uint16Array, of: readonly number[]): number => of.reduce((sum, row) => sum + draw[row]!, 0)
    const wrong = rows.filter(row => made[row]!.said !== 'A')
    const measure: Measure = Object.assign((draw: Uint16Array) => count(draw, wrong) / count(draw, rows), { among: rows })
    const { low, high } = estimateOf(sampled(measure, conversations, draws))
    return { low, high }
  })
  assert.ok(slowly.length >= 8 && slowly.some(({ low, high }) => low! > 0 && high! > low!))
  assert.deepEqual(riskWithin(many, made, points, draws), slowly)
})

test('[EVAL3] per voter: coverage, overlap, conflict and precision', () => {
  const two = turns.slice(0, 4) // about A, A, A, B
  const votes = [
    [
      { voter: 'x', action: 'A' },
      { voter: 'y', action: 'A' },
    ],
    [
      { voter: 'x', action: 'B' },
      { voter: 'y', action: 'A' },
    ],
    [
      { voter: 'x', action: 'A' },
      { voter: 'y', action: undefined },
    ],
    [
      { voter: 'x', action: undefined },
      { voter: 'y', action: undefined },
    ],
  ]
  assert.deepEqual(figuresByVoter(two, votes), [
    { voter: 'x', coverage: 0.75, overlap: 0.5, conflict: 0.25, right: 2, wrong: 1, precision: 0.66667 },
    { voter: 'y', coverage: 0.5, overlap: 0.5, conflict: 0.25, right: 2, wrong: 0, precision: 1 },
  ])
})

test('[EVAL4] conversations are drawn whole, as many as there are, and the same for the same seed', () => {
  const conversations = [0, 0, 1, 2, 2, 2]
  const draws = drawConversations(conversations, createRandom(3), 200)
  assert.deepEqual(drawConversations(conversations, createRandom(3), 200), draws)
  for (const draw of draws) {
    assert.equal(draw[0], draw[1])
    assert.ok(draw[3] === draw[4] && draw[4] === draw[5])
    assert.equal(draw[0]! + draw[2]! + draw[3]!, 3) // six turns
  }
  const mean = draws.reduce((sum, draw) => sum + draw[2]!, 0) / draws.length
  assert.ok(Math.abs(mean - 1) < 0.2, `${mean}`)
})

test('[EVAL4] an interval is wider where turns come in few conversations; a difference is paired, and shown or not', () => {
  const count = 400
  const random = createRandom(5)
  const hard = Array.from({ length: count / 10 }, () => random() < 0.5)
  const measure = (isRight: (turn: number) => boolean) => (draw: Uint16Array) => {
    let [hits, all] = [0, 0]
    for (let i = 0; i < count; i++) {
      all += draw[i]!
      if (isRight(i)) hits += draw[i]!
    }
    return hits / all
  }
  const isEasy = (i: number): boolean => !hard[Math.floor(i / 10)]
  const each = Array.from({ length: count }, (_, i) => i)
  const tens = each.map(i => Math.floor(i / 10))
  const width = (conversations: readonly number[]): number => {
    const { low, high } = estimateOf(sampled(measure(isEasy), conversations, drawConversations(conversations, createRandom(1), 500)))
    return high! - low!
  }
  assert.ok(width(tens) > 2 * width(each), `${width(tens)} and ${width(each)}`)

  const draws = drawConversations(tens, createRandom(1), 500)
  const a = sampled(measure(isEasy), tens, draws)
  const better = sampled(
    measure(i => isEasy(i) || i % 10 === 0),
    tens,
    draws,
  )
  const { low, high } = estimateOf(a)
  const alike = differenceOf(a, a)
  assert.deepEqual(alike, { value: 0, low: 0, high: 0, isShown: false })
  const shown = differenceOf(better, a)
  assert.equal(shown.isShown, true)
  assert.ok(shown.high! - shown.low! < (high! - low!) / 2, 'paired: what makes a draw hard is the same for both')
  assert.equal(differenceOf(a, better).value, -shown.value!)
})

test('[EVAL4] where all is alike no draw differs: the interval is Wilson’s; where nothing is measured there is none', () => {
  const conversations = turns.map(({ conversation }) => conversation)
  const draws = drawConversations(conversations, createRandom(1), 50)
  const of = (rows: readonly number[]) => measuresOf(turns, outcomes, rows)
  // 1.96² / (3 + 1.96²)
  assert.deepEqual(estimateOf(sampled(of([0, 1, 3]).accuracy, conversations, draws)), { value: 1, low: 0.43849, high: 1 })
  assert.deepEqual(estimateOf(sampled(of([0, 1]).outOfScopeRecall, conversations, draws)), { value: null, low: null, high: null })
})

const { file } = parseEnsemble(
  `name: t
version: 1
voters:
  x: { weight: { zh: 0.5, en: 0 } }
  y: { weight: { zh: 2, en: 2 } }
  plugin:*: { weight: { zh: 1, en: 1 } }
`,
  't.yaml',
)
const domain = ['A', 'B', OUT]
const ballot = (voter: string, action: string, confidence: number): Ballot => ({
  voter,
  version: '1',
  abstained: false,
  votes: [
    { action: 'NOWHERE', confidence: 0.01 },
    { action, confidence },
  ],
  ms: 1,
})

test('[EVAL5] equal weights, one voter and all but one are the same file with other weights; who is not heard stays so', () => {
  const voters = ['x', 'y', 'plugin:p', 'strange']
  const weights = (changed: typeof file) => Object.fromEntries(Object.entries(changed.voters).map(([voter, { weight }]) => [voter, weight]))
  assert.deepEqual(weights(equalWeights(file, voters)), { x: { zh: 1, en: 0 }, y: { zh: 1, en: 1 }, 'plugin:p': { zh: 1, en: 1 } })
  assert.deepEqual(weights(alone(file, voters, 'y')), { x: { zh: 0, en: 0 }, y: { zh: 2, en: 2 }, 'plugin:p': { zh: 0, en: 0 } })
  assert.deepEqual(weights(without(file, voters, 'y')), { x: { zh: 0.5, en: 0 }, y: { zh: 0, en: 0 }, 'plugin:p': { zh: 1, en: 1 } })
})

test('[EVAL5] the majority wins however sure the others are; surer voters decide where votes are level; shares sum to scores', () => {
  const majority = majorityVote(file)
  const votes = [ballot('x', 'A', 0.3), ballot('plugin:p', 'A', 0.3), ballot('y', 'B', 0.99), ballot('unheard', 'B', 1)]
  const zh = majority.fuse(votes, 'zh', domain)
  assert.equal(zh.ranking[0]?.action, 'A')
  near(zh.probabilities.A!, 2.001 / 3.003)
  near(zh.probabilities.B!, 1.001 / 3.003)
  for (const { action, score } of zh.ranking)
    assert.equal(
      zh.breakdown.filter(share => share.action === action).reduce((sum, { share }) => sum + share, 0),
      score,
    )
  // x is not heard in English: one vote each, and y is surer.
  assert.equal(majority.fuse(votes, 'en', domain).ranking[0]?.action, 'B')
})

test('[EVAL1] by rule: what each took, whether a person had to have it, and what was missed', () => {
  const rows: readonly (readonly [right: string, rules: Outcome['rules']])[] = [
    ['FOOD', [{ kind: 'action', rule: 'FOOD' }]],
    ['FOOD', []], // answered as something else
    ['FOOD', [{ kind: 'action', rule: 'HUMAN' }]], // a person has it, for another reason
    [
      'HUMAN',
      [
        { kind: 'action', rule: 'HUMAN' },
        { kind: 'risk', rule: 'lawyer' },
      ],
    ],
    ['TRACK', [{ kind: 'risk', rule: 'lawyer' }]],
    ['TRACK', [{ kind: 'action', rule: 'FOOD' }]],
  ]
  const [turn, outcome] = [turns[0]!, outcomes[0]!]
  const figures = figuresByRule(
    rows.map(([right]) => ({ ...turn, right })),
    rows.map(([, rules]) => ({ ...outcome, rules })),
    ['FOOD', 'HUMAN', 'NEVER_SEEN'],
  )
  assert.deepEqual(figures, [
    { kind: 'action', rule: 'FOOD', turns: 2, rightly: 1, missed: 1 },
    { kind: 'action', rule: 'HUMAN', turns: 2, rightly: 2, missed: 0 },
    { kind: 'risk', rule: 'lawyer', turns: 2, rightly: 1, missed: null },
  ])
})

test('[EVAL6] the report puts it together: rivals by paired differences, slices that are not the whole, thresholds that none gives', () => {
  const always: readonly Outcome[] = outcomes.map(outcome => ({ ...outcome, said: 'A', confidence: 0.5, done: 'answered', cost: 10 }))
  const report = reportOn({
    turns: turns.map((turn, i) => ({ ...turn, source: i < 2 ? 'mail' : '' })),
    judged: { name: 'own', outcomes },
    rivals: [
      { name: 'x', kind: 'alone', outcomes: always },
      { name: 'y', kind: 'alone', outcomes },
      { name: 'x', kind: 'without', outcomes },
    ],
    alwaysPerson: ['C'],
    votes: turns.map(() => [{ voter: 'x', action: 'A' }]),
    weights: { x: { zh: 1, en: 2 } },
    precisions: [0.8, 0.999],
    random: createRandom(1),
  })
  near(report.headlines.accuracy.value, 5 / 8)
  assert.ok(report.headlines.accuracy.low! < 5 / 8 && report.headlines.accuracy.high! > 5 / 8)
  assert.deepEqual(report.byRule, { turns: 1, right: 1, rules: [{ kind: 'action', rule: 'C', turns: 1, rightly: 1, missed: 0 }] })
  assert.equal(report.bestAlone, 'y')
  const [x, y] = report.rivals
  near(x!.figures.accuracy.value, 3 / 8)
  near(x!.against.accuracy.value, 2 / 8)
  assert.deepEqual(y!.against.accuracy, { value: 0, low: 0, high: 0, isShown: false })
  assert.equal(x!.against.costPer1000.isShown, true)
  assert.deepEqual(
    report.slices.map(({ by, name, turns: count }) => [by, name, count]),
    [
      ['language', 'en', 4],
      ['language', 'zh', 4],
      ['source', 'mail', 2],
    ],
  )
  near(report.slices[1]!.figures.accuracy.value, 3 / 4)
  assert.deepEqual(
    report.thresholds.map(({ precision, threshold }) => [precision, threshold]),
    [
      [0.8, 0.55],
      [0.999, 0.95],
    ],
  )
  near(report.thresholds[0]!.reached.value, 5 / 6)
  assert.deepEqual(
    report.reliability.map(({ accuracy, reached }) => [accuracy, reached.value]),
    report.reliability.map(({ accuracy }) => [accuracy, accuracy]),
  )
  assert.ok(report.reliability[8]!.reached.low! < 0.5 && report.reliability[8]!.reached.high! > 0.5, 'one of two is right there')
  const about = report.actions.find(({ action }) => action === 'A')!
  near(about.recall, 2 / 3)
  assert.ok(about.within.recall.low! < 2 / 3 && about.within.recall.high! > 2 / 3)
  const [never] = report.actions.filter(({ precision }) => precision === 1)
  assert.ok(never!.within.precision.low! < 1 && never!.within.precision.high === 1, 'one of one is no certainty')
  assert.deepEqual(report.unreached, [])
  assert.deepEqual(report.voters[0]?.weight, { zh: 1, en: 2 })
})
