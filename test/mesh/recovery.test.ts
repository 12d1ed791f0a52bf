// The demo shop in trouble: many questions at once, a dead thread, a locked file. Facts are unknown by their deadline, and the engine's thread goes on.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { asCustomerId } from '@parley/core/ids.ts'
import type { Fact, Mesh, OrderFact } from '@parley/core/ports/mesh.ts'
import { faultCodeOf } from '../fault-code.ts'
import { opening, patience, query } from './questions.ts'
import { count, fact, known, openTestShop } from './shop.ts'

const CRABS = query('demo-lin', { order: '2024-881' })

/** How often the engine's thread comes round while `waited` is under way. */
async function roundsDuring(waited: Promise<unknown>): Promise<number> {
  let rounds = 0
  let isOver = false
  const turn = (): void => {
    if (isOver) return
    rounds++
    setImmediate(turn)
  }
  turn()
  await waited.finally(() => {
    isOver = true
  })
  return rounds
}

/** Asks again and again, each time the shop is ready for another question, until the fact is known. */
async function untilKnown(mesh: Mesh): Promise<readonly string[]> {
  const reasons: string[] = []
  for (const signal = patience(); ; ) {
    const { order } = await mesh.facts(['order'], CRABS, signal)
    if (order?.isKnown) return reasons
    reasons.push(order?.reason ?? '')
    signal.throwIfAborted()
    await new Promise(setImmediate)
  }
}

const reasonOf = (given: Fact | undefined): string => (given?.isKnown ? 'known' : `${given?.source}: ${given?.reason}`)

test('a thousand questions at once are answered, in order, each with what belongs to who asked', async t => {
  const shop = await openTestShop(t)
  const rows = shop.connect().prepare('SELECT customer, number FROM orders ORDER BY number LIMIT 1000').all() as unknown as readonly {
    readonly customer: string
    readonly number: string
  }[] // the columns named
  assert.equal(rows.length, 1_000)
  const signal = patience()
  const answered: number[] = []
  const facts = await Promise.all(
    rows.map(async ({ customer, number }, i) => {
      const given = await shop.mesh.facts(['order', 'orders', 'refund'], query(customer, { order: number }), signal)
      answered.push(i)
      return given
    }),
  )
  assert.deepEqual(
    facts.map(f => (known(f.order) as OrderFact).number),
    rows.map(r => r.number),
  )
  assert.deepEqual(
    answered,
    rows.map((_, i) => i),
  )
})

test('[MESH2] a deadline that has passed, or passes while others are served, leaves the fact unknown', async t => {
  const { mesh } = await openTestShop(t)
  assert.deepEqual(await mesh.facts(['order', 'weather'], CRABS, AbortSignal.abort()), {
    order: { isKnown: false, source: 'demo-shop', reason: 'no answer by the deadline' },
    weather: { isKnown: false, source: null, reason: 'the demo shop has no such fact' },
  })
  const deadline = new AbortController()
  const signal = patience()
  const patient = Array.from({ length: 50 }, () => mesh.facts(['order'], CRABS, signal))
  const hurried = Array.from({ length: 50 }, () => mesh.facts(['order'], CRABS, deadline.signal))
  deadline.abort()
  for (const { order } of await Promise.all(hurried)) assert.equal(reasonOf(order), 'demo-shop: no answer by the deadline')
  for (const { order } of await Promise.all(patient)) assert.equal(reasonOf(order), 'known')
})

test('[MESH2] [MESH3] a thread that dies leaves facts unknown and effects undecided, and is replaced, ten times over', async t => {
  const failures: string[] = []
  const shop = await openTestShop(t, { onFailure: reason => failures.push(reason) })
  let undecided = 0
  for (let round = 1; round <= 10; round++) {
    const thread = shop.thread()
    const signal = patience()
    const asked = Array.from({ length: 20 }, () => shop.mesh.facts(['order'], CRABS, signal))
    const run = faultCodeOf(shop.effects.run(opening(`k${round}`, 'demo-lin', { order: '2024-881', count: '1' }), signal))
    await thread.terminate()
    for (const { order } of await Promise.all(asked)) assert.match(reasonOf(order), /^known$|^demo-shop: the thread ended$/)
    if ((await run) === 'SOURCE_UNAVAILABLE') undecided++
    const { order } = await shop.mesh.facts(['order'], CRABS, signal)
    assert.equal(reasonOf(order), 'demo-shop: it is being started again')
    assert.equal(await faultCodeOf(shop.ordersOf(asCustomerId('demo-lin'), 'en', signal)), 'SOURCE_UNAVAILABLE')
    const reasons = await untilKnown(shop.mesh)
    assert.deepEqual([...new Set(reasons)], ['it is being started again'])
  }
  assert.equal(failures.length, 10)
  assert.ok(undecided > 0, 'no effect was interrupted: the test shows nothing')
  const outcomes = []
  for (let round = 1; round <= 10; round++)
    outcomes.push(await shop.effects.run(opening(`k${round}`, 'demo-lin', { order: '2024-881', count: '1' }), patience()))
  assert.equal(outcomes.filter(o => o.state === 'done').length, 1)
  assert.equal(count(shop.connect(), 'cases WHERE order_number = ?', '2024-881'), 1)
})

test('[MESH2] while the file is locked, facts are told as before, effects are not known to be done, and the engine goes on', async t => {
  const shop = await openTestShop(t)
  const other = shop.connect()
  other.exec('BEGIN EXCLUSIVE')
  const ask = (): Promise<unknown> => shop.effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '1' }), patience())
  assert.equal(((await fact(shop.mesh, 'order', CRABS)) as OrderFact).number, '2024-881')

  // The thread waits for the lock within the effect, and facts behind it run into their deadline: here when the engine has come round twenty times.
  const deadline = new AbortController()
  const effect = assert.rejects(ask(), { code: 'SOURCE_UNAVAILABLE', message: /database is locked/ })
  const late = shop.mesh.facts(['order'], CRABS, deadline.signal)
  let left = 20
  const countDown = (): void => void (--left === 0 ? deadline.abort() : setImmediate(countDown))
  countDown()
  assert.equal(reasonOf((await late).order), 'demo-shop: no answer by the deadline')
  assert.ok((await roundsDuring(effect)) >= 100, 'the engine goes on while the effect waits')

  assert.equal(count(other, 'cases WHERE key = ?', 'k'), 0)
  other.exec('ROLLBACK')
  assert.equal(((await ask()) as { readonly state: string }).state, 'done')
  assert.equal(((await fact(shop.mesh, 'order', CRABS)) as OrderFact).number, '2024-881')
})

test('[MESH2] [MESH3] a file that another process holds for itself leaves every fact unknown, and the shop comes back when it lets go', async t => {
  const failed = Promise.withResolvers<string>()
  const shop = await openTestShop(t, { onFailure: reason => reason.includes('locked') && failed.resolve(reason) })
  await shop.thread().terminate()
  // In this mode not even readers are let in; it can only be had while nobody else has the file open.
  const other = new DatabaseSync(shop.file)
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE cases SET state = state; COMMIT')
  const rounds = await roundsDuring(failed.promise)
  assert.ok(rounds >= 100, `the engine came round ${rounds} times`)
  assert.equal(reasonOf((await shop.mesh.facts(['order'], CRABS, patience())).order), 'demo-shop: it is being started again')
  other.close()
  await untilKnown(shop.mesh)
})

test('a shop that is closed finishes what it has begun, gives up the rest, and can be closed twice and while it is being replaced', async t => {
  const shop = await openTestShop(t)
  const signal = patience()
  const begun = shop.effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '1' }), signal)
  const waiting = shop.mesh.facts(['order'], CRABS, signal)
  await Promise.all([shop.close(), shop.close()])
  assert.equal((await begun).state, 'done')
  assert.equal(reasonOf((await waiting).order), 'demo-shop: it is closed')
  assert.equal(reasonOf((await shop.mesh.facts(['order'], CRABS, signal)).order), 'demo-shop: it is closed')
  assert.equal(count(shop.connect(), 'cases WHERE key = ?', 'k'), 1)

  const broken = await openTestShop(t)
  await broken.thread().terminate()
  await broken.close()
  assert.equal(reasonOf((await broken.mesh.facts(['order'], CRABS, signal)).order), 'demo-shop: it is closed')
})
