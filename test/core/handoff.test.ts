// The handoff: the queue, the claim, the silence of the bot, the way back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fold, unwritten } from '@parley/core/conversation/conversation.ts'
import { isFault } from '@parley/core/faults.ts'
import { cardOf } from '@parley/core/handoff/card.ts'
import type { Agent } from '@parley/core/handoff/owner.ts'
import { type AgentId, asCustomerId } from '@parley/core/ids.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { faultCodeOf } from '../fault-code.ts'
import { ANNA, createTestHouse, keyOf, literalVoter, poolOf, refOf, SHOP, type TestHouse } from './house.ts'

const key = keyOf('c1')
const agent = (name: string): Agent => ({ id: name.toLowerCase() as AgentId, name }) // a test's id
const CHEN = agent('Chen')
let refs = 0
async function say(house: TestHouse, text: string, conversation = 'c1', customer = ANNA): Promise<void> {
  await house.engine.say(keyOf(conversation), customer, { ref: refOf(`m${refs++}`), text, locale: 'en' })
  await house.settled()
}
const dialogue = async (house: TestHouse): Promise<string[]> =>
  (await house.engine.since(key, ANNA, null)).events.map(event => `${event.type}: ${event.parts.map(part => part.text).join('')}`)

test('[HND1] a handover is queued in the append of its reply, and the reply names the true place in line', async () => {
  const house = createTestHouse()
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    await say(house, 'human please', name, asCustomerId(name))
    const { events, state } = await house.engine.since(keyOf(name), asCustomerId(name), null)
    assert.equal(events.at(-1)?.parts[0]?.text, `human #${i + 1}`)
    assert.deepEqual([state.with, state.position], ['queue', i + 1])
    assert.deepEqual(
      (await house.events(name)).slice(-3).map(event => event.type),
      ['decided', 'reply', 'queued'],
    )
  }
  assert.deepEqual(
    house.engine.queue.view(SHOP).items.map(item => [item.conversation, item.position, item.reason, item.preview]),
    [
      ['a', 1, 'asked', 'human please'],
      ['b', 2, 'asked', 'human please'],
      ['c', 3, 'asked', 'human please'],
    ],
  )
})

test('[HND1] who asks again keeps the place; a claim ahead moves everybody up, told at most once a second', async () => {
  const house = createTestHouse()
  for (const name of ['a', 'b', 'c']) {
    await say(house, 'human please', name, asCustomerId(name))
    house.clock.pass(1_000)
  }
  await new Promise(resolve => setImmediate(resolve)) // what was due is told
  const told: (number | undefined)[] = []
  house.fanOut.subscribe(keyOf('c'), sign => sign.type === 'state' && told.push(sign.state.position))
  await say(house, 'human again', 'c', asCustomerId('c'))
  const { events } = await house.engine.since(keyOf('c'), asCustomerId('c'), null)
  assert.equal(events.at(-1)?.parts[0]?.text, '(still-queued)')
  await house.engine.desk.claim(keyOf('a'), CHEN)
  await house.engine.desk.claim(keyOf('b'), agent('Li'))
  house.clock.pass(1_000)
  await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(told, [1])
})

test('[HND2] of a hundred agents who claim at once one has it, and 99 are told who', async () => {
  const house = createTestHouse()
  await say(house, 'human please')
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => house.engine.desk.claim(key, agent(`Agent ${i}`))))
  const winners = outcomes.flatMap((outcome, i) => (outcome.status === 'fulfilled' ? [`Agent ${i}`] : []))
  assert.equal(winners.length, 1)
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue
    assert.ok(isFault(outcome.reason, 'ALREADY_CLAIMED'))
    assert.equal(outcome.reason.details.by, winners[0])
  }
  assert.equal((await house.events('c1')).filter(event => event.type === 'claimed').length, 1)
  assert.equal(house.engine.queue.view(SHOP).items[0]?.agent?.name, winners[0])
})

test('[HND2] two engines on one log: one claim holds, the other is told who', async () => {
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const [one, two] = [createTestHouse({ log, vault }), createTestHouse({ log, vault })]
  await say(one, 'human please')
  await two.engine.since(key, ANNA, null)
  const outcomes = await Promise.allSettled([one.engine.desk.claim(key, CHEN), two.engine.desk.claim(key, agent('Li'))])
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal((await one.events('c1')).filter(event => event.type === 'claimed').length, 1)
})

test('[HND3] the bot is silent from the claim on, also for the turn in flight', async () => {
  let open = (): void => {}
  const gate = new Promise<void>(resolve => {
    open = resolve
  })
  let isHeld = false
  const house = createTestHouse({
    pools: [
      poolOf('literal', async question => {
        if (isHeld) await gate
        let votes: readonly { readonly action: string; readonly confidence: number }[] = []
        await literalVoter().ask(question, ballot => (votes = ballot.votes), new AbortController().signal)
        return votes
      }),
    ],
  })
  await say(house, 'human please')
  isHeld = true
  await house.engine.say(key, ANNA, { ref: refOf('flight'), text: 'hours', locale: 'en' })
  await house.engine.desk.claim(key, CHEN)
  open()
  await house.settled()
  await say(house, 'hours?')
  assert.deepEqual(await dialogue(house), [
    'message: human please',
    'reply: human #1',
    'message: hours',
    'notice: Chen joined',
    'message: hours?',
  ])
  const events = await house.events('c1')
  assert.deepEqual(
    events.filter(event => event.type === 'superseded').map(event => [event.turn, event.upTo]),
    [[6, 6]],
  )
  assert.deepEqual(house.bugs, [])
})

test('[HND3] every turn has one outcome: decided or superseded, under claims and releases at random (100 seeds)', async () => {
  const { createRandom } = await import('../random.ts')
  for (let seed = 1; seed <= 100; seed++) {
    const random = createRandom(seed)
    const house = createTestHouse()
    await say(house, 'human please')
    const steps: Promise<unknown>[] = []
    // Most are refused, and rightly: whoever does not have it cannot give it back.
    const attempt = (step: Promise<unknown>): unknown => steps.push(step.catch(error => assert.ok(isFault(error), String(error))))
    for (let i = 0; i < 30; i++) {
      const what = random()
      if (what < 0.5)
        attempt(house.engine.say(key, ANNA, { ref: refOf(`s${seed}n${i}`), text: what < 0.25 ? 'hours' : 'human', locale: 'en' }))
      else if (what < 0.75) attempt(house.engine.desk.claim(key, CHEN))
      else attempt(house.engine.desk.release(key, CHEN, random() < 0.5 ? 'bot' : 'queue', ''))
      if (random() < 0.5) await new Promise(resolve => setImmediate(resolve))
    }
    await Promise.all(steps)
    await house.settled()
    const events = await house.events('c1')
    let owner = 'bot'
    const opened = new Set<number>()
    const ended = new Map<number, number>()
    for (const event of events) {
      if (event.type === 'claimed') owner = 'agent'
      else if (event.type === 'released') owner = 'bot'
      else if (event.type === 'message' && owner !== 'agent') opened.add(event.seq)
      else if (event.type === 'decided' || event.type === 'superseded') {
        assert.equal(event.type === 'decided' ? owner : 'bot', 'bot', `seed ${seed}: the bot decided while a person had it`)
        for (const seq of opened) if (seq >= event.turn && seq <= event.upTo) ended.set(seq, (ended.get(seq) ?? 0) + 1)
      } else if (event.type === 'reply') assert.equal(owner, 'bot', `seed ${seed}: the bot spoke while a person had it`)
    }
    assert.deepEqual(
      [...opened].filter(seq => ended.get(seq) !== 1),
      [],
      `seed ${seed}`,
    )
    assert.deepEqual(house.bugs, [], `seed ${seed}`)
  }
})

test('[HND4] only the owner writes; a resend is harmless; another text under the same id is refused', async () => {
  const house = createTestHouse()
  await say(house, 'human please')
  const message = { ref: refOf('a1'), text: 'Hello, this is Chen.' }
  assert.equal(await faultCodeOf(house.engine.desk.say(key, CHEN, message)), 'NOT_OWNER')
  await house.engine.desk.claim(key, CHEN)
  assert.equal(await faultCodeOf(house.engine.desk.say(key, agent('Li'), message)), 'NOT_OWNER')
  const first = await house.engine.desk.say(key, CHEN, message)
  assert.deepEqual(await house.engine.desk.say(key, CHEN, message), { seq: first.seq, isResend: true })
  assert.equal(await faultCodeOf(house.engine.desk.say(key, CHEN, { ...message, text: 'x' })), 'REF_REUSED')
  assert.equal((await dialogue(house)).at(-1), 'agent_message: Hello, this is Chen.')
  assert.equal(await faultCodeOf(house.engine.desk.release(key, agent('Li'), 'bot', '')), 'NOT_OWNER')
})

test('[HND5] given back, the bot answers what comes next and nothing of what was said meanwhile', async () => {
  const house = createTestHouse()
  await say(house, 'human please')
  await house.engine.desk.claim(key, CHEN)
  await say(house, 'human, are you there?')
  await house.engine.desk.release(key, CHEN, 'bot', 'solved it')
  assert.equal((await house.engine.state(key)).with, 'bot')
  assert.equal((await dialogue(house)).at(-1), 'notice: (notice.returned)')
  await say(house, 'hours')
  assert.deepEqual((await dialogue(house)).slice(-2), ['message: hours', 'reply: hours'])
  assert.equal(house.engine.queue.view(SHOP).items.length, 0)
  assert.equal(await faultCodeOf(house.engine.desk.claim(key, CHEN)), 'NOT_WAITING')
  const notes = (await house.engine.desk.watch(key, null)).events.flatMap(event => (event.type === 'mark' ? [event.note] : []))
  assert.ok(notes.includes('solved it'), 'colleagues see the note')
  assert.ok(!(await dialogue(house)).join().includes('solved it'), 'the customer does not')
})

test('[HND5] given to the queue it waits again, for whoever takes it', async () => {
  const house = createTestHouse()
  await say(house, 'human please')
  await house.engine.desk.claim(key, CHEN)
  await house.engine.desk.release(key, CHEN, 'queue', '')
  const [item] = house.engine.queue.view(SHOP).items
  assert.deepEqual([item?.with, item?.reason], ['queue', 'transferred'])
  await house.engine.desk.claim(key, agent('Li'))
  assert.equal((await house.engine.state(key)).agent, 'Li')
})

test('[HND6] the queue and what people have in hand are there again after a restart', async () => {
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const before = createTestHouse({ log, vault })
  for (const name of ['a', 'b', 'c']) await say(before, 'human please', name, asCustomerId(name))
  await before.engine.desk.claim(keyOf('b'), CHEN)
  const after = createTestHouse({ log, vault })
  await after.engine.finishUnsettled()
  const rows = (house: TestHouse) =>
    house.engine.queue.view(SHOP).items.map(item => [item.conversation, item.with, item.position, item.agent?.name])
  assert.deepEqual(rows(after), rows(before))
  assert.equal(await faultCodeOf(after.engine.desk.claim(keyOf('b'), agent('Li'))), 'ALREADY_CLAIMED')
})

test('what presses goes before what came first', async () => {
  const house = createTestHouse()
  await say(house, 'human please', 'a', asCustomerId('a'))
  const shop = createTestHouse().engine // another house: nothing of it is seen here
  assert.equal(shop.queue.view(SHOP).items.length, 0)
  assert.equal(house.engine.queue.placeFor(keyOf('new'), 1), 1)
  assert.equal(house.engine.queue.placeFor(keyOf('new'), 0.5), 2)
})

test('the card says why: votes with their shares, what was tried, mood and reason', async () => {
  const house = createTestHouse()
  await say(house, 'hours')
  await say(house, 'human please')
  const { card } = await house.engine.desk.about(key, 'en')
  assert.deepEqual(
    [card?.reason, card?.action, card?.tried.map(({ action, disposition }) => `${action} ${disposition}`)],
    ['asked', 'HUMAN_AGENT', ['HOURS answer', 'HUMAN_AGENT handoff']],
  )
  const vote = card?.votes.find(({ voter }) => voter === 'literal')
  assert.deepEqual(vote?.votes, [{ action: 'HUMAN_AGENT', confidence: 0.99 }])
  assert.ok((vote?.share ?? 0) > 0)
  assert.equal(card?.ranking[0]?.action, 'HUMAN_AGENT')
  assert.deepEqual(
    card?.fused?.beside.map(({ what }) => what),
    ['prior'],
  )
})

test('[ENS1] the shares on the card, the voters’ and what was beside them, sum to the score that it shows', async () => {
  const house = createTestHouse()
  await say(house, 'hours')
  await say(house, 'human please')
  const decided = (await house.events('c1')).findLast(event => event.type === 'decided')
  assert.ok(decided?.type === 'decided')
  const { breakdown, ranking } = decided.decision
  const action = 'HUMAN_AGENT'
  // As an ensemble with weights for signals would have recorded it.
  const signals = [
    { voter: 'signal:mood', action, share: 0.25 },
    { voter: 'signal:repeats', action, share: -0.5 },
    { voter: 'signal:mood', action: 'HOURS', share: 9 },
  ]
  const score = ranking.find(ranked => ranked.action === action)!.score - 0.25 // it is ranked
  const decision = {
    ...decided.decision,
    breakdown: [...breakdown, ...signals],
    ranking: ranking.map(ranked => (ranked.action === action ? { ...ranked, score } : ranked)),
  }
  const events = (await house.events('c1')).map(event => (event.seq === decided.seq ? { ...decided, decision } : event))
  const card = cardOf(events, fold(unwritten, events, 'x' as never), name => ({ 'zh-CN': name, en: name })) // no driver looks at the position
  assert.deepEqual(card?.fused?.beside.slice(1), [
    { what: 'mood', share: 0.25 },
    { what: 'repeats', share: -0.5 },
  ])
  const shares = [...card!.votes.map(({ share = 0 }) => share), ...card!.fused!.beside.map(({ share }) => share)] // it was just looked at
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - card!.fused!.score) < 1e-9)
})

test('[RT10] marks: the bot has read what it decided; a person reads when they do; nothing moves back', async () => {
  const house = createTestHouse()
  await say(house, 'human please')
  assert.deepEqual((await house.engine.state(key)).customer, { delivered: 5, read: 2 })
  await house.engine.desk.claim(key, CHEN)
  await say(house, 'are you there')
  const end = (await house.engine.since(key, ANNA, null)).upTo
  assert.ok((await house.engine.state(key)).customer.read < end)
  await house.engine.seen(key, 'shop', 'delivered', end)
  await house.engine.seen(key, 'shop', 'read', end + 100)
  await house.engine.seen(key, 'shop', 'read', 1)
  assert.deepEqual((await house.engine.state(key)).customer, { delivered: end, read: end })
  await house.engine.seen(key, 'customer', 'read', 3)
  assert.deepEqual((await house.engine.state(key)).shop, { delivered: 3, read: 3 })
})
