// Random dialogues by seed: whatever customers, agents, sources and effects do, every turn ends once, nothing breaks, a cold fold agrees with what was
// folded step by step, a recall gives the dialogue of before, and a replay the same decision.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fold, unwritten } from '@parley/core/conversation/conversation.ts'
import { entriesAfter } from '@parley/core/conversation/dialogue.ts'
import { isFault } from '@parley/core/faults.ts'
import type { AgentId } from '@parley/core/ids.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import { outsideConversation } from '@parley/core/pipeline/turn.ts'
import type { EffectOutcome, Effects } from '@parley/core/ports/effects.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createRandom } from '../random.ts'
import { ANNA, createTestHouse, createTestShop, keyOf, literalVoter, refOf, SHOP } from './house.ts'

const SEEDS = process.env.PARLEY_TEST_FULL ? 2_000 : 200
const STEPS = 25
const WORDS = [
  'track it',
  'track 2024-881',
  'pay for 3 pieces',
  'pay',
  'pay for 2024-875, 2 pieces',
  'yes',
  'no',
  'no thanks',
  '2024-881',
  '2024-999',
  'the first one',
  '2',
  'all of them',
  'hours',
  'never mind, hours',
  'hours? and can you track my order?',
  'recall that',
  'human please',
  'food made me ill',
  'hello',
  'affirm',
  'deny',
  'blah',
  '',
  '🦀🦀',
  'my lawyer',
  '4111 1111 1111 1111',
]
const order = (number: string) => ({ number, placedOn: '', status: 'sent', items: [{ name: 'crabs', quantity: 6 }], total: '' })
const key = keyOf('c1')
const CHEN = { id: 'chen' as AgentId, name: 'Chen' } // a test's id

test(`[TURN3] [TURN10] [DLG7] [HND3] random dialogues hold together (${SEEDS} seeds)`, async () => {
  const met = new Map<string, number>()
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = createRandom(seed)
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]! // within the list
    const orders = [order('2024-881'), order('2024-875')].slice(0, Math.floor(random() * 3))
    const mesh: Mesh = {
      facts: async (names, { slots }) =>
        Object.fromEntries(
          names.map(name => [
            name,
            random() < 0.1
              ? { isKnown: false, source: 'orders', reason: 'down' }
              : { isKnown: true, value: name === 'orders' ? orders : (orders.find(({ number }) => number === slots.order) ?? null) },
          ]),
        ),
    }
    const done = new Map<string, EffectOutcome>()
    const provider: Effects = {
      has: () => true,
      async run(request) {
        if (random() < 0.2) throw new Error('down')
        const kept =
          done.get(request.key) ??
          (random() < 0.2 ? { state: 'refused', reason: 'no' } : { state: 'done', result: { case: `CP-${done.size}` } })
        done.set(request.key, kept)
        return kept
      },
    }
    const house = createTestHouse({ mesh, effects: createEffects(new Map([[SHOP, provider]])) })
    const where = (step: number): string => `seed ${seed}, step ${step}`
    for (let step = 0; step < STEPS; step++) {
      const what = random()
      const asked = (await house.engine.since(key, ANNA, null)).events.at(-1)?.parts[0]?.text ?? ''
      // By chance alone a yes to the very question would be rare.
      const words = /pay \d+ of/.test(asked) && random() < 0.7 ? 'yes' : /order\?/.test(asked) && random() < 0.5 ? '2024-881' : pick(WORDS)
      try {
        if (what < 0.85) await house.engine.say(key, ANNA, { ref: refOf(`m${step}`), text: words, locale: 'en' })
        else if (what < 0.93) await house.engine.desk.claim(key, CHEN)
        else await house.engine.desk.release(key, CHEN, pick(['bot', 'queue', 'closed'] as const), '')
      } catch (error) {
        assert.ok(isFault(error), `${where(step)}: ${error}`)
      }
      if (random() < 0.8) await house.settled()
      if (random() < 0.3) house.clock.pass(2_000)
    }
    await house.settled()
    for (let i = 0; i < 12; i++) {
      await new Promise(resolve => setImmediate(resolve))
      house.clock.pass(400_000) // retries of effects are over
    }
    await house.settled()
    assert.deepEqual(house.bugs, [], `seed ${seed}`)

    const events = await house.events('c1')
    const cold = fold(unwritten, events, '' as never) // the position is not looked at
    const shown = (await house.engine.since(key, ANNA, null)).events
    assert.deepEqual(entriesAfter(cold.dialogue, 0), shown, `seed ${seed}: a cold fold shows something else`)
    assert.equal(cold.custody.open.length, 0, `seed ${seed}`)
    for (const [i, event] of events.entries()) {
      met.set(event.type, (met.get(event.type) ?? 0) + 1)
      if (event.type === 'rolled_back') {
        const before = fold(unwritten, events.slice(0, event.toSeq), '' as never) // as above
        const after = fold(unwritten, events.slice(0, i + 1), '' as never)
        assert.deepEqual(entriesAfter(after.dialogue, 0), entriesAfter(before.dialogue, 0), `seed ${seed}, seq ${event.seq}`)
        assert.deepEqual(after.dialogue.frame, before.dialogue.frame, `seed ${seed}, seq ${event.seq}`)
      }
      if (event.type !== 'decided') continue
      // The frame that the turn was decided in: the one that stood before its decision.
      const before = fold(unwritten, events.slice(0, i), '' as never)
      const texts = events.flatMap(each =>
        each.type === 'message' && each.seq >= event.turn && each.seq <= event.upTo ? [each.parts.map(part => part.text).join('\n')] : [],
      )
      const isMasked = events.some(each => each.type === 'message' && each.seq >= event.turn && each.seq <= event.upTo && each.isMasked)
      const again = await replay(
        event.decision,
        {
          ...outsideConversation,
          shop: SHOP,
          customer: ANNA,
          turn: event.turn,
          upTo: event.upTo,
          texts,
          isMasked,
          locale: before.dialogue.locale ?? 'en',
          frame: before.dialogue.frame,
          isQueued: before.custody.owner.with === 'queue',
          recallTo: event.decision.recall ?? null,
        },
        createTestShop([literalVoter()]),
        {
          mesh,
          effects: createEffects(new Map([[SHOP, provider]])),
          clock: house.clock,
          deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
        },
      )
      assert.deepEqual(
        { ...JSON.parse(JSON.stringify(again)), ms: 0 },
        { ...JSON.parse(JSON.stringify(event.decision)), ms: 0 },
        `seed ${seed}, turn ${event.turn}`,
      )
    }
    // One outcome a turn, at most one reply, and no number that must not be kept.
    const outcomes = events.flatMap(event => (event.type === 'decided' || event.type === 'superseded' ? [event.turn] : []))
    assert.equal(new Set(outcomes).size, outcomes.length, `seed ${seed}: a turn ended twice`)
    const replies = events.flatMap(event => (event.type === 'reply' ? [event.turn] : []))
    assert.equal(new Set(replies).size, replies.length, `seed ${seed}: a turn was answered twice`)
    assert.ok(!JSON.stringify(events).includes('4111 1111'), `seed ${seed}: a card's number was kept`)
    for (const event of events) if (event.type === 'reply') assert.ok(event.parts[0]?.text, `seed ${seed}: an empty reply at ${event.seq}`)
    // Nothing in the world stands for a turn that was taken back, and each key came to one thing.
    for (const effect of cold.custody.effects) assert.notEqual(effect.state.name, 'running', `seed ${seed}`)
  }
  // What did not come up was not tested.
  for (const type of ['rolled_back', 'effect', 'superseded', 'claimed', 'released', 'queued', 'notice'])
    assert.ok((met.get(type) ?? 0) >= SEEDS / 20, `${type}: ${met.get(type)}`)
})
