// Rollback: the dialogue after it is the dialogue after the event gone back to, for whoever folds it and for whoever watches.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Conversation, fold, unwritten } from '@parley/core/conversation/conversation.ts'
import { type Dialogue, entriesAfter, rewinding } from '@parley/core/conversation/dialogue.ts'
import { type ConversationEvent, type Logged, upcast } from '@parley/core/conversation/event.ts'
import type { RolledBackBy } from '@parley/core/conversation/rollback.ts'
import type { AgentId } from '@parley/core/ids.ts'
import type { EffectOutcome, Effects } from '@parley/core/ports/effects.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import { faultCodeOf } from '../fault-code.ts'
import { createRandom } from '../random.ts'
import { ANNA, createTestHouse, type HouseOptions, keyOf, literalVoter, poolOf, refOf } from './house.ts'
import { chen, hashOf, nextAppend, nowhere, OPERATOR } from './random-history.ts'

const HISTORIES = process.env.PARLEY_TEST_FULL ? 100_000 : 2_000
test(`[RB1] [RB2] [RB3] [RB7] fold(log + rollback N) = fold(log up to N), in ${HISTORIES} random histories`, () => {
  let rollbacks = 0
  let ofRollbacks = 0
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const next = createRandom(seed)
    const log: Logged[] = []
    /** Of the dialogue after each event. */
    const hashes: string[] = []
    const versions: Dialogue[] = []
    let now: Conversation = { ...unwritten, position: nowhere }
    hashes.push(hashOf(now))
    const append = (events: readonly ConversationEvent[]): void => {
      for (const event of events) {
        const logged = { ...event, seq: now.seq + 1 }
        log.push(logged)
        now = fold(now, [logged], nowhere)
        hashes.push(hashOf(now))
        versions.push(now.dialogue)
      }
    }
    append([{ type: 'opened', at: 0, customer: ANNA, locale: null }])
    const decided = new Set<number>()
    const length = 4 + Math.floor(next() * 25)
    for (let said = 1; said <= length; said++) {
      const opened = now.custody.open.map(({ turn }) => turn)
      const events = nextAppend(now, next, said)
      append(events)
      for (const event of events) {
        if (event.type === 'decided' || event.type === 'superseded') {
          assert.equal(decided.has(event.turn), false, `[TURN3] seed ${seed}: turn ${event.turn} ended twice`)
          decided.add(event.turn)
        }
        if (event.type !== 'rolled_back') continue
        rollbacks++
        if (log.slice(event.toSeq, -1).some(({ type }) => type === 'rolled_back')) ofRollbacks++
        assert.equal(hashes[now.seq], hashes[event.toSeq], `seed ${seed}: back to ${event.toSeq}`)
        assert.equal(hashes[now.seq], hashOf(fold(unwritten, log.slice(0, event.toSeq), nowhere)), `seed ${seed}: a cold fold up to there`)
        const standing = new Set(entriesAfter(now.dialogue, 0).map(({ seq }) => seq))
        for (const { seqs } of now.custody.open)
          for (const seq of seqs) assert.ok(standing.has(seq), `seed ${seed}: ${seq} is undecided and gone`)
      }
      const open = new Set(now.custody.open.map(({ turn }) => turn))
      for (const turn of opened)
        assert.ok(open.has(turn) || decided.has(turn), `[TURN3] seed ${seed}: turn ${turn} has gone without an end`)
    }
    const shown = entriesAfter(now.dialogue, 0)
    for (const version of versions) {
      const { stands, events } = rewinding(version, now.dialogue)
      const kept = entriesAfter(version, 0).filter(entry => entry.seq <= stands)
      assert.deepEqual([...kept, ...events], shown, `seed ${seed}: a reader of ${version.seq}`)
      const gone = new Set(events)
      assert.ok(
        entriesAfter(version, stands).every(entry => !gone.has(entry)),
        `seed ${seed}: a reader of ${version.seq} is told what it has`,
      )
    }
    const cold = fold(unwritten, log, nowhere)
    assert.equal(hashOf(cold), hashOf(now), `seed ${seed}: a cold fold of all`)
    assert.deepEqual(cold.custody, now.custody, `seed ${seed}: custody`)
  }
  assert.ok(rollbacks > HISTORIES && ofRollbacks > HISTORIES / 4, `${rollbacks} rollbacks, ${ofRollbacks} of them beyond another`)
})

const key = keyOf('c1')
const order = { number: '2024-881', placedOn: '', status: 'sent', items: [{ name: 'crabs', quantity: 6 }], total: '' }
const mesh: Mesh = {
  facts: async names => Object.fromEntries(names.map(name => [name, { isKnown: true, value: name === 'orders' ? [order] : order }])),
}

function talk(options: HouseOptions = {}) {
  const runs: string[] = []
  const done = new Map<string, EffectOutcome>()
  const effects: Effects = {
    has: () => true,
    async run({ key: under, undoes }) {
      runs.push(under)
      const outcome = done.get(under) ?? { state: 'done', result: { case: undoes?.case ?? `CP-${done.size + 1}` } }
      done.set(under, outcome)
      return outcome
    },
  }
  const house = createTestHouse({ mesh, effects, ...options })
  const say = async (ref: string, text: string): Promise<void> => {
    await house.engine.say(key, ANNA, { ref: refOf(ref), text, locale: 'en' })
    await house.settled()
  }
  const seen = async (): Promise<string[]> =>
    (await house.engine.since(key, ANNA, null)).events.map(event => `${event.type}: ${event.parts.map(part => part.text).join(' / ')}`)
  const marks = async () => (await house.engine.desk.watch(key, null)).events.flatMap(event => (event.type === 'mark' ? [event] : []))
  const rollback = (toSeq: number, by: RolledBackBy = OPERATOR) => house.engine.rollback(key, { toSeq, by, reason: 'a test' })
  return { house, say, seen, marks, rollback, runs }
}
/** Every promise that can settle without time has. */
const calm = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await new Promise(resolve => setImmediate(resolve))
}

test('[RB4] beyond the end, before the beginning, no place at all, and where nothing would change: a fault, and nothing is stored', async () => {
  const { house, say, rollback } = talk()
  assert.equal(await faultCodeOf(rollback(0)), 'UNKNOWN_CONVERSATION')
  await say('m1', 'hello')
  const { length } = await house.events('c1')
  for (const [toSeq, reason] of [
    [length + 1, /beyond the end: the last event is 4/],
    [length, /nothing would change/],
    [-1, /no place/],
    [1.5, /no place/],
    [Number.NaN, /no place/],
  ] as const)
    await assert.rejects(rollback(toSeq), { code: 'ROLLBACK_INVALID', message: reason })
  assert.equal((await house.events('c1')).length, length)
})

test('[RB2] a rollback is rolled back; its effect is undone once and not done again, and the mark says so', async () => {
  const { house, say, seen, marks, rollback, runs } = talk()
  await say('m1', 'pay for 3 pieces')
  const before = await seen()
  const asked = (await house.events('c1')).length
  await say('m2', 'yes')
  const paid = (await house.events('c1')).length
  const whole = await seen()
  assert.equal(whole.at(-1), 'reply: paid: CP-1')
  const plan = await house.engine.previewRollback(key, asked, OPERATOR)
  assert.deepEqual(
    [plan.goes.map(({ type }) => type), plan.undoes.map(effect => effect.plan.do), plan.returns],
    [['message', 'reply'], ['open-case'], []],
  )
  await rollback(asked)
  await calm()
  assert.deepEqual(await seen(), [...before, 'notice: unpaid: CP-1'])
  const back = await house.engine.previewRollback(key, paid, OPERATOR)
  assert.deepEqual(
    [back.goes.map(({ type }) => type), back.returns.map(({ type }) => type), back.undoes, back.staysUndone.map(effect => effect.plan.do)],
    [['notice'], ['message', 'reply'], [], ['open-case']],
  )
  await rollback(paid)
  await calm()
  assert.deepEqual(await seen(), whole)
  assert.deepEqual(
    runs.map(run => run.split('/').at(-1)),
    ['do', 'undo'],
  )
  const told = (await marks()).filter(({ about }) => about === 'rollback')
  assert.deepEqual(
    told.map(({ by, note }) => [by, note]),
    [
      ['operator', 'a test'],
      ['operator', 'a test · not done again: open-case'],
    ],
  )
  assert.deepEqual(house.bugs, [])
})

test('[RB3] a turn that waits for its decision ends superseded with the rollback; of a part that is left that part is decided', async () => {
  const asked: string[] = []
  let open = (): void => {}
  let gate = Promise.resolve()
  const close = (): void => {
    gate = new Promise(resolve => {
      open = resolve
    })
  }
  const slow = poolOf('literal', async ({ text }) => {
    asked.push(text)
    await gate
    return [{ action: 'HELLO', confidence: 0.99 }]
  })
  const { house, seen, rollback } = talk({ pools: [slow] })
  const engine = house.engine
  close()
  await engine.say(key, ANNA, { ref: refOf('m1'), text: 'hello', locale: 'en' })
  await engine.say(key, ANNA, { ref: refOf('m2'), text: 'rubbish', locale: 'en' })
  await engine.recall(key, ANNA, refOf('m2'))
  open()
  await house.settled()
  assert.deepEqual(await seen(), ['message: hello', 'reply: hello'])
  assert.equal(asked.at(-1), 'hello')
  close()
  const { length } = await house.events('c1')
  await engine.say(key, ANNA, { ref: refOf('m3'), text: 'hello again', locale: 'en' })
  await rollback(length)
  open()
  await house.settled()
  assert.deepEqual(await seen(), ['message: hello', 'reply: hello'])
  const events = await house.events('c1')
  assert.deepEqual(
    events.slice(length).map(event => [event.type, 'turn' in event ? event.turn : undefined, 'by' in event ? event.by : undefined]),
    [
      ['message', undefined, undefined],
      ['superseded', length + 1, null],
      ['rolled_back', undefined, 'operator'],
    ],
  )
  assert.deepEqual(house.bugs, [])
})

test('[RB5] an agent rolls back only what is theirs; a supervisor and the operator also what a person has', async () => {
  const { house, say, seen, marks, rollback } = talk()
  const by: RolledBackBy = { kind: 'agent', agent: chen }
  await say('m1', 'human')
  assert.equal(await faultCodeOf(rollback(1, by)), 'NOT_OWNER')
  await house.engine.desk.claim(key, chen)
  const claimed = (await house.events('c1')).length
  await house.engine.desk.say(key, chen, { ref: refOf('a1'), text: 'the wrong customer' })
  assert.equal(await faultCodeOf(rollback(claimed, { kind: 'agent', agent: { id: 'a2' as AgentId, name: 'Liu' } })), 'NOT_OWNER') // a test's id
  assert.equal((await house.engine.previewRollback(key, claimed, OPERATOR)).goes.length, 1)
  await rollback(claimed, by)
  assert.equal((await seen()).at(-1), 'notice: Chen joined')
  assert.deepEqual((await marks()).at(-1)?.by, 'Chen')
  assert.equal((await house.engine.state(key)).agent, 'Chen', 'custody stands')
  for (const other of [OPERATOR, { kind: 'agent', agent: { id: 'a3' as AgentId, name: 'Wu' }, isSupervisor: true } as const]) {
    await house.engine.desk.say(key, chen, { ref: refOf(`again-${other.kind}`), text: 'the wrong customer' })
    await rollback(claimed, other)
    assert.equal((await seen()).at(-1), 'notice: Chen joined')
  }
  assert.equal((await house.engine.state(key)).agent, 'Chen')
})

test('[RB6] a customer takes back the last message with what followed, once, and not after a person has answered', async () => {
  const { house, say, seen, marks } = talk()
  const recall = (ref: string, who = ANNA) => house.engine.recall(key, who, refOf(ref))
  await say('m1', 'hello')
  await say('m2', 'hours')
  assert.equal(await faultCodeOf(recall('m1')), 'ROLLBACK_INVALID')
  assert.equal(await faultCodeOf(recall('m9')), 'ROLLBACK_INVALID')
  assert.equal(await faultCodeOf(recall('m2', 'bert' as typeof ANNA)), 'UNKNOWN_CONVERSATION') // a test's id
  await recall('m2')
  const { length } = await house.events('c1')
  await recall('m2')
  assert.equal((await house.events('c1')).length, length, 'asked twice, done once')
  assert.deepEqual(await seen(), ['message: hello', 'reply: hello'])
  assert.deepEqual(
    (await marks()).map(({ about }) => about),
    ['recalled'],
  )
  await say('m3', 'human')
  await house.engine.desk.claim(key, chen)
  await house.engine.desk.say(key, chen, { ref: refOf('a1'), text: 'yes?' })
  await assert.rejects(recall('m3'), { code: 'ROLLBACK_INVALID', message: /a person has answered/ })
})

test('[RB6] two messages that were answered together go together', async () => {
  let open = (): void => {}
  const gate = new Promise<void>(resolve => {
    open = resolve
  })
  const { house, seen } = talk({ pools: [poolOf('literal', () => gate.then(() => [{ action: 'HELLO', confidence: 0.99 }]))] })
  for (const ref of ['m1', 'm2']) await house.engine.say(key, ANNA, { ref: refOf(ref), text: ref, locale: 'en' })
  open()
  await house.settled()
  assert.equal((await seen()).length, 3)
  await house.engine.recall(key, ANNA, refOf('m2'))
  assert.deepEqual(await seen(), [])
})

test('an event of a release before rollbacks had more to say folds as it did', () => {
  const old = upcast('rolled_back', 2, { at: 1, toSeq: 0, by: 'customer', reason: 'recalled by saying so' })
  const folded = fold(
    unwritten,
    [
      { type: 'opened', at: 0, customer: ANNA, locale: null, seq: 1 },
      { ...old, seq: 2 },
    ],
    nowhere,
  )
  assert.deepEqual(folded.custody.marks?.mark, { type: 'mark', seq: 2, at: 1, about: 'recalled' })
})

test('[TURN3] a turn that was opened behind a recall by words is not taken back with it', async () => {
  let open = (): void => {}
  const gate = new Promise<void>(resolve => {
    open = resolve
  })
  let isHeld = false
  const literal = literalVoter()
  const { house, seen } = talk({
    pools: [
      {
        ...literal,
        async ask(...args) {
          if (isHeld) await gate
          return literal.ask(...args)
        },
      },
    ],
  })
  const engine = house.engine
  await engine.say(key, ANNA, { ref: refOf('m1'), text: 'hello', locale: 'en' })
  await house.settled()
  isHeld = true
  await engine.say(key, ANNA, { ref: refOf('m2'), text: 'recall that', locale: 'en' })
  await engine.say(key, ANNA, { ref: refOf('m3'), text: `hours ${'.'.repeat(3_995)}`, locale: 'en' })
  open()
  await house.settled()
  assert.equal((await seen()).filter(line => line.startsWith('message: hours')).length, 1)
  assert.equal((await seen()).at(-1), 'reply: hours')
  assert.deepEqual(house.bugs, [])
})
