import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '@parley/core/faults.ts'
import { asCustomerId } from '@parley/core/ids.ts'
import type { Sign } from '@parley/core/ports/fan-out.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { faultCodeOf } from '../fault-code.ts'
import { createRandom } from '../random.ts'
import { ANNA, createTestHouse, createTestShop, keyOf, literalVoter, poolOf, refOf } from './house.ts'

const key = keyOf('c1')
const say = (text: string, ref = text): { ref: ReturnType<typeof refOf>; text: string; locale: 'en' } => ({
  ref: refOf(ref.replaceAll(' ', '_')),
  text,
  locale: 'en',
})
const gate = (): { open: () => void; passed: Promise<void> } => {
  let open = (): void => {}
  const passed = new Promise<void>(resolve => {
    open = resolve
  })
  return { open, passed }
}
test('a message is decided and answered, decision and reply in one append', async () => {
  const house = createTestHouse()
  const { seq } = await house.engine.say(key, ANNA, say('track my parcel'))
  await house.settled()
  const events = await house.events('c1')
  assert.deepEqual(
    events.map(e => e.type),
    ['opened', 'message', 'decided', 'reply'],
  )
  assert.equal(seq, 2)
  const decided = events[2]
  assert.ok(decided?.type === 'decided')
  assert.equal(decided.turn, 2)
  assert.equal(decided.decision.action, 'TRACK')
  assert.equal(decided.decision.reply, 'track')
  assert.deepEqual(house.bugs, [])
})

test('[TURN2] a resend stores nothing and is answered with the first seq; another text under the same id is refused', async () => {
  const house = createTestHouse()
  const first = await house.engine.say(key, ANNA, say('hello there', 'r1'))
  await house.settled()
  const again = await house.engine.say(key, ANNA, say('hello there', 'r1'))
  await house.settled()
  assert.deepEqual(again, { seq: first.seq, isResend: true })
  assert.equal(await faultCodeOf(house.engine.say(key, ANNA, say('something else', 'r1'))), 'REF_REUSED')
  assert.equal((await house.events('c1')).length, 4)
})

test('[TURN2] a hundred copies of one message at once are stored once', async () => {
  const house = createTestHouse()
  const all = await Promise.all(Array.from({ length: 100 }, () => house.engine.say(key, ANNA, say('hello', 'same'))))
  await house.settled()
  assert.equal(new Set(all.map(s => s.seq)).size, 1)
  assert.equal(all.filter(s => !s.isResend).length, 1)
  assert.equal((await house.events('c1')).filter(e => e.type === 'message').length, 1)
})

test('[TURN4] messages in a row join the open turn, and the decision covers them all', async () => {
  const { open, passed } = gate()
  const asked: string[] = []
  const house = createTestHouse({
    pools: [
      poolOf('literal', async ({ text }) => {
        asked.push(text)
        if (asked.length === 1) await passed
        return [{ action: 'TRACK', confidence: 0.99 }]
      }),
    ],
  })
  await house.engine.say(key, ANNA, say('crab'))
  await house.engine.say(key, ANNA, say('dead'))
  await house.engine.say(key, ANNA, say('what now'))
  open()
  await house.settled()
  const events = await house.events('c1')
  const decided = events.filter(e => e.type === 'decided')
  assert.equal(decided.length, 1)
  assert.deepEqual([decided[0]?.turn, decided[0]?.upTo], [2, 4])
  assert.equal(asked.at(-1), 'crab dead what now')
  assert.equal(events.filter(e => e.type === 'reply').length, 1)
})

test('[TURN4] [TURN5] beyond the limit messages open a turn of their own; turns are decided in order', async () => {
  const { open, passed } = gate()
  const house = createTestHouse({ pools: [poolOf('literal', () => passed.then(() => [{ action: 'TRACK', confidence: 0.99 }]))] })
  for (let i = 0; i < 10; i++) await house.engine.say(key, ANNA, say(`part ${i}`))
  open()
  await house.settled()
  const decided = (await house.events('c1')).filter(e => e.type === 'decided')
  assert.deepEqual(
    decided.map(d => [d.turn, d.upTo]),
    [
      [2, 9],
      [10, 11],
    ],
  )
})

test('[TURN3] random messages, resends and readers: one decision and one reply a turn, every reader sees the log (300 seeds)', async () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = createRandom(seed)
    const gates: (() => void)[] = []
    const house = createTestHouse({
      pools: [
        poolOf('literal', () => {
          if (random() < 0.5) return [{ action: 'TRACK', confidence: 0.99 }]
          const { open, passed } = gate()
          gates.push(open)
          return passed.then(() => [{ action: 'HELLO', confidence: 0.99 }])
        }),
      ],
    })
    const heard: number[] = []
    let upTo = 0
    house.fanOut.subscribe(key, (sign: Sign) => {
      if (sign.type !== 'delivery') return
      assert.equal(sign.delivery.after, upTo, `seed ${seed}: a hole`)
      upTo = sign.delivery.upTo
      heard.push(...sign.delivery.events.map(e => e.seq))
    })
    const sent: Promise<unknown>[] = []
    for (let i = 0; i < 12; i++) {
      sent.push(house.engine.say(key, ANNA, say(`m${Math.floor(random() * 8)}`)))
      if (random() < 0.4) await sent.at(-1)
      if (random() < 0.4) gates.shift()?.()
    }
    await Promise.all(sent)
    const finished = house.settled()
    const release = setInterval(() => gates.splice(0).forEach(open => open()), 0)
    await finished
    clearInterval(release)
    const events = await house.events('c1')
    const turns = events.filter(e => e.type === 'decided')
    const messages = events.filter(e => e.type === 'message')
    assert.equal(new Set(messages.map(m => m.ref)).size, messages.length, `seed ${seed}`)
    for (const message of messages) {
      const covering = turns.filter(t => t.turn <= message.seq && message.seq <= t.upTo)
      assert.equal(covering.length, 1, `seed ${seed}: message ${message.seq} is covered by ${covering.length} decisions`)
    }
    assert.deepEqual(
      events.filter(e => e.type === 'reply').map(r => r.turn),
      turns.map(t => t.turn),
      `seed ${seed}`,
    )
    assert.deepEqual(
      heard,
      events.filter(e => e.type === 'message' || e.type === 'reply').map(e => e.seq),
      `seed ${seed}`,
    )
    assert.deepEqual(house.bugs, [], `seed ${seed}`)
  }
})

test('[TURN3] [TURN6] a turn left undecided is decided by the next engine, once', async () => {
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const hangs = createTestHouse({ log, vault, pools: [poolOf('literal', () => new Promise(() => {}))] })
  await hangs.engine.say(key, ANNA, say('track it')) // its clock never moves: the turn stays open, as after a kill
  const next = createTestHouse({ log, vault })
  assert.equal(await next.engine.finishUnsettled(), 1)
  assert.equal(await next.engine.finishUnsettled(), 0)
  assert.equal((await next.events('c1')).filter(e => e.type === 'decided').length, 1)
  // The first engine wakes up and finds itself overtaken: it must not decide again.
  hangs.clock.pass(5_000)
  await hangs.settled()
  assert.equal((await next.events('c1')).filter(e => e.type === 'decided').length, 1)
  assert.deepEqual(hangs.bugs, [])
})

test('[TURN3] two engines that both think a turn is theirs: one decision', async () => {
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const opens: (() => void)[] = []
  const pools = () => [
    poolOf('literal', () => {
      const { open, passed } = gate()
      opens.push(open)
      return passed.then(() => [{ action: 'TRACK', confidence: 0.99 }])
    }),
  ]
  const one = createTestHouse({ log, vault, pools: pools() })
  const two = createTestHouse({ log, vault, pools: pools() })
  await one.engine.say(key, ANNA, say('where is it'))
  const second = two.engine.finishUnsettled()
  while (opens.length < 2) await new Promise(resolve => setImmediate(resolve))
  for (const open of opens) open()
  await Promise.all([one.settled(), second, two.settled()])
  const events = await one.events('c1')
  assert.equal(events.filter(e => e.type === 'decided').length, 1)
  assert.equal(events.filter(e => e.type === 'reply').length, 1)
  assert.deepEqual([...one.bugs, ...two.bugs], [])
})

test('[TURN7] a bug in the pipeline still gives one decision: an apology', async () => {
  const shop = createTestShop([literalVoter()])
  const house = createTestHouse({
    shop: {
      ...shop,
      ensemble: () => {
        throw new Error('a bug')
      },
    },
  })
  await house.engine.say(key, ANNA, say('hello'))
  await house.settled()
  const decided = (await house.events('c1')).find(e => e.type === 'decided')
  assert.equal(decided?.decision.disposition, 'handoff')
  assert.equal(decided?.decision.reply, '(trouble)')
  assert.equal(house.bugs.length, 1)
})

test('[TURN8] a full inbox refuses before the acknowledgement and keeps what it acknowledged', async () => {
  const { open, passed } = gate()
  const house = createTestHouse({ limits: { inbox: 3 }, pools: [poolOf('literal', () => passed.then(() => []))] })
  for (const text of ['a', 'b', 'c']) await house.engine.say(key, ANNA, say(text))
  assert.equal(await faultCodeOf(house.engine.say(key, ANNA, say('d'))), 'OVERLOADED')
  open()
  await house.settled()
  const texts = (await house.events('c1')).flatMap(e => (e.type === 'message' ? e.parts.map(p => p.text) : []))
  assert.deepEqual(texts, ['a', 'b', 'c'])
})

test('[TURN8] a draining engine takes nothing in and decides what it has', async () => {
  const house = createTestHouse()
  await house.engine.say(key, ANNA, say('hello'))
  await house.engine.drain()
  assert.equal(await faultCodeOf(house.engine.say(key, ANNA, say('more'))), 'SHUTTING_DOWN')
  assert.equal((await house.events('c1')).at(-1)?.type, 'reply')
})

test('[TURN9] a conversation does not exist for anybody but its customer', async () => {
  const house = createTestHouse()
  await house.engine.say(key, ANNA, say('hello'))
  const bert = asCustomerId('bert')
  assert.equal(await faultCodeOf(house.engine.say(key, bert, say('me too'))), 'UNKNOWN_CONVERSATION')
  assert.equal(await faultCodeOf(house.engine.since(key, bert, null)), 'UNKNOWN_CONVERSATION')
})

test('[RT1] [RT3] a position gets exactly what it missed; a foreign or future one gets the whole and is told so', async () => {
  const house = createTestHouse()
  await house.engine.say(key, ANNA, say('hello'))
  await house.settled()
  const { epoch } = house.log
  const caught = await house.engine.since(key, ANNA, { epoch, seq: 2 })
  assert.deepEqual([caught.isRecovered, caught.after, caught.upTo, caught.events.map(e => e.seq)], [true, 2, 4, [4]])
  for (const position of [
    { epoch: 'another', seq: 2 },
    { epoch, seq: 99 },
  ]) {
    const whole = await house.engine.since(key, ANNA, position)
    assert.deepEqual([whole.isRecovered, whole.after, whole.events.map(e => e.seq)], [false, 0, [2, 4]])
  }
})

test('a conversation that memory let go is read from the log again', async () => {
  const house = createTestHouse({ limits: { conversations: 1 } })
  await house.engine.say(key, ANNA, say('hello'))
  await house.settled()
  await house.engine.say(keyOf('c2'), ANNA, say('hello'))
  await house.settled()
  assert.equal((await house.engine.say(key, ANNA, say('hello'))).isResend, true)
  assert.equal((await house.engine.since(key, ANNA, null)).events.length, 2)
})

test('[LOG18] a step that loses to another node each time gives up, and the lane goes on', async () => {
  let tries = 0
  let isLosing = true
  const house = createTestHouse({
    around: ({ conversations }) => ({
      ...conversations,
      async append(key, ...rest) {
        if (!isLosing) return conversations.append(key, ...rest)
        tries++
        throw new Fault('APPEND_CONFLICT', { conversation: key.conversation })
      },
    }),
  })
  assert.equal(await faultCodeOf(house.engine.say(keyOf('c1'), ANNA, { ref: refOf('m1'), text: 'hello', locale: 'en' })), 'APPEND_CONFLICT')
  assert.equal(tries, 100)
  isLosing = false
  assert.equal((await house.engine.say(keyOf('c1'), ANNA, { ref: refOf('m1'), text: 'hello', locale: 'en' })).seq, 2)
})
