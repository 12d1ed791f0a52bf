// What the demo shop is filled with: the same for the same day, enough of it, and such as a shop's data are.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openDemoShop } from '@parley/mesh/demo-shop/demo-shop.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { opening, patience, TODAY } from './questions.ts'
import { count, openTestShop } from './shop.ts'

const TABLES = ['customers', 'products', 'orders', 'lines', 'refunds', 'cases', 'outcomes']

function hashOf(database: DatabaseSync): string {
  const hash = createHash('sha256')
  for (const table of TABLES)
    for (const row of database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).iterate()) hash.update(`${table} ${JSON.stringify(row)}\n`)
  return hash.digest('hex')
}

test('the same day gives the same shop, row by row; another day other years in its numbers alone', async t => {
  const [one, two, later] = [await openTestShop(t), await openTestShop(t), await openTestShop(t, { today: () => '2026-08-01' })]
  const [first, second, other] = [one.connect(), two.connect(), later.connect()]
  assert.equal(hashOf(first), hashOf(second))
  assert.notEqual(hashOf(first), hashOf(other))
  const withoutNumbers =
    'SELECT customer, placed_on, status, tracking_number, expected_on FROM orders ORDER BY customer, placed_on, tracking_number'
  assert.deepEqual(first.prepare(withoutNumbers).all(), other.prepare(withoutNumbers).all())
})

test('there are five hundred customers, some two thousand orders, and every kind of trouble', async t => {
  const shop = await openTestShop(t)
  const database = shop.connect()
  assert.equal(count(database, 'customers WHERE place IS NOT NULL'), 500)
  assert.equal(count(database, 'customers'), 504)
  const orders = count(database, 'orders')
  assert.ok(orders >= 1_850 && orders <= 2_150, `${orders} orders`)
  for (const market of ['cn', 'us']) assert.ok(count(database, 'customers WHERE market = ?', market) > 200, market)
  for (const kind of ['fresh', 'tableware', 'appliance', 'clothes'])
    assert.ok(count(database, 'lines JOIN products ON products.id = product WHERE kind = ?', kind) > 200, kind)
  for (const status of ['paid', 'packed', 'shipped', 'out-for-delivery', 'cancelled', 'returned'])
    assert.ok(count(database, 'orders WHERE status = ?', status) >= 10, `${status}: ${count(database, 'orders WHERE status = ?', status)}`)
  assert.ok(count(database, "orders WHERE status = 'delivered'") > orders / 2)
  assert.ok(count(database, "orders WHERE status = 'shipped' AND expected_on < 0") >= 10, 'late')
  assert.ok(count(database, "orders WHERE status = 'delivered' AND left_with IS NOT NULL AND delivered_on > -30") >= 50, 'left somewhere')
  for (const status of ['requested', 'approved', 'paid']) assert.ok(count(database, 'refunds WHERE status = ?', status) >= 3, status)
  assert.equal(count(database, 'orders WHERE customer IN (SELECT id FROM customers WHERE place IS NOT NULL)'), orders - 7)
  assert.equal(count(database, 'customers WHERE place IS NOT NULL AND id NOT IN (SELECT customer FROM orders)'), 0)
})

test('no order contradicts itself', async t => {
  const database = (await openTestShop(t)).connect()
  const contradictions = {
    'placed in the future': 'placed_on > 0',
    'delivered before it was placed or after today': 'delivered_on <= placed_on OR delivered_on > 0',
    'delivered without a day or parcel': "status IN ('delivered', 'returned') AND (delivered_on IS NULL OR tracking_number IS NULL)",
    'on its way without a parcel or an expected day':
      "status IN ('shipped', 'out-for-delivery') AND (tracking_number IS NULL OR expected_on IS NULL OR delivered_on IS NOT NULL)",
    'a parcel before it was shipped': "status IN ('paid', 'packed', 'cancelled') AND tracking_number IS NOT NULL",
    'sent back or cancelled without a refund': "status IN ('returned', 'cancelled') AND number NOT IN (SELECT order_number FROM refunds)",
    'without a line': 'number NOT IN (SELECT order_number FROM lines)',
    'a refund before the order': 'number IN (SELECT order_number FROM refunds WHERE requested_on < placed_on OR requested_on > 0)',
  }
  for (const [what, where] of Object.entries(contradictions)) assert.equal(count(database, `orders WHERE ${where}`), 0, what)
  assert.equal(database.prepare('PRAGMA foreign_key_check').all().length, 0)
  assert.deepEqual(database.prepare("SELECT number FROM orders WHERE number NOT GLOB '20[0-9][0-9]-[0-9]*'").all(), [])
})

test('a shop that is there is kept as it is, cases and all', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const file = join(folder.path, 'shop.db')
  const first = await openDemoShop({ file, today: () => TODAY })
  const opened = await first.effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '1' }), patience())
  await first.close()
  assert.ok(!existsSync(`${file}-wal`), 'what is closed is one file')
  const again = await openTestShop(t, { file, today: () => '2030-01-01' })
  assert.equal(count(again.connect(), 'cases WHERE key = ?', 'k'), 1)
  assert.deepEqual(await again.effects.run(opening('k', 'demo-lin', { order: '2024-881', count: '1' }), patience()), opened)
})

test('a file that is no database, or of a later release, is a fault that names it; nothing of it is changed', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const junk = join(folder.path, 'junk.db')
  writeFileSync(junk, 'not a database, and longer than a header would be '.repeat(10))
  await assert.rejects(openDemoShop({ file: junk, today: () => TODAY }), { code: 'SOURCE_INVALID', message: /junk\.db.*not a database/ })
  const shop = await openTestShop(t)
  shop.connect().exec('PRAGMA user_version = 99')
  assert.equal(await faultCodeOf(openDemoShop({ file: shop.file, today: () => TODAY })), 'SOURCE_INVALID')
  assert.equal(await faultCodeOf(openDemoShop({ file: join(junk, 'shop.db'), today: () => TODAY })), 'SOURCE_INVALID')
})
