// Erasing: all or nothing, for every reader, after what runs in the world has ended; what is left is a note.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault, isFault } from '@parley/core/faults.ts'
import type { Agent } from '@parley/core/handoff/owner.ts'
import { asAgentId, asCustomerId, type ConversationId } from '@parley/core/ids.ts'
import type { ConversationLog } from '@parley/core/ports/conversation-log.ts'
import type { EffectOutcome, Effects } from '@parley/core/ports/effects.ts'
import type { Sign } from '@parley/core/ports/fan-out.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import type { Vault } from '@parley/core/ports/vault.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { faultCodeOf } from '../fault-code.ts'
import { ANNA, createTestHouse, type HouseOptions, keyOf, literalVoter, poolOf, refOf, SHOP, type TestHouse } from './house.ts'

const BERT = asCustomerId('bert')
const CHEN: Agent = { id: asAgentId('chen'), name: 'Chen' }
const operator = { kind: 'operator' } as const
const order = { number: '2024-881', placedOn: '', status: 'sent', items: [{ name: 'crabs', quantity: 6 }], total: '' }
const mesh: Mesh = {
  facts: async names => Object.fromEntries(names.map(name => [name, { isKnown: true, value: name === 'orders' ? [order] : order }])),
}

let said = 0
const say = async (house: TestHouse, conversation: string, text: string, customer = ANNA): Promise<void> => {
  await house.engine.say(keyOf(conversation), customer, { ref: refOf(`m${said++}`), text, locale: 'en' })
  await house.settled()
}
const eraseCustomer = (house: TestHouse, customer = ANNA) =>
  house.engine.erase({ shop: SHOP, target: { kind: 'customer', customer }, by: operator })
const eraseConversation = (house: TestHouse, conversation: string) =>
  house.engine.erase({ shop: SHOP, target: { kind: 'conversations', conversations: [keyOf(conversation).conversation] }, by: operator })
/** Every promise that can settle without time has. */
const calm = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await new Promise(resolve => setImmediate(resolve))
}
/** A promise that the test settles. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open: () => open() }
}
const everyCall = (house: TestHouse, conversation: string): readonly Promise<unknown>[] => {
  const key = keyOf(conversation)
  const { engine } = house
  return [
    engine.say(key, ANNA, { ref: refOf('after'), text: 'hello', locale: 'en' }),
    engine.since(key, ANNA, null),
    engine.seen(key, 'customer', 'read', 1),
    engine.state(key),
    engine.recall(key, ANNA, refOf('after')),
    engine.rollback(key, { toSeq: 0, by: operator, reason: '' }),
    engine.previewRollback(key, 0, operator),
    engine.desk.claim(key, CHEN),
    engine.desk.say(key, CHEN, { ref: refOf('after'), text: 'hello' }),
    engine.desk.release(key, CHEN, 'bot', ''),
    engine.desk.erase(key, CHEN),
    engine.desk.watch(key, null),
    engine.desk.about(key, 'en'),
    house.events(conversation),
  ]
}

test('[ERA1] [ERA4] one conversation is erased alone, for every reader; the same customer has another one, and may begin a third', async () => {
  const house = createTestHouse()
  const signs: Sign[] = []
  await say(house, 'c1', 'human please')
  await say(house, 'c2', 'hello')
  house.fanOut.subscribe(keyOf('c1'), sign => signs.push(sign))
  assert.equal(house.engine.queue.view(SHOP).items.length, 1)
  await eraseConversation(house, 'c1')
  for (const call of everyCall(house, 'c1')) assert.equal(await faultCodeOf(call), 'CONVERSATION_ERASED')
  assert.equal(signs.at(-1)?.type, 'erased')
  assert.deepEqual(house.engine.queue.view(SHOP).items, [], 'it waits no longer')
  assert.equal(await house.engine.isErased(keyOf('c1')), true)
  assert.equal((await house.engine.since(keyOf('c2'), ANNA, null)).events.length, 2)
  await say(house, 'c3', 'hours')
  assert.equal((await house.engine.since(keyOf('c3'), ANNA, null)).events.length, 2)
  assert.deepEqual(house.bugs, [])
})

test('[ERA5] what is left is a note with counts and proof: the hash that each conversation ends with in the log, and nothing of the person', async () => {
  const vault = createMemoryVault()
  const house = createTestHouse({ vault })
  await say(house, 'c1', 'hello from a street of mine')
  await say(house, 'c2', 'hours')
  await say(house, 'other', 'hello', BERT)
  const { seq } = await house.log.head(keyOf('c1'))
  const erased = await eraseCustomer(house)
  const [note, ...others] = await vault.notes()
  assert.deepEqual(others, [])
  assert.deepEqual(note, { ...erased, state: 'done' })
  assert.deepEqual([erased.of, erased.by, erased.at, erased.endedAt], ['customer', operator, house.clock.now(), house.clock.now()])
  const proof = erased.conversations.find(({ conversation }) => conversation === 'c1')
  const end = (await house.log.read(keyOf('c1'), 0)).at(-1)
  assert.deepEqual(proof, { conversation: 'c1', events: seq, hash: Buffer.from(end!.hash).toString('hex') }) // it has events
  assert.equal(erased.conversations.length, 2)
  assert.doesNotMatch(JSON.stringify(note), /anna|street/)
  assert.deepEqual(house.ended, [erased])
  assert.equal((await house.engine.since(keyOf('other'), BERT, null)).events.length, 2)
})

test('[ERA1] [ERA5] a damaged conversation is erased like any other; the note says that its end was not to be read', async () => {
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const first = createTestHouse({ log, vault })
  await say(first, 'c1', 'hello')
  await say(first, 'c2', 'hello')
  const damaged: ConversationLog = {
    ...log,
    async read(key, after) {
      if (key.conversation === 'c1')
        throw new Fault('LOG_DAMAGED', { conversation: key.conversation, seq: 2, reason: 'the event is missing' })
      return log.read(key, after)
    },
  }
  const house = createTestHouse({ log: damaged, vault })
  assert.equal(await faultCodeOf(house.engine.state(keyOf('c1'))), 'LOG_DAMAGED')
  const { conversations } = await eraseCustomer(house)
  assert.deepEqual(conversations.map(({ conversation, hash }) => [conversation, hash === null]).sort(), [
    ['c1', true],
    ['c2', false],
  ])
  for (const id of ['c1', 'c2']) assert.equal(await faultCodeOf(house.engine.state(keyOf(id))), 'CONVERSATION_ERASED')
})

test('who is not there cannot be erased, nor can what is erased', async () => {
  const house = createTestHouse()
  assert.equal(await faultCodeOf(eraseCustomer(house)), 'UNKNOWN_CUSTOMER')
  assert.equal(await faultCodeOf(eraseConversation(house, 'c1')), 'UNKNOWN_CONVERSATION')
  await say(house, 'c1', 'hello')
  await eraseCustomer(house)
  assert.equal(await faultCodeOf(eraseCustomer(house)), 'UNKNOWN_CUSTOMER')
  assert.equal(await faultCodeOf(eraseConversation(house, 'c1')), 'CONVERSATION_ERASED')
  assert.deepEqual(
    (await house.erasures.notes()).map(({ state }) => state),
    ['done'],
  )
})

test('[ERA2] of erasures at once each conversation is erased by one of them, and the others say so', async () => {
  const vault = createMemoryVault()
  const house = createTestHouse({ vault })
  for (const id of ['c1', 'c2', 'c3']) await say(house, id, 'hello')
  const same = await Promise.all([eraseCustomer(house), eraseCustomer(house)])
  assert.equal(same[0], same[1], 'asked twice, done once')
  for (const id of ['d1', 'd2', 'd3']) await say(house, id, 'hello')
  const mixed = [eraseConversation(house, 'd1'), eraseCustomer(house), eraseConversation(house, 'd2')]
  for (const outcome of await Promise.allSettled(mixed))
    assert.ok(
      outcome.status === 'fulfilled' || isFault(outcome.reason, 'CONVERSATION_ERASED') || isFault(outcome.reason, 'UNKNOWN_CUSTOMER'),
    )
  const notes = await vault.notes()
  const erased = notes.flatMap(note => (note.state === 'done' ? note.conversations.map(({ conversation }) => conversation) : []))
  assert.deepEqual([...erased].sort(), ['c1', 'c2', 'c3', 'd1', 'd2', 'd3'], 'each once')
  assert.ok(notes.every(({ state }) => state === 'done'))
  assert.deepEqual(house.bugs, [])
})

test('[ERA2] while the customer writes: what was acknowledged before is gone with the rest, what comes after is refused', async () => {
  const house = createTestHouse()
  await say(house, 'c1', 'hello')
  const writing = Array.from({ length: 30 }, (_, i) => {
    const mine = house.engine.say(keyOf('c1'), ANNA, { ref: refOf(`w${i}`), text: `hours ${i}`, locale: 'en' })
    return i === 10 ? Promise.all([mine, eraseCustomer(house)]) : mine
  })
  const outcomes = await Promise.allSettled(writing)
  for (const outcome of outcomes)
    assert.ok(outcome.status === 'fulfilled' || isFault(outcome.reason, 'CONVERSATION_ERASED') || isFault(outcome.reason, 'OVERLOADED'))
  await house.settled()
  assert.equal(await faultCodeOf(house.events('c1')), 'CONVERSATION_ERASED')
  assert.deepEqual(house.bugs, [])
})

test('[ERA6] a turn without a decision ends with its conversation', async () => {
  const { opened, open } = gate()
  const house = createTestHouse({
    pools: [
      poolOf('literal', async () => {
        await opened
        return []
      }),
    ],
  })
  await house.engine.say(keyOf('c1'), ANNA, { ref: refOf('m'), text: 'hello', locale: 'en' })
  await eraseCustomer(house)
  open()
  await house.settled()
  assert.equal((await house.log.head(keyOf('c1'))).seq, 2, 'nothing was appended behind the end')
  assert.deepEqual(house.bugs, [])
})

interface Held {
  readonly effects: Effects
  readonly runs: string[]
  open(): void
}
/** A provider that answers when it is told to, or never knows. */
function heldProvider(outcome: () => EffectOutcome = () => ({ state: 'done', result: { case: 'CP-1' } })): Held {
  const { opened, open } = gate()
  const runs: string[] = []
  return {
    runs,
    open,
    effects: {
      has: () => true,
      async run({ key }, signal) {
        runs.push(key)
        const late = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('late'))))
        await Promise.race([opened, late])
        return outcome()
      },
    },
  }
}

async function payUntilRunning(house: TestHouse, runs: readonly string[]): Promise<void> {
  await say(house, 'c1', 'pay for 3 pieces')
  await house.engine.say(keyOf('c1'), ANNA, { ref: refOf(`yes${said++}`), text: 'yes', locale: 'en' })
  while (runs.length === 0) await calm()
}

test('[ERA6] an effect that runs is brought to its end before the keys go', async () => {
  const { effects, runs, open } = heldProvider()
  const house = createTestHouse({ mesh, effects })
  await payUntilRunning(house, runs)
  let isErased = false
  const erasing = eraseCustomer(house).then(erasure => {
    isErased = true
    return erasure
  })
  await calm()
  assert.equal(isErased, false)
  assert.equal((await house.erasures.notes()).length, 1, 'it is noted while it waits')
  open()
  const { conversations, failedEffects } = await erasing
  assert.deepEqual(failedEffects, [])
  assert.deepEqual(runs, ['demo/c1/5/open-case/do'])
  const types = (await house.log.read(keyOf('c1'), 0)).map(({ type }) => type)
  assert.deepEqual(types.slice(-3), ['decided', 'effect', 'reply'], 'the outcome is in the log')
  assert.equal(conversations[0]?.events, types.length)
  assert.deepEqual(house.bugs, [])
})

test('[ERA6] an effect that is given up keeps nobody from being erased; the note has its key', async () => {
  const house = createTestHouse({
    mesh,
    effects: {
      has: () => true,
      run: async () => {
        throw new Error('no answer')
      },
    },
  })
  await say(house, 'c1', 'pay for 3 pieces')
  await say(house, 'c1', 'yes')
  const erasing = eraseCustomer(house)
  let isEnded = false
  erasing.then(() => (isEnded = true)).catch(() => {})
  for (let minutes = 0; !isEnded; minutes++) {
    assert.ok(minutes < 10, 'it is given up some time')
    await calm()
    house.clock.pass(60_000)
  }
  assert.deepEqual((await erasing).failedEffects, ['demo/c1/5/open-case/do'])
})

test('[ERA2] a stop while an effect is waited for leaves the wish; the next start finishes it, and no effect is run twice', async () => {
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const { effects, runs, open } = heldProvider()
  const first = createTestHouse({ mesh, effects, log, vault })
  await payUntilRunning(first, runs)
  const erasing = faultCodeOf(eraseCustomer(first))
  await calm()
  first.clock.pass(2_000) // the reply promises, and the effect is run on behind
  await calm()
  const draining = first.engine.drain()
  await calm()
  first.clock.pass(1_000)
  await draining
  assert.equal(await erasing, 'SHUTTING_DOWN')
  assert.equal((await vault.notes())[0]?.state, 'asked')
  open()
  const second = createTestHouse({ mesh, effects, log, vault })
  const finishing = second.engine.finishUnsettled()
  for (let i = 0; i < 5; i++) {
    await calm()
    second.clock.pass(1_000)
  }
  await finishing
  assert.equal((await vault.notes())[0]?.state, 'done')
  assert.equal(await faultCodeOf(second.events('c1')), 'CONVERSATION_ERASED')
  assert.equal(new Set(runs).size, 1)
})

/** The vault of `inner`, which ends as a killed process does: at the given step, before it or after it, and nothing works any more. */
function mortalVault(inner: Vault, at: 'note' | 'destroy' | 'done', when: 'before' | 'after'): Vault {
  let isDead = false
  const dead = () => new Promise<never>(() => {})
  const step = async (name: typeof at, work: () => Promise<void>): Promise<void> => {
    if (isDead) return dead()
    if (name === at && when === 'before') isDead = true
    if (isDead) return dead()
    await work()
    if (name === at) isDead = true
    if (isDead) return dead()
  }
  return {
    ...inner,
    note: erasure => step(erasure.state === 'done' ? 'done' : 'note', () => inner.note(erasure)),
    destroy: erasure => step('destroy', () => inner.destroy(erasure)),
  }
}

for (const at of ['note', 'destroy', 'done'] as const)
  for (const when of ['before', 'after'] as const)
    test(`[ERA2] killed ${when} the step ${at}: untouched, or erased after the next start`, async () => {
      const log = createMemoryLog()
      const vault = createMemoryVault()
      const first = createTestHouse({ log, vault: mortalVault(vault, at, when) })
      await say(first, 'c1', 'human please')
      await say(first, 'c2', 'hello')
      const before = await first.events('c1')
      void eraseCustomer(first)
      await calm()
      const second = createTestHouse({ log, vault })
      await second.engine.finishUnsettled()
      if (at === 'note' && when === 'before') {
        assert.deepEqual(await second.events('c1'), before)
        assert.equal(second.engine.queue.view(SHOP).items.length, 1)
        assert.deepEqual(await vault.notes(), [])
        return
      }
      for (const id of ['c1', 'c2']) assert.equal(await faultCodeOf(second.events(id)), 'CONVERSATION_ERASED')
      assert.deepEqual(
        (await vault.notes()).map(({ state }) => state),
        ['done'],
      )
      assert.deepEqual(second.engine.queue.view(SHOP).items, [])
      for await (const key of log.withPeople()) assert.fail(`${key.conversation} is marked still`)
      assert.deepEqual(second.bugs, [])
    })

test('[ERA7] an agent erases the customer where it is theirs and came because of DELETE_ACCOUNT, and nowhere else', async () => {
  const house = createTestHouse()
  const { desk } = house.engine
  await say(house, 'c1', 'human please')
  await desk.claim(keyOf('c1'), CHEN)
  assert.equal(await faultCodeOf(desk.erase(keyOf('c1'), CHEN)), 'ERASURE_NOT_ASKED')
  await say(house, 'c2', 'delete me')
  assert.equal(await faultCodeOf(desk.erase(keyOf('c2'), CHEN)), 'NOT_OWNER')
  await desk.claim(keyOf('c2'), { id: asAgentId('li'), name: 'Li' })
  assert.equal(await faultCodeOf(desk.erase(keyOf('c2'), CHEN)), 'NOT_OWNER')
  await desk.release(keyOf('c2'), { id: asAgentId('li'), name: 'Li' }, 'queue', 'yours')
  await desk.claim(keyOf('c2'), CHEN)
  await desk.erase(keyOf('c2'), CHEN)
  for (const id of ['c1', 'c2']) assert.equal(await faultCodeOf(house.events(id)), 'CONVERSATION_ERASED')
  assert.deepEqual(house.ended[0]?.by, { kind: 'agent', agent: CHEN })
  assert.equal(await faultCodeOf(desk.erase(keyOf('c9'), CHEN)), 'UNKNOWN_CONVERSATION')
})

test('[ERA7] a customer who waits for a person and asks to be deleted then has asked for it', async () => {
  const house = createTestHouse()
  await say(house, 'c1', 'human please')
  await say(house, 'c1', 'delete me')
  await house.engine.desk.claim(keyOf('c1'), CHEN)
  await house.engine.desk.erase(keyOf('c1'), CHEN)
  assert.equal(await faultCodeOf(house.events('c1')), 'CONVERSATION_ERASED')
})

const DAY = 86_400_000
/** As a sweep calls it, with all that there is. */
async function sweep(house: TestHouse, days: number): Promise<void> {
  const keys: { shop: typeof SHOP; conversation: ConversationId }[] = []
  for await (const { key } of house.erasures.ages()) keys.push(key)
  await house.engine.eraseOld(SHOP, keys, house.clock.now() - days * DAY, days)
}

test('[ERA9] by age: what is older and in nobody’s hands is erased, the rest stands', async () => {
  const { effects, runs } = heldProvider()
  const house = createTestHouse({ mesh, effects, pools: [literalVoter()] } satisfies HouseOptions)
  await say(house, 'old', 'hello', BERT)
  await say(house, 'waits', 'human please', BERT)
  await say(house, 'held', 'human please', BERT)
  await house.engine.desk.claim(keyOf('held'), CHEN)
  await payUntilRunning(house, runs)
  house.clock.pass(10 * DAY + 1)
  await say(house, 'young', 'hello', BERT)
  await sweep(house, 10)
  const codes = await Promise.all(['old', 'waits', 'held', 'c1', 'young'].map(id => faultCodeOf(house.events(id))))
  assert.deepEqual(codes, ['CONVERSATION_ERASED', 'none', 'none', 'none', 'none'])
  assert.deepEqual(
    house.ended.map(({ by, conversations }) => [by, conversations.map(({ conversation }) => conversation)]),
    [[{ kind: 'retention', days: 10 }, ['old']]],
  )
  house.clock.pass(10 * DAY + 1)
  await sweep(house, 10)
  assert.equal(await faultCodeOf(house.events('young')), 'CONVERSATION_ERASED')
  await sweep(house, 10)
  assert.equal(house.ended.length, 2, 'nothing is erased twice')
})
