// Writes a drawn shop into empty tables, with a handful of compensation cases from before the demo.
import type { DatabaseSync } from 'node:sqlite'
import type { DrawnShop } from './draw-shop.ts'
import { PRODUCTS } from './products.ts'
import type { NumberedOrder, SeedLine } from './shop-data.ts'

/** Settled cases of the past: the first that the demo opens is CP-1007. */
const PAST_CASES = ['paid', 'paid', 'withdrawn', 'paid', 'paid', 'paid']
const FIRST_CASE = 1_001
/** Older than any order for which a case can still be opened. */
const PAST_DAYS = 30

const productOf = new Map(PRODUCTS.map(product => [product.id, product]))

export function fill(database: DatabaseSync, { drawn, documented, orders }: DrawnShop): void {
  const customer = database.prepare('INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?)')
  const product = database.prepare('INSERT INTO products VALUES (?, ?, ?, ?)')
  const order = database.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const line = database.prepare('INSERT INTO lines VALUES (?, ?, ?, ?, ?)')
  const refund = database.prepare('INSERT INTO refunds VALUES (?, ?, ?, ?, ?)')
  const compensation = database.prepare('INSERT INTO cases VALUES (?, ?, ?, ?, ?, ?, ?)')

  for (const { id, kind, name } of PRODUCTS) product.run(id, kind, name['zh-CN'], name.en)
  for (const { id, name, city, market } of documented) customer.run(id, name, city['zh-CN'], city.en, market, null)
  for (const [place, { id, name, city, market }] of drawn.entries()) customer.run(id, name, city['zh-CN'], city.en, market, place)
  for (const o of orders) {
    const { 'zh-CN': carrierZh = null, en: carrierEn = null } = o.parcel?.carrier ?? {}
    order.run(
      ...[o.number, o.customer.id, o.placedOn, o.status, carrierZh, carrierEn, o.parcel?.trackingNumber ?? null],
      ...[o.expectedOn ?? null, o.deliveredOn ?? null, o.leftWith ?? null],
    )
    for (const [place, l] of o.lines.entries()) line.run(o.number, place, l.product, l.quantity, unitPrice(o, l))
    if (o.refund) refund.run(o.number, total(o), o.refund.status, o.refund.requestedOn, o.refund.expectedOn ?? null)
  }
  const spoiled = orders.filter(
    o => o.status === 'delivered' && !o.refund && o.placedOn < -PAST_DAYS && productOf.get(o.lines[0]!.product)!.kind === 'fresh',
  )
  for (const [i, state] of PAST_CASES.entries()) {
    const o = spoiled[i]! // hundreds are
    compensation.run(FIRST_CASE + i, `seed/${i + 1}`, o.customer.id, o.number, 1, unitPrice(o, o.lines[0]!), state)
  }
}

const unitPrice = (order: NumberedOrder, line: SeedLine): number => productOf.get(line.product)!.price[order.customer.market] // the seed names only these

const total = (order: NumberedOrder): number => order.lines.reduce((sum, line) => sum + line.quantity * unitPrice(order, line), 0)
