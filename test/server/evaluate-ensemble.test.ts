// An evaluation of a small shop's ensemble, against what comes out by hand; and which voters are asked when it is made again.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import type { Evaluation } from '@parley/ensembles/report-file.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { evaluateEnsemble } from '@parley/server/evaluation/evaluate-ensemble.ts'
import { parseTurns } from '@parley/server/evaluation/read-turns.ts'
import { createTestClock, createTestShop, literalVoter, poolOf } from '../core/house.ts'
import { temporaryFolder } from '../e2e/running-server.ts'

const temp = temporaryFolder()
after(temp.remove)
const ensemble = parseEnsemble(
  'name: test\nversion: 1\nvoters: { literal: { weight: { zh: 1, en: 1 } }, other: { weight: { zh: 1, en: 1 } } }',
  'test.yaml',
)

function evaluate(
  shop: Shop,
  rows: readonly unknown[],
  cache: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<Evaluation> {
  const { dialogues, problems } = parseTurns(rows.map(row => JSON.stringify(row)).join('\n'), new Set(shop.situation.domain))
  assert.deepEqual(
    problems.filter(({ severity }) => severity === 'error'),
    [],
  )
  return evaluateEnsemble({
    dialogues,
    shop,
    stages: {
      mesh: createMesh(new Map()),
      effects: createEffects(new Map()),
      clock: createTestClock(),
      deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
    },
    ensemble,
    cache: join(temp.path, cache),
    seed: 1,
    precisions: [0.5],
    signal,
    onProgress: () => {},
  })
}

test('[EVAL1] [EVAL6] what the shop would do is what is judged: rules, risks and the answers to what the bot asks', async () => {
  /** Votes for TRACK on whatever has an x, and cannot tell two apart in `both`. */
  const other = poolOf('other', ({ text }) =>
    text === 'both'
      ? [
          { action: 'PAY', confidence: 0.5 },
          { action: 'HOURS', confidence: 0.5 },
        ]
      : text.includes('x')
        ? [{ action: 'TRACK', confidence: 0.6 }]
        : [],
  )
  const shop = createTestShop([literalVoter(), other])
  const report = await evaluate(
    shop,
    [
      { text: 'track', action: 'TRACK' }, // answered, rightly
      { text: 'hello', action: 'PAY' }, // answered, wrongly: 10
      { text: 'nonsense', action: 'OUT_OF_SCOPE' }, // nobody votes: handed over out of doubt, 7
      { text: 'food', action: 'FOOD' }, // a person's: 7
      { text: 'hello lawyer', action: 'HELLO' }, // a risk: 7
      { turns: [{ text: 'both' }, { text: 'the first one', action: 'HOURS' }] }, // chosen of what the bot asks; nobody votes on it
      { text: 'hours x', action: 'HOURS' }, // both vote, and the surer one is right
    ],
    'by-hand',
  )
  const { headlines } = report
  assert.deepEqual(
    report.confusions.filter(({ right, said }) => right !== said).map(({ right, said, count }) => [right, said, count]),
    [
      ['OUT_OF_SCOPE', null, 1],
      ['PAY', 'HELLO', 1],
    ],
  )
  assert.deepEqual([report.turns, report.conversations, report.incomplete], [7, 7, 0])
  assert.equal(headlines.accuracy.value, 0.71429) // 5 of 7
  assert.equal(headlines.answered.value, 0.57143) // 4 of 7
  assert.equal(headlines.wrongAnswers.value, 0.14286)
  assert.equal(headlines.abstention.value, 0.14286)
  assert.deepEqual(report.byRule, {
    turns: 2,
    right: 2,
    rules: [
      { kind: 'action', rule: 'FOOD', turns: 1, rightly: 1, missed: 0 },
      { kind: 'risk', rule: 'lawyer', turns: 1, rightly: 0, missed: null }, // a greeting that threatens
    ],
  })
  assert.equal(headlines.costPer1000.value, 4428.57143) // 31 of 7 turns
  assert.equal(headlines.outOfScopeRecall.value, 0)

  const [majority, , literal, alone, withoutLiteral, withoutOther] = report.rivals
  assert.deepEqual(
    report.rivals.map(({ kind, name }) => `${kind} ${name}`),
    ['majority majority vote', 'equal equal weights', 'alone literal', 'alone other', 'without literal', 'without other'],
  )
  // A majority of one is sure: it does not ask which of the two was meant, so that the choice answers nothing.
  assert.equal(majority!.figures.accuracy.value, 0.57143)
  assert.deepEqual([literal!.figures, withoutOther!.figures.accuracy.value], [withoutOther!.figures, 0.57143])
  assert.deepEqual([alone!.figures, alone!.figures.accuracy.value], [withoutLiteral!.figures, 0.14286])
  assert.equal(report.bestAlone, 'literal')
  assert.deepEqual(
    report.voters.map(({ voter, right, wrong, coverage }) => [voter, right, wrong, coverage]),
    [
      ['literal', 4, 1, 0.71429],
      ['other', 0, 1, 0.14286],
    ],
  )
})

test('[COST3] a row that says when it was is judged by what a handover cost then', async () => {
  const hourly = { minutes: 7, minute: 1, hours: [{ from: 22, to: 8, more: 0.5 }], waiting: [{ from: 10, more: 0.2 }] }
  const shop: Shop = { ...createTestShop([literalVoter()]), handover: { costs: hourly, hourOf: () => 12 } }
  const report = await evaluate(
    shop,
    [
      { text: 'food', action: 'FOOD' }, // a person's: 7
      { text: 'food at night', action: 'FOOD', hour: 23 }, // 10.5
      { text: 'food now', action: 'FOOD', hour: 9, waiting: 10 }, // 8.4
      { turns: [{ text: 'food at last', action: 'FOOD' }], hour: 0, waiting: 99 }, // 11.9
      { text: 'nonsense', action: 'OUT_OF_SCOPE' }, // out of doubt: 7
      { text: 'nonsense at night', action: 'OUT_OF_SCOPE', hour: 23 }, // answered at random, and wrongly: 10
    ],
    'by-hour',
  )
  assert.equal(report.headlines.costPer1000.value, 9133.33333) // 54.8 of 6 turns
  assert.equal(report.headlines.abstention.value, 0.16667)
})

/** Counts what it is asked. */
function counting(answer: (text: string) => void = () => {}): { readonly pool: VoterPool; readonly asked: string[] } {
  const asked: string[] = []
  const literal = literalVoter()
  return {
    asked,
    pool: {
      ...literal,
      async ask(question, cast, signal) {
        asked.push(question.text)
        answer(question.text)
        await literal.ask(question, cast, signal)
      },
    },
  }
}
const numbered = Array.from({ length: 20 }, (_, i) => ({ text: `hello ${i}`, action: 'HELLO' }))

test('[EVAL8] a run that is broken off goes on where it was, and one that is made again asks nobody', async () => {
  const stop = new AbortController()
  const first = counting(text => text === 'hello 17' && stop.abort(new Error('enough')))
  await assert.rejects(evaluate(createTestShop([first.pool]), numbered, 'broken-off', stop.signal), /enough/)
  const second = counting()
  const report = await evaluate(createTestShop([second.pool]), numbered, 'broken-off')
  assert.deepEqual(second.asked, ['hello 16', 'hello 17', 'hello 18', 'hello 19'])
  assert.equal(report.headlines.accuracy.value, 1)
  const third = counting()
  assert.deepEqual(await evaluate(createTestShop([third.pool]), numbered, 'broken-off'), report)
  assert.deepEqual(third.asked, [])
  // Another version votes anew.
  const other = counting()
  await evaluate(createTestShop([{ ...other.pool, voters: [{ voter: 'literal', version: '2' }] }]), numbered, 'broken-off')
  assert.equal(other.asked.length, 20)
})

test('[EVAL8] a turn of which a voter failed is told of and asked about again; a dialogue that is longer now is played from its beginning', async () => {
  const broken = counting(text => {
    if (text === 'hello 3') throw new Error('broken')
  })
  const rows = numbered.slice(0, 5)
  assert.equal((await evaluate(createTestShop([broken.pool]), rows, 'failing')).incomplete, 1)
  const mended = counting()
  assert.equal((await evaluate(createTestShop([mended.pool]), rows, 'failing')).incomplete, 0)
  assert.deepEqual(mended.asked, ['hello 3'])
  const longer = counting()
  await evaluate(
    createTestShop([longer.pool]),
    [rows[0], { turns: [{ text: 'hello 1' }, { text: 'hello again', action: 'HELLO' }] }],
    'failing',
  )
  assert.deepEqual(longer.asked, ['hello 1', 'hello again'])
})
