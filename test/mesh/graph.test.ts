// The GraphQL face over the demo shop, on its real database.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { asCustomerId } from '@parley/core/ids.ts'
import type { Effects } from '@parley/core/ports/effects.ts'
import type { Asker } from '@parley/core/ports/graph.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createGraph } from '@parley/mesh/graph.ts'
import { checkMutation, checkQuery } from '@parley/mesh/graph-document.ts'
import { SCHEMA_TEXT } from '@parley/mesh/graph-schema.ts'
import { allUnknown } from '@parley/mesh/mesh.ts'
import { faultCodeOf } from '../fault-code.ts'
import { patience, SHOP } from './questions.ts'
import { count, openTestShop } from './shop.ts'

const noEffects = createEffects(new Map())
const asker = (customer: string): Asker => ({ shop: SHOP, customer: asCustomerId(customer), locale: 'en' })
const reasonOf = (checked: ReturnType<typeof checkQuery>): string => (checked.isGood ? '' : checked.reason)

const ORDERS = `query ($state: OrderState) {
  customer { orders(state: $state) { number state total items { name quantity } parcel { carrier expectedOn } refund { amount status } } }
}`

test('[MESH6] a query gives the fields that it names, of the customer whom it is asked for and of nobody else', async t => {
  const { mesh, effects } = await openTestShop(t)
  const graph = createGraph(mesh, effects)
  const ask = (document: string, customer: string, variables = {}) => graph.query({ document, variables }, asker(customer), patience())
  assert.deepEqual(await ask(ORDERS, 'demo-kim', { state: 'SHIPPED' }), {
    data: {
      customer: {
        orders: [
          {
            number: '2024-876',
            state: 'SHIPPED',
            total: '$50.00',
            items: [{ name: 'Crystal wine glass', quantity: 4 }],
            parcel: { carrier: 'FedEx', expectedOn: '2025-03-03' },
            refund: null,
          },
        ],
      },
    },
    missing: [],
  })
  const one =
    'query ($number: String!) { customer { order(number: $number) { number refund { amount } } refund { order } cases { number } } }'
  assert.deepEqual((await ask(one, 'demo-kim', { number: '#2024-861' })).data, {
    customer: { order: { number: '2024-861', refund: { amount: '$129.00' } }, refund: { order: '2024-861' }, cases: [] },
  })
  assert.deepEqual((await ask(one, 'demo-lin', { number: '2024-861' })).data, {
    customer: { order: null, refund: { order: '2024-860' }, cases: [] },
  })
})

test('[MESH5] what a query may not be is said when it is checked, with its line', () => {
  assert.equal(reasonOf(checkQuery(ORDERS)), '')
  for (const [text, words] of [
    ['query { customer(id: "123") { orders { number } } }', /Unknown argument "id" on field "Query.customer"\. \(line 1\)/],
    ['query {\n customer { password } }', /Cannot query field "password" on type "Customer"\. \(line 2\)/],
    ['query { customer { orders', /Syntax Error/],
    ['query { __schema { types { name } } }', /introspection/],
    ['mutation { withdrawCase(number: "CP-1") { number } }', /it is a mutation, not a query/],
    ['query { customer { refund { order } } } query b { customer { refund { order } } }', /one operation/],
    ['fragment f on Customer { refund { order } }', /one operation/],
    ['query { customer { ... on Customer { refund { order } } } }', /fragments are not taken/],
    [`query { customer { ${'orders { number } '.repeat(40)} } }`, /more than 64/],
    [`query { ${'customer { '.repeat(7)} x ${'}'.repeat(7)} }`, /more than 6/],
    [`query { customer { orders { number } } } ${'#'.repeat(4_000)}`, /more than 4000/],
  ] as const)
    assert.match(reasonOf(checkQuery(text)), words)
  for (const [text, words] of [
    ['query { customer { refund { order } } }', /it is a query, not a mutation/],
    ['mutation { a: withdrawCase(number: "1") { number } b: withdrawCase(number: "2") { number } }', /of one field/],
    ['mutation { withdrawCase(number: "1") @skip(if: true) { number } }', /cannot be left out/],
    ['mutation { openCase(order: "1", count: "2") { number } }', /Int cannot represent/],
  ] as const)
    assert.match(reasonOf(checkMutation(text)), words)
})

test('[SDK8] docs/mesh.graphql is the schema', () => {
  assert.ok(readFileSync(new URL('../../docs/mesh.graphql', import.meta.url), 'utf8').endsWith(SCHEMA_TEXT))
})

test('[MESH6] a source that is silent is named in `missing`, and what the others know stands', async () => {
  const mesh: Mesh = {
    facts: async names => ({
      ...allUnknown(names, 'crm', 'it is asleep'),
      ...(names.includes('cases') && { cases: { isKnown: true, value: null } }),
    }),
  }
  const document = 'query { customer { orders { number } refund { order } cases { number } } }'
  const answer = await createGraph(mesh, noEffects).query({ document, variables: {} }, asker('demo-lin'), patience())
  assert.deepEqual(answer.data, { customer: { orders: null, refund: null, cases: null } })
  assert.deepEqual(answer.missing.toSorted(), ['customer.orders', 'customer.refund'])
})

test('[MESH6] variables that do not fit, too many questions and too large an answer are refused; a source is asked once for one thing', async () => {
  let questions = 0
  const order = (number: string) => ({ number, placedOn: '', status: '', state: 'paid', items: [], total: 'x'.repeat(4_000) })
  const mesh: Mesh = {
    async facts([name = ''], { slots }) {
      questions++
      const value = name === 'orders' ? Array.from({ length: 5 }, (_, i) => order(String(i))) : order(slots.order ?? '')
      return { [name]: { isKnown: true, value } }
    },
  }
  const graph = createGraph(mesh, noEffects)
  const ask = (document: string, variables = {}) => graph.query({ document, variables }, asker('demo-lin'), patience())
  const refused = async (document: string, variables = {}) => assert.equal(await faultCodeOf(ask(document, variables)), 'QUERY_REFUSED')
  await refused(ORDERS, { state: 'LOST' })
  await refused('query ($n: String!) { customer { order(number: $n) { number } } }')
  const aliased = (names: readonly string[]): string =>
    `query { customer { ${names.map((name, i) => `a${i}: order(number: "${name}") { number }`).join(' ')} } }`
  questions = 0
  await ask(aliased(Array(9).fill('1')))
  assert.equal(questions, 1)
  await refused(aliased(Array.from({ length: 9 }, (_, i) => String(i))))
  await refused('query { customer { orders { number total } } }')
  await refused('query { nothing }')
})

test('[MESH7] a mutation does one thing under its key, for the customer whom it is run for, and tells a refusal', async t => {
  const shop = await openTestShop(t)
  const graph = createGraph(shop.mesh, shop.effects)
  const open = (key: string, customer: string, order: string) =>
    graph.mutate(
      {
        document: 'mutation ($order: String!, $count: Int!) { openCase(order: $order, count: $count) { case: number amount state } }',
        variables: { order, count: 3 },
        key,
      },
      asker(customer),
      patience(),
    )
  const done = { state: 'done', result: { case: 'CP-1007', amount: '¥162.00', state: 'OPEN' } }
  assert.deepEqual(await open('a/do', 'demo-lin', '2024-881'), done)
  assert.deepEqual(await open('a/do', 'demo-lin', '2024-881'), done)
  assert.equal(count(shop.connect(), "cases WHERE state = 'open'"), 1)
  assert.deepEqual(await open('b/do', 'demo-lin', '2024-882'), { state: 'refused', reason: 'unknown-order' })
  const cases = await graph.query(
    { document: 'query { customer { cases { number order count state } } }', variables: {} },
    asker('demo-lin'),
    patience(),
  )
  assert.deepEqual(cases.data, { customer: { cases: [{ number: 'CP-1007', order: '2024-881', count: 3, state: 'OPEN' }] } })
  const withdraw = (key: string, customer: string) =>
    graph.mutate(
      { document: 'mutation ($n: String!) { withdrawCase(number: $n) { state } }', variables: { n: 'CP-1007' }, key },
      asker(customer),
      patience(),
    )
  assert.deepEqual(await withdraw('a/undo2', 'demo-kim'), { state: 'refused', reason: 'unknown-case' })
  assert.deepEqual(await withdraw('a/undo', 'demo-lin'), { state: 'done', result: { state: 'WITHDRAWN' } })
})

test('[MESH7] it is not known whether a mutation was done while its source is away, and in a shop without one nothing is', async t => {
  const shop = await openTestShop(t)
  const request = {
    document: 'mutation ($n: String!) { withdrawCase(number: $n) { state } }',
    variables: { n: 'CP-1007' },
    key: 'x/undo',
  }
  const run = (effects: Effects) => faultCodeOf(createGraph(shop.mesh, effects).mutate(request, asker('demo-lin'), patience()))
  assert.equal(await run(noEffects), 'SOURCE_UNAVAILABLE')
  await shop.close()
  assert.equal(await run(shop.effects), 'SOURCE_UNAVAILABLE')
})
