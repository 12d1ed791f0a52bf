// Drawn queries over the demo shop's whole schema, put in customers' scopes and with plugins' grants to its three real services: nothing of another customer comes
// out, no source is asked that was not granted, nothing throws, and nothing is larger than it may be.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { asCustomerId } from '@parley/core/ids.ts'
import { SERVICES } from '@parley/demo-shop/services.ts'
import { shopData } from '@parley/demo-shop/shop-data.ts'
import type { JoinedMesh, MeshAnswer } from '@parley/mesh/joined/joined-mesh.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import { createRandom } from '../random.ts'
import { graphOver } from './joined-shop.ts'
import { FOR_SHOP, forCustomer } from './mesh-scope.ts'
import { drawDocument } from './query-grammar.ts'
import { patience, TODAY } from './questions.ts'
import { type Call, openWatchedMesh } from './watched-mesh.ts'

const CASES = process.env.PARLEY_TEST_FULL ? 30_000 : 600
/** Seeds that have lost once. */
const LOST: readonly number[] = []

const { customers, orders } = shopData(TODAY)
const PEOPLE = ['demo-lin', 'demo-kim', '123', 'demo-none', customers.at(-1)!.id]
/** Whose each id, order and parcel is. A name that two have is nobody's. */
const OWNERS = new Map<string, string>()
for (const { id, name } of customers) {
  OWNERS.set(id, id)
  if (customers.filter(each => each.name === name).length === 1) OWNERS.set(name, id)
}
for (const order of orders) {
  OWNERS.set(order.number, order.customer.id)
  if ('parcel' in order && order.parcel) OWNERS.set(order.parcel.trackingNumber, order.customer.id)
}
const WORDS = [
  ...PEOPLE,
  ...orders.filter(({ customer }) => PEOPLE.includes(customer.id)).map(({ number }) => number),
  '2024-881,2024-882',
  'CP-1007',
  'CP-1008',
  'CU-2001',
  'RT-5001',
  'crab',
  'milk',
  'broken',
]

/** With a record of what its sources are asked. `mixUp` says for which customer a source takes the one that it is asked for. */
async function openWatched(t: Parameters<typeof openWatchedMesh>[0], mixUp: (customer: unknown) => unknown = customer => customer) {
  const calls: Call[] = []
  const { mesh, services, bugs } = await openWatchedMesh(t, (call, ask) => {
    calls.push(call)
    const { customer, ...others } = call.args
    return ask(customer === undefined ? others : { ...others, customer: mixUp(customer) })
  })
  /** What has come to be since: cases, coupons, returns. */
  const learn = (): void => {
    const rows = (service: string, query: string): void => {
      const database = new DatabaseSync(join(services.folder, `${service}.db`))
      for (const { name, customer } of database.prepare(query).all()) OWNERS.set(String(name), String(customer))
      database.close()
    }
    rows('crm', `SELECT 'CP-' || id AS name, customer FROM cases JOIN purchases ON number = order_number`)
    rows('crm', `SELECT 'CU-' || id AS name, customer FROM coupons`)
    rows('orders', `SELECT 'RT-' || id AS name, customer FROM returns JOIN orders ON number = order_number`)
  }
  // Each service makes its file with its first request.
  await mesh.ask({ query: '{ customer(id: "123") { orders { warehouseStatus refundProgress } } }' }, FOR_SHOP)
  calls.length = 0
  return { mesh, calls, bugs, learn }
}

/** Every text in it that somebody owns who is not `customer`. */
function foreignIn(value: unknown, customer: string): readonly string[] {
  if (typeof value === 'string') {
    const parts = [value, ...(value.match(/[\p{L}\p{N}-]+/gu) ?? [])]
    return parts.filter(part => (OWNERS.get(part) ?? customer) !== customer)
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(each => foreignIn(each, customer))
}

const depthOf = (value: unknown): number =>
  Array.isArray(value)
    ? Math.max(0, ...value.map(depthOf))
    : typeof value === 'object' && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
      : 0

/** Of errors: GraphQL's own say what the query has said, which is no news; a source's may say nothing of that kind. */
const tellingOf = ({ errors = [] }: MeshAnswer): unknown =>
  errors.flatMap(({ message, extensions }) => (extensions?.source ? [message, extensions] : []))

const scopeOf = (random: () => number): Scope => {
  const some = SERVICES.filter(() => random() < 0.6)
  const customer = PEOPLE[Math.floor(random() * PEOPLE.length)]! // below its length
  return { ...forCustomer(customer), locale: random() < 0.5 ? 'en' : 'zh-CN', sources: random() < 0.4 ? null : some }
}

/** Whether there was something of the customer's in the answer. */
async function askOne(seed: number, mesh: JoinedMesh, calls: Call[], learn: () => void, kinds = ['query', 'mutation']): Promise<boolean> {
  const random = createRandom(seed)
  const scope = scopeOf(random)
  const { query, variables } = drawDocument(mesh.schema, { random, words: WORDS })
  if (!kinds.some(kind => query.startsWith(kind))) return false
  const customer = scope.customer! // of somebody
  const what = `seed ${seed}, ${JSON.stringify(scope)}: ${query} ${JSON.stringify(variables)}`
  calls.length = 0
  const answer: MeshAnswer = JSON.parse(JSON.stringify(await mesh.ask({ query, variables, key: `seed-${seed}` }, scope, patience())))
  if (query.startsWith('mutation')) learn()
  assert.deepEqual(foreignIn([answer.data, tellingOf(answer)], customer), [], what)
  for (const { source, operation, args } of calls) {
    assert.ok(scope.sources === null || scope.sources.includes(source), `${operation} of ${source}: ${what}`)
    const named = operation === 'getCustomer' ? args.id : 'customer' in args ? args.customer : customer
    assert.equal(named, customer, `${operation}: ${what}`)
    assert.notEqual(operation, 'getStock', `it is the shop's own: ${what}`)
  }
  assert.ok(calls.length <= 100, `${calls.length} calls: ${what}`)
  assert.ok(depthOf(answer.data) <= 8, what)
  assert.ok(JSON.stringify(answer).length < 500_000, what)
  assert.ok(answer.data !== undefined || (answer.errors?.length ?? 0) > 0, what)
  return foreignIn(answer.data, 'nobody').length > 0
}

test('[MESH14] [MESH15] [MESH40] whatever is asked, a customer has what is theirs from what was granted, and nothing throws', async t => {
  const { mesh, calls, bugs, learn } = await openWatched(t)
  let answered = 0
  for (const seed of [...LOST, ...Array.from({ length: CASES }, (_, i) => i + 1)]) if (await askOne(seed, mesh, calls, learn)) answered++
  assert.deepEqual(bugs, [])
  // Otherwise the queries were no good, and nothing has been shown.
  assert.ok(answered > CASES / 10, `${answered} of ${CASES} had something of the customer's in the answer`)
})

test('[MESH14] a source that mixes customers up gives nobody what is not theirs', async t => {
  const random = createRandom(1)
  const { mesh, calls, learn } = await openWatched(t, customer =>
    random() < 0.5 ? customer : PEOPLE[Math.floor(random() * PEOPLE.length)],
  )
  for (let seed = 1; seed <= CASES / 5; seed++) await askOne(seed, mesh, calls, learn, ['query'])
})

test('[MESH9] the same document, asked at once for all of them, gives each their own', async t => {
  const { mesh, bugs, learn } = await openWatched(t)
  for (let seed = 1; seed <= CASES / 5; seed++) {
    const random = createRandom(seed)
    const { query, variables } = drawDocument(mesh.schema, { random, words: WORDS })
    if (query.startsWith('mutation')) continue
    const scopes = PEOPLE.flatMap(customer => [forCustomer(customer), { ...forCustomer(customer), sources: ['crm', 'orders'] }])
    const answers = await Promise.all(scopes.map(scope => mesh.ask({ query, variables }, scope, patience())))
    learn()
    answers.forEach((answer, at) => {
      const customer = scopes[at]!.customer! // as many as scopes
      assert.deepEqual(foreignIn([answer.data, tellingOf(answer)], customer), [], `seed ${seed}, ${customer}: ${query}`)
    })
  }
  assert.deepEqual(bugs, [])
})

test("[MESH5] [MESH6] [MESH7] whatever a plugin declares, it is refused or has the customer's own from what was granted", async t => {
  const { mesh, calls, bugs, learn } = await openWatched(t)
  const graph = graphOver(mesh)
  let answered = 0
  for (let seed = 1; seed <= CASES; seed++) {
    const random = createRandom(seed)
    const { customer, locale, sources } = scopeOf(random)
    const { query: document, variables } = drawDocument(mesh.schema, { random, words: WORDS, isPlain: true })
    const request = { document, variables, sources: sources ?? SERVICES }
    const asker = { shop: FOR_SHOP.shop, customer: asCustomerId(customer!), locale } // of somebody
    const what = `seed ${seed}: ${document} ${JSON.stringify(variables)}`
    calls.length = 0
    try {
      const told = document.startsWith('mutation')
        ? await graph.mutate({ ...request, key: `plugin-${seed}` }, asker, patience())
        : await graph.query(request, asker, patience())
      learn()
      assert.deepEqual(foreignIn(told, customer!), [], what)
      assert.ok(JSON.stringify(told).length < 20_000, what)
      if ('data' in told && foreignIn(told.data, 'nobody').length > 0) answered++
    } catch (fault) {
      if (!isFault(fault, 'QUERY_REFUSED')) throw fault
    }
    for (const { source, operation, args } of calls) {
      assert.ok(request.sources.includes(source as 'crm'), what)
      assert.equal(operation === 'getCustomer' ? args.id : (args.customer ?? customer), customer, what)
    }
    assert.ok(calls.length <= 8, what)
  }
  assert.deepEqual(bugs, [])
  assert.ok(answered > CASES / 40, `${answered} of ${CASES}`)
})

test('[MESH17] a key that cannot go along as a header is refused, and nothing is done', async t => {
  const { mesh, calls, bugs } = await openWatched(t)
  for (const key of ['a\u0000b', '', '钥匙', 'x'.repeat(201), 'a\r\nx-evil: 1']) {
    const { data, errors = [] } = await mesh.ask({ query: 'mutation { giveCoupon(percent: 5) { code } }', key }, forCustomer('123'))
    assert.deepEqual([data?.giveCoupon, errors[0]?.extensions?.code], [null, 'QUERY_REFUSED'])
  }
  assert.deepEqual([calls, bugs], [[], []])
})
