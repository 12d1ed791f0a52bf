// What the conversation so far says of a turn: it is folded with the frame, recorded with the decision, and a replay fuses with it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { courseWith, emptyFrame, pastOf } from '@parley/core/dialogue/frame.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { packDecision, unpackDecision } from '@parley/core/pipeline/packed-decision.ts'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import { outsideConversation, type Received } from '@parley/core/pipeline/turn.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { createEnsemble } from '@parley/ensembles/ensemble.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { ANNA, createTestClock, createTestShop, literalVoter, SHOP } from './house.ts'

const stages = {
  mesh: createMesh(new Map()),
  effects: createEffects(new Map()),
  clock: createTestClock(),
  deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
}
const ensemble = createEnsemble(
  'name: s\nversion: 1\nvoters: { literal: { weight: { zh: 1, en: 1 } } }\nsignals: { repeats: { HUMAN_AGENT: 3 }, fall: { HUMAN_AGENT: 4 }, turns: { HOURS: 1 } }',
  's.yaml',
)
/** In a good mood until it says «bad». */
const moody = (): VoterPool => {
  const literal = literalVoter()
  return {
    ...literal,
    ask: (question, cast, signal) =>
      literal.ask(question, ballot => cast({ ...ballot, signals: { mood: question.text.includes('bad') ? -0.8 : 0.2 } }), signal),
  }
}
const received = (frame: Received['frame'], text: string): Received => ({
  ...outsideConversation,
  shop: SHOP,
  customer: ANNA,
  turn: 1,
  upTo: 1,
  texts: [text],
  locale: 'en',
  frame,
})

test('[ENS13] turns, repeats and moods of before are recorded with the decision and with the frame, and a replay fuses alike', async () => {
  const shop: Shop = { ...createTestShop([moody()]), ensemble: () => ensemble }
  const decisions: RecordedDecision[] = []
  let frame = emptyFrame
  for (const text of ['hours', 'hours', 'hours bad']) {
    const decision = await workOut(received(frame, text), shop, stages, new AbortController().signal)
    assert.deepEqual(unpackDecision(packDecision(decision)), decision)
    const again = await replay(decision, received(frame, text), shop, stages)
    assert.deepEqual({ ...again, ms: 0 }, { ...decision, ms: 0 })
    decisions.push(decision)
    frame = decision.frame
  }
  assert.deepEqual(
    decisions.map(({ past }) => past && { turns: past.turns, repeats: past.repeats }),
    [undefined, { turns: 1, repeats: 0 }, { turns: 2, repeats: 1 }],
  )
  assert.deepEqual(frame.course, { turns: 3, action: 'HOURS', repeats: 2 })
  const person = decisions[2]!.breakdown.filter(({ action }) => action === 'HUMAN_AGENT').map(({ voter, share }) => [voter, share])
  assert.deepEqual(person.slice(2), [
    ['signal:turns', 0],
    ['signal:repeats', 1],
    ['signal:fall', 2],
  ])
  for (const { ranking, breakdown } of decisions)
    for (const { action, score } of ranking)
      assert.equal(
        breakdown.filter(share => share.action === action).reduce((sum, { share }) => sum + share, 0),
        score,
      )
})

test('[ENS13] a frame of a release without it is one of no turns; another topic begins anew', () => {
  assert.deepEqual(pastOf({ ...emptyFrame, misses: 1, moods: [0.5, -0.5] }), { turns: 0, repeats: 0, misses: 1, mood: 0 })
  const course = courseWith(courseWith(courseWith(undefined, 'TRACK'), 'TRACK'), 'HELLO')
  assert.deepEqual(course, { turns: 3, action: 'HELLO', repeats: 0 })
})
