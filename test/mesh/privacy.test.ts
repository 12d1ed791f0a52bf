// Who asks sees their own orders and nothing of anybody else's, whatever they write.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OrderFact } from '@parley/core/ports/mesh.ts'
import { shopperOf } from '@parley/demo-shop/shopper.ts'
import { createShopSource } from '@parley/mesh/joined/shop-source.ts'
import { opening, patience, query, withdrawing } from './questions.ts'
import { fact, openTestShop } from './shop.ts'

interface Owned {
  readonly customer: string
  readonly number: string
}

test("[MESH1] another customer's order is as if it did not exist: in facts, in effects, in every pair of customers", async t => {
  const shop = await openTestShop(t)
  const orders = shop.connect('orders').prepare('SELECT customer, number FROM orders').all() as unknown as readonly Owned[] // the columns named
  const drawn = [...new Set(orders.map(o => o.customer))].filter(id => id.startsWith('shopper-')).slice(0, 8)
  const customers = ['demo-lin', 'demo-kim', 'demo-one', 'demo-none', 'stranger', ...drawn]
  const theirs = orders.filter(o => customers.includes(o.customer))
  let pairs = 0
  for (const customer of customers) {
    const own = orders.filter(o => o.customer === customer).map(o => o.number)
    const all = (await fact(shop.mesh, 'orders', query(customer))) as readonly OrderFact[] // as the port says
    assert.ok(all.length === Math.min(5, own.length) && all.every(order => own.includes(order.number)), customer)
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
  assert.ok(pairs > 250, `${pairs} pairs`)
})

test("[MESH1] another customer's case cannot be withdrawn, nor their outcome be had with their key", async t => {
  const shop = await openTestShop(t)
  const opened = await shop.effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '2' }), patience())
  assert.ok(opened.state === 'done')
  assert.deepEqual(await shop.effects.run(withdrawing('u', 'demo-kim', opened.result), patience()), {
    state: 'refused',
    reason: 'unknown-case',
  })
  assert.deepEqual(await shop.effects.run(opening('k', 'demo-kim', { order: '2024-882', count: '2' }), patience()), {
    state: 'refused',
    reason: 'key-used',
  })
  assert.deepEqual(
    shop
      .connect()
      .prepare('SELECT order_number, state FROM cases')
      .all()
      .map(row => ({ ...row })),
    [{ order_number: '2024-881', state: 'open' }],
  )
})

test('as the server asks, a stranger has the orders of one of the five hundred; the services themselves know nobody but their own', async t => {
  const shop = await openTestShop(t)
  assert.deepEqual(await fact(shop.mesh, 'orders', query('visitor-1')), [])
  const { joined } = shop
  const adopting = createShopSource({ config: joined.config, mesh: async () => joined, customerIn: shopperOf })
  const orders = await fact(adopting.mesh, 'orders', query('visitor-1'))
  assert.deepEqual(orders, await fact(shop.mesh, 'orders', query(shopperOf('visitor-1'))))
  assert.ok((orders as readonly OrderFact[]).length > 0) // as the port says
})
