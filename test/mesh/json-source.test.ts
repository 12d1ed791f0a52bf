// A plain JSON API told by example: which types the examples make, and what is wrong with a file of them.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readOperations } from '@parley/mesh/source/graphql/operations.ts'
import { readExamples } from '@parley/mesh/source/json/examples.ts'
import { buildSchema } from 'graphql'

const none = (file: string): string => assert.fail(`${file} was read`)
const propertiesOf = (text: string, type: string) => {
  const { properties, required } = readExamples(text, none).schemas.get(type) ?? {}
  return { properties, required }
}

test('[MESH28] what several examples have in common is the type: missing in one is optional, null is no type, whole and broken numbers are numbers', () => {
  const text = `
operations:
  getOrder:
    get: /orders/{number}
    examples:
      - { number: 1, note: null, total: 12, placed: 2024-01-31, big: 10000000000, odd: 1, tags: [], none: null, address: { city: Suzhou } }
      - { number: 2, note: late, total: 12.5, placed: 2024-02-01, odd: x, tags: [a], none: null, address: null, extra: true }
types:
  Order: { description: What was bought., fields: { note: { description: In words. } } }
`
  assert.deepEqual(propertiesOf(text, 'Order'), {
    properties: {
      number: { type: 'integer' },
      note: { type: 'string', description: 'In words.' },
      total: { type: 'number' },
      placed: { type: 'string' },
      big: { type: 'integer', format: 'int64' },
      odd: {},
      tags: { type: 'array', items: { type: 'string' } },
      none: {},
      address: { $ref: '#/types/Address' },
      extra: { type: 'boolean' },
    },
    required: ['number', 'note', 'total', 'placed', 'odd', 'tags', 'none', 'address'],
  })
})

test('[MESH28] objects are called by where they stand; what looks alike is one thing, what does not is another', () => {
  const text = `
operations:
  listOrders:
    get: /orders
    parameters: { customer: '1', limit: 10 }
    optional: [limit]
    example: { orders: [{ number: a, lines: [{ sku: x, count: 1 }], customer: { id: '1' } }], next: null }
  getCustomer: { get: '/customers/{id}', example: { id: '1', name: Ann, lines: [{ phone: '1', kind: home }], boss: { id: '2', name: Bo } } }
  getOrder: { get: '/orders/{number}', example: { number: a, lines: [], status: paid } }
types:
  Customer: { fields: { boss: { type: Customer } } }
  Order: { fields: { status: { enum: [paid, packed] } } }
`
  const catalogue = readExamples(text, none)
  assert.deepEqual([...catalogue.schemas.keys()], ['Order', 'Line', 'Customer', 'CustomerLine'])
  const { answer, parameters } = catalogue.operations.get('listOrders')!
  assert.deepEqual(answer?.properties, { orders: { type: 'array', items: { $ref: '#/types/Order' } }, next: {} })
  assert.deepEqual(
    parameters.map(({ name, in: place, isRequired, schema }) => [name, place, isRequired, schema.type]),
    [
      ['customer', 'query', true, 'string'],
      ['limit', 'query', false, 'integer'],
      ['Accept-Language', 'header', false, 'string'],
    ],
  )
  assert.deepEqual(catalogue.schemas.get('Order')?.required, ['number', 'lines'])
  assert.deepEqual(Object(catalogue.schemas.get('Order')?.properties).status, { type: 'string', enum: ['paid', 'packed'] })
  assert.deepEqual(Object(catalogue.schemas.get('Customer')?.properties).boss, { $ref: '#/types/Customer' })
})

test('[MESH28] what changes something has a body, a key, and is no question unless the file says so', () => {
  const { operations } = readExamples(
    `
operations:
  openCase:
    post: /cases
    key: Idempotency-Key
    body: { customer: '1', items: [{ sku: x }], note: broken }
    optional: [note]
    answer: Case
    example: { number: '1' }
  search: { post: /search, reads: true, body: { text: x }, example: [{ id: 1 }] }
`,
    none,
  )
  const { body, isSafe, parameters } = operations.get('openCase')!
  assert.deepEqual([isSafe, body?.required, parameters.at(-1)?.name], [false, ['customer', 'items'], 'Idempotency-Key'])
  assert.deepEqual(Object(body?.properties).items.items.required, ['sku'])
  assert.equal(operations.get('search')?.isSafe, true)
})

test('[MESH28] what is wrong with a file of examples is told with its place', () => {
  const one = (operation: string): string => `operations:\n  getOrder: ${operation}`
  for (const [text, message] of [
    ['operations: []', /^operations: /],
    [one('{}'), /^operations\.getOrder: one of get, post/],
    [one('{ get: /a, post: /b }'), /one of get, post/],
    [one('{ get: orders }'), /^operations\.getOrder\.get: it must be a path/],
    [one("{ get: '/orders?customer=1' }"), /what comes after \? are parameters/],
    [one('{ get: /a, optional: [b] }'), /there is no parameter b/],
    [one('{ get: /a, parameters: { b: { c: 1 } } }'), /operations\.getOrder\.parameters\.b/],
    [one('{ get: /a, example: none.json }'), /operations\.getOrder: none\.json: gone/],
    [
      `${one('{ get: /a, example: { id: 1 } }')}\ntypes: { Order: { fields: { number: {} } } }`,
      /types\.Order\.fields\.number: no example has it/,
    ],
  ] as const)
    assert.throws(
      () =>
        readExamples(text, () => {
          throw new Error('gone')
        }),
      { message },
    )
})

test('[MESH28] the examples of docs/mesh-sources.md are what the page says of them', () => {
  const page = readFileSync(new URL('../../docs/mesh-sources.md', import.meta.url), 'utf8')
  const block = (fence: string): string => page.split(`\`\`\`${fence}\n`)[1]?.split('```')[0] ?? assert.fail(`there is no ${fence}`)
  const { schemas, operations } = readExamples(block('yaml shop.yaml'), file => (file === 'orders.json' ? '[]' : none(file)))
  assert.deepEqual([...operations.keys()], ['getOrder', 'listOrders', 'openCase'])
  const { properties, required } = schemas.get('Order') ?? {}
  assert.deepEqual(required, ['number', 'customer', 'total', 'placedOn', 'items'])
  const { total, status, items } = Object(properties)
  assert.deepEqual([total.type, status.enum, items.items], ['number', ['paid', 'packed', 'shipped'], { $ref: '#/types/Item' }])
  const asked = readOperations(
    buildSchema(`
      type Customer { id: ID! name: String } type Order { number: ID! status: String customer: Customer } type Case { number: ID! }
      type Wrong { code: String } type Payload { case: Case userErrors: [Wrong!]! } input CaseInput { order: ID! clientMutationId: ID }
      type Query { customer(id: ID!): Customer ordersByNumber(numbers: [ID!]!): [Order!]! }
      type Mutation { openCase(customer: ID!, input: CaseInput!): Payload }`),
    block('graphql'),
  )
  assert.deepEqual([...asked.operations.keys()], ['customer', 'orders', 'openCase'])
  assert.equal(asked.operations.get('openCase')?.problems, 'userErrors')
})
