// Facts of the demo shop, on its real database, against what mesh/demo-shop/README.md documents.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { asCustomerId } from '@parley/core/ids.ts'
import type { OrderFact, RefundFact } from '@parley/core/ports/mesh.ts'
import { readOrderNumber } from '@parley/mesh/demo-shop/order-number.ts'
import { money } from '@parley/mesh/demo-shop/texts.ts'
import { patience, query } from './questions.ts'
import { fact, known, openTestShop } from './shop.ts'

test('the orders of the documented customers are as documented, newest first, in either locale', async t => {
  const { mesh } = await openTestShop(t)
  assert.deepEqual(await fact(mesh, 'orders', query('demo-lin', {}, 'zh-CN')), [
    {
      number: '2024-881',
      placedOn: '2025-02-28',
      status: '已签收',
      state: 'delivered',
      items: [{ name: '阳澄湖大闸蟹（母蟹 3 两）', quantity: 6 }],
      total: '¥324.00',
      carrier: '顺丰速运',
      trackingNumber: 'SF1380024088101',
    },
    {
      number: '2024-875',
      placedOn: '2025-02-27',
      status: '已发货',
      state: 'shipped',
      items: [{ name: '水晶红酒杯', quantity: 4 }],
      total: '¥180.00',
      carrier: '中通快递',
      trackingNumber: '78200240875004',
      expectedOn: '2025-03-03',
    },
    {
      number: '2024-860',
      placedOn: '2025-02-18',
      status: '已退货',
      state: 'returned',
      items: [{ name: '羊绒衫', quantity: 1 }],
      total: '¥459.00',
      carrier: '顺丰速运',
      trackingNumber: 'SF1380024086001',
    },
  ])
  assert.deepEqual(await fact(mesh, 'order', query('demo-kim', { order: '2024-876' })), {
    number: '2024-876',
    placedOn: '2025-02-27',
    status: 'shipped',
    state: 'shipped',
    items: [{ name: 'Crystal wine glass', quantity: 4 }],
    total: '$50.00',
    carrier: 'FedEx',
    trackingNumber: '720240876004',
    expectedOn: '2025-03-03',
  })
  assert.deepEqual(await fact(mesh, 'orders', query('demo-none')), [])
})

test('the README documents exactly the orders that are there', async t => {
  const { ordersOf } = await openTestShop(t)
  const text = readFileSync(new URL('../../mesh/demo-shop/README.md', import.meta.url), 'utf8')
  const documented: Record<string, string[]> = {}
  let customer = ''
  for (const [, who, number, what, total] of text.matchAll(
    /^\| (?:`(demo-\w+)`[^|]*)?\| (2024-\d+|none) \|[^|]*\| ([^|]*?) ?\| ([^|]*?) ?\|/gm,
  )) {
    customer = who ?? customer
    documented[customer] ??= []
    if (number !== 'none') documented[customer]?.push(`${number}: ${what} ${total}`)
  }
  for (const [id, lines] of Object.entries(documented)) {
    const orders = await ordersOf(asCustomerId(id), id === 'demo-kim' ? 'en' : 'zh-CN', patience())
    assert.deepEqual(
      orders.map(o => `${o.number}: ${o.items.map(i => `${i.name} × ${i.quantity}`).join(', ')} ${o.total}`),
      lines,
      id,
    )
  }
  assert.deepEqual(
    Object.entries(documented).map(([id, lines]) => [id, lines.length]),
    [
      ['demo-lin', 3],
      ['demo-kim', 3],
      ['demo-one', 1],
      ['demo-none', 0],
    ],
  )
})

test('refund is of the order named, or the newest where none is named; null where there is none', async t => {
  const { mesh } = await openTestShop(t)
  const lin: RefundFact = { order: '2024-860', amount: '¥459.00', status: '已批准', expectedOn: '2025-03-04' }
  assert.deepEqual(await fact(mesh, 'refund', query('demo-lin', {}, 'zh-CN')), lin)
  assert.deepEqual(await fact(mesh, 'refund', query('demo-lin', { order: '订单2024860' }, 'zh-CN')), lin)
  assert.deepEqual(await fact(mesh, 'refund', query('demo-kim', { order: '2024-861' })), {
    order: '2024-861',
    amount: '$129.00',
    status: 'approved',
    expectedOn: '2025-03-04',
  })
  for (const order of ['2024-881', '2024-861', 'the crabs'])
    assert.equal(await fact(mesh, 'refund', query('demo-lin', { order })), null, order)
  assert.equal(await fact(mesh, 'refund', query('demo-one')), null)
})

test('order is null where the slot names none: missing, nonsense, or none of the customer', async t => {
  const { mesh } = await openTestShop(t)
  for (const slots of [{}, { order: '' }, { order: 'the crabs' }, { order: '2024-9999' }, { order: "' OR 1=1 --" }])
    assert.equal(await fact(mesh, 'order', query('demo-one', slots)), null, JSON.stringify(slots))
})

test('several facts come together; a name that the shop does not know has no source', async t => {
  const { mesh } = await openTestShop(t)
  const facts = await mesh.facts(['weather', 'refund', 'order', 'toString'], query('demo-kim', { order: '2024-882' }), patience())
  assert.deepEqual(Object.keys(facts).sort(), ['order', 'refund', 'toString', 'weather'])
  assert.deepEqual(facts.weather, { isKnown: false, source: null, reason: 'the demo shop has no such fact' })
  assert.deepEqual(facts.toString, facts.weather)
  assert.equal((known(facts.order) as OrderFact).number, '2024-882')
  assert.equal(known(facts.refund), null)
  assert.deepEqual(await mesh.facts([], query('demo-kim'), patience()), {})
})

test('dates move along with the day', async t => {
  let today = '2025-12-31'
  const { mesh } = await openTestShop(t, { today: () => today })
  const expected = async (): Promise<unknown> =>
    ((await fact(mesh, 'order', query('demo-kim', { order: '2024-876' }))) as OrderFact).expectedOn
  assert.equal(await expected(), '2026-01-01')
  today = '2028-02-28'
  assert.equal(await expected(), '2028-02-29')
})

test('every text of every order is in the locale that is asked for', async t => {
  const shop = await openTestShop(t)
  const han = /\p{Script=Han}/u
  const customers = shop.connect().prepare('SELECT id FROM customers').all() as unknown as readonly { readonly id: string }[] // the column named
  const statuses = { 'zh-CN': new Set<string>(), en: new Set<string>() }
  for (const { id } of customers) {
    for (const locale of ['zh-CN', 'en'] as const) {
      const orders = await shop.ordersOf(asCustomerId(id), locale, patience())
      const refund = (await fact(shop.mesh, 'refund', query(id, {}, locale))) as RefundFact | null
      for (const order of orders) statuses[locale].add(order.status.replace(/(?:.+)(?=派送中)|(?<=for delivery) in .+/, ''))
      if (locale === 'en') assert.doesNotMatch(JSON.stringify([orders, refund]), han, id)
      else
        for (const text of [...orders.flatMap(o => [o.status, ...o.items.map(i => i.name)]), ...(refund ? [refund.status] : [])])
          assert.match(text, han)
    }
  }
  // Seven statuses, and deliveries that were left with three kinds of somebody.
  assert.deepEqual([statuses['zh-CN'].size, statuses.en.size], [10, 10])
})

test('order numbers are read as customers write them', () => {
  const same = [
    '2024-881',
    '2024881',
    '#2024-881',
    'order 2024-881',
    '订单２０２４－８８１号',
    '2024 - 881',
    '2024–881',
    '2024—881',
    '2024 881',
    '2024-0881',
  ]
  for (const text of same) assert.equal(readOrderNumber(text), '2024-881', text)
  for (const text of ['', '881', 'crabs', '12024-881', '2024-', '20248811234', '1924-881', '２０２４'])
    assert.equal(readOrderNumber(text), undefined, text)
})

test('money is written with its currency, to the cent', () => {
  assert.deepEqual(
    [money(5, 'us'), money(5_400, 'cn'), money(129_900, 'cn'), money(100_000_000, 'us')],
    ['$0.05', '¥54.00', '¥1,299.00', '$1,000,000.00'],
  )
})
