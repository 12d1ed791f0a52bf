// What the desk shows of a customer: the shop's own query, or one that is made of the mesh, and how its answer is to be read.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CustomerPanel, PanelField } from '@parley/core/protocol/customer-panel.ts'
import { createPanel } from '@parley/mesh/joined/panel.ts'
import type { OpenMesh } from '@parley/mesh/joined/read-mesh.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import { openJoinedShop } from './joined-shop.ts'
import { FOR_SHOP, forCustomer } from './mesh-scope.ts'

const PATIENT = AbortSignal.timeout(60_000)

async function look({ panel }: Pick<OpenMesh, 'panel'>, scope: Scope): Promise<CustomerPanel> {
  assert.ok(panel)
  return JSON.parse(JSON.stringify(await panel.ask(scope, PATIENT)))
}

function field(fields: readonly PanelField[] | undefined, ...path: readonly string[]): PanelField {
  const [key, ...rest] = path
  const found = fields?.find(each => each.key === key)
  assert.ok(found, `${path}`)
  return rest.length > 0 ? field(found.fields, ...rest) : found
}

test('[MESH29] the panel says of each field what it is called, what it is, and what its source says of it', async t => {
  const { mesh } = await openJoinedShop(t)
  const { fields, data, gaps, stale } = await look(mesh, forCustomer('123'))
  assert.deepEqual([gaps, stale], [[], []])
  const { orders, ...customer } = data.customer as Record<string, unknown> // as it was asked
  assert.deepEqual(customer, { name: '沈一帆', id: '123', city: 'Suzhou', language: 'ZH', cases: [], coupons: [] })
  assert.equal((orders as unknown[]).length, 4)
  assert.deepEqual(field(fields, 'customer', 'orders', 'number'), {
    key: 'number',
    title: 'Number',
    description: 'As the customer knows it: 2024-881.',
    kind: 'identifier',
    isList: false,
  })
  const progress = field(fields, 'customer', 'orders', 'refund', 'progress')
  assert.deepEqual([progress.kind, progress.words], ['progress', { REQUESTED: 'Requested', APPROVED: 'Approved', PAID: 'Paid' }])
  assert.deepEqual(field(fields, 'customer', 'orders', 'items').isList, true)
  assert.equal(field(fields, 'customer', 'orders', 'total').kind, 'money')
  assert.equal(field(fields, 'customer', 'cases', 'order').kind, 'identifier', 'what a case is joined to its order by')
  const zh = await look(mesh, { ...forCustomer('123'), locale: 'zh-CN' })
  assert.equal(field(zh.fields, 'customer', 'orders', 'parcel', 'trackingNumber').title, '运单号')
  assert.equal(field(zh.fields, 'customer', 'orders', 'refund', 'progress').words?.PAID, '已到账')
  assert.equal((zh.data.customer as { city: string }).city, '苏州')
})

test('[MESH29] no panel is asked for all customers at once, and one of a customer shows nothing of another', async t => {
  const { mesh } = await openJoinedShop(t)
  await assert.rejects(async () => mesh.panel?.ask(FOR_SHOP, PATIENT), /one customer/)
  const named = createPanel({ ...mesh.config, panel: { query: '{ customer(id: "123") { name } }', words: { 'zh-CN': {}, en: {} } } }, mesh)
  assert.deepEqual((await look({ panel: named }, forCustomer('demo-lin'))).data, { customer: null })
  assert.deepEqual((await look(mesh, forCustomer('nobody'))).data, { customer: null })
})

test('[MESH29] what a system did not give is told with what people call it', async t => {
  const { mesh, services } = await openJoinedShop(t)
  await services.knob('warehouse', { failure: 'error' })
  const { data, gaps } = await look(mesh, { ...forCustomer('123'), locale: 'zh-CN' })
  assert.equal((data.customer as { orders: unknown[] }).orders.length, 4)
  assert.deepEqual(gaps[0], { path: ['customer', 'orders', 0, 'warehouseStatus'], isPassing: true, source: '仓库' })
  assert.equal(gaps.length, 8, 'status and parcel of four orders')
})

test('[MESH29] what stands in for what did not come is told with its age', async t => {
  const { mesh, services } = await openJoinedShop(t)
  const keep = mesh.config.keep.Fulfilment
  assert.ok(keep && keep.staleMs > 60_000)
  await look(mesh, forCustomer('123'))
  await services.knob('warehouse', { failure: 'error' })
  // Until what was kept counts as fresh no more.
  for (;;) {
    const { stale, gaps } = await look(mesh, forCustomer('123'))
    assert.deepEqual(gaps, [])
    if (stale.length < 8) continue
    assert.deepEqual(
      new Set(stale.map(({ path }) => path.join('.'))),
      new Set([0, 1, 2, 3].flatMap(n => [`customer.orders.${n}.warehouseStatus`, `customer.orders.${n}.parcel`])),
    )
    assert.ok(stale.every(({ source, ageMs }) => source === 'warehouse' && ageMs >= keep.ms))
    return
  }
})

test('[MESH29] a mesh that declares no panel has one of what its customer leads to', async t => {
  const { mesh } = await openJoinedShop(t)
  const { panel: _, ...config } = mesh.config
  const derived = createPanel(config, mesh)
  assert.ok(derived)
  const answer = await look({ panel: derived }, forCustomer('123'))
  assert.deepEqual(answer.gaps, [])
  const customer = answer.data.customer as { orders: { parcel: unknown; refund: unknown }[]; cases: unknown[]; coupons: unknown[] } // as it was asked
  assert.equal(customer.orders.length, 4)
  assert.ok(customer.orders.some(({ parcel }) => parcel) && customer.orders.some(({ refund }) => refund))
  assert.deepEqual([customer.cases, customer.coupons], [[], []])
  assert.equal(answer.fields.length, 1, 'what is nobody’s is not asked: stock')
})

const WRONG = [
  ['{ customer { nam } }', /panel.query: .*nam/],
  ['{ stock(product: "x") { onHand } }', /stock is not a customer's/],
  ['mutation { withdrawCase(case: "1") { number } }', /it must be a query/],
  ['query ($id: ID!) { customer(id: $id) { name } }', /nothing gives \$id/],
  ['{ customer { name }', /panel.query: Syntax/],
  ['{ __schema { types { name } } }', /__schema is not a customer's/],
  ['{ a: customer { name } } { customer { name } }', /one query/],
] as const
for (const [query, reason] of WRONG)
  test(`[MESH29] a panel that cannot be asked is refused when the file is read: ${query}`, async t => {
    const { mesh } = await openJoinedShop(t)
    assert.throws(() => createPanel({ ...mesh.config, panel: { query, words: { 'zh-CN': {}, en: {} } } }, mesh), reason)
  })
