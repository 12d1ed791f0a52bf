import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import { outsideConversation, type Received } from '@parley/core/pipeline/turn.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { ANNA, createTestClock, createTestShop, literalVoter, poolOf, SHOP } from './house.ts'

const received = (text: string): Received => ({
  ...outsideConversation,
  shop: SHOP,
  customer: ANNA,
  turn: 1,
  upTo: 1,
  texts: [text],
  locale: 'en',
})
const deadlines = { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 }
/** Everything that needs no time has happened. */
const answered = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const hangs = (): VoterPool => poolOf('other', () => new Promise(() => {}))

test('[VOTE1] a voter that hangs costs the turn its deadline and no more; the others count', async () => {
  const clock = createTestClock()
  const working = workOut(
    received('track'),
    createTestShop([literalVoter(), hangs()]),
    { mesh: createMesh(new Map()), effects: createEffects(new Map()), clock, deadlines },
    new AbortController().signal,
  )
  await answered() // the voters that answer have answered
  clock.pass(50)
  const decision = await working
  assert.equal(decision.action, 'TRACK')
  assert.deepEqual(
    decision.votes.map(v => [v.voter, v.abstained, v.reason]),
    [
      ['literal', false, undefined],
      ['other', true, 'late'],
    ],
  )
  assert.equal(decision.ms, 50)
})

test('[VOTE2] a vote that comes late changes nothing any more', async () => {
  const clock = createTestClock()
  let castLate: (() => void) | undefined
  const late: VoterPool = {
    tier: 'model',
    voters: [{ voter: 'other', version: '1' }],
    ask: (_question, cast, signal) =>
      new Promise(resolve => {
        castLate = () => cast({ voter: 'other', version: '1', abstained: false, votes: [{ action: 'HELLO', confidence: 1 }], ms: 60 })
        signal.addEventListener('abort', () => resolve())
      }),
    close: async () => {},
  }
  const working = workOut(
    received('track'),
    createTestShop([literalVoter(), late]),
    { mesh: createMesh(new Map()), effects: createEffects(new Map()), clock, deadlines },
    new AbortController().signal,
  )
  await answered() // the voters that answer have answered
  clock.pass(50)
  castLate?.()
  const decision = await working
  castLate?.()
  assert.equal(decision.votes[1]?.reason, 'late')
  assert.equal(decision.action, 'TRACK')
})

test('[VOTE3] a pool that throws fails no turn', async () => {
  const throws: VoterPool = {
    tier: 'model',
    voters: [{ voter: 'other', version: '1' }],
    ask: () => Promise.reject(new Error('a bug of the pool')),
    close: async () => {},
  }
  const decision = await workOut(
    received('track'),
    createTestShop([literalVoter(), throws]),
    { mesh: createMesh(new Map()), effects: createEffects(new Map()), clock: createTestClock(), deadlines },
    new AbortController().signal,
  )
  assert.equal(decision.action, 'TRACK')
})

test('a source that answers is in the reply; a source that is dead is said to be', async () => {
  const shop = createTestShop([literalVoter()])
  const run = (mesh: Mesh): Promise<{ reply: string }> =>
    workOut(
      received('track'),
      shop,
      { mesh, effects: createEffects(new Map()), clock: createTestClock(), deadlines },
      new AbortController().signal,
    )
  const known: Mesh = { facts: async () => ({ order: { isKnown: true, value: { number: '7', status: 'sent', items: [] } } }) }
  const dead: Mesh = { facts: async () => ({ order: { isKnown: false, source: 'orders', reason: 'down' } }) }
  assert.equal((await run(known)).reply, 'track 7: sent')
  assert.equal((await run(dead)).reply, 'track (orders do not answer)')
  assert.equal((await run(createMesh(new Map()))).reply, 'track')
})

test('[TURN10] a recorded decision can be replayed from its votes and facts to the same result', async () => {
  const shop = createTestShop([literalVoter(), poolOf('other', () => [{ action: 'FOOD', confidence: 0.3 }])])
  const order = { number: '2024-881', status: 'sent', items: [], placedOn: '', total: '' }
  const mesh: Mesh = {
    facts: async names =>
      Object.fromEntries(names.map(name => [name, { isKnown: true, value: name === 'orders' ? [order, order] : null }])),
  }
  const stages = { mesh, effects: createEffects(new Map()), clock: createTestClock(), deadlines }
  const silent = poolOf('literal', () => assert.fail('a voter was asked again'))
  const dead: Mesh = { facts: () => assert.fail('a source was asked again') }
  let frame = outsideConversation.frame as Received['frame']
  for (const text of ['hello', 'track it', 'what? hours? and can you say hello?', 'blah', 'track 2024-999', 'recall', 'human']) {
    const turn = { ...received(text), frame, placeFor: () => 3, recallTo: 1 }
    const decision = await workOut(turn, shop, stages, new AbortController().signal)
    const stored = JSON.parse(JSON.stringify(decision)) as typeof decision // as the log gives it back
    const again = await replay(stored, turn, { ...shop, pools: () => [silent] }, { ...stages, mesh: dead })
    assert.deepEqual({ ...JSON.parse(JSON.stringify(again)), ms: 0 }, { ...stored, ms: 0 }, text)
    frame = decision.frame ?? frame
  }
})

test('two messages that name a template: the weightier vote for the winning action wins, an unknown name is ignored', async () => {
  const shop = createTestShop([
    poolOf('literal', () => [{ action: 'TRACK', confidence: 0.9, template: 'nowhere' }]),
    poolOf('other', () => [{ action: 'TRACK', confidence: 0.6, template: 'hello' }]),
  ])
  const decision = await workOut(
    received('x'),
    shop,
    { mesh: createMesh(new Map()), effects: createEffects(new Map()), clock: createTestClock(), deadlines },
    new AbortController().signal,
  )
  assert.equal(decision.template, 'hello')
})
