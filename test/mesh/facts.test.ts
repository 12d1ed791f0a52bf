// Facts of the demo shop, over its three services, against what examples/demo-shop/README.md documents.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Fact, OrderFact, RefundFact } from '@parley/core/ports/mesh.ts'
import { shopData } from '@parley/demo-shop/shop-data.ts'
import { patience, query, TODAY } from './questions.ts'
import { fact, known, openTestShop, plain } from './shop.ts'

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
  const { mesh } = await openTestShop(t)
  const text = readFileSync(new URL('../../examples/demo-shop/README.md', import.meta.url), 'utf8')
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
    const orders = (await fact(mesh, 'orders', query(id, {}, id === 'demo-kim' ? 'en' : 'zh-CN'))) as readonly OrderFact[] // as the port says
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
  assert.deepEqual(facts.weather, { isKnown: false, source: null, reason: "the shop's mesh has no such fact" })
  assert.deepEqual(facts.toString, facts.weather)
  assert.equal((known(facts.order) as OrderFact).number, '2024-882')
  assert.equal(known(facts.refund), null)
  assert.deepEqual(await mesh.facts([], query('demo-kim'), patience()), {})
})

test('every text of every tenth customer is in the locale that is asked for, and every order is as it was drawn', async t => {
  const { mesh } = await openTestShop(t)
  const han = /\p{Script=Han}/u
  const statuses = { 'zh-CN': new Set<string>(), en: new Set<string>() }
  const { customers, orders: drawn } = shopData(TODAY)
  for (const { id } of customers.filter((_, i) => i % 10 === 0))
    for (const locale of ['zh-CN', 'en'] as const) {
      const facts = await mesh.facts(['orders', 'refund'], query(id, {}, locale), patience())
      // Casts: as the port says.
      const [orders, refund] = [known(facts.orders) as readonly OrderFact[], known(facts.refund) as RefundFact | null]
      assert.equal(orders.length, Math.min(5, drawn.filter(order => order.customer.id === id).length))
      for (const order of orders) {
        const { status, parcel, expectedOn } = drawn.find(({ number }) => number === order.number)!
        assert.deepEqual(
          [order.state, order.trackingNumber, order.expectedOn !== undefined],
          [status, parcel?.trackingNumber, expectedOn !== undefined],
        )
        statuses[locale].add(order.status.replace(/(?:.+)(?=派送中)|(?<=for delivery) in .+/, ''))
      }
      if (locale === 'en') assert.doesNotMatch(JSON.stringify([orders, refund]), han, id)
      else
        for (const text of [...orders.flatMap(o => [o.status, ...o.items.map(i => i.name)]), ...(refund ? [refund.status] : [])])
          assert.match(text, han)
    }
  // Of seven statuses, and deliveries that were left with three kinds of somebody, at least so many.
  assert.ok(statuses['zh-CN'].size >= 8 && statuses.en.size === statuses['zh-CN'].size, `${statuses['zh-CN'].size} ${statuses.en.size}`)
})

test('order numbers are read as customers write them', async t => {
  const { mesh } = await openTestShop(t)
  const found = async (order: string) => ((await fact(mesh, 'order', query('demo-lin', { order }))) as OrderFact | null)?.number
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
  for (const text of same) assert.equal(await found(text), '2024-881', text)
  for (const text of ['', '881', 'crabs', '12024-881', '2024-', '20248811234', '1924-881', '２０２４'])
    assert.equal(await found(text), undefined, text)
})

const old = (text: string): string => text.replaceAll(/\bms: \d+/g, 'ms: 0')

test('[MESH31] a silent warehouse costs the parts that are its own, by the name that people have for it; the rest is known', async t => {
  const shop = await openTestShop(t, { change: text => old(text).replaceAll('staleMs: 300000', 'staleMs: 0') })
  await shop.services.knob('warehouse', { failure: 'drop' })
  const lost = { source: 'warehouse', parts: ['carrier', 'trackingNumber', 'expectedOn'] }
  const asked = (locale: 'zh-CN' | 'en') =>
    shop.mesh.facts(['order', 'orders', 'refund'], query('demo-lin', { order: '2024-875' }, locale), patience())
  const { order, orders, refund } = await asked('en')
  assert.deepEqual(plain(order), {
    isKnown: true,
    value: {
      number: '2024-875',
      placedOn: '2025-02-27',
      status: 'shipped',
      state: 'shipped',
      items: [{ name: 'Crystal wine glass', quantity: 4 }],
      total: '¥180.00',
    },
    missing: [{ ...lost, title: 'warehouse' }],
  })
  assert.deepEqual(orders?.isKnown && orders.missing, [{ ...lost, title: 'warehouse' }])
  assert.deepEqual(refund, { isKnown: true, value: null })
  const inChinese = (await asked('zh-CN')).order
  assert.deepEqual(inChinese?.isKnown && inChinese.missing, [{ ...lost, title: '仓库' }])
})

test('[MESH31] what a silent source gave a while ago is known, with the parts that are old and their age', async t => {
  const shop = await openTestShop(t, { change: old })
  const asked = query('demo-lin', { order: '2024-875' })
  const { order: before } = await shop.mesh.facts(['order'], asked, patience())
  await shop.services.knob('warehouse', { failure: 'drop' })
  const { order: after } = await shop.mesh.facts(['order'], asked, patience())
  assert.deepEqual(known(after), known(before))
  const [part, ...others] = (after?.isKnown && after.stale) || []
  assert.deepEqual(
    [part?.source, part?.title, part?.parts, others],
    ['warehouse', 'warehouse', ['carrier', 'trackingNumber', 'expectedOn'], []],
  )
  assert.ok(part && part.ageMs >= 0)
})

test('[MESH31] [MESH2] a fact whose own source is silent is not known, and names it; the facts of others are', async t => {
  const shop = await openTestShop(t, { change: old })
  const asked = query('demo-lin', { order: '2024-881' })
  const ask = async (): Promise<Readonly<Record<string, Fact>>> =>
    shop.mesh.facts(['order', 'orders', 'refund', 'cases'], asked, patience())
  await shop.services.knob('orders', { failure: 'error' })
  const withoutOrders = await ask()
  for (const name of ['order', 'orders'])
    assert.deepEqual(withoutOrders[name], { isKnown: false, source: 'orders', reason: 'SOURCE_BROKEN' }, name)
  assert.deepEqual([known(withoutOrders.refund), known(withoutOrders.cases)], [null, []])
  await shop.services.knob('orders', { failure: 'none' })
  await shop.services.knob('crm', { failure: 'expired' })
  const withoutCrm = await ask()
  assert.equal((known(withoutCrm.order) as OrderFact).number, '2024-881')
  for (const name of ['refund', 'cases'])
    assert.deepEqual(withoutCrm[name], { isKnown: false, source: 'crm', reason: 'SOURCE_LOCKED' }, name)
})

test('[MESH31] a source that has changed overnight is said to be silent, not to have nothing', async t => {
  const shop = await openTestShop(t, { change: old })
  await shop.services.knob('orders', { failure: 'shape' })
  const { order, orders } = await shop.mesh.facts(['order', 'orders'], query('demo-lin', { order: '2024-881' }), patience())
  for (const each of [order, orders]) assert.deepEqual(each, { isKnown: false, source: 'orders', reason: 'SOURCE_CHANGED' })
})
