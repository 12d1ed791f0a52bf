// Who asks sees their own orders and nothing of anybody else's, whatever they write.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asCustomerId } from '@parley/core/ids.ts'
import type { OrderFact } from '@parley/core/ports/mesh.ts'
import { opening, patience, query, withdrawing } from './questions.ts'
import { fact, openTestShop } from './shop.ts'

interface Owned {
  readonly customer: string
  readonly number: string
}

test("[MESH1] another customer's order is as if it did not exist: in facts, in effects, in every pair of customers", async t => {
  const shop = await openTestShop(t)
  const database = shop.connect()
  const orders = database.prepare('SELECT customer, number FROM orders').all() as unknown as readonly Owned[] // the columns named
  const drawn = [...new Set(orders.map(o => o.customer))].filter(id => id.startsWith('shopper-')).slice(0, 20)
  const customers = ['demo-lin', 'demo-kim', 'demo-one', 'demo-none', 'stranger', ...drawn]
  const theirs = orders.filter(o => customers.includes(o.customer))
  let pairs = 0
  for (const customer of customers) {
    const own = orders.filter(o => o.customer === customer).map(o => o.number)
    const all = await shop.ordersOf(asCustomerId(customer), 'en', patience())
    assert.deepEqual(all.map(o => o.number).sort(), own.sort(), customer)
    for (const { number } of theirs) {
      const slots = { order: number, count: '1' }
      const facts = await shop.mesh.facts(['order', 'refund', 'orders'], query(customer, slots), patience())
      if (own.includes(number)) {
        assert.equal(((await fact(shop.mesh, 'order', query(customer, slots))) as OrderFact).number, number)
        continue
      }
      pairs++
      // To the byte what a number that nobody has is answered with.
      const nowhere = await shop.mesh.facts(['order', 'refund', 'orders'], query(customer, { ...slots, order: '2024-77777' }), patience())
      assert.deepEqual(facts, nowhere, `${customer} asks for ${number}`)
      assert.deepEqual(await shop.effects.run(opening(`${customer}/${number}`, customer, slots), patience()), {
        state: 'refused',
        reason: 'unknown-order',
      })
    }
  }
  assert.ok(pairs > 1_000, `${pairs} pairs`)
})

test("[MESH1] another customer's case cannot be withdrawn, nor their outcome be had with their key", async t => {
  const shop = await openTestShop(t)
  const opened = await shop.effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '2' }), patience())
  assert.ok(opened.state === 'done')
  assert.deepEqual(await shop.effects.run(withdrawing('u', 'demo-kim', opened.result), patience()), {
    state: 'refused',
    reason: 'unknown-case',
  })
  await assert.rejects(
    shop.effects.run(opening('k', 'demo-kim', { order: '2024-882', count: '2' }), patience()),
    /stands for another effect/,
  )
  assert.equal(shop.connect().prepare('SELECT state FROM cases WHERE key = ?').get('k')?.state, 'open')
})

test('a stranger has no orders; with `adopts` always those of one and the same of the five hundred', async t => {
  const strict = await openTestShop(t)
  assert.deepEqual(await strict.ordersOf(asCustomerId('visitor-1'), 'en', patience()), [])
  const demo = await openTestShop(t, { adopts: true })
  const seen = new Map<string, number>()
  for (let i = 0; i < 400; i++) {
    const id = asCustomerId(`visitor-${i}`)
    const [first, again] = [await demo.ordersOf(id, 'en', patience()), await demo.ordersOf(id, 'en', patience())]
    assert.deepEqual(first, again)
    assert.ok(first.length > 0, id)
    assert.ok(!first.some(o => /^2024-8\d\d$/.test(o.number)), 'nobody is taken for a documented customer')
    const number = first[0]!.number // not empty
    seen.set(number, (seen.get(number) ?? 0) + 1)
  }
  assert.ok(seen.size > 200, `${seen.size} different shoppers`)
  assert.equal((await demo.ordersOf(asCustomerId('demo-none'), 'en', patience())).length, 0)
  assert.equal((await demo.ordersOf(asCustomerId('demo-one'), 'en', patience())).length, 1)
})
