// Plugins' documents over the mesh of the demo shop's three services: what may be declared, and what comes of it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { asCustomerId } from '@parley/core/ids.ts'
import type { Asker, Graph } from '@parley/core/ports/graph.ts'
import { type DocumentKind, documentProblem, shapeProblem } from '@parley/mesh/graph-document.ts'
import { readMeshSchema } from '@parley/mesh/joined/read-mesh.ts'
import { noSources } from '@parley/server/sources.ts'
import { buildSchema, printSchema } from 'graphql'
import { faultCodeOf } from '../fault-code.ts'
import { DEMO_MESH, graphOver, openJoinedShop } from './joined-shop.ts'
import { patience, SHOP } from './questions.ts'

const SCHEMA = readMeshSchema(DEMO_MESH)
const ALL = ['orders', 'crm', 'warehouse']
const asker = (customer: string): Asker => ({ shop: SHOP, customer: asCustomerId(customer), locale: 'en' })
const asking =
  (graph: Graph, customer = 'demo-lin') =>
  (document: string, variables = {}, sources: readonly string[] = ALL) =>
    graph.query({ document, variables, sources }, asker(customer), patience())
const problemOf = (text: string, kind: DocumentKind = 'query', sources: readonly string[] = ALL): string =>
  documentProblem(text, kind, SCHEMA, sources) ?? ''

const ORDERS = `query ($status: OrderStatus) {
  customer { orders(status: $status) { number status total items { name quantity } parcel { carrier expectedOn } refund { amount progress } } }
}`
const OPEN = 'mutation ($order: String!, $count: Int!) { openCase(order: $order, count: $count) { case: number amount state } }'
const WITHDRAW = 'mutation ($case: String!) { withdrawCase(case: $case) { state } }'

test('[MESH6] a query gives the fields that it names, of the customer whom it is asked for and of nobody else', async t => {
  const { mesh } = await openJoinedShop(t)
  const graph = graphOver(mesh)
  assert.deepEqual(await asking(graph, 'demo-kim')(ORDERS, { status: 'SHIPPED' }), {
    data: {
      customer: {
        orders: [
          {
            number: '2024-876',
            status: 'SHIPPED',
            total: '50.00',
            items: [{ name: 'Crystal wine glass', quantity: 4 }],
            parcel: { carrier: 'FedEx', expectedOn: '2025-03-03' },
            refund: null,
          },
        ],
      },
    },
    missing: [],
  })
  const one = 'query ($number: String!) { customer { order(number: $number) { number refund { amount } } cases { number } } }'
  const theirs = await asking(graph, 'demo-kim')(one, { number: '2024-861' })
  assert.deepEqual(theirs, { data: { customer: { order: { number: '2024-861', refund: { amount: '129.00' } }, cases: [] } }, missing: [] })
  assert.deepEqual((await asking(graph)(one, { number: '2024-861' })).data, { customer: { order: null, cases: [] } })
})

test('[MESH5] what a query may not be in any shop is said when it is read, with its line', () => {
  assert.equal(shapeProblem(ORDERS, 'query'), undefined)
  for (const [text, words] of [
    ['query { customer { orders', /Syntax Error/],
    ['mutation { withdrawCase(case: "CP-1") { number } }', /it is a mutation, not a query/],
    ['query { customer { id } } query b { customer { id } }', /one operation/],
    ['fragment f on Customer { id }', /one operation/],
    ['query { customer { ... on Customer { id } } }', /fragments are not taken/],
    [`query { customer { ${'orders { number } '.repeat(40)} } }`, /more than 64/],
    [`query { ${'customer { '.repeat(7)} x ${'}'.repeat(7)} }`, /more than 6/],
    [`query { customer { orders { number } } } ${'#'.repeat(4_000)}`, /more than 4000/],
  ] as const)
    assert.match(shapeProblem(text, 'query') ?? '', words)
  for (const [text, words] of [
    ['query { customer { id } }', /it is a query, not a mutation/],
    ['mutation { a: withdrawCase(case: "1") { number } b: withdrawCase(case: "2") { number } }', /of one field/],
    ['mutation { withdrawCase(case: "1") @skip(if: true) { number } }', /cannot be left out/],
    ['mutation { withdrawCase(case: "1") { purchase { number } } }', /plain values/],
  ] as const)
    assert.match(shapeProblem(text, 'mutation') ?? '', words)
})

test('[MESH5] what a query cannot ask for in this shop is said when it is loaded for it, with its line', () => {
  assert.equal(problemOf(ORDERS), '')
  for (const [text, words] of [
    ['query {\n customer { password } }', /Cannot query field "password" on type "Customer"\. \(line 2\)/],
    ['query { __schema { types { name } } }', /introspection/],
    ['query { customer(id: "123") { id } }', /Query\.customer is asked for whoever writes, .*leave id out \(line 1\)/],
    ['query ($of: ID) { customer(id: $of) { id } }', /leave id out/],
    ['query { stock(product: "crab") { product } }', /Query\.stock is for the shop's own people/],
    ['query { customer { orders(limit: "9") { number } } }', /Int cannot represent/],
  ] as const)
    assert.match(problemOf(text), words)
  assert.equal(problemOf(OPEN, 'mutation'), '')
  for (const [text, words] of [
    ['mutation { openCase(order: "1", count: "2") { number } }', /Int cannot represent/],
    ['mutation { openCase(customer: "123", order: "1", count: 2) { number } }', /leave customer out/],
    ['mutation { openCase(key: "k", order: "1", count: 2) { number } }', /the key of Mutation\.openCase is the engine's/],
  ] as const)
    assert.match(problemOf(text, 'mutation'), words)
})

test('[MESH40] a document that asks a source which its plugin was not granted cannot be loaded, and is not answered', async t => {
  assert.match(problemOf(ORDERS, 'query', ['crm', 'orders']), /Order\.parcel asks warehouse: list it under sources \(line 2\)/)
  assert.match(problemOf(ORDERS, 'query', []), /Query\.customer asks crm/)
  assert.match(problemOf(OPEN, 'mutation', ['orders']), /Mutation\.openCase asks crm/)
  const { mesh } = await openJoinedShop(t)
  const ask = asking(graphOver(mesh))
  await assert.rejects(ask(ORDERS, {}, ['crm', 'orders']), { code: 'QUERY_REFUSED', message: /asks warehouse/ })
  assert.equal(mesh.reader.counts.calls, 0)
  assert.deepEqual((await ask('{ customer { name } }', {}, ['crm'])).data, { customer: { name: '林悦' } })
  // What was kept for one grant is not given to another.
  assert.equal(mesh.reader.counts.calls, 1)
  await ask('{ customer { name } }', {}, ['crm', 'orders'])
  assert.equal(mesh.reader.counts.calls, 2)
})

test('[SDK8] docs/mesh.graphql is the schema of the demo shop', () => {
  const text = readFileSync(new URL('../../docs/mesh.graphql', import.meta.url), 'utf8')
  assert.equal(printSchema(buildSchema(text)), printSchema(SCHEMA))
})

test('[MESH6] a source that is silent is named with the paths that it leaves out, and what the others know stands', async t => {
  const { mesh, services } = await openJoinedShop(t)
  const ask = asking(graphOver(mesh))
  await services.knob('warehouse', { failure: 'error', rate: 1 })
  const document = 'query { customer { orders(status: DELIVERED) { number parcel { carrier } refund { amount } } cases { number } } }'
  assert.deepEqual(await ask(document), {
    data: { customer: { orders: [{ number: '2024-881', parcel: null, refund: null }], cases: [] } },
    missing: ['customer.orders.0.parcel'],
    silent: ['warehouse'],
  })
  await services.knob('crm', { failure: 'hang', rate: 1 })
  const hurry = AbortSignal.timeout(300)
  const query = { document: 'query { customer { cases { number } } }', variables: {}, sources: ALL }
  const late = await graphOver(mesh).query(query, asker('demo-kim'), hurry)
  assert.deepEqual(late, { data: { customer: null }, missing: ['customer'], silent: ['crm'] })
})

test('[MESH6] [MESH10] an older answer that stands in is named with its age', async t => {
  const { mesh, services } = await openJoinedShop(t, {}, config => config.replace('Customer: { ms: 5000', 'Customer: { ms: 0'))
  const ask = asking(graphOver(mesh))
  const document = 'query { customer { name } }'
  await ask(document)
  await services.knob('crm', { failure: 'error', rate: 1 })
  const { data, missing, stale = [] } = await ask(document)
  assert.deepEqual(
    [data, missing, stale.map(({ path, source }) => [path, source])],
    [{ customer: { name: '林悦' } }, [], [['customer', 'crm']]],
  )
})

test('[MESH6] variables that do not fit, too many questions and too large an answer are refused', async t => {
  const { mesh } = await openJoinedShop(t)
  const ask = asking(graphOver(mesh), '123')
  const refused = async (document: string, variables = {}) => assert.equal(await faultCodeOf(ask(document, variables)), 'QUERY_REFUSED')
  await refused(ORDERS, { status: 'LOST' })
  await refused('query ($n: String!) { customer { order(number: $n) { number } } }')
  const aliased = (count: number): string =>
    `query { customer { ${Array.from({ length: count }, (_, i) => `a${i}: order(number: "${i}") { number }`).join(' ')} } }`
  await ask(aliased(7))
  await refused(aliased(8))
  // A batch is one question, for however many orders.
  await ask('query { customer { orders { warehouseStatus refundProgress refund { amount } parcel { carrier } } } }')
  const wide = Array.from({ length: 17 }, (_, i) => `${'a'.repeat(200)}${i}: name`)
  await refused(`query { customer { orders { items { ${wide.join(' ')} } } } }`)
  await refused('query { nothing }')
})

test('[MESH7] a mutation does one thing under its key, for the customer whom it is run for, and tells a refusal', async t => {
  const { mesh } = await openJoinedShop(t)
  const graph = graphOver(mesh)
  const run = (document: string, key: string, customer: string, variables: object) =>
    graph.mutate({ document, variables: { ...variables }, key, sources: ['crm'] }, asker(customer), patience())
  const done = { state: 'done', result: { case: 'CP-1007', amount: '162.00', state: 'OPEN' } }
  assert.deepEqual(await run(OPEN, 'a/do', 'demo-lin', { order: '2024-881', count: 3 }), done)
  assert.deepEqual(await run(OPEN, 'a/do', 'demo-lin', { order: '2024-881', count: 3 }), done)
  assert.deepEqual(await run(OPEN, 'b/do', 'demo-lin', { order: '2024-882', count: 3 }), { state: 'refused', reason: 'unknown-order' })
  const cases = await asking(graph)('query { customer { cases { number order count state } } }')
  assert.deepEqual(cases.data, { customer: { cases: [{ number: 'CP-1007', order: '2024-881', count: 3, state: 'OPEN' }] } })
  const case1007 = { case: 'CP-1007' }
  assert.deepEqual(await run(WITHDRAW, 'a/undo2', 'demo-kim', case1007), { state: 'refused', reason: 'unknown-case' })
  assert.deepEqual(await run(WITHDRAW, 'a/undo', 'demo-lin', case1007), { state: 'done', result: { state: 'WITHDRAWN' } })
})

test('[MESH7] it is not known whether a mutation was done while its source is away, and in a shop without systems nothing is', async t => {
  const { mesh, services } = await openJoinedShop(t)
  const request = { document: WITHDRAW, variables: { case: 'CP-1007' }, key: 'x/undo', sources: ['crm'] }
  const run = (graph: Graph) => faultCodeOf(graph.mutate(request, asker('demo-lin'), patience()))
  const none = noSources.graph
  assert.equal(await run(none), 'SOURCE_UNAVAILABLE')
  assert.deepEqual(await asking(none)('query { us: customer { name } }'), { data: { us: null }, missing: ['us'] })
  await services.knob('crm', { failure: 'drop', rate: 1 })
  assert.equal(await run(graphOver(mesh)), 'SOURCE_UNAVAILABLE')
  assert.equal(await faultCodeOf(graphOver(mesh).mutate({ ...request, sources: [] }, asker('demo-lin'), patience())), 'QUERY_REFUSED')
})
