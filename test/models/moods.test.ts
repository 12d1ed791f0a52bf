// The moods' arithmetic, and what urgency learns.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { MOODS, moodAnswer } from '@parley/models/mood-answer.ts'
import { readUrgency } from '@parley/models/train/corpus.ts'
import { fitUrgency } from '@parley/models/train/fit-urgency.ts'
import { createUrgency } from '@parley/models/urgency.ts'
import { PROJECT } from '@parley/server/project.ts'

const answer = (shares: Readonly<Record<string, number>>, urgency?: number) =>
  moodAnswer(Object.keys(shares), Object.values(shares), {}, urgency).signals

test('mood: five steps from furious to delighted, evenly apart; fury beyond an even chance asks for a person', () => {
  assert.deepEqual(
    MOODS.map(name => answer({ [name]: 1 }).mood),
    [-1, -0.5, 0, 0.5, 1],
  )
  assert.deepEqual(answer({ furious: 0.75, neutral: 0.25 }), { mood: -0.75, handoff: 0.5 })
  assert.deepEqual(answer({ unhappy: 1 }, 0.25), { mood: -0.5, urgency: 0.25, handoff: 0 })
})

test('mood: a model that was trained with four moods, in releases before, is understood', () => {
  assert.deepEqual(answer({ angry: 0.75, happy: 0.25, neutral: 0, unhappy: 0 }), { mood: -0.5, handoff: 0.5 })
})

test('urgency: learned from the pack, the same for the same seed; what presses is told from words that only look like it', () => {
  const examples = readUrgency(join(PROJECT.packs, 'retail'))
  const weights = fitUrgency(examples, 1)!
  assert.deepEqual(fitUrgency(examples, 1), weights)
  assert.notDeepEqual(fitUrgency(examples, 2)?.weights, weights.weights)
  assert.ok(weights.training.accuracy.zh > 0.85 && weights.training.accuracy.en > 0.8, JSON.stringify(weights.training))
  const urgency = createUrgency(weights)
  const of = (text: string): number => urgency(normaliseText(text), /[一-鿿]/.test(text) ? 'zh' : 'en')
  for (const [presses, waits] of [
    ['明天一早就要用，能快点吗', '不急，什么时候都行'],
    ['孩子等着吃药，今天必须到', '今天收到了，谢谢'],
    ['I need it by noon today, please hurry', 'no hurry, take your time'],
    ['the deadline is tonight', 'it arrived today, all good'],
  ])
    assert.ok(of(presses!) > 0.5 && of(waits!) < 0.3, `${presses} ${of(presses!)}, ${waits} ${of(waits!)}`)
  assert.equal(
    fitUrgency(
      examples.filter(({ label }) => label === 'now'),
      1,
    ),
    undefined,
  )
})
