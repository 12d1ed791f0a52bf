// An ensemble in shadow: what is kept of it, and that no turn waits for it whatever it does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import { createEnsemble } from '@parley/ensembles/ensemble.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import type { EnsembleStore } from '@parley/server/ensemble-store/ensemble-store.ts'
import { openEnsembleStore } from '@parley/server/ensemble-store/open-ensemble-store.ts'
import { type Compared, keepEnsembleShadows, readComparison } from '@parley/server/ensemble-store/shadow-comparison.ts'
import { createEnsembleShadowRunner } from '@parley/server/shadow/run-ensemble-shadows.ts'
import { ANNA, createTestHouse, createTestShop, keyOf, literalVoter, refOf } from '../core/house.ts'
import { temporaryFolder } from '../e2e/running-server.ts'

const BY = { who: 'ada', why: '' }
const textOf = (n: number): string => `name: mine\nversion: ${n}\nvoters: { literal: { weight: { zh: 1, en: 1 } } }`

const turnOf = (conversation: string, turn: number): Compared => ({
  outcome: 'otherwise',
  divergent: {
    conversation,
    turn,
    at: turn,
    differs: ['action', 'template'],
    before: { ensemble: 'a@1-0', action: 'HELLO', disposition: 'answer', template: 'hello', confidence: 0.9 },
    now: { ensemble: 'a@2-0', action: 'TRACK', disposition: 'answer', template: 'track', confidence: 0.5 },
  },
})

async function withStore(work: (store: EnsembleStore, hashes: readonly string[], data: string) => Promise<void>): Promise<void> {
  const data = temporaryFolder()
  const store = openEnsembleStore(data.path)
  try {
    await work(
      store,
      [1, 2].map(n => store.add(textOf(n), 'mine.yaml').hash),
      data.path,
    )
  } finally {
    await store.close()
    data.remove()
  }
}

test('[LIVE7] what was compared is bounded, is there after a restart, and begins anew with the next shadow', () =>
  withStore(async (store, [one, two], data) => {
    await store.change('demo', { what: 'shadow', hash: one! }, BY)
    const { since } = store.standing('demo').shadow!
    const kept = keepEnsembleShadows(store.records, systemClock, error => assert.fail(String(error)))
    for (let turn = 0; turn < 990; turn++) kept.note({ shop: 'demo', since }, turnOf('a', turn))
    await kept.flush()
    for (let turn = 990; turn < 1_020; turn++) kept.note({ shop: 'demo', since }, turnOf('b', turn))
    kept.note({ shop: 'demo', since }, { outcome: 'same' })
    kept.note({ shop: 'demo', since: 1 }, turnOf('another shadow', 1))
    await kept.close()
    const other = openEnsembleStore(data)
    const { counts, parts, agreement, turns } = readComparison(other.records, { shop: 'demo', since })
    await other.close()
    assert.deepEqual([counts.otherwise, counts.same, parts.action, parts.disposition, turns.length], [1_020, 1, 1_020, 0, 1_000])
    assert.equal(agreement, 1 / 1_021)
    assert.deepEqual([turns[0]?.turn, turns.at(-1)?.turn], [1_019, 20])
    await store.change('demo', { what: 'shadow', hash: two! }, BY)
    const next = { shop: 'demo', since: store.standing('demo').shadow!.since }
    assert.deepEqual(readComparison(store.records, next).turns, [])
    kept.note({ shop: 'demo', since }, turnOf('late', 1))
    kept.note(next, turnOf('c', 1))
    await kept.flush()
    assert.deepEqual(
      readComparison(store.records, next).turns.map(({ conversation }) => conversation),
      ['c'],
    )
  }))

test('[LIVE7] [ERA2] an erased conversation is named no more, written or not yet', () =>
  withStore(async (store, [one]) => {
    await store.change('demo', { what: 'shadow', hash: one! }, BY)
    const name = { shop: 'demo', since: store.standing('demo').shadow!.since }
    const kept = keepEnsembleShadows(store.records, systemClock, error => assert.fail(String(error)))
    for (const turn of [1, 2]) {
      for (const conversation of ['gone', 'stays']) kept.note(name, turnOf(conversation, turn))
      if (turn === 1) await kept.flush()
    }
    await kept.forget('other', 'gone')
    await kept.forget('demo', 'gone')
    await kept.flush()
    assert.doesNotMatch(JSON.stringify([store.records.list(['shadow-turn']), store.records.list(['shadow-of'])]), /gone/)
    const { counts, turns } = readComparison(store.records, name)
    assert.deepEqual(
      turns.map(({ conversation, turn }) => `${conversation} ${turn}`),
      ['stays 2', 'stays 1'],
    )
    assert.equal(counts.otherwise, 4, 'a number says nothing of anybody')
  }))

const IN_FORCE = createEnsemble(textOf(1), 'mine.yaml')
/** Hears nobody, and holds everything to be a question about a parcel. */
const SHADOW = createEnsemble(`${textOf(2).replaceAll('1', '0')}\nprior: { TRACK: 0.999 }`, 'mine.yaml')

/** A whole engine with a shadow beside it; `decideAgain` works a turn out again in the shadow's name. */
function houseWith(decideAgain: typeof replay) {
  const compared: Compared[] = []
  const broken: unknown[] = []
  const state = { isStrained: false, erased: '', decides: IN_FORCE }
  const shop = { ...createTestShop([literalVoter()]), ensemble: () => state.decides }
  const house = createTestHouse({ shop, decided: (key, turn) => runner.decided(key, turn) })
  const forgotten: string[] = []
  const runner = createEnsembleShadowRunner({
    running: () => ({ shadow: { ensemble: SHADOW, hash: '', since: 1 } }),
    shop: () => shop,
    stages: {
      mesh: createMesh(new Map()),
      effects: createEffects(new Map()),
      clock: house.clock,
      deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
    },
    isStrained: () => state.isStrained,
    comparisons: { note: (_, each) => void compared.push(each), forget: async (_, conversation) => void forgotten.push(conversation) },
    isErased: async ({ conversation }) => conversation === state.erased,
    broke: error => broken.push(error),
    decideAgain,
  })
  let conversations = 0
  const say = async (...texts: readonly string[]): Promise<readonly RecordedDecision[]> => {
    const names = texts.map(() => `c${conversations++}`)
    for (const [i, text] of texts.entries()) await house.engine.say(keyOf(names[i]!), ANNA, { ref: refOf('m1'), text, locale: 'en' })
    await house.settled()
    const events = await Promise.all(names.map(name => house.events(name)))
    return events.flatMap(each => each.flatMap(event => (event.type === 'decided' ? [event.decision] : [])))
  }
  return { ...house, runner, compared, broken, state, forgotten, say }
}

test('[LIVE6] the recorded votes are decided on by the shadow: what is otherwise is told, with what, and the turn is as it was', async () => {
  const house = houseWith(replay)
  const [hello, lost] = await house.say('hello', 'track')
  await house.runner.settled()
  assert.equal(hello?.ensemble, IN_FORCE.version)
  const [first, second] = house.compared
  assert.equal(first?.outcome, 'otherwise')
  assert.deepEqual(first?.divergent?.differs.includes('action'), true)
  assert.deepEqual(
    [first?.divergent?.conversation, first?.divergent?.before.action, first?.divergent?.now.action],
    ['c0', hello?.action, 'TRACK'],
  )
  assert.deepEqual([first?.divergent?.before.ensemble, first?.divergent?.now.ensemble], [IN_FORCE.version, SHADOW.version])
  assert.deepEqual([lost?.action, second], ['TRACK', { outcome: 'same' }])
  house.state.decides = SHADOW
  await house.say('hello')
  await house.runner.settled()
  assert.equal(house.compared.length, 2, 'what it decides itself is left out')
  house.state.decides = IN_FORCE
  house.state.erased = 'c3'
  await house.say('hello')
  await house.runner.settled()
  assert.deepEqual(house.forgotten, ['c3'], 'erased while it was compared')
})

test('[LIVE6] a shadow that throws, or hangs, costs no turn and delays none; it is counted, and the hanging one is let go', async () => {
  const house = houseWith(async () => {
    throw new Error('a bug of the shadow')
  })
  assert.equal((await house.say('hello'))[0]?.ensemble, IN_FORCE.version)
  await house.runner.settled()
  assert.deepEqual([house.compared, house.broken.length], [[{ outcome: 'failed' }], 1])

  const hanging = houseWith(() => new Promise(() => {}))
  const decided = await hanging.say(...Array.from({ length: 100 }, () => 'hello'))
  assert.equal(decided.length, 100, 'all are decided while none of the shadow’s is')
  const skipped = hanging.compared.filter(({ outcome }) => outcome === 'skipped').length
  assert.ok(skipped > 0 && hanging.compared.length === skipped, 'what there is no room for is let go at once')
  // Two at a time are late, one after the other, until none waits.
  const settled = hanging.runner.settled().then(() => true)
  for (let rounds = 0; rounds < 100; rounds++) {
    hanging.clock.pass(1_000)
    await new Promise(resolve => setImmediate(resolve))
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.equal(await settled, true)
  assert.equal(hanging.compared.filter(({ outcome }) => outcome === 'late').length, 100 - skipped)
})

test('[LIVE6] under strain the shadow is given up first, and that is counted', async () => {
  const house = houseWith(() => assert.fail('it is not asked'))
  house.state.isStrained = true
  await house.say('hello')
  await house.runner.settled()
  assert.deepEqual(house.compared, [{ outcome: 'skipped' }])
})
