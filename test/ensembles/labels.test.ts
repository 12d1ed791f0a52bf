// Which turns are worth a label, and how far people agree, against what comes out by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { agreementOf, kappaOf, type Pair } from '@parley/ensembles/labels/agreement.ts'
import { type Regrets, worthOf } from '@parley/ensembles/labels/worth.ts'
import { createRandom } from '../random.ts'

/** Probabilities of A, B and C, what each voter is for, and what else there is to say. */
const decided = (p: readonly [number, number, number], firsts: Readonly<Record<string, string>>, more: object = {}): RecordedDecision =>
  ({
    action: 'A',
    disposition: 'answer',
    how: 'plain',
    ranking: ['A', 'B', 'C'].map((action, i) => ({ action, score: Math.log(p[i]!) })), // three of each
    breakdown: ['prior', ...Object.keys(firsts)].map(voter => ({ voter, action: 'A', share: 0 })),
    votes: [
      ...Object.entries(firsts).map(([voter, action]) => ({ voter, abstained: false, votes: [{ action, confidence: 0.9 }], ms: 1 })),
      { voter: 'unheard', abstained: false, votes: [{ action: 'C', confidence: 1 }], ms: 1 },
    ],
    situation: { domain: ['A', 'B', 'C'], alwaysPerson: ['C'], costs: { wrongAnswer: 10, clarify: 3, handoff: 7, severity: {} } },
    ...more,
  }) as unknown as RecordedDecision // what is looked at

const worth = (decision: RecordedDecision, regrets: Regrets = {}): readonly [number, readonly string[]] | undefined => {
  const found = worthOf(decision, regrets)
  return found && [Math.round(found.value * 1000) / 1000, found.why]
}

test('[LAB1] what is worth a label: no margin, voters against it, taken back, a thumb down, a correction', () => {
  const all = { x: 'A', y: 'A', z: 'A' }
  assert.deepEqual(worth(decided([0.9, 0.06, 0.04], all)), [0.16, []])
  assert.deepEqual(worth(decided([0.5, 0.4, 0.1], all)), [0.9, ['unsure']])
  assert.deepEqual(worth(decided([0.9, 0.06, 0.04], { x: 'A', y: 'B', z: 'C' })), [0.827, ['contradicted']]) // who is not heard counts for nothing
  assert.deepEqual(worth(decided([0.9, 0.06, 0.04], all), { takenBack: true }), [1.16, ['taken back']])
  assert.deepEqual(worth(decided([0.45, 0.45, 0.1], { x: 'A', y: 'B' }, { disposition: 'clarify' }), { takenBack: true }), [
    2.5,
    ['unsure', 'contradicted', 'asked back', 'taken back'],
  ])
  assert.deepEqual(worth(decided([0.9, 0.06, 0.04], all), { thumb: 'up' }), [0.16, []])
  assert.deepEqual(worth(decided([0.9, 0.06, 0.04], all), { thumb: 'down' }), [1.16, ['thumbs down']])
  assert.deepEqual(worth(decided([0.9, 0.06, 0.04], all), { takenBack: true, thumb: 'down', isCorrected: true }), [
    3.16,
    ['taken back', 'thumbs down', 'corrected'],
  ])
  assert.deepEqual(worth(decided([0.5, 0.4, 0.1], all, { disposition: 'handoff' })), [0.9, ['unsure', 'handed over']])
  assert.deepEqual(worth(decided([0.5, 0.4, 0.1], all, { disposition: 'handoff', action: 'C' })), [0.9, ['unsure']]) // a person's: no doubt
  assert.deepEqual(worth(decided([0.5, 0.4, 0.1], all, { disposition: 'handoff', risks: ['lawyer'] })), [0.9, ['unsure']])
  // What leaves the bot's question for another request is about that.
  assert.deepEqual(worth(decided([0.9, 0.06, 0.04], all, { how: 'left' }), { thumb: 'down' }), [1.16, ['thumbs down']])
  // Nothing to label: an answer to what the bot had asked, an apology, a turn on which nobody who is heard voted.
  assert.equal(worth(decided([0.5, 0.4, 0.1], all, { how: 'slot' })), undefined)
  assert.equal(worth(decided([0.5, 0.4, 0.1], all, { ranking: [] })), undefined)
  assert.equal(worth(decided([0.5, 0.4, 0.1], {})), undefined)
})

test('[LAB3] Cohen’s kappa is what it is by hand, with draws of conversations around it', () => {
  const times = (a: string, b: string, count: number, from: number): Pair[] =>
    Array.from({ length: count }, (_, i) => ({ conversation: `c${from + i}`, a, b }))
  const pairs = [...times('A', 'A', 20, 0), ...times('A', 'B', 5, 20), ...times('B', 'A', 10, 25), ...times('B', 'B', 15, 35)]
  // 35 of 50 agree; by chance 0.5 · 0.6 + 0.5 · 0.4 = 0.5.
  assert.ok(Math.abs(kappaOf(pairs, Array(50).fill(1)) - 0.4) < 1e-12)
  const { turns, agreed, kappa } = agreementOf(pairs, createRandom(1))
  assert.deepEqual([turns, agreed, kappa.value], [50, 35, 0.4])
  assert.ok(kappa.low! < 0.3 && kappa.low! > 0 && kappa.high! > 0.5 && kappa.high! < 0.8, JSON.stringify(kappa))
  const same = agreementOf([...times('A', 'A', 5, 0), ...times('B', 'B', 5, 5)], createRandom(1))
  assert.equal(same.kappa.value, 1)
  assert.equal(agreementOf(times('A', 'A', 5, 0), createRandom(1)).kappa.value, null, 'chance explains it all')
})
