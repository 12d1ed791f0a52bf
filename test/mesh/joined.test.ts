// The demo shop's three services as one schema: what is answered, what one that fails costs, and whose data come out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SERVICES } from '@parley/demo-shop/services.ts'
import { shopData } from '@parley/demo-shop/shop-data.ts'
import { createRandom } from '../random.ts'
import { LETTER, openJoinedShop } from './joined-shop.ts'
import { FOR_SHOP, forCustomer } from './mesh-scope.ts'
import { patience, TODAY } from './questions.ts'

const LETTER_ANSWER = {
  customer: {
    orders: [
      { items: [{ name: 'Electric kettle, 1.7 l', price: '129.00' }], warehouseStatus: 'RETURN_EXPECTED', refundProgress: 'REQUESTED' },
      {
        items: [
          { name: 'Light down jacket', price: '599.00' },
          { name: 'Wool scarf', price: '159.00' },
        ],
        warehouseStatus: 'RETURN_RECEIVED',
        refundProgress: 'APPROVED',
      },
    ],
  },
}

test("[MESH8] the documentation's query takes one call to each system but one, however many ask it at once", async t => {
  const { mesh, ask } = await openJoinedShop(t)
  assert.deepEqual(await ask({ query: LETTER }, FOR_SHOP), { data: LETTER_ANSWER })
  assert.equal(mesh.reader.counts.calls, 4, 'customer, orders, and the two orders in one batch of warehouse and CRM each')
  const many = await Promise.all(Array.from({ length: 50 }, () => ask({ query: LETTER }, forCustomer('123'))))
  for (const answer of many) assert.deepEqual(answer, { data: LETTER_ANSWER })
  assert.equal(mesh.reader.counts.calls, 8)
})

test('[MESH12] a source that fails costs its own fields alone, with an error that names it and nothing of how it is asked', async t => {
  const { ask, services, bugs } = await openJoinedShop(t)
  const codes = {
    error: 'SOURCE_BROKEN',
    busy: 'SOURCE_BUSY',
    expired: 'SOURCE_LOCKED',
    drop: 'SOURCE_DOWN',
    cut: 'SOURCE_GARBLED',
    garbled: 'SOURCE_GARBLED',
    shape: 'SOURCE_CHANGED',
  } as const
  // A customer of its own for each, so that nothing is kept from the one before.
  const customers = shopData(TODAY).customers.filter(({ id }) => id.startsWith('shopper-'))
  let next = 0
  for (const failing of ['orders', 'warehouse', 'crm'] as const)
    for (const [failure, code] of Object.entries(codes)) {
      const id = customers[next++]!.id // there are 500
      const query = `{ customer(id: "${id}") { name orders(limit: 2) { number warehouseStatus refundProgress } } }`
      await services.knob(failing, { failure })
      const { data, errors = [] } = await ask({ query }, FOR_SHOP)
      await services.knob(failing, { failure: 'none' })
      const what = `${failing} ${failure}`
      assert.deepEqual([...new Set(errors.map(error => error.extensions?.source))], [failing], what)
      // Of a document that says "a list" an object is caught as a whole, of one that says "an object" the missing fields.
      assert.deepEqual([...new Set(errors.map(error => error.extensions?.code))], [code], what)
      const customer = (data as { customer: Record<string, unknown> | null }).customer
      if (failing !== 'crm') assert.equal(typeof customer?.name, 'string', what)
      if (failing === 'warehouse') assert.match(JSON.stringify(customer), /"number":"20\d\d-\d+","warehouseStatus":null/, what)
      assert.doesNotMatch(JSON.stringify(errors), /127\.0\.0\.1|token-of|http:/, what)
    }
  assert.deepEqual(bugs, [])
})

test('[MESH12] a source that never answers is waited for until its deadline, and the others are answered', async t => {
  const { ask, services } = await openJoinedShop(t, { warehouse: 300 })
  await services.knob('warehouse', { failure: 'hang' })
  const { data, errors } = await ask({ query: LETTER }, FOR_SHOP)
  assert.deepEqual([...new Set(errors?.map(error => error.message))], ['warehouse did not answer in time'])
  assert.deepEqual(
    (data as typeof LETTER_ANSWER).customer.orders.map(order => order.refundProgress),
    ['REQUESTED', 'APPROVED'],
  )
})

test('[MESH39] what is bound to the customer alone is asked for while the customer is, and shown of nobody but them', async t => {
  const { mesh, ask, services } = await openJoinedShop(t, { crm: 300 })
  await services.knob('crm', { failure: 'hang' })
  const { data, errors } = await ask({ query: '{ customer(id: "123") { name orders(limit: 1) { number } } }' }, FOR_SHOP)
  assert.deepEqual([data, errors?.map(error => error.message)], [{ customer: null }, ['crm did not answer in time']])
  assert.equal(mesh.reader.counts.calls, 2, 'the orders were asked for before the customer was there')
  await services.knob('crm', { failure: 'none' })
  const query =
    'query ($id: ID!, $n: Int) { customer(id: $id) { a: orders(limit: $n) { number } b: orders(limit: $n) { number } cases { number } } }'
  const before = mesh.reader.counts.calls
  const orders = [{ number: '2024-126' }, { number: '2024-125' }]
  assert.deepEqual(await ask({ query, variables: { id: '123', n: 2 } }, FOR_SHOP), {
    data: { customer: { a: orders, b: orders, cases: [] } },
  })
  assert.equal(mesh.reader.counts.calls, before + 3, 'nothing twice')
  assert.deepEqual(await ask({ query, variables: { id: 'nobody', n: 2 } }, FOR_SHOP), { data: { customer: null } })
  const fragment =
    '{ customer(id: "demo-kim") { ...A cases @skip(if: true) { number } } } fragment A on Customer { orders(limit: 1) { number } }'
  assert.deepEqual(await ask({ query: fragment }, forCustomer('demo-lin')), { data: { customer: null } })
  assert.equal(mesh.reader.counts.calls, before + 6, 'of another customer nothing is asked')
})

test('[MESH12] a source that is not there at all is named, and the others answer', async t => {
  const { ask, services } = await openJoinedShop(t)
  await services.services.warehouse.close()
  const { data, errors } = await ask({ query: LETTER }, FOR_SHOP)
  const [first] = (data as typeof LETTER_ANSWER).customer.orders
  assert.deepEqual([first?.warehouseStatus, first?.refundProgress], [null, 'REQUESTED'])
  assert.deepEqual(errors?.[0]?.extensions, { code: 'SOURCE_DOWN', source: 'warehouse' })
  assert.equal(errors?.[0]?.message, 'warehouse does not answer')
  services.services.warehouse.close = async () => {} // it is closed
})

test('[MESH12] what the configuration lets stand in is marked as old', async t => {
  const { mesh, ask, age, services } = await openJoinedShop(t)
  await ask({ query: LETTER }, FOR_SHOP)
  mesh.reader.outdate('Refund')
  await services.knob('warehouse', { failure: 'error' })
  age(1_100) // it is no longer fresh
  const answer = await ask({ query: LETTER }, FOR_SHOP)
  assert.deepEqual(answer.data, LETTER_ANSWER)
  const stale = answer.extensions?.stale ?? []
  assert.deepEqual(
    stale.map(({ path, source }) => [path, source]),
    [
      ['customer.orders.0.warehouseStatus', 'warehouse'],
      ['customer.orders.1.warehouseStatus', 'warehouse'],
    ],
  )
  assert.ok(stale.every(({ ageMs }) => ageMs >= 1_000))
})

test("[MESH14] who asks in a customer's name need not say whose; the shop's own people must", async t => {
  const { ask } = await openJoinedShop(t)
  const query = '{ customer { id } }'
  assert.deepEqual(await ask({ query }, forCustomer('123')), { data: { customer: { id: '123' } } })
  const [error] = (await ask({ query }, FOR_SHOP)).errors ?? []
  assert.deepEqual([error?.message, error?.extensions?.code], ['Query.customer needs id: say which customer', 'QUERY_REFUSED'])
  const mutation = 'mutation { openCase(order: "2024-125", count: 1) { order customer } }'
  const [keyless] = (await ask({ query: mutation }, forCustomer('123'))).errors ?? []
  assert.equal(keyless?.message, 'Mutation.openCase needs a key')
  assert.deepEqual(await ask({ query: mutation, key: 'k-1' }, forCustomer('123')), {
    data: { openCase: { order: '2024-125', customer: '123' } },
  })
})

test('[MESH13] the mesh answers as one who asks the services one after the other', async t => {
  const { mesh, ask, services } = await openJoinedShop(t)
  const random = createRandom(11)
  const { customers } = shopData(TODAY)
  const upper = (text: unknown): unknown => (typeof text === 'string' ? text.toUpperCase().replaceAll('-', '_') : (text ?? null))
  const naive = async (id: string, limit: number, locale: string): Promise<unknown> => {
    const get = async (service: 'orders' | 'crm' | 'warehouse', path: string) =>
      (await services.ask(service, path, { locale })).body as never
    const { name, city } = await get('crm', `/customers/${id}`)
    const page: { orders: { number: string; status: string; items: { name: string }[] }[] } = await get(
      'orders',
      `/orders?customer=${id}&limit=${limit}`,
    )
    const orders: unknown[] = []
    for (const order of page.orders) {
      const [fulfilment]: { status: string; parcel: { carrier: string } | null }[] = await get(
        'warehouse',
        `/fulfilments?orders=${order.number}`,
      )
      const [refund]: { progress: string; amount: string }[] = await get('crm', `/refunds?orders=${order.number}`)
      orders.push({
        number: order.number,
        status: upper(order.status),
        items: order.items.map(item => ({ name: item.name })),
        warehouseStatus: upper(fulfilment?.status),
        parcel: fulfilment?.parcel ? { carrier: fulfilment.parcel.carrier } : null,
        refund: refund ? { amount: refund.amount } : null,
        refundProgress: upper(refund?.progress),
      })
    }
    return { customer: { name, city, orders } }
  }
  const cases = Array.from({ length: 60 }, () => ({
    id: customers[Math.floor(random() * customers.length)]!.id, // within the list
    limit: 1 + Math.floor(random() * 5),
    locale: random() < 0.5 ? ('en' as const) : ('zh-CN' as const),
  }))
  // All at once, so that flights and batches are shared wherever they may be.
  const answers = await Promise.all(
    [...cases, ...cases].map(({ id, limit, locale }) =>
      ask(
        {
          query: `query ($id: ID!, $limit: Int) { customer(id: $id) { name city orders(limit: $limit) {
            number status items { name } warehouseStatus parcel { carrier } refund { amount } refundProgress } } }`,
          variables: { id, limit },
        },
        { ...FOR_SHOP, locale },
      ),
    ),
  )
  for (const [i, { id, limit, locale }] of cases.entries()) {
    const expected = { data: await naive(id, limit, locale) }
    for (const answer of [answers[i], answers[i + cases.length]]) assert.deepEqual(answer, expected, `${id} ${limit} ${locale}`)
  }
  assert.ok(mesh.reader.counts.joined > 100, 'flights were shared')
})

test('[MESH13] a join is read page by page with the arguments that its source has for that', async t => {
  const { ask } = await openJoinedShop(t)
  const { orders } = shopData(TODAY)
  const most = [...Map.groupBy(orders, order => order.customer.id)].sort((a, b) => b[1].length - a[1].length)[0]! // there are 505 customers
  const walked: string[] = []
  for (let after: string | null = null, isEnd = false; !isEnd; ) {
    const query = 'query ($after: String) { customer { orders(limit: 2, after: $after) { number warehouseStatus } } }'
    const { data, errors } = await ask({ query, variables: { after } }, forCustomer(most[0]))
    assert.equal(errors, undefined)
    const page = (data as { customer: { orders: { number: string }[] } }).customer.orders
    walked.push(...page.map(({ number }) => number))
    after = page.at(-1)?.number ?? null
    isEnd = page.length < 2
  }
  assert.equal(walked.length, most[1].length)
  assert.deepEqual(new Set(walked), new Set(most[1].map(({ number }) => number)))
})

test("[MESH14] whatever a customer's query asks for, nothing of another customer's comes out", async t => {
  const { ask, services, bugs } = await openJoinedShop(t)
  await services.ask('crm', '/cases', { key: 'k', body: { customer: 'demo-kim', order: '2024-882', count: 1 } })
  const random = createRandom(5)
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]! // of a list that is not empty
  const ids = ['demo-lin', 'demo-kim', '123', 'demo-lin/../demo-kim', '..', '', '*', 'demo-lin,demo-kim', "' OR 1=1 --"]
  const numbers = [
    '2024-881',
    '2024-882',
    '2024-123',
    '2024-881,2024-882',
    '../by-number?numbers=2024-882',
    '2024-882?customer=demo-kim',
    '',
  ]
  const order = (depth: number): string => {
    const fields = [
      'number',
      'customer',
      'total',
      'warehouseStatus',
      'parcel { trackingNumber }',
      'refund { order amount }',
      'items { product price }',
    ]
    return fields.filter(() => random() < 0.6).join(' ') || (depth > 0 ? 'number' : 'total')
  }
  const part = (): string =>
    pick([
      () => `a${Math.floor(random() * 9)}: orders(limit: ${pick(['1', '50', '0', '-1'])} after: "${pick(numbers)}") { ${order(1)} }`,
      () => `b${Math.floor(random() * 9)}: order(number: "${pick(numbers)}") { ${order(1)} }`,
      () => `c${Math.floor(random() * 9)}: cases { number order purchase { ${order(0)} } }`,
      () => 'id name city',
    ])()
  const foreign = /demo-kim|2024-882|2024-876|2024-861|2024-12\d|1Z72024088|Kim Porter|沈一帆/
  let answered = 0
  for (let i = 0; i < 400; i++) {
    const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, part).join(' ')
    const query = `{ customer(id: "${random() < 0.5 ? 'demo-lin' : pick(ids)}") { ${parts} } ${random() < 0.2 ? 'stock(product: "milk") { onHand }' : ''} }`
    const { data, errors = [] } = await ask({ query }, forCustomer('demo-lin'))
    assert.doesNotMatch(JSON.stringify(data ?? null), foreign, query)
    assert.doesNotMatch(JSON.stringify(errors.map(({ message, extensions }) => [message, extensions?.source])), /Kim|127\.0\.0\.1/, query)
    assert.equal((data as { stock?: unknown } | undefined)?.stock ?? null, null, 'what is for the shop alone')
    if (/2024-881|324\.00/.test(JSON.stringify(data ?? null))) answered++
  }
  assert.ok(answered > 10, `${answered} had their own order in the answer`)
  assert.deepEqual(bugs, [])
  const introspected = await ask({ query: '{ __schema { types { name } } }' }, forCustomer('demo-lin'))
  assert.equal(introspected.data, undefined)
})

test('[MESH15] what is too deep, too long, too much or not of the schema is refused before anything is asked', async t => {
  const { mesh, ask } = await openJoinedShop(t)
  const deep = `{ customer(id: "123") { cases { ${'purchase { '.repeat(0)}purchase { items { name } } } } }`
  assert.equal((await ask({ query: deep }, FOR_SHOP)).errors, undefined)
  const calls = mesh.reader.counts.calls
  const many = Array.from({ length: 40 }, (_, i) => `a${i}: customer(id: "${i}") { orders(limit: 50) { items { name } } }`).join(' ')
  for (const [query, message] of [
    [`{ ${many} }`, /it may cost \d+, more than 20000/],
    [
      'query ($n: Int) { customer(id: "1") { a: orders(limit: $n) { items { name quantity price product } } b: orders(limit: $n) { items { name quantity price product } } c: orders(limit: $n) { items { name quantity price product } } d: orders(limit: $n) { items { name quantity price product } } e: orders(limit: $n) { items { name quantity price product } } f: orders(limit: $n) { items { name quantity price product } } g: orders(limit: $n) { items { name quantity price product } } h: orders(limit: $n) { items { name quantity price product } } } }',
      /may cost/,
    ],
    [`{ customer(id: "${'x'.repeat(20_000)}") { name } }`, /it has \d+ characters/],
    ['{ customer(id: "1") { nothing } }', /Cannot query field "nothing"/],
    ['{ customer(id: "1") { ...A } } fragment A on Customer { ...B } fragment B on Customer { ...A }', /within itself|levels deep/],
    ['{', /Syntax Error/],
  ] as const) {
    const { data, errors } = await ask({ query }, FOR_SHOP)
    assert.equal(data, undefined)
    assert.match(errors?.[0]?.message ?? '', message)
  }
  assert.equal(mesh.reader.counts.calls, calls)
})

test('[MESH17] a mutation is done once for its key, by whose it is, and what was kept of it is asked for anew', async t => {
  const { mesh, ask } = await openJoinedShop(t)
  const openCase =
    'mutation ($c: ID!, $k: ID!, $o: String!) { openCase(customer: $c, order: $o, count: 2, key: $k) { number amount state } }'
  const lin = forCustomer('demo-lin')
  const cases = { query: '{ customer(id: "demo-lin") { cases { number state } } }' }
  assert.deepEqual((await ask(cases, lin)).data, { customer: { cases: [] } })
  const variables = { c: 'demo-lin', k: 'k1', o: '2024-881' }
  const done = { data: { openCase: { number: 'CP-1007', amount: '108.00', state: 'OPEN' } } }
  assert.deepEqual(await ask({ query: openCase, variables }, lin), done)
  assert.deepEqual(await ask({ query: openCase, variables }, lin), done)
  assert.deepEqual((await ask(cases, lin)).data, { customer: { cases: [{ number: 'CP-1007', state: 'OPEN' }] } })
  const refused = await ask({ query: openCase, variables: { ...variables, k: 'k2' } }, lin)
  assert.deepEqual(refused.errors?.[0]?.extensions, { code: 'SOURCE_REFUSED', source: 'crm', reason: 'already-open' })
  const kims = await ask({ query: openCase, variables: { c: 'demo-kim', k: 'k3', o: '2024-882' } }, lin)
  assert.deepEqual(kims.data, { openCase: null })
  assert.deepEqual((await ask({ query: '{ customer(id: "demo-kim") { cases { number } } }' }, FOR_SHOP)).data, {
    customer: { cases: [] },
  })
  const undo = mesh.undo.get('openCase')
  assert.deepEqual(undo, { by: 'withdrawCase', with: { case: 'number' } })
  const withdrawn = await ask({ query: 'mutation { withdrawCase(customer: "demo-lin", case: "CP-1007", key: "k4") { state } }' }, lin)
  assert.deepEqual(withdrawn.data, { withdrawCase: { state: 'WITHDRAWN' } })
  assert.deepEqual((await ask(cases, lin)).data, { customer: { cases: [{ number: 'CP-1007', state: 'WITHDRAWN' }] } })
})

test('[MESH16] a private address is not asked unless the configuration says so, and a token never leaves in an error', async t => {
  const { mesh, services } = await openJoinedShop(t)
  assert.ok(SERVICES.every(name => mesh.config.sources[name]?.private))
  const { createSend } = await import('@parley/mesh/upstream/send.ts')
  const { GUARDED } = await import('./joined-shop.ts')
  const { send, close } = createSend({ ...GUARDED, isPrivate: false })
  t.after(close)
  const url = new URL(services.services.crm.url)
  const outgoing = { source: 'crm', method: 'GET', url, headers: { authorization: 'Bearer secret' } } as const
  await assert.rejects(send(outgoing, patience()), { code: 'SOURCE_DOWN' })
  await assert.rejects(send({ ...outgoing, url: new URL(`http://localhost:${url.port}/`) }, patience()), error => {
    assert.doesNotMatch(String(error), /secret|localhost/)
    return true
  })
})
