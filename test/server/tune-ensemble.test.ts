// A tune of a small shop's ensemble: which turns are learned of, with which votes, and what the log says of its traffic.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { recordedTurns } from '@parley/core/recorded-turns.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { parseTurns } from '@parley/server/evaluation/read-turns.ts'
import { priorOfTraffic, tuneEnsemble } from '@parley/server/evaluation/tune-ensemble.ts'
import { ANNA, createTestClock, createTestHouse, createTestShop, keyOf, literalVoter, poolOf, refOf } from '../core/house.ts'
import { temporaryFolder } from '../e2e/running-server.ts'

const temp = temporaryFolder()
after(temp.remove)
const inForce = parseEnsemble(
  'name: test\nversion: 1\nvoters: { literal: { weight: { zh: 0.6, en: 0.6 } }, other: { weight: { zh: 1, en: 1 } } }',
  'test.yaml',
)
/** Is always sure that it is about HOURS, but for `both`, of which it cannot tell. */
const stubborn = (): VoterPool =>
  poolOf('other', ({ text }) =>
    text === 'both'
      ? [
          { action: 'TRACK', confidence: 0.5 },
          { action: 'HOURS', confidence: 0.5 },
        ]
      : [{ action: 'HOURS', confidence: 0.9 }],
  )

function tune(
  shop: Shop,
  rows: readonly unknown[],
  { signal = new AbortController().signal, onProgress = (_what: string, _share: number): void => {} } = {},
) {
  const { dialogues } = parseTurns(rows.map(row => JSON.stringify(row)).join('\n'), new Set(shop.situation.domain))
  const stages = {
    mesh: createMesh(new Map()),
    effects: createEffects(new Map()),
    clock: createTestClock(),
    deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
  }
  return tuneEnsemble({ dialogues, shop, stages, inForce, cache: join(temp.path, 'votes'), seed: 1, folds: 2, signal, onProgress })
}

const SAID = ['track', 'food', 'hello', 'hours', 'affirm', 'human', 'delete']
const ACTIONS = ['TRACK', 'FOOD', 'HELLO', 'HOURS', 'AFFIRM', 'HUMAN_AGENT', 'DELETE_ACCOUNT']
const rows = Array.from({ length: 140 }, (_, i) => ({ text: `${SAID[i % 7]} please ${i}`, action: ACTIONS[i % 7], lang: 'en' }))

test("[TUNE2] [TUNE3] the shop's own voters are weighed; what answers the bot's question teaches nothing; nobody is asked twice", async () => {
  const asked: string[] = []
  const literal = literalVoter()
  const listening: VoterPool = {
    ...literal,
    ask: (question, cast, signal) => {
      asked.push(question.text)
      return literal.ask(question, cast, signal)
    },
  }
  const shop = createTestShop([listening, stubborn()])
  // The second turn is the answer to which of the two was meant, whatever its words say.
  const dialogue = { turns: [{ text: 'both' }, { text: 'the first one', action: 'TRACK' }], lang: 'en' }
  const tuned = await tune(shop, [...rows, dialogue])
  assert.ok(tuned)
  assert.deepEqual([tuned.turns, tuned.conversations, tuned.answers], [140, 140, 1])
  const { figures } = tuned.candidates[tuned.chosen]
  assert.deepEqual([tuned.inForce.accuracy.value, figures.accuracy.value], [0.14286, 1]) // one action in seven is HOURS
  assert.deepEqual(tuned.verdict, { isBetter: true, because: [], reasons: [], turnsNeeded: null })
  assert.equal(tuned.file.version, 2)
  assert.equal(asked.length, 142)
  assert.deepEqual(await tune(shop, [...rows, dialogue]), tuned)
  assert.equal(asked.length, 142)
})

test('[TUNE9] it is broken off between two steps', async () => {
  const stop = new AbortController()
  const steps: number[] = []
  const onProgress = (what: string, share: number): void => {
    if (what === 'tuning' && steps.push(share) === 2) stop.abort(new Error('enough'))
  }
  await assert.rejects(tune(createTestShop([literalVoter(), stubborn()]), rows, { signal: stop.signal, onProgress }), /enough/)
  assert.equal(steps.length, 2)
  assert.ok(0 < steps[0]! && steps[0]! < steps[1]! && steps[1]! < 1)
})

test('where nobody says anything there is nothing to tune', async () => {
  assert.equal(await tune(createTestShop([poolOf('literal', () => [])]), rows), undefined)
})

test('[TUNE7] the log tells how often customers want what', async () => {
  const shop = createTestShop([literalVoter()])
  const house = createTestHouse({ shop })
  for (let i = 0; i < 300; i++)
    await house.engine.say(keyOf(`c-${i}`), ANNA, { ref: refOf('r1'), text: i % 10 === 0 ? 'track' : 'hello', locale: 'en' })
  await house.settled()
  async function* logged() {
    for (let i = 0; i < 300; i++) yield* recordedTurns(keyOf(`c-${i}`), await house.events(`c-${i}`), '9' as never) // a position of no matter here
  }
  const { turns, prior } = await priorOfTraffic(logged(), inForce.file, shop, new AbortController().signal)
  assert.equal(turns, 300)
  assert.ok(prior.HELLO! > 4 * prior.TRACK! && prior.TRACK! > 2 * prior.PAY!, JSON.stringify(prior))
})
