import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logged } from '@parley/core/conversation/event.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { figuresOf, type Tally, tallyOf } from '@parley/server/ensemble-store/canary-figures.ts'
import { createRandom } from '../random.ts'

const VERSIONS = { inForce: 'a@1-0', canary: 'b@1-0' }
const decided = (seq: number, ensemble: string, disposition: RecordedDecision['disposition'], at = 10): Logged =>
  ({ type: 'decided', seq, at, turn: seq - 1, upTo: seq - 1, decision: { ensemble, disposition } }) as Logged // what the figures look at
const takenBack = (seq: number, toSeq: number, by: 'customer' | 'agent' | 'operator'): Logged => ({
  type: 'rolled_back',
  seq,
  at: 10,
  toSeq,
  by,
  reason: '',
})

const rated = (seq: number, turn: number, thumb: 'up' | 'down' | null): Logged => ({
  type: 'rated',
  seq,
  at: 10,
  reply: turn + 1,
  turn,
  thumb,
})

test('[LIVE8] what came of a conversation, by who decided each of its turns', () => {
  const events = [
    decided(2, 'a@1-0', 'handoff', 1), // before the canary began
    decided(4, 'a@1-0', 'answer'),
    decided(6, 'b@1-0', 'clarify'),
    decided(8, 'b@1-0', 'answer'),
    takenBack(9, 6, 'agent'), // the last one
    decided(11, 'b@1-0', 'handoff'),
    takenBack(12, 0, 'customer'), // all three that stood
    takenBack(13, 0, 'operator'), // none any more
    decided(15, 'none', 'handoff'), // an apology is nobody's
    rated(16, 3, 'up'),
    rated(17, 7, 'up'),
    rated(18, 7, 'down'), // the last word
    rated(19, 5, 'up'),
    rated(20, 5, null), // taken back
    rated(21, 1, 'down'), // of before the canary
    rated(22, 14, 'down'), // nobody's
  ]
  const none = { handedOver: 0, askedBack: 0, corrected: 0, recalled: 0, thumbsUp: 0, thumbsDown: 0 }
  assert.deepEqual(tallyOf(events, VERSIONS, 5), {
    inForce: { ...none, turns: 1, recalled: 1, thumbsUp: 1 },
    canary: { ...none, turns: 3, handedOver: 1, askedBack: 1, corrected: 1, recalled: 2, thumbsDown: 1 },
  })
  assert.deepEqual(tallyOf([], VERSIONS, 5), {})
})

test('[LIVE8] an interval has room for what turns of one conversation have in common, and says so where there is nothing to go by', () => {
  const of = (turns: number, handedOver: number): Tally => ({
    turns,
    handedOver,
    askedBack: 0,
    corrected: 0,
    recalled: 0,
    thumbsUp: 0,
    thumbsDown: 0,
  })
  const widthOf = (tallies: readonly Tally[]): number => {
    const { low, high } = figuresOf(
      tallies.map(inForce => ({ inForce })),
      VERSIONS,
      0,
      0,
    ).arms.inForce.shares.handedOver
    return high - low
  }
  const alone = Array.from({ length: 100 }, (_, i) => of(1, i < 20 ? 1 : 0))
  const tenAlike = Array.from({ length: 10 }, (_, i) => of(10, i < 2 ? 10 : 0))
  assert.ok(widthOf(tenAlike) > 2 * widthOf(alone), 'ten conversations of ten turns that are alike are worth ten turns')
  const none = figuresOf([{ inForce: of(5, 0) }], VERSIONS, 0, 0)
  assert.ok(none.arms.inForce.shares.handedOver.high > 0.5, 'nothing in one conversation is no proof of nothing')
  assert.deepEqual(none.arms.canary.shares.handedOver, { value: 0, low: 0, high: 1 })
  assert.ok(none.differences.handedOver.low <= 0 && none.differences.handedOver.high >= 0)
})

test('[LIVE8] in 95 of 100 canaries that differ in nothing no difference is shown', () => {
  const random = createRandom(3)
  const arm = (): readonly Tally[] =>
    Array.from({ length: 60 }, () => {
      const [turns, p] = [1 + Math.floor(random() * 6), random() < 0.3 ? 0.8 : 0.05] // some conversations are hard, others easy
      const handedOver = Array.from({ length: turns }, random).filter(each => each < p).length
      return { turns, handedOver, askedBack: 0, corrected: 0, recalled: 0, thumbsUp: 0, thumbsDown: 0 }
    })
  let shown = 0
  for (let round = 0; round < 1_000; round++) {
    const tallies = [...arm().map(inForce => ({ inForce })), ...arm().map(canary => ({ canary }))]
    const { low, high } = figuresOf(tallies, VERSIONS, 0, 0).differences.handedOver
    if (low > 0 || high < 0) shown++
  }
  assert.ok(shown > 20 && shown < 80, `${shown} of 1,000`)
})
