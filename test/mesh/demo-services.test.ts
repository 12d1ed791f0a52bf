// The demo shop's three services: that they have the shop's data, what a key does, and the knob.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shopData } from '@parley/demo-shop/shop-data.ts'
import { startTestServices } from './demo-services.ts'
import { TODAY } from './questions.ts'

interface OrderPage {
  readonly orders: readonly { readonly number: string; readonly placedOn: string; readonly status: string }[]
  readonly next: string | null
}

test('pages have every order of every tenth customer once, the newest first', async t => {
  const { ask } = await startTestServices(t)
  const { customers, orders } = shopData(TODAY)
  assert.equal(customers.length, 505)
  for (const { id } of customers.filter((_, i) => i % 10 === 0)) {
    const seen: OrderPage['orders'][number][] = []
    for (let after: string | null | undefined; after !== null; ) {
      const { body } = await ask('orders', `/orders?customer=${id}&limit=3${after ? `&after=${after}` : ''}`)
      const page = body as OrderPage
      seen.push(...page.orders)
      after = page.next
    }
    const expected = orders.filter(order => order.customer.id === id).map(order => order.number)
    assert.deepEqual(seen.map(order => order.number).toSorted(), expected.toSorted(), id)
    assert.deepEqual(
      seen.map(order => order.placedOn),
      seen.map(order => order.placedOn).toSorted((a, b) => (a < b ? 1 : -1)),
    )
  }
})

test("the documentation's customer is there, in both languages", async t => {
  const { ask } = await startTestServices(t)
  const { body } = await ask('orders', '/orders?customer=123&status=returning', { locale: 'zh-CN' })
  const { orders } = body as OrderPage
  assert.deepEqual(
    orders.map(order => order.number),
    ['2024-124', '2024-123'],
  )
  assert.match(JSON.stringify(body), /电热水壶 1.7 升/)
  assert.match(JSON.stringify((await ask('orders', '/orders?customer=123')).body), /Electric kettle/)
  const fulfilments = await ask('warehouse', '/fulfilments?orders=2024-123,2024-124,2024-999')
  assert.deepEqual(
    (fulfilments.body as { status: string }[]).map(each => each.status),
    ['return-received', 'return-expected'],
  )
  const refunds = await ask('crm', '/refunds?orders=2024-123,2024-124,2024-125')
  assert.deepEqual(
    (refunds.body as { progress: string; amount: string }[]).map(each => [each.progress, each.amount]),
    [
      ['approved', '917.00'],
      ['requested', '129.00'],
    ],
  )
})

test('a key has one effect and one answer; what is done can be undone, by whose it is alone', async t => {
  const { ask } = await startTestServices(t)
  const open = { key: 'k1', body: { customer: 'demo-lin', order: '2024-881', count: 2 } }
  const first = await ask('crm', '/cases', open)
  assert.deepEqual(first, await ask('crm', '/cases', open))
  assert.deepEqual([first.status, (first.body as { number: string }).number], [201, 'CP-1007'])
  assert.equal((await ask('crm', '/cases', { ...open, body: { ...open.body, count: 1 } })).status, 422)
  assert.deepEqual((await ask('crm', '/cases', { ...open, key: 'k2' })).body, { error: 'already-open' })
  assert.equal((await ask('crm', '/cases/CP-1007/withdrawal', { key: 'k3', body: { customer: 'demo-kim' } })).status, 404)
  assert.equal((await ask('crm', '/cases/CP-1007/withdrawal', { key: 'k4', body: { customer: 'demo-lin' } })).status, 200)
  assert.equal((await ask('crm', '/cases', { ...open, key: 'k5' })).status, 201)

  const back = { key: 'r1', body: { customer: 'demo-kim', reason: 'too small' } }
  assert.deepEqual((await ask('orders', '/orders/2024-882/returns', back)).body, {
    number: 'RT-5001',
    order: '2024-882',
    status: 'registered',
  })
  assert.equal((await ask('orders', '/orders/2024-882?customer=demo-kim')).status, 200)
  assert.deepEqual((await ask('orders', '/orders/2024-882/returns', { ...back, key: 'r2' })).body, { error: 'already-returning' })
  assert.equal((await ask('orders', '/returns/RT-5001/withdrawal', { key: 'r3', body: { customer: 'demo-kim' } })).status, 200)
  assert.equal((await ask('orders', '/orders/2024-882/returns', { ...back, key: 'r4' })).status, 201)

  const coupon = await ask('crm', '/coupons', { key: 'c1', body: { customer: '123', percent: 10 } })
  assert.deepEqual(coupon.body, { code: 'CU-2001', customer: '123', percent: 10, state: 'open' })
  assert.equal((await ask('crm', '/coupons/CU-2001/withdrawal', { key: 'c2', body: { customer: '123' } })).status, 200)
  assert.equal((await ask('crm', '/coupons', { body: { customer: '123', percent: 10 } })).status, 400, 'without a key')
})

test('a wrong token opens nothing, and the knob makes a service fail in the way that is asked for', async t => {
  const { ask, knob } = await startTestServices(t)
  assert.equal((await ask('crm', '/customers/123', { token: 'token-of-orders' })).status, 401)
  assert.equal((await ask('orders', '/orders/2024-881?customer=demo-kim')).status, 404, "somebody else's order")
  for (const [failure, status] of [
    ['error', 500],
    ['busy', 429],
    ['expired', 401],
  ] as const) {
    await knob('crm', { failure })
    assert.equal((await ask('crm', '/customers/123')).status, status)
  }
  for (const failure of ['drop', 'cut', 'garbled']) {
    await knob('crm', { failure })
    await assert.rejects(ask('crm', '/customers/123'), failure)
  }
  await knob('crm', { failure: 'none' })
  assert.equal((await ask('crm', '/customers/123')).status, 200)
})
