// What every kind of source must do: the same small shop, served by something real, asked through a mesh; then each way in which a system goes wrong.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type OpenMesh, openMesh } from '@parley/mesh/joined/read-mesh.ts'
import { stringify } from 'yaml'
import { temporaryFolder } from '../e2e/running-server.ts'
import { GUARDED } from '../mesh/joined-shop.ts'
import { FOR_SHOP, forCustomer } from '../mesh/mesh-scope.ts'

/**
 * The ways to go wrong. `slow`: no answer within the deadline. `down`: it is not there. `wrong-type`: a customer's name is a number. `cut`: an answer breaks
 * off within. `error`, `busy`, `expired`: it says that it is broken, has too much to do, does not take the credential. `changed`: what it has is called
 * otherwise since last night.
 */
export const FAULTS = {
  slow: 'SOURCE_TIMEOUT',
  down: 'SOURCE_DOWN',
  'wrong-type': 'SOURCE_CHANGED',
  cut: 'SOURCE_GARBLED',
  error: 'SOURCE_BROKEN',
  busy: 'SOURCE_BUSY',
  expired: 'SOURCE_LOCKED',
  changed: 'SOURCE_CHANGED',
} as const
export type Fault = keyof typeof FAULTS

/** What is served: `getCustomer(id)`, `listOrders(customer)` with the newest first, `findOrders(numbers)` in any order; of types Customer and Order. */
export const CUSTOMERS = [
  { id: 'ann', name: 'Ann Lee', latest: '3' },
  { id: 'bo', name: '柏舟', latest: '4' },
  { id: "o'neil", name: "Eve O'Neil", latest: null },
] as const
export const ORDERS = [
  { number: '1', customer: 'ann', total: 12.5, isPaid: true },
  { number: '2', customer: 'bo', total: 3, isPaid: true },
  { number: '3', customer: 'ann', total: 7, isPaid: false },
  { number: '4', customer: 'bo', total: 99.99, isPaid: true },
] as const

export interface ServedSource {
  /** As they stand in a mesh's file; what they name lies in the folder. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string>>
  /** Goes wrong so from now on; 'none' mends it. */
  fail(fault: Fault | 'none'): Promise<void>
  /** What must be in no error: addresses, credentials. */
  readonly secrets: readonly string[]
  /** Questions that came in. */
  asked(): number
}

export interface KindOfSource {
  readonly kind: string
  serve(t: Pick<TestContext, 'after'>, folder: string): Promise<ServedSource>
  /** Faults that it cannot have, with the reason; and codes that it gives instead. */
  readonly skip?: Partial<Record<Fault, string>>
  readonly codes?: Partial<Record<Fault, string>>
}

const FIELDS = {
  'Query.customer': { from: 'shop.getCustomer', customer: 'id' },
  'Customer.orders': { from: 'shop.listOrders', with: { customer: 'id' } },
  'Customer.latestOrder': { from: 'shop.findOrders', with: { numbers: 'latest' }, batch: 'number' },
  'Order.again': { from: 'shop.findOrders', with: { numbers: 'number' }, batch: 'number' },
  'Query.orders': { from: 'shop.findOrders' },
}
const ALL = '{ customer(id: "ann") { id name orders { number total isPaid } latestOrder { number } } }'

export function registerSourceContract({ kind, serve, skip = {}, codes = {} }: KindOfSource): void {
  const open = async (t: TestContext, more: object = {}): Promise<{ mesh: OpenMesh; served: ServedSource; bugs: unknown[] }> => {
    const folder = temporaryFolder()
    t.after(folder.remove)
    const served = await serve(t, folder.path)
    const file = join(folder.path, 'mesh.yaml')
    // As long as a busy machine takes, and no breaker by the way.
    const shop = { ...served.settings, deadlineMs: 30_000, retries: 0, failures: 1_000, ...more }
    writeFileSync(file, stringify({ sources: { shop }, fields: FIELDS, owners: { Customer: 'id', Order: 'customer' } }))
    const bugs: unknown[] = []
    const mesh = openMesh(file, { environment: served.environment, ...GUARDED, onBug: error => bugs.push(error) })
    t.after(() => mesh.close())
    return { mesh, served, bugs }
  }
  const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

  test(`[MESH26] ${kind}: it answers with what there is, one call an operation, ids of one tick in one`, async t => {
    const { mesh, served, bugs } = await open(t)
    assert.deepEqual(json(await mesh.ask({ query: ALL }, FOR_SHOP)), {
      data: {
        customer: {
          id: 'ann',
          name: 'Ann Lee',
          orders: [
            { number: '3', total: 7, isPaid: false },
            { number: '1', total: 12.5, isPaid: true },
          ],
          latestOrder: { number: '3' },
        },
      },
    })
    const before = served.asked()
    const query = '{ customer(id: "ann") { orders { again { number total } } } }'
    const again = [{ again: { number: '3', total: 7 } }, { again: { number: '1', total: 12.5 } }]
    assert.deepEqual(json(await mesh.ask({ query }, FOR_SHOP)), { data: { customer: { orders: again } } })
    assert.equal(served.asked() - before, 3, 'the customer, the orders, and each of these again')
    assert.deepEqual(bugs, [])
  })

  test(`[MESH26] ${kind}: what is not there is null, whatever the id is`, async t => {
    const { mesh, bugs } = await open(t)
    const ask = (id: string) =>
      mesh.ask(
        { query: 'query ($id: ID) { customer(id: $id) { id latestOrder { number } orders { number } } }', variables: { id } },
        FOR_SHOP,
      )
    for (const id of ['nobody', "' OR 1=1 --", 'ann/orders', '../ann', 'ann?x=1#y', 'a"b{}', '柏', '%2e%2e', '🍓', 'x'.repeat(500)]) {
      const { data, errors } = json(await ask(id)) as Awaited<ReturnType<typeof ask>>
      assert.deepEqual([data, errors], [{ customer: null }, undefined], id)
    }
    for (const id of ['..', '']) assert.equal((await ask(id)).data?.customer, null)
    assert.deepEqual(json((await ask("o'neil")).data), { customer: { id: "o'neil", latestOrder: null, orders: [] } })
    assert.deepEqual(bugs, [])
  })

  test(`[MESH26] ${kind}: in a customer's name nothing of another's comes out`, async t => {
    const { mesh } = await open(t)
    const ask = async (query: string) => json((await mesh.ask({ query }, forCustomer('ann'))).data ?? null)
    assert.deepEqual(await ask('{ customer(id: "bo") { id } }'), { customer: null })
    assert.deepEqual(await ask('{ customer { orders { number } } }'), { customer: { orders: [{ number: '3' }, { number: '1' }] } })
    assert.deepEqual(await ask('{ orders(numbers: ["2", "3"]) { number } }'), { orders: null })
  })

  for (const [fault, usual] of Object.entries(FAULTS) as [Fault, string][]) {
    const reason = skip[fault]
    test(`[MESH26] ${kind}: ${fault} is told as what it is, and is over when it is over`, reason ? { skip: reason } : {}, async t => {
      const { mesh, served, bugs } = await open(t, fault === 'slow' ? { deadlineMs: 300 } : {})
      if (fault !== 'slow') assert.equal((await mesh.ask({ query: ALL }, FOR_SHOP)).errors, undefined)
      await served.fail(fault)
      const { data, errors = [] } = json(await mesh.ask({ query: ALL }, FOR_SHOP)) as Awaited<ReturnType<OpenMesh['ask']>>
      const expected = codes[fault] ?? usual
      assert.deepEqual([...new Set(errors.map(({ extensions }) => `${extensions?.source} ${extensions?.code}`))], [`shop ${expected}`])
      const text = JSON.stringify(errors)
      for (const secret of served.secrets) assert.ok(!text.includes(secret), `${secret} in ${text}`)
      // One field is of a wrong type: its neighbours stay.
      if (fault === 'wrong-type') assert.deepEqual([Object(data?.customer).id, Object(data?.customer).name], ['ann', null])
      await served.fail('none')
      if (fault !== 'slow') assert.equal((await mesh.ask({ query: ALL }, FOR_SHOP)).errors, undefined)
      assert.deepEqual(bugs, [])
    })
  }
}
