import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fusion, Situation } from '@parley/core/ports/ensemble.ts'
import { decide } from '@parley/ensembles/decide.ts'

const fusion = (probabilities: Record<string, number>): Fusion => ({
  probabilities,
  ranking: Object.entries(probabilities)
    .map(([action, p]) => ({ action, score: Math.log(p) }))
    .sort((a, b) => b.score - a.score),
  breakdown: [],
  signals: {},
})
const situation = (severity: Record<string, number> = {}, costs: Partial<Situation['costs']> = {}): Situation => ({
  domain: ['TRACK_ORDER', 'REFUND_STATUS', 'FOOD_SAFETY', 'OUT_OF_SCOPE'],
  alwaysPerson: ['FOOD_SAFETY'],
  costs: { wrongAnswer: 10, clarify: 3, handoff: 7, severity, ...costs },
})

test('[DEC1] a sure turn is answered', () => {
  const choice = decide(fusion({ TRACK_ORDER: 0.95, REFUND_STATUS: 0.03, FOOD_SAFETY: 0.01, OUT_OF_SCOPE: 0.01 }), situation())
  assert.equal(choice.action, 'TRACK_ORDER')
  assert.equal(choice.disposition, 'answer')
  assert.equal(choice.confidence, 0.95)
})

test('[DEC2] split votes ask back and offer the likeliest', () => {
  const choice = decide(fusion({ TRACK_ORDER: 0.5, REFUND_STATUS: 0.46, FOOD_SAFETY: 0.02, OUT_OF_SCOPE: 0.02 }), situation())
  assert.equal(choice.disposition, 'clarify')
  assert.deepEqual(choice.options, ['TRACK_ORDER', 'REFUND_STATUS'])
})

test('[DEC3] where a person is cheaper than any answer, the turn goes to a person', () => {
  const choice = decide(fusion({ TRACK_ORDER: 0.4, REFUND_STATUS: 0.3, FOOD_SAFETY: 0, OUT_OF_SCOPE: 0.3 }), situation({}, { handoff: 1 }))
  assert.equal(choice.disposition, 'handoff')
})

test('[DEC4] an action that a person always takes is handed over however sure it is', () => {
  const choice = decide(fusion({ FOOD_SAFETY: 0.99, TRACK_ORDER: 0.01, REFUND_STATUS: 0, OUT_OF_SCOPE: 0 }), situation())
  assert.equal(choice.action, 'FOOD_SAFETY')
  assert.equal(choice.disposition, 'handoff')
})

test('[DEC5] a grave action wins before it is the likeliest', () => {
  const p = { TRACK_ORDER: 0.68, FOOD_SAFETY: 0.3, REFUND_STATUS: 0.01, OUT_OF_SCOPE: 0.01 }
  // Asking back is dear here: the choice is between answers.
  const dear = { clarify: 100, handoff: 100 }
  assert.equal(decide(fusion(p), situation({}, dear)).action, 'TRACK_ORDER')
  assert.equal(decide(fusion(p), situation({ FOOD_SAFETY: 20 }, dear)).action, 'FOOD_SAFETY')
})

test('[DEC6] what was chosen never costs more than what was not', () => {
  const choice = decide(fusion({ TRACK_ORDER: 0.7, REFUND_STATUS: 0.1, FOOD_SAFETY: 0.1, OUT_OF_SCOPE: 0.1 }), situation())
  assert.equal(choice.expectedCosts[choice.disposition], Math.min(...Object.values(choice.expectedCosts)))
})

test('[DEC7] what is asked back is about the likeliest action, however grave another one would be', () => {
  const choice = decide(
    fusion({ TRACK_ORDER: 0.5, REFUND_STATUS: 0.4, FOOD_SAFETY: 0.09, OUT_OF_SCOPE: 0.01 }),
    situation({ FOOD_SAFETY: 8 }),
  )
  assert.equal(choice.disposition, 'clarify')
  assert.equal(choice.action, 'TRACK_ORDER')
  assert.ok(choice.options.includes('FOOD_SAFETY'))
})
