// Whole dialogues on the small shop: what is asked, understood, left and taken up again. The retail shop's own are in test/transcripts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isGrowingAngry, trendOf } from '@parley/core/dialogue/patience.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { Effects } from '@parley/core/ports/effects.ts'
import type { Fact, Mesh, OrderFact } from '@parley/core/ports/mesh.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { ANNA, createTestHouse, type HouseOptions, keyOf, literalVoter, poolOf, refOf, type TestHouse } from './house.ts'

const key = keyOf('c1')
const order = (number: string, status: string, quantity = 6): OrderFact => ({
  number,
  placedOn: '2024-01-01',
  status,
  state: 'shipped',
  items: [{ name: number === '2024-881' ? 'hairy crabs' : 'glasses', quantity }],
  total: '¥1',
})
const ORDERS = [order('2024-881', 'sent'), order('2024-875', 'packed')]

/** A source with these orders, as the demo shop's is. */
const meshOf = (orders: readonly OrderFact[]): Mesh => ({
  async facts(names, { slots }) {
    const known = (value: unknown): Fact => ({ isKnown: true, value })
    return Object.fromEntries(
      names.map(name => [name, name === 'orders' ? known(orders) : known(orders.find(({ number }) => number === slots.order) ?? null)]),
    )
  },
})

/** Does whatever it is asked to. */
const EFFECTS: Effects = { has: () => true, run: async () => ({ state: 'done', result: { case: 'CP-1' } }) }

/** Says each line in turn and gives the replies. */
function talk(options: HouseOptions = {}) {
  const house: TestHouse = createTestHouse({ mesh: meshOf(ORDERS), ...options })
  let said = 0
  const say = async (text: string): Promise<string> => {
    await house.engine.say(key, ANNA, { ref: refOf(`m${said++}`), text, locale: 'en' })
    await house.settled()
    const { events } = await house.engine.since(key, ANNA, null)
    const last = events.at(-1)
    return last && 'parts' in last ? last.parts.map(part => part.text).join('\n') : ''
  }
  const decision = async (): Promise<RecordedDecision> => {
    const decided = (await house.events('c1')).findLast(event => event.type === 'decided')
    assert.ok(decided?.type === 'decided')
    return decided.decision
  }
  const dialogue = async (): Promise<string[]> =>
    (await house.engine.since(key, ANNA, null)).events.map(event => `${event.type} ${event.parts.map(part => part.text).join(' / ')}`)
  return { house, say, decision, dialogue }
}

test('[DLG1] a slot is asked for and its answer continues the action', async () => {
  const { say, decision } = talk()
  assert.equal(await say('track it'), 'which order? 2 orders')
  const asked = await decision()
  assert.equal(asked.disposition, 'ask_slot')
  assert.deepEqual(asked.quickReplies, [
    { label: '2024-881 hairy crabs', text: '2024-881' },
    { label: '2024-875 glasses', text: '2024-875' },
  ])
  assert.equal(await say('2024-881'), 'track 2024-881: sent')
  const answered = await decision()
  assert.deepEqual([answered.action, answered.disposition, answered.how, answered.slots.order], ['TRACK', 'answer', 'slot', '2024-881'])
})

/** Votes for TRACK whenever the text says so, and would have the slot asked for. */
const asks = (slot: string) =>
  poolOf('literal', ({ text }) => (text.includes('track') ? [{ action: 'TRACK', confidence: 0.99, ask: slot }] : []))

test('[DLG8] a vote has a slot of its action asked for that the catalogue does not need; once it is there it is not asked for again', async () => {
  const deadMesh: Mesh = { facts: async () => ({}) }
  const without = talk({ mesh: deadMesh, pools: [literalVoter()] })
  await without.say('track it')
  assert.equal((await without.decision()).disposition, 'answer')
  const { say, decision } = talk({ mesh: deadMesh, pools: [asks('order')] })
  await say('track it')
  const first = await decision()
  assert.equal(first.disposition, 'ask_slot')
  assert.deepEqual(first.frame.pending?.kind === 'slot' && first.frame.pending.slot, 'order')
  await say('2024-881')
  const second = await decision()
  assert.deepEqual([second.action, second.disposition, second.slots.order], ['TRACK', 'answer', '2024-881'])
  await say('track 2024-875')
  assert.equal((await decision()).disposition, 'answer')
})

test('[DLG8] what is no slot of the action, and an order of a customer who has none, is not asked for', async () => {
  for (const [slot, mesh] of [
    ['count', { facts: async () => ({}) }],
    ['nothing', { facts: async () => ({}) }],
    ['order', meshOf([])],
  ] as const) {
    const { say, decision } = talk({ mesh, pools: [asks(slot)] })
    await say('track it')
    assert.equal((await decision()).disposition, 'answer', slot)
  }
})

const NAMES = [
  '881',
  'the first one',
  '第一个',
  'the crabs one',
  'order number 2024-881 please',
  '１',
  '#2024-881',
  'haha the top one',
  '嗯，最上面那个',
]
for (const answer of NAMES)
  test(`[DLG1] «${answer}» names the order that was offered`, async () => {
    const { say } = talk()
    await say('track it')
    assert.equal(await say(answer), 'track 2024-881: sent')
  })

for (const [answer, count] of [
  ['the first one', undefined],
  ['第一个订单', undefined],
  ['2024-881, 3 crabs', '3'],
  ['第一个，3件', '3'],
] as const)
  test(`[DLG1] «${answer}» says ${count ?? 'nothing'} about how many`, async () => {
    const { say, decision } = talk({ effects: EFFECTS })
    await say('pay for it')
    await say(answer)
    assert.equal((await decision()).slots.count, count)
  })

test('[DLG1] «none» and «the crabs one» are no counts', async () => {
  const { say, decision } = talk({ effects: EFFECTS })
  await say('pay for 2024-881')
  await say('the crabs one')
  assert.equal((await decision()).slots.count, undefined)
  await say('none')
  assert.deepEqual([(await decision()).action, (await decision()).frame?.pending], ['DENY', null])
})

test('[DLG1] the question outlives a restart', async () => {
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const before = talk({ log, vault })
  await before.say('track it')
  const after = talk({ log, vault })
  await after.house.engine.say(key, ANNA, { ref: refOf('after'), text: '2024-875', locale: 'en' })
  await after.house.settled()
  assert.equal((await after.dialogue()).at(-1), 'reply track 2024-875: packed')
})

test('[DLG1] one order needs no question, none gets the answer without one, a dead source asks nothing', async () => {
  assert.equal(await talk({ mesh: meshOf([ORDERS[0]!]) }).say('track it'), 'track 2024-881: sent') // one of the two above
  assert.equal(await talk({ mesh: meshOf([]) }).say('track it'), 'track')
  const dead: Mesh = {
    facts: async names => Object.fromEntries(names.map(name => [name, { isKnown: false, source: 'orders', reason: 'down' }])),
  }
  assert.equal(await talk({ mesh: dead }).say('track it'), 'track (orders do not answer)')
})

test('[DLG1] a number that is not the customer’s is asked for again, and is not remembered', async () => {
  const { say, decision } = talk()
  assert.equal(await say('track 2023-999'), '(not found: 2023-999)')
  assert.deepEqual((await decision()).frame?.slots, {})
  assert.equal(await say('2024-875'), 'track 2024-875: packed')
})

test('[DLG2] another request leaves the question, which comes back when it is done', async () => {
  const { say, decision } = talk()
  await say('track it')
  assert.equal(await say('hours'), 'hours\n(back to TRACK)\nwhich order?')
  assert.equal((await decision()).how, 'left')
  assert.equal(await say('2024-881'), 'track 2024-881: sent')
})

test('[DLG2] a change of mind drops the question; a request for the same value takes it over', async () => {
  const { say, decision } = talk()
  await say('track it')
  assert.equal(await say('never mind, hours'), 'hours')
  assert.equal((await decision()).frame?.shelved, null)
  await say('track it')
  assert.equal(await say('pay for 2024-881'), 'pay')
})

test('[DLG2] words that take something back but bring what was asked for are the answer', async () => {
  const { say } = talk()
  await say('track it')
  assert.equal(await say('2023-999'), '(not found: 2023-999)')
  assert.equal(await say('sorry, recall that number, it is 2024-881'), 'track 2024-881: sent')
})

test('[DLG2] an alarm leaves the question, but not for the bare name of what was offered', async () => {
  const mesh = meshOf([{ ...ORDERS[0]!, items: [{ name: 'food box', quantity: 1 }] }, ORDERS[1]!]) // the two above
  const asked = talk({ mesh })
  await asked.say('track it')
  await asked.say('the food made us sick')
  assert.deepEqual([(await asked.decision()).action, (await asked.decision()).disposition], ['FOOD', 'handoff'])
  const named = talk({ mesh })
  await named.say('track it')
  assert.equal(await named.say('the food one'), 'track 2024-881: sent')
  const counted = talk({ effects: EFFECTS })
  await counted.say('pay for 2024-881')
  await counted.say('2, bad food')
  assert.deepEqual([(await counted.decision()).action, (await counted.decision()).disposition], ['FOOD', 'handoff'])
})

test('[DLG2] the order goes along from topic to topic', async () => {
  const { say, decision } = talk()
  await say('track 2024-881')
  await say('hours')
  await say('track')
  assert.equal((await decision()).slots.order, '2024-881')
})

for (const words of ['track the glasses', 'track 875', 'track my 875 please', 'track order 875', '875那单 track一下'])
  test(`[DLG2] «${words}» is about the order that it names, not about the one before`, async () => {
    const { say, decision } = talk()
    assert.equal(await say('track 2024-881'), 'track 2024-881: sent')
    assert.equal(await say(words), 'track 2024-875: packed')
    assert.equal((await decision()).frame?.slots.order, '2024-875')
  })

for (const words of ['track the crabs and the glasses', 'track the $875 one', 'track 875 g of it', 'track the crabapple'])
  test(`[DLG2] «${words}» names no order`, async () => {
    const { say } = talk()
    assert.equal(await say(words), 'which order? 2 orders')
  })

test('[DLG1] where something is done, goods alone do not settle the order, but do not go with another one either', async () => {
  const fresh = talk({ effects: EFFECTS })
  assert.equal(await fresh.say('pay for the glasses'), 'pay\nwhich order? 2 orders')
  const after = talk({ effects: EFFECTS })
  await after.say('track 2024-881')
  assert.equal(await after.say('pay for 2 glasses'), 'pay\npay 2 of 2024-875?')
})

for (const words of ['and the glasses?', 'what about 2024-875', '那第二个呢', '875'])
  test(`[DLG2] «${words}» asks the same about another order`, async () => {
    const { say, decision } = talk()
    await say('track 2024-881')
    await say('affirm')
    assert.equal(await say(words), 'track 2024-875: packed')
    assert.equal((await decision()).action, 'TRACK')
    await say('hours')
    await say(words)
    assert.notEqual((await decision()).action, 'TRACK', 'not when something else was spoken of since')
  })

test('[DLG2] words that say more than an order, or a lone digit, ask nothing again', async () => {
  const { say, decision } = talk()
  await say('track 2024-881')
  for (const words of ['2', 'and the glasses are chipped', '第二个坏了', '875坏了', 'the second one has bad food in it']) {
    await say(words)
    assert.notEqual((await decision()).action, 'TRACK', words)
  }
})

test('[DLG2] an order out of the blue is asked about; in doubt the topic of before is meant', async () => {
  const { say, decision } = talk()
  assert.equal(await say('2024-875'), 'track 2024-875: packed')
  const voter = poolOf('literal', ({ text }) => [{ action: 'TRACK', confidence: text === 'it?' ? 0.2 : 0.99 }])
  const doubtful = talk({ pools: [voter] })
  await doubtful.say('it?')
  assert.notEqual((await doubtful.decision()).disposition, 'answer')
  await doubtful.say('2024-881')
  await doubtful.say('it?')
  assert.deepEqual([(await doubtful.decision()).action, (await doubtful.decision()).disposition], ['TRACK', 'answer'])
  assert.equal((await decision()).action, 'TRACK')
})

test('[DLG3] yes and no mean something only where something was asked', async () => {
  const { say, decision } = talk()
  await say('affirm')
  assert.deepEqual([(await decision()).action, (await decision()).how], ['AFFIRM', 'plain'])
  await say('track it')
  await say('no thanks')
  assert.deepEqual([(await decision()).action, (await decision()).how, (await decision()).frame?.pending], ['DENY', 'no', null])
})

test('[DLG4] what was just said is not said again in the same words', async () => {
  const { say } = talk()
  assert.equal(await say('track 2024-881'), 'track 2024-881: sent')
  assert.equal(await say('track 2024-881'), 'as I said, 2024-881: sent')
  assert.equal(await say('track 2024-881'), 'track 2024-881: sent', 'when all words were said, those said longest ago')
})

test('[DLG4] nor is a question, behind whatever words it was put', async () => {
  const { say } = talk()
  await say('track it')
  assert.equal(await say('hours'), 'hours\n(back to TRACK)\nwhich order?')
  assert.equal(await say('hello'), 'hello\n(back to TRACK)\nwhich order, please?')
})

test('[DLG5] a count of more than was bought gets the customer no further', async () => {
  const { say, decision } = talk({ effects: EFFECTS })
  await say('pay for 2024-881')
  await say('10')
  assert.deepEqual([(await decision()).frame?.misses, (await decision()).frame?.pending?.kind], [1, 'slot'])
})

test('[DLG5] a question that is not answered twice brings the offer of a person; yes hands over, no asks again', async () => {
  const { say, decision } = talk()
  await say('track it')
  assert.equal(await say('blah'), 'which order, please? 2 orders')
  assert.equal(await say('blub'), '(offer-person)')
  assert.deepEqual((await decision()).frame?.pending?.kind, 'person')
  const { say: sayNo } = talk()
  await sayNo('track it')
  await sayNo('blah')
  await sayNo('blub')
  assert.equal(await sayNo('no'), 'deny\nwhich order, please?')
  assert.equal(await sayNo('2024-881'), 'track 2024-881: sent')
  assert.equal(await say('yes'), '(queued)')
  const { action, disposition, wait, place } = await decision()
  assert.deepEqual([action, disposition, wait?.reason, place], ['HUMAN_AGENT', 'handoff', 'offered', 1])
})

/** Hears anger in each exclamation mark, a third of all there can be. */
const moodVoter: VoterPool = {
  tier: 'model',
  voters: [{ voter: 'other', version: '1' }],
  async ask({ text }, cast) {
    const mood = -Math.min(3, text.split('!').length - 1) / 3
    cast({ voter: 'other', version: '1', abstained: false, votes: [], signals: { mood }, ms: 1 })
  },
  close: async () => {},
}

test('[DLG5] anger that grows brings the offer of a person; anger after calm words, or in a bare answer, does not', async () => {
  const pools = [literalVoter(), moodVoter]
  const grows = talk({ pools })
  await grows.say('hours!')
  assert.equal(await grows.say('track 2024-881!!'), 'track 2024-881: sent\n(offer-person)')
  const sudden = talk({ pools })
  await sudden.say('hours')
  assert.equal(await sudden.say('track 2024-881!!'), 'track 2024-881: sent')
  const answers = talk({ pools })
  await answers.say('track it!')
  assert.equal(await answers.say('no!!'), 'deny')
})

test('[DLG5] the offer of a person stays open while the customer vents', async () => {
  const { say, decision } = talk({ pools: [literalVoter(), moodVoter] })
  await say('hours!')
  assert.equal(await say('track 2024-881!!'), 'track 2024-881: sent\n(offer-person)')
  assert.equal(await say('hours!!!'), 'hours')
  await say('yes')
  assert.deepEqual([(await decision()).action, (await decision()).disposition], ['HUMAN_AGENT', 'handoff'])
})

test('[DLG9] how the mood moves is a signal: recorded, told to whoever takes over, and taken back by a recall', async () => {
  const pools = [literalVoter(), moodVoter]
  const { say, decision } = talk({ pools })
  await say('hours')
  assert.equal((await decision()).signals.trend, undefined)
  await say('hours!')
  assert.equal((await decision()).signals.trend, -1 / 3)
  await say('recall that')
  await say('hours!!')
  assert.equal((await decision()).signals.trend, -2 / 3 - 0 / 2)
  const angry = talk({ pools })
  await angry.say('hours')
  await angry.say('hours')
  await angry.say('human please!!!')
  const { signals, wait } = await angry.decision()
  assert.deepEqual([signals.trend, wait?.trend, wait?.mood], [-1, -1, -1])
})

test('[DLG5] a mood that falls twice in a row and ends in anger brings the offer too; a fall that mends does not', () => {
  assert.equal(isGrowingAngry([0.4, 0, -0.5]), true)
  assert.equal(isGrowingAngry([0, 0, -0.5]), false)
  assert.equal(isGrowingAngry([0, -0.9, -0.3]), true)
  assert.equal(isGrowingAngry([0, -0.9, -0.1]), false)
  assert.equal(isGrowingAngry([0.4, 0.3, -0.5]), false)
  assert.equal(isGrowingAngry([0.4, -0.1, -0.3]), false)
  assert.deepEqual([trendOf([]), trendOf([-1]), trendOf([1, -1]), trendOf([0, -0.5, 0.5])], [undefined, undefined, -1, 0.75])
})

test('[DLG2] a question that was left does not come back while the customer is angry', async () => {
  const { say } = talk({ pools: [literalVoter(), moodVoter] })
  await say('track it')
  assert.equal(await say('hours!!'), 'hours')
  assert.equal(await say('hello'), 'hello\n(back to TRACK)\nwhich order?')
})

test('[DLG6] two requests in one message: the more pressing is answered, the other is named and comes next', async () => {
  const { say, decision } = talk({ mesh: meshOf([ORDERS[0]!]) }) // one of the two above
  assert.equal(await say('when are your hours? and can you track my order?'), 'track 2024-881: sent\n(also HOURS)')
  assert.equal((await decision()).also, 'HOURS')
  assert.equal(await say('yes'), 'hours')
})

test('[DLG7] a recall takes the last turn back from the dialogue, and a second one the turn before', async () => {
  const { say, dialogue, house } = talk()
  await say('hours')
  await say('track 2024-881')
  assert.equal(await say('recall that'), '(recalled)')
  assert.deepEqual(await dialogue(), ['message hours', 'reply hours', 'reply (recalled)'])
  assert.equal(await say('recall that'), '(recalled)')
  assert.deepEqual(await dialogue(), ['reply (recalled)'])
  assert.equal(await say('recall that'), '(recalled-nothing)')
  const kinds = (await house.events('c1')).map(event => event.type)
  assert.equal(kinds.filter(kind => kind === 'rolled_back').length, 2, 'the log keeps it all')
  assert.equal(kinds.filter(kind => kind === 'message').length, 5)
})

test('[DLG7] a recall also takes back what was known and asked', async () => {
  const { say, decision } = talk()
  await say('hours')
  await say('track it')
  await say('recall that')
  assert.deepEqual((await decision()).frame?.pending, null)
  await say('2024-881')
  assert.equal((await decision()).how, 'plain')
})

test('[DLG7] a reader who was away while something was taken back is told what goes and what comes', async () => {
  const { say, house } = talk()
  await say('hours')
  const { epoch, upTo } = await house.engine.since(key, ANNA, null)
  await say('track 2024-881')
  await say('recall that')
  const caught = await house.engine.since(key, ANNA, { epoch, seq: upTo })
  assert.deepEqual([caught.after, caught.stands, caught.events.length], [upTo, upTo, 1])
  const again = await house.engine.since(key, ANNA, { epoch, seq: caught.upTo })
  assert.deepEqual([again.stands, again.events], [undefined, []])
})

test('a risk that is a person’s is handed over whatever the votes say', async () => {
  const { say, decision } = talk()
  await say('hours, says my lawyer')
  const { disposition, wait, risks } = await decision()
  assert.deepEqual([disposition, wait?.reason, risks], ['handoff', 'risk', ['lawyer']])
})
