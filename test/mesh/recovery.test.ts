// The demo shop in trouble, as the engine sees it: many questions at once, a dead thread, a locked file, a mesh that is not open yet. Facts are unknown by
// their deadline, and the engine's thread goes on.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { isFault } from '@parley/core/faults.ts'
import type { Fact, Mesh, OrderFact } from '@parley/core/ports/mesh.ts'
import { createShopSource } from '@parley/mesh/joined/shop-source.ts'
import { createLogger } from '@parley/server/logger.ts'
import { createShopMeshes } from '@parley/server/mesh/shop-meshes.ts'
import { openSources } from '@parley/server/sources.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { opening, patience, query, SHOP } from './questions.ts'
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

/** Asks again and again, for what is not kept, until it is known; resolves with the sources that it was missing from meanwhile. */
async function untilKnown(mesh: Mesh): Promise<ReadonlySet<string | null>> {
  const silent = new Set<string | null>()
  for (const signal = patience(); ; signal.throwIfAborted()) {
    const { cases } = await mesh.facts(['cases'], CRABS, signal)
    if (cases?.isKnown) return silent
    silent.add(cases?.source ?? null)
  }
}

const reasonOf = (given: Fact | undefined): string => (given?.isKnown ? 'known' : `${given?.source}: ${given?.reason}`)

/** What a server has of the demo shop, with the thread of its services. */
async function openServerSources(t: TestContext) {
  const data = temporaryFolder()
  let newest: Worker | undefined
  const watch = (worker: Worker): void => {
    newest = worker
  }
  process.on('worker', watch)
  const failures: string[] = []
  const config = { shops: [{ id: SHOP, mesh: 'demo-shop' }], data: data.path } as unknown as Parameters<typeof createShopMeshes>[0] // all of it that is looked at
  const meshes = createShopMeshes(config, {}, error => failures.push(String(error)))
  t.after(async () => {
    process.off('worker', watch)
    await meshes.close()
    data.remove()
  })
  const sources = await openSources(config, createLogger('silent'), meshes)
  return { ...sources, failures, thread: () => newest!, file: (name: string) => join(data.path, 'demo-shop', 'services', `${name}.db`) } // it is started with the first question
}

test('a thousand questions at once are answered, each with what belongs to who asked', async t => {
  const shop = await openTestShop(t)
  const rows = shop
    .connect('orders')
    .prepare('SELECT customer, number FROM orders ORDER BY number LIMIT 1000')
    .all() as unknown as readonly {
    readonly customer: string
    readonly number: string
  }[] // the columns named
  assert.equal(rows.length, 1_000)
  const signal = patience()
  const facts = await Promise.all(
    rows.map(({ customer, number }) => shop.mesh.facts(['order'], query(customer, { order: number }), signal)),
  )
  assert.deepEqual(
    facts.map(f => (known(f.order) as OrderFact).number),
    rows.map(r => r.number),
  )
})

test('[MESH2] a deadline that has passed, or passes while others are served, leaves the fact unknown', async t => {
  const { mesh } = await openTestShop(t)
  const late = await mesh.facts(['order', 'weather'], CRABS, AbortSignal.abort())
  assert.equal(late.order?.isKnown, false)
  assert.deepEqual(late.weather, { isKnown: false, source: null, reason: "the shop's mesh has no such fact" })
  const deadline = new AbortController()
  const signal = patience()
  const patient = Array.from({ length: 50 }, () => mesh.facts(['order'], CRABS, signal))
  const hurried = Array.from({ length: 50 }, () => mesh.facts(['order'], CRABS, deadline.signal))
  deadline.abort()
  for (const { order } of await Promise.all(hurried)) assert.notEqual(reasonOf(order), 'known')
  for (const { order } of await Promise.all(patient)) assert.equal(reasonOf(order), 'known')
})

test('[MESH2] a fact that is asked for while the mesh opens waits for it, within its deadline; one that cannot be opened is no rejection', async t => {
  const { joined } = await openTestShop(t)
  const opening_ = Promise.withResolvers<typeof joined>()
  const of = (mesh: () => Promise<typeof joined>) => createShopSource({ config: joined.config, mesh, customerIn: customer => customer })
  const { mesh, effects } = of(() => opening_.promise)
  const deadline = new AbortController()
  const hurried = mesh.facts(['order'], CRABS, deadline.signal)
  const undone = faultCodeOf(effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '1' }), deadline.signal))
  const patient = fact(mesh, 'order', CRABS)
  deadline.abort()
  assert.equal(reasonOf((await hurried).order), 'mesh: no answer by the deadline')
  assert.equal(await undone, 'SOURCE_UNAVAILABLE')
  opening_.resolve(joined)
  assert.equal(((await patient) as OrderFact).number, '2024-881')
  const broken = of(() => Promise.reject(new Error('no such file')))
  assert.equal(reasonOf((await broken.mesh.facts(['order'], CRABS, patience())).order), 'mesh: no such file')
})

test('[MESH3] the services start with the server, and their thread is replaced when it dies, twice over: one key, one case', async t => {
  const shop = await openServerSources(t)
  await untilKnown(shop.mesh)
  const ask = (): Promise<unknown> => shop.effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '1' }), patience())
  let undecided = 0
  for (let round = 1; round <= 2; round++) {
    const run = faultCodeOf(ask())
    await shop.thread().terminate()
    if ((await run) === 'SOURCE_UNAVAILABLE') undecided++
    const silent = await untilKnown(shop.mesh)
    assert.ok(
      [...silent].every(source => source === 'crm'),
      [...silent].join(),
    )
  }
  assert.equal(shop.failures.length, 2, shop.failures.join('\n'))
  assert.ok(undecided > 0, 'no effect was interrupted: the test shows nothing')
  let outcome: unknown
  // A source has a deadline of its own, which a busy machine may miss: the key makes the next try the same.
  for (const signal = patience(); outcome === undefined; signal.throwIfAborted())
    outcome = await ask().catch(error => {
      if (!isFault(error, 'SOURCE_UNAVAILABLE')) throw error
    })
  assert.equal((outcome as { readonly state: string }).state, 'done')
  const book = new DatabaseSync(shop.file('crm'))
  assert.equal(count(book, 'cases'), 1)
  book.close()
})

test('[MESH2] while the file is locked, facts are told as before, effects are not known to be done, and the engine goes on', async t => {
  const shop = await openTestShop(t)
  const other = shop.connect()
  other.exec('BEGIN EXCLUSIVE')
  const ask = (): Promise<unknown> => shop.effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '1' }), patience())
  assert.equal(((await fact(shop.mesh, 'order', CRABS)) as OrderFact).number, '2024-881')
  assert.equal(await faultCodeOf(ask()), 'SOURCE_UNAVAILABLE')
  assert.equal(count(other, 'cases'), 0)
  other.exec('ROLLBACK')
  assert.equal(((await ask()) as { readonly state: string }).state, 'done')
  assert.equal(((await fact(shop.mesh, 'order', CRABS)) as OrderFact).number, '2024-881')
})

test('[MESH2] the engine goes on while a locked file holds the services up', async t => {
  const shop = await openServerSources(t)
  await untilKnown(shop.mesh)
  const other = new DatabaseSync(shop.file('crm'))
  t.after(() => other.close())
  other.exec('BEGIN EXCLUSIVE')
  const effect = faultCodeOf(shop.effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '1' }), patience()))
  const rounds = await roundsDuring(effect)
  assert.ok(rounds >= 100, `the engine came round ${rounds} times`)
  assert.equal(await effect, 'SOURCE_UNAVAILABLE')
})
