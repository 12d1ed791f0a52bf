import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyOf, type ConversationEvent, EVENT_VERSION, upcast } from '@parley/core/conversation/event.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { packDecision, unpackDecision } from '@parley/core/pipeline/packed-decision.ts'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import { outsideConversation } from '@parley/core/pipeline/turn.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { ANNA, createTestClock, createTestShop, poolOf, SHOP } from './house.ts'

const ACTIONS = ['TRACK', 'FOOD', 'HELLO', 'PAY', 'HOURS', 'HUMAN_AGENT']

async function decide(): Promise<RecordedDecision> {
  const votes = () => ACTIONS.map(action => ({ action, confidence: Math.random() / ACTIONS.length }))
  const shop = createTestShop([poolOf('literal', votes), poolOf('other', votes)])
  return workOut(
    { ...outsideConversation, shop: SHOP, customer: ANNA, turn: 1, upTo: 1, texts: ['track'], locale: 'en' },
    { ...shop, situation: { ...shop.situation, costs: { ...shop.situation.costs, severity: { FOOD: 20, PAY: 1 / 3 } } } },
    {
      mesh: createMesh(new Map()),
      effects: createEffects(new Map()),
      clock: createTestClock(),
      deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
    },
    new AbortController().signal,
  )
}

/** Through the log's text and back. */
const kept = (decision: RecordedDecision): RecordedDecision => unpackDecision(JSON.parse(JSON.stringify(packDecision(decision))))
const plain = (decision: RecordedDecision): unknown => JSON.parse(JSON.stringify(decision))

test('[ENS1] a decision comes back from the log as it went in, its shares summing exactly to its scores', async () => {
  for (let i = 0; i < 200; i++) {
    const decision = await decide()
    assert.ok('packed' in packDecision(decision))
    const back = kept(decision)
    assert.deepEqual(plain(back), plain(decision))
    for (const { action, score } of back.ranking) {
      const shares = back.breakdown.filter(share => share.action === action)
      assert.ok(shares.length > 1)
      assert.equal(
        shares.reduce((sum, { share }) => sum + share, 0),
        score,
      )
    }
  }
})

test('a decision of another form is kept as it is', async () => {
  const decision = await decide()
  const [first, second, ...others] = decision.ranking
  assert.ok(first && second)
  const severity = { ...decision.situation.costs.severity, NOT_OF_THE_SHOP: 2 }
  const forms: RecordedDecision[] = [
    { ...decision, ranking: [], breakdown: [] },
    { ...decision, ranking: [second, first, ...others] },
    { ...decision, ranking: [{ ...first, score: first.score + 1e-12 }, second, ...others] },
    { ...decision, breakdown: decision.breakdown.slice(1) },
    { ...decision, breakdown: decision.breakdown.toReversed() },
    { ...decision, situation: { ...decision.situation, costs: { ...decision.situation.costs, severity } } },
  ]
  for (const form of forms) {
    assert.ok(!('packed' in packDecision(form)))
    assert.deepEqual(plain(kept(form)), plain(form))
  }
})

test('[TURN10] a decision is read as it was written, packed or not', async () => {
  const event: ConversationEvent = { type: 'decided', at: 1, turn: 1, upTo: 1, decision: await decide() }
  const { type, ...asBefore } = event
  const stored = (body: object): Record<string, unknown> => JSON.parse(JSON.stringify(body))
  assert.deepEqual(upcast(type, EVENT_VERSION, stored(asBefore)), stored(event))
  assert.deepEqual(upcast(type, EVENT_VERSION, stored(bodyOf(event))), stored(event))
  assert.ok(JSON.stringify(bodyOf(event)).length < JSON.stringify(asBefore).length / 2)
})
