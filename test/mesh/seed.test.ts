// What the demo shop's services are filled with: the same for the same day, enough of it, and such as a shop's data are.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { SERVICES, startDemoServices } from '@parley/demo-shop/services.ts'
import { shopData } from '@parley/demo-shop/shop-data.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { startTestServices, TOKENS } from './demo-services.ts'
import { opening, patience, TODAY } from './questions.ts'
import { count, openTestShop } from './shop.ts'

/** Of every row of every service. */
async function hashOn(t: TestContext, today: string): Promise<string> {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const { fill, close } = await startDemoServices({ folder: folder.path, tokens: TOKENS, today: () => today })
  fill()
  await close()
  const hash = createHash('sha256')
  for (const name of SERVICES) {
    const database = new DatabaseSync(join(folder.path, `${name}.db`))
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
    for (const { name: table } of tables)
      for (const row of database.prepare(`SELECT * FROM ${String(table)} ORDER BY 1, 2`).iterate())
        hash.update(`${table} ${JSON.stringify(row)}\n`)
    database.close()
  }
  return hash.digest('hex')
}

test('the same day gives the same shop, row by row; another day other years in its numbers alone', async t => {
  assert.equal(await hashOn(t, TODAY), await hashOn(t, TODAY))
  const withoutNumbers = (today: string) => shopData(today).orders.map(({ number, ...order }) => order)
  assert.deepEqual(withoutNumbers(TODAY), withoutNumbers('2026-08-01'))
  assert.notDeepEqual(shopData(TODAY).orders, shopData('2026-08-01').orders)
})

test('there are five hundred customers, some two thousand orders, and every kind of trouble', async t => {
  const shop = await openTestShop(t)
  const [orders, crm, warehouse] = [shop.connect('orders'), shop.connect('crm'), shop.connect('warehouse')]
  assert.equal(count(crm, "customers WHERE id LIKE 'shopper-%'"), 500)
  assert.equal(count(crm, 'customers'), 505)
  const all = count(orders, 'orders')
  assert.ok(all >= 1_850 && all <= 2_150, `${all} orders`)
  for (const currency of ['CNY', 'USD']) assert.ok(count(crm, 'customers WHERE currency = ?', currency) > 200, currency)
  for (const status of ['paid', 'packed', 'out-for-delivery', 'shipped', 'cancelled', 'returning', 'returned'])
    assert.ok(count(orders, 'orders WHERE status = ?', status) >= 10, `${status}: ${count(orders, 'orders WHERE status = ?', status)}`)
  assert.ok(count(orders, "orders WHERE status = 'delivered'") > all / 2)
  assert.ok(count(warehouse, "fulfilments WHERE status = 'with-carrier' AND expected_on < 0") >= 10, 'late')
  assert.ok(count(orders, "orders WHERE status = 'delivered' AND left_with IS NOT NULL AND delivered_on > -30") >= 50, 'left somewhere')
  for (const progress of ['requested', 'approved', 'paid']) assert.ok(count(crm, 'refunds WHERE progress = ?', progress) >= 3, progress)
  assert.equal(count(orders, "orders WHERE customer LIKE 'shopper-%'"), all - 11)
  assert.equal(new Set(shopData(TODAY).orders.map(({ customer }) => customer.id)).size, 504, 'all but one have bought something')
})

test('no order contradicts itself, in one service or between two', async t => {
  const shop = await openTestShop(t)
  const database = shop.connect('orders')
  for (const other of ['crm', 'warehouse']) database.exec(`ATTACH '${join(shop.services.folder, `${other}.db`)}' AS ${other}`)
  const contradictions = {
    'placed in the future': 'placed_on > 0',
    'delivered before it was placed or after today': 'orders.delivered_on <= placed_on OR orders.delivered_on > 0',
    'delivered without a day or parcel':
      "orders.status IN ('delivered', 'returning', 'returned') AND (orders.delivered_on IS NULL OR tracking_number IS NULL)",
    'on its way without a parcel or an expected day':
      "orders.status IN ('shipped', 'out-for-delivery') AND (tracking_number IS NULL OR expected_on IS NULL OR orders.delivered_on IS NOT NULL)",
    'a parcel before it was shipped': "orders.status IN ('paid', 'packed', 'cancelled') AND tracking_number IS NOT NULL",
    'sent back or cancelled without a refund':
      "orders.status IN ('returning', 'returned', 'cancelled') AND number NOT IN (SELECT order_number FROM crm.refunds)",
    'without an item': 'number NOT IN (SELECT order_number FROM items)',
    'a refund before the order': 'number IN (SELECT order_number FROM crm.refunds WHERE requested_on < placed_on OR requested_on > 0)',
    'delivered on two days': 'orders.delivered_on IS NOT fulfilments.delivered_on',
    "another customer's in the CRM": 'customer IS NOT (SELECT customer FROM crm.purchases WHERE purchases.number = orders.number)',
  }
  for (const [what, where] of Object.entries(contradictions))
    assert.equal(count(database, `orders LEFT JOIN warehouse.fulfilments ON order_number = number WHERE ${where}`), 0, what)
  for (const name of SERVICES) assert.equal(shop.connect(name).prepare('PRAGMA foreign_key_check').all().length, 0)
  assert.deepEqual(database.prepare("SELECT number FROM orders WHERE number NOT GLOB '20[0-9][0-9]-[0-9]*'").all(), [])
})

test('a shop that is there is kept as it is, cases and all; one of an earlier release is made anew', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const first = await openTestShop(t, { folder: folder.path })
  const request = opening('k', 'demo-lin', { order: '2024-881', count: '1' })
  const opened = await first.effects.run(request, patience())
  await first.services.close()
  const again = await openTestShop(t, { folder: folder.path })
  assert.equal(count(again.connect(), 'cases'), 1)
  assert.deepEqual(await again.effects.run(request, patience()), opened)
  await again.services.close()
  again.connect().exec('PRAGMA user_version = 1')
  const anew = await openTestShop(t, { folder: folder.path })
  assert.deepEqual([count(anew.connect(), 'cases'), count(anew.connect(), 'customers')], [0, 505])
})

test('a file that is no database, or of a later release, breaks its own service alone; nothing of it is changed', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const junk = 'not a database, and longer than a header would be '.repeat(10)
  writeFileSync(join(folder.path, 'crm.db'), junk)
  const later = new DatabaseSync(join(folder.path, 'warehouse.db'))
  later.exec('PRAGMA user_version = 99')
  later.close()
  const { ask, fill } = await startTestServices(t, folder.path)
  fill()
  for (const [service, path, status] of [
    ['crm', '/customers/123', 500],
    ['warehouse', '/stock/kettle', 500],
    ['orders', '/orders?customer=123', 200],
  ] as const)
    assert.equal((await ask(service, path)).status, status, service)
})
