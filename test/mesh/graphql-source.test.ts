// A GraphQL endpoint as a source: what it says of its types, how it fails in part, and what is proposed where nobody has said what to ask.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openMesh } from '@parley/mesh/joined/read-mesh.ts'
import { outcomesOf, trialOf } from '@parley/mesh/joined/trial.ts'
import { introspect } from '@parley/mesh/source/graphql/introspect.ts'
import { readOperations } from '@parley/mesh/source/graphql/operations.ts'
import { proposeOperations, proposeScalars } from '@parley/mesh/source/graphql/propose-operations.ts'
import { readGraphQlSchema } from '@parley/mesh/source/graphql/schema.ts'
import { connect, httpSettings } from '@parley/mesh/source/http/connection.ts'
import { buildSchema, introspectionFromSchema, printSchema } from 'graphql'
import { stringify } from 'yaml'
import { TOKEN } from '../contracts/source-servers.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { CRM_SDL, type CrmServer, serveGraphQlCrm } from './graphql-crm.ts'
import { GUARDED } from './joined-shop.ts'
import { FOR_SHOP, forCustomer } from './mesh-scope.ts'
import { patience } from './questions.ts'

const OPERATIONS = `
query customer($id: ID!) { customer(id: $id) { ...CustomerFields orders(first: 2) { ...OrderFields } score } }
query order($number: ID!) { order(number: $number) { ...OrderFields } }
"""Several at once."""
query orders($numbers: [ID!]!) { ordersByNumber(numbers: $numbers) { ...OrderFields } }
query fail($code: String, $message: String) { fail(code: $code, message: $message) }
query failWhole($code: String, $message: String) { failWhole(code: $code, message: $message) }
mutation openCase($customer: ID!, $order: ID!, $count: Int, $clientMutationId: ID) {
  openCase(customer: $customer, input: { order: $order, count: $count }, clientMutationId: $clientMutationId) { case { number order count } userErrors { code } }
}
mutation openCaseOf($customer: ID!, $input: CaseInput!) { openCase(customer: $customer, input: $input) { case { number order count words } userErrors { code } } }
fragment CustomerFields on Customer { id name }
fragment OrderFields on Order { number customer { id } status total placedOn way { kind: __typename ... on Parcel { carrier trackingNumber } ... on Pickup { shop } } }
`
const FIELDS = {
  'Query.customer': { from: 'crm.customer', customer: 'id' },
  'Query.order': { from: 'crm.order' },
  'Query.fail': { from: 'crm.fail' },
  'Query.failWhole': { from: 'crm.failWhole' },
  'Customer.order': { from: 'crm.order' },
  'Order.again': { from: 'crm.orders', with: { numbers: 'number' }, batch: 'number' },
  'Order.buyer': { from: 'crm.customer', with: { id: 'customer.id' } },
  'Mutation.openCase': { from: 'crm.openCase', customer: 'customer', key: 'clientMutationId', pick: 'case' },
  'Mutation.openCaseOf': { from: 'crm.openCaseOf', customer: 'customer', key: 'Idempotency-Key' },
}

async function open(t: TestContext, { settings = {}, fields = FIELDS }: { settings?: object; fields?: object } = {}) {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const server = await serveGraphQlCrm(t)
  writeFileSync(join(folder.path, 'crm.graphql'), CRM_SDL)
  writeFileSync(join(folder.path, 'crm.operations.graphql'), OPERATIONS)
  const crm = {
    graphql: 'crm.graphql',
    operations: 'crm.operations.graphql',
    url: server.url,
    private: true,
    tokenEnv: 'TOKEN',
    scalars: { DateTime: 'string' },
    keyHeader: 'Idempotency-Key',
    deadlineMs: 30_000,
    failures: 1_000,
    retries: 0,
    ...settings,
  }
  const file = join(folder.path, 'mesh.yaml')
  writeFileSync(file, stringify({ sources: { crm }, fields, owners: { Customer: 'id', Order: 'customer.id' } }))
  const mesh = openMesh(file, { environment: { TOKEN }, ...GUARDED })
  t.after(() => mesh.close())
  const ask = async (query: string, { scope = FOR_SHOP, variables = {} }: { scope?: typeof FOR_SHOP; variables?: object } = {}) =>
    JSON.parse(JSON.stringify(await mesh.ask({ query, variables: { ...variables } }, scope)))
  return { mesh, ask, server }
}

test('[MESH27] its enums, unions, scalars and descriptions are those of the mesh, and what one part of an answer lacks costs that part alone', async t => {
  const { mesh, ask, server } = await open(t)
  const schema = printSchema(mesh.schema)
  assert.match(schema, /"""What was bought at one time\."""\ntype Order \{/)
  assert.match(schema, /"""Orders, the newest first\."""\n {2}orders: \[Order!\]/)
  assert.match(schema, /enum Status \{\n {2}PAID\n/)
  assert.match(schema, /placedOn: String\n[^}]*\n {2}way: Way\n/)
  assert.match(schema, /total: JSON/)
  assert.match(schema, /type OrderCustomer \{\n {2}id: String\n\}/, 'what little of the customer is selected there is a type of its own')
  const query = `{ customer(id: "123") { name score orders { number status total placedOn way { kind carrier shop } again { number } } } }`
  const { data, errors } = await ask(query)
  assert.deepEqual(
    errors.map(({ path, extensions }: { path: unknown; extensions: unknown }) => [path, extensions]),
    [[['customer', 'score'], { code: 'SOURCE_BROKEN', source: 'crm' }]],
  )
  assert.deepEqual(data.customer, {
    name: '沈一帆',
    score: null,
    orders: [
      {
        number: '2024-123',
        status: 'RETURNED',
        total: { amount: 917 },
        placedOn: '2025-03-02',
        way: { kind: 'Parcel', carrier: 'SF Express', shop: null },
        again: { number: '2024-123' },
      },
      {
        number: '2024-124',
        status: 'RETURNED',
        total: { amount: 129 },
        placedOn: '2025-03-02',
        way: { kind: 'Parcel', carrier: 'SF Express', shop: null },
        again: { number: '2024-124' },
      },
    ],
  })
  assert.deepEqual(
    server.bodies.map(({ operationName, variables }) => [operationName, variables]),
    [
      ['customer', { id: '123' }],
      ['orders', { numbers: ['2024-123', '2024-124'] }],
    ],
  )
  assert.doesNotMatch(server.bodies.map(body => body.query).join(), /Several at once/, 'a description of an operation is not sent')
})

test('a field of which a part is wrong is told with that part, and those behind it for themselves', async t => {
  const { mesh } = await open(t)
  const { queries, untried } = trialOf(mesh.config, mesh.schema, { customer: '123', values: new Map([['Query.order.number', '2024-123']]) })
  const outcomes = []
  for (const { query, tried } of queries) outcomes.push(...outcomesOf(tried, await mesh.ask({ query }, FOR_SHOP)))
  const told = Object.fromEntries(
    [...outcomes, ...untried].map(({ field, state, reason }) => [field, reason === undefined ? state : `${state}: ${reason}`]),
  )
  assert.deepEqual(told, {
    'Query.customer': 'wrong: its score: crm is broken',
    'Query.order': 'answers',
    'Query.fail': 'wrong: crm is broken',
    'Query.failWhole': 'wrong: crm is broken',
    'Customer.order': 'untried: needs number',
    'Order.again': 'answers',
    'Order.buyer': 'wrong: its score: crm is broken',
    'Mutation.openCase': 'untried: changes something',
    'Mutation.openCaseOf': 'untried: changes something',
  })
})

test("[MESH14] whose an order is may be said by a path, and another's is not there", async t => {
  const { ask } = await open(t)
  const query = '{ customer { mine: order(number: "2024-123") { number buyer { name } } other: order(number: "2024-881") { number } } }'
  assert.deepEqual((await ask(query, { scope: forCustomer('123') })).data, {
    customer: { mine: { number: '2024-123', buyer: { name: '沈一帆' } }, other: null },
  })
  assert.equal((await ask('{ order(number: "2024-881") { number } }')).data.order.number, '2024-881')
})

test('[MESH27] codes of its errors are told as what they are, and no words of it', async t => {
  const { ask } = await open(t)
  for (const [code, message, expected, reason] of [
    ['UNAUTHENTICATED', undefined, 'SOURCE_LOCKED'],
    ['FORBIDDEN', undefined, 'SOURCE_LOCKED'],
    ['THROTTLED', undefined, 'SOURCE_BUSY'],
    ['GATEWAY_TIMEOUT', undefined, 'SOURCE_TIMEOUT'],
    ['INTERNAL_SERVER_ERROR', undefined, 'SOURCE_BROKEN'],
    ['BAD_USER_INPUT', undefined, 'SOURCE_REFUSED', 'bad-user-input'],
    [undefined, 'too-late', 'SOURCE_REFUSED', 'too-late'],
    [undefined, 'row 7 of Ann Lee is locked', 'SOURCE_BROKEN'],
  ] as const) {
    for (const field of ['fail', 'failWhole']) {
      const query = `query ($code: String, $message: String) { ${field}(code: $code, message: $message) }`
      const { errors } = await ask(query, { variables: { code, message } })
      assert.deepEqual(errors?.[0]?.extensions, { code: expected, source: 'crm', ...(reason && { reason }) }, code ?? message)
      assert.doesNotMatch(JSON.stringify(errors), /Ann Lee|about a customer/)
    }
  }
  assert.deepEqual(await ask('query { failWhole(code: "NOT_FOUND") }'), { data: { failWhole: null } })
  assert.deepEqual(await ask('query { fail(code: "NOT_FOUND") }'), { data: { fail: null } })
})

test('[MESH17] a mutation is done under its key, by a variable or by a header, and what it lists as wrong is a refusal', async t => {
  const { ask, server } = await open(t)
  const byVariable = 'mutation ($o: String!) { openCase(order: $o, count: 2, key: "k1") { number count } }'
  const scope = forCustomer('123')
  assert.deepEqual(await ask(byVariable, { scope, variables: { o: '2024-125' } }), { data: { openCase: { number: 'CP-1', count: 2 } } })
  const byHeader = 'mutation { openCaseOf(input: { order: "2024-125", words: ["broken"] }, key: "k2") { case { count words } } }'
  assert.deepEqual(await ask(byHeader, { scope }), { data: { openCaseOf: { case: { count: 1, words: ['broken'] } } } })
  const { errors } = await ask(byVariable, { scope, variables: { o: '2024-881' } })
  assert.deepEqual(errors[0].extensions, { code: 'SOURCE_REFUSED', source: 'crm', reason: 'unknown-order' })
  assert.deepEqual(server.keys, [
    [undefined, 'k1'],
    ['k2', undefined],
    [undefined, 'k1'],
  ])
})

test('[MESH27] what stands in its files is held to its schema when they are read', () => {
  const schema = readGraphQlSchema(CRM_SDL)
  for (const [text, message] of [
    ['query a { customer(id: "1") { nam } }', /^line 1: Cannot query field "nam" on type "Customer"/],
    ['{ customer(id: "1") { name } }', /an operation has no name/],
    ['query a { customer { name } }', /"Query.customer\(id:\)" of type "ID!" is required/],
    ['query a {', /^line 1: Syntax Error/],
    ['fragment F on Customer { id }', /there is no operation/],
  ] as const)
    assert.throws(() => readOperations(schema, text), { message })
  assert.throws(() => readGraphQlSchema('type Query { a: Nothing }'), /Nothing/)
  assert.throws(() => readGraphQlSchema('{"swagger": "2.0"}'), /there is no __schema/)
  const introspected = JSON.stringify({ data: introspectionFromSchema(buildSchema(CRM_SDL)) })
  assert.equal(printSchema(readGraphQlSchema(introspected)), printSchema(schema))
})

test('[MESH27] of an interface the fields of its members are there, and only what is always selected is sure to be', () => {
  const schema = buildSchema(`
    interface Way { id: ID! } type Parcel implements Way { id: ID! carrier: String } type Pickup implements Way { id: ID! shop: String }
    type Query { way: Way parcel(again: Boolean): Parcel }`)
  const { schemas, operations } = readOperations(
    schema,
    `query way { way { ...WayFields ... on Parcel { carrier } ... on Pickup { shop } } }
    query parcel($again: Boolean = false) { parcel(again: $again) { ...WayFields carrier @include(if: $again) } }
    fragment WayFields on Way { id }`,
  )
  const shapes = Object.fromEntries(
    [...schemas].map(([name, { properties, required }]) => [name, [Object.keys(Object(properties)), required]]),
  )
  assert.deepEqual(shapes, { Way: [['id', 'carrier', 'shop'], ['id']], Parcel: [['id', 'carrier'], ['id']] })
  const again = operations.get('parcel')?.parameters[0]
  assert.deepEqual([again?.name, again?.isRequired, again?.schema.default], ['again', false, false])
})

test('[MESH27] an endpoint is introspected, and each of its fields proposed as an operation that it answers', async t => {
  const server: CrmServer = await serveGraphQlCrm(t)
  const settings = httpSettings({ url: server.url, private: true, tokenEnv: 'TOKEN' })
  const connection = connect('crm', settings, { ...GUARDED, environment: { TOKEN }, besides: file => file })
  t.after(connection.close)
  const sdl = await introspect(connection, patience())
  const schema = readGraphQlSchema(sdl)
  assert.deepEqual(proposeScalars(schema), { DateTime: 'string' })
  const text = proposeOperations(schema)
  const catalogue = readOperations(schema, text)
  assert.deepEqual([...catalogue.operations.keys()], ['customer', 'order', 'ordersByNumber', 'fail', 'failWhole', 'openCase'])
  assert.match(text, /orders\(first: 20\) \{\n {4}\.\.\.OrderFields/)
  assert.match(text, /customer \{\n {4}id\n {2}\}/, 'who has an operation of their own is joined, not fetched along')
  assert.doesNotMatch(text, /\bold\b/, 'what is deprecated')
  for (const { id, text: query } of catalogue.operations.values()) {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({
        query,
        operationName: id,
        variables: { id: '123', number: '2024-123', numbers: [], customer: '123', input: { order: '2024-125' } },
      }),
    })
    const body = JSON.stringify(await response.json())
    assert.equal(response.status, 200, body)
    assert.match(body, id === 'fail' ? /"fail":null/ : id === 'failWhole' ? /"data":null/ : /"data":\{/)
  }
  const wrong = connect('crm', settings, { ...GUARDED, environment: { TOKEN: 'no' }, besides: file => file })
  t.after(wrong.close)
  await assert.rejects(introspect(wrong, patience()), { code: 'SOURCE_LOCKED' })
})
