// Effects of the demo shop, over its mesh and in the CRM's own file.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultCodeOf } from '../fault-code.ts'
import { opening, patience, SHOP, withdrawing } from './questions.ts'
import { count, openTestShop } from './shop.ts'

test('a case is opened for what was bought, with its amount, and numbered on from those before', async t => {
  const { effects, connect } = await openTestShop(t)
  assert.deepEqual(await effects.run(opening('a', 'demo-lin', { order: '２０２４－８８１', count: ' ３ ' }), patience()), {
    state: 'done',
    result: { case: 'CP-1007', order: '2024-881', count: '3', amount: '¥162.00', state: 'open' },
  })
  assert.deepEqual(await effects.run(opening('b', 'demo-kim', { order: '2024-882', count: '6' }), patience()), {
    state: 'done',
    result: { case: 'CP-1008', order: '2024-882', count: '6', amount: '$108.00', state: 'open' },
  })
  // Of two lines that break, the dearer.
  assert.deepEqual(await effects.run(opening('c', 'demo-one', { order: '2024-890', count: '1' }), patience()), {
    state: 'done',
    result: { case: 'CP-1009', order: '2024-890', count: '1', amount: '¥36.00', state: 'open' },
  })
  assert.equal(count(connect(), "cases WHERE state = 'open'"), 3)
})

test('what cannot be compensated is refused for its own reason, and leaves no case', async t => {
  const shop = await openTestShop(t)
  const database = shop.connect()
  const deliveredOn = (day: number) =>
    database
      .prepare('SELECT customer, number FROM purchases WHERE delivered_on = ? AND number NOT IN (SELECT order_number FROM refunds) LIMIT 1')
      .get(day) as { readonly customer: string; readonly number: string } // the columns named here
  const [old, young] = [deliveredOn(-8), deliveredOn(-7)]
  const lin = (slots: Readonly<Record<string, string>>) => ['demo-lin', slots] as const
  const cases: readonly (readonly [reason: string, ask: readonly [string, Readonly<Record<string, string>>]])[] = [
    ['unknown-order', lin({ count: '1' })],
    ['unknown-order', lin({ order: '2024-882', count: '1' })],
    ['unknown-order', lin({ order: 'the crabs', count: '1' })],
    ['not-delivered', lin({ order: '2024-875', count: '1' })],
    ['refunded', lin({ order: '2024-860', count: '1' })],
    ['too-late', [old.customer, { order: old.number, count: '1' }]],
    ['bad-count', lin({ order: '2024-881' })],
    ['bad-count', lin({ order: '2024-881', count: '0' })],
    ['bad-count', lin({ order: '2024-881', count: '-1' })],
    ['bad-count', lin({ order: '2024-881', count: '1.5' })],
    ['bad-count', lin({ order: '2024-881', count: 'all' })],
    ['too-many', lin({ order: '2024-881', count: '7' })],
  ]
  for (const [i, [reason, [customer, slots]]] of cases.entries())
    assert.deepEqual(
      await shop.effects.run(opening(`r${i}`, customer, slots), patience()),
      { state: 'refused', reason },
      JSON.stringify(slots),
    )
  assert.equal(count(database, 'cases'), 0)
  assert.equal((await shop.effects.run(opening('y', young.customer, { order: young.number, count: '1' }), patience())).state, 'done')
})

test('an order has one living case: another is refused until it is withdrawn', async t => {
  const { effects } = await openTestShop(t)
  const ask = (key: string) => effects.run(opening(key, 'demo-lin', { order: '2024-881', count: '1' }), patience())
  const first = await ask('a')
  assert.ok(first.state === 'done')
  assert.deepEqual(await ask('b'), { state: 'refused', reason: 'already-open' })
  assert.deepEqual(await effects.run(withdrawing('a/undo', 'demo-lin', first.result), patience()), {
    state: 'done',
    result: { ...first.result, state: 'withdrawn' },
  })
  assert.deepEqual(await ask('b'), { state: 'refused', reason: 'already-open' }, 'a key keeps its outcome')
  const second = await ask('c')
  assert.ok(second.state === 'done' && second.result.case !== first.result.case)
  assert.deepEqual(await ask('a'), first, 'the withdrawn one too')
})

test('a case is withdrawn once, however often it is asked; a paid one stays', async t => {
  const shop = await openTestShop(t)
  const database = shop.connect()
  const opened = await shop.effects.run(opening('a', 'demo-lin', { order: '2024-881', count: '2' }), patience())
  assert.ok(opened.state === 'done')
  const withdrawn = { state: 'done', result: { ...opened.result, state: 'withdrawn' } }
  for (const key of ['u', 'u', 'another'])
    assert.deepEqual(await shop.effects.run(withdrawing(key, 'demo-lin', opened.result), patience()), withdrawn)

  const next = await shop.effects.run(opening('b', 'demo-kim', { order: '2024-882', count: '2' }), patience())
  assert.ok(next.state === 'done')
  const id = String(next.result.case).slice('CP-'.length)
  database.prepare("UPDATE cases SET state = 'paid' WHERE id = ?").run(id)
  assert.deepEqual(await shop.effects.run(withdrawing('v', 'demo-kim', next.result), patience()), {
    state: 'refused',
    reason: 'already-paid',
  })
  assert.equal(database.prepare('SELECT state FROM cases WHERE id = ?').get(id)?.state, 'paid')
  for (const nothing of [{ case: 'CP-9' }, { case: "CP-1007'" }])
    assert.deepEqual(await shop.effects.run(withdrawing(JSON.stringify(nothing), 'demo-kim', nothing), patience()), {
      state: 'refused',
      reason: 'unknown-case',
    })
  assert.deepEqual(await shop.effects.run(withdrawing('w', 'demo-kim', {}), patience()), { state: 'refused', reason: 'unknown' })
})

test('[MESH4] the same key a hundred times at once is one case and one outcome', async t => {
  const { effects, connect } = await openTestShop(t)
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, () => effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '4' }), patience())),
  )
  assert.equal(new Set(outcomes.map(o => JSON.stringify(o))).size, 1)
  assert.equal(outcomes[0]?.state, 'done')
  assert.equal(count(connect(), 'cases WHERE order_number = ?', '2024-881'), 1)
})

test('[MESH4] a hundred keys at once for one order: one is done, the others are refused', async t => {
  const { effects, connect } = await openTestShop(t)
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, i) => effects.run(opening(`k${i}`, 'demo-lin', { order: '2024-881', count: '4' }), patience())),
  )
  assert.deepEqual([outcomes.filter(o => o.state === 'done').length, outcomes.filter(o => o.state === 'refused').length], [1, 99])
  assert.equal(count(connect(), 'cases WHERE order_number = ?', '2024-881'), 1)
})

test('[MESH4] two servers on the same services, as two processes would be: one key, one case', async t => {
  const one = await openTestShop(t)
  const two = await openTestShop(t, { folder: one.services.folder })
  const outcomes = await Promise.all(
    [one, two].flatMap(({ effects }) =>
      Array.from({ length: 20 }, () => effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '4' }), patience())),
    ),
  )
  assert.equal(new Set(outcomes.map(o => JSON.stringify(o))).size, 1)
  assert.equal(count(one.connect(), 'cases'), 1)
})

test('[MESH4] a signal ends the waiting with a rejection; the same key then tells the outcome', async t => {
  const { effects, connect } = await openTestShop(t)
  const ask = (signal: AbortSignal) => effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '4' }), signal)
  assert.equal(await faultCodeOf(ask(AbortSignal.abort())), 'SOURCE_UNAVAILABLE')
  assert.equal(count(connect(), 'cases'), 0)
  const given = new AbortController()
  const waiting = ask(given.signal)
  given.abort()
  assert.equal(await faultCodeOf(waiting), 'SOURCE_UNAVAILABLE')
  const outcome = await ask(patience())
  assert.ok(outcome.state === 'done' && outcome.result.case === 'CP-1007')
  assert.equal(count(connect(), 'cases'), 1)
})

test('[MESH32] what fails on its way is not refused but unknown; the same key then tells the outcome', async t => {
  const { effects, services, connect } = await openTestShop(t, { deadlines: { crm: 2_000 } })
  const ask = () => effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '4' }), patience())
  for (const failure of ['error', 'busy', 'expired', 'drop', 'cut', 'garbled', 'shape', 'hang']) {
    await services.knob('crm', { failure })
    assert.equal(await faultCodeOf(ask()), 'SOURCE_UNAVAILABLE', failure)
  }
  await services.knob('crm', { failure: 'none' })
  const outcome = await ask()
  assert.ok(outcome.state === 'done' && outcome.result.case === 'CP-1007')
  assert.equal(count(connect(), 'cases'), 1)
})

test('[MESH32] the file says what else is done: a return is registered, and withdrawn by what was told of it', async t => {
  const more = `
  send-back:
    mutation: 'mutation ($order: String!, $why: String!) { back: createReturn(number: $order, reason: $why) { number order status } }'
    result: { return: number, order: order }
    undo: keep-it
`
  const { effects, connect } = await openTestShop(t, { change: text => `${text.replace('\nslots:\n', '\nslots:\n  why: {}\n')}${more}` })
  const request = { ...opening('b/do', 'demo-kim', { order: '2024 882', why: 'too large' }), name: 'send-back' }
  const done = await effects.run(request, patience())
  assert.deepEqual(done, { state: 'done', result: { return: 'RT-5001', order: '2024-882' } })
  assert.deepEqual(await effects.run({ ...request, key: 'b2/do' }, patience()), { state: 'refused', reason: 'already-returning' })
  const undone = await effects.run({ ...withdrawing('b/undo', 'demo-kim', done.result), name: 'keep-it' }, patience())
  assert.deepEqual(undone, done)
  assert.deepEqual(
    connect('orders')
      .prepare('SELECT status FROM returns')
      .all()
      .map(row => row.status),
    ['withdrawn'],
  )
})

test('the shop names the effects that it has, and no others', async t => {
  const { effects } = await openTestShop(t)
  assert.deepEqual(
    ['open-compensation', 'withdraw-compensation', 'cancel-order', 'toString'].map(name => effects.has(SHOP, name)),
    [true, true, false, false],
  )
  await assert.rejects(effects.run({ ...opening('k', 'demo-lin', {}), name: 'cancel-order' }, patience()), /has no effect "cancel-order"/)
})
