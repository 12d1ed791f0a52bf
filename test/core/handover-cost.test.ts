// What a handover costs, against what comes out by hand; and that a turn is weighed, recorded and worked out again by it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AgentCosts, handoverCost, hourIn } from '@parley/core/handoff/handover-cost.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { packDecision, unpackDecision } from '@parley/core/pipeline/packed-decision.ts'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import { pricedAt } from '@parley/core/pipeline/price-handover.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import { outsideConversation } from '@parley/core/pipeline/turn.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { ANNA, createTestClock, createTestHouse, createTestShop, keyOf, literalVoter, refOf, SHOP } from './house.ts'

const costs: AgentCosts = {
  minutes: 6,
  minute: 1,
  hours: [
    { from: 22, to: 8, more: 0.5 },
    { from: 12, to: 13, more: 0.25 },
    { from: 0, to: 6, more: 1 },
  ],
  waiting: [
    { from: 5, more: 0.5 },
    { from: 20, more: 2 },
  ],
}

test('[COST1] minutes times a minute, and all that hour and queue add now', () => {
  const cases: readonly (readonly [hour: number | null, waiting: number, cost: number])[] = [
    [10, 0, 6],
    [12, 0, 7.5], // 6 · 1.25
    [13, 0, 6], // until one o'clock, not through it
    [22, 4, 9], // 6 · 1.5
    [7, 5, 12], // 6 · (1 + 0.5 + 0.5)
    [8, 5, 9],
    [0, 0, 15], // over midnight, and the deep of the night: 6 · (1 + 0.5 + 1)
    [10, 20, 21], // 6 · (1 + 0.5 + 2)
    [null, 5, 9], // at an unknown hour none is dearer
  ]
  for (const [hour, waiting, cost] of cases) assert.equal(handoverCost(costs, { hour, waiting }), cost, `${hour} ${waiting}`)
  assert.equal(handoverCost({ ...costs, hours: [{ from: 9, to: 9, more: 1 }] }, { hour: 3, waiting: 0 }), 12, 'all day')
})

test('[COST1] the hour is that of the shop: half-hour zones, summer time, midnight', () => {
  const at = Date.parse('2026-07-01T22:40:00Z')
  assert.deepEqual(
    ['UTC', 'Asia/Shanghai', 'Asia/Kolkata', 'Europe/Berlin', 'America/New_York'].map(zone => hourIn(zone)(at)),
    [22, 6, 4, 0, 18],
  )
  assert.equal(hourIn('Europe/Berlin')(Date.parse('2026-12-01T22:40:00Z')), 23)
  assert.throws(() => hourIn('Mars/Base'), RangeError)
})

/** A turn on which nobody votes: it is handed over for 7, and answered as out of scope for 10 · 10/11 where that is cheaper. */
const UNCLEAR = 'nonsense'
const dearer: AgentCosts = { minutes: 7, minute: 1, hours: [{ from: 22, to: 8, more: 0.5 }], waiting: [{ from: 1, more: 0.5 }] }
const shopWith = (agent: AgentCosts): Shop => ({
  ...createTestShop([literalVoter()]),
  handover: { costs: agent, hourOf: hourIn('UTC') },
})
const stages = {
  mesh: createMesh(new Map()),
  effects: createEffects(new Map()),
  clock: createTestClock(),
  deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
}
const turnAt = (time: string, waiting = 0) => ({
  ...outsideConversation,
  at: Date.parse(`2026-11-29T${time}:00Z`),
  shop: SHOP,
  customer: ANNA,
  turn: 1,
  upTo: 1,
  texts: [UNCLEAR],
  locale: 'en' as const,
  waiting,
})

test('[COST1] the same words at noon and at night: one formula, other costs', async () => {
  const shop = shopWith(dearer)
  const decide = (time: string, waiting = 0) => workOut(turnAt(time, waiting), shop, stages, new AbortController().signal)
  const [noon, night, crowd] = [await decide('12:00'), await decide('23:30'), await decide('12:00', 1)]
  assert.deepEqual([noon.disposition, noon.situation.costs.handoff, noon.situation.handover], ['handoff', 7, { hour: 12, waiting: 0 }])
  assert.deepEqual([night.disposition, night.situation.costs.handoff, night.situation.handover], ['answer', 10.5, { hour: 23, waiting: 0 }])
  assert.deepEqual([crowd.disposition, crowd.situation.costs.handoff, crowd.situation.handover], ['answer', 10.5, { hour: 12, waiting: 1 }])
  const always = await workOut(turnAt('23:30', 9), createTestShop([literalVoter()]), stages, new AbortController().signal)
  assert.deepEqual([always.disposition, always.situation.costs.handoff, 'handover' in always.situation], ['handoff', 7, false])
  // A moment that was priced is the same at all times from then on.
  assert.equal(
    (await workOut(turnAt('23:30', 9), pricedAt(shop, { hour: 12, waiting: 0 }), stages, new AbortController().signal)).disposition,
    'handoff',
  )
})

test('[COST2] a replay decides by the hour and the queue of then, whoever waits now; with other costs it shows what they change', async () => {
  const shop = shopWith(dearer)
  const turn = turnAt('12:00', 1)
  const decision = await workOut(turn, shop, stages, new AbortController().signal)
  const { packed } = packDecision(decision) as { packed?: { handover?: unknown } } // it has the form that packs
  assert.deepEqual(packed?.handover, [12, 1])
  const kept = (value: RecordedDecision): RecordedDecision => unpackDecision(JSON.parse(JSON.stringify(packDecision(value))))
  const stored = kept(decision)
  assert.deepEqual(stored.situation, decision.situation)
  const again = await replay(stored, turnAt('12:00', 0), shop, stages)
  assert.deepEqual({ ...kept(again), ms: 0 }, { ...stored, ms: 0 })
  const cheaper = await replay(stored, turn, shopWith({ ...dearer, waiting: [] }), stages)
  assert.equal(cheaper.disposition, 'handoff')
  // A release before wrote neither hour nor queue.
  const { handover: _, ...situation } = stored.situation
  assert.equal((await replay({ ...stored, situation }, turn, shop, stages)).situation.handover?.waiting, 0)
})

test('[COST2] the engine counts who waits: the first unclear turn goes to a person, the second meets a queue', async () => {
  const clock = createTestClock()
  clock.pass(12 * 3_600_000) // one second after noon
  const house = createTestHouse({ shop: shopWith(dearer), clock })
  const decisionOf = async (conversation: string): Promise<RecordedDecision | undefined> => {
    const said = (await house.events(conversation)).find(event => event.type === 'decided')
    return said?.type === 'decided' ? said.decision : undefined
  }
  for (const conversation of ['first', 'second']) {
    await house.engine.say(keyOf(conversation), ANNA, { ref: refOf(conversation), text: UNCLEAR, locale: 'en' })
    await house.settled()
  }
  assert.equal((await decisionOf('first'))?.disposition, 'handoff')
  assert.equal(house.engine.queue.waiting(SHOP), 1)
  const second = await decisionOf('second')
  assert.deepEqual([second?.disposition, second?.situation.handover], ['answer', { hour: 12, waiting: 1 }])
})
