// The orders service: orders by customer and by number, and returns. orders.openapi.yaml is its contract.
import type { DatabaseSync } from 'node:sqlite'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { dateOf } from './days.ts'
import type { NumberedOrder } from './seed/seed-data.ts'
import { type Asked, decimal, limitOf, listOf, made, ok, type Route, refused } from './service.ts'
import { currencyOf, openFilled, productOf, type ShopData, totalOf, unitPrice } from './shop-data.ts'
import { type LeftWith, orderStatus } from './texts.ts'

const TABLES = `
  CREATE TABLE orders (
    number TEXT PRIMARY KEY, customer TEXT NOT NULL, placed_on INTEGER NOT NULL, delivered_on INTEGER,
    status TEXT NOT NULL CHECK (status IN
      ('paid', 'packed', 'shipped', 'out-for-delivery', 'delivered', 'cancelled', 'returning', 'returned')),
    total INTEGER NOT NULL, currency TEXT NOT NULL, city_zh TEXT NOT NULL, city_en TEXT NOT NULL,
    left_with TEXT CHECK (left_with IN ('gatehouse', 'locker', 'doorstep'))
  ) STRICT;
  CREATE INDEX orders_of_customer ON orders (customer, placed_on);
  CREATE TABLE items (
    order_number TEXT NOT NULL REFERENCES orders, place INTEGER NOT NULL, product TEXT NOT NULL,
    name_zh TEXT NOT NULL, name_en TEXT NOT NULL, quantity INTEGER NOT NULL, price INTEGER NOT NULL, PRIMARY KEY (order_number, place)
  ) STRICT;
  CREATE TABLE returns (
    id INTEGER PRIMARY KEY AUTOINCREMENT, order_number TEXT NOT NULL REFERENCES orders, reason TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('registered', 'withdrawn'))
  ) STRICT;
  CREATE UNIQUE INDEX living_return ON returns (order_number) WHERE status <> 'withdrawn';
  INSERT INTO sqlite_sequence (name, seq) VALUES ('returns', 5000);`

/** Days after the delivery on which an order can be sent back. */
const RETURN_DAYS = 30

function fill(database: DatabaseSync, { orders }: ShopData): void {
  const order = database.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const item = database.prepare('INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)')
  for (const o of orders) {
    const status = o.status === 'returned' && o.refund?.status !== 'paid' ? 'returning' : o.status
    const { id, city } = o.customer
    order.run(
      ...[o.number, id, o.placedOn, o.deliveredOn ?? null, status, totalOf(o), currencyOf(o.customer)],
      ...[city['zh-CN'], city.en, o.leftWith ?? null],
    )
    for (const [place, line] of o.lines.entries()) {
      const { name } = productOf.get(line.product)! // the seed names only these
      item.run(o.number, place, line.product, name['zh-CN'], name.en, line.quantity, unitPrice(o, line))
    }
  }
}

/** An order that came back by the seed alone has come back; one that the customer has announced is still to come. */
function statusText({ status, left_with, city_zh, city_en, return_id }: Record<string, unknown>, locale: Locale): string {
  if (status === 'returning' && return_id !== null) return locale === 'en' ? 'being returned' : '退货中'
  // Casts: as the strict table has them.
  const state = status === 'returning' ? 'returned' : (status as NumberedOrder['status'])
  return orderStatus(state, left_with as LeftWith | null, { 'zh-CN': String(city_zh), en: String(city_en) }, locale)
}

export function openOrders(file: string, data: () => ShopData): { readonly database: DatabaseSync; readonly routes: readonly Route[] } {
  const database = openFilled(file, TABLES, empty => fill(empty, data()))
  const columns = `number, customer, placed_on, status, total, currency, city_zh, city_en, left_with,
    (SELECT id FROM returns WHERE order_number = number AND returns.status = 'registered') AS return_id`
  const page = database.prepare(`
    SELECT ${columns} FROM orders WHERE customer = $customer AND ($status IS NULL OR status = $status)
      AND ($after IS NULL OR (placed_on, number) < (SELECT placed_on, number FROM orders WHERE number = $after AND customer = $customer))
    ORDER BY placed_on DESC, number DESC LIMIT $limit`)
  const one = database.prepare(`SELECT ${columns}, delivered_on FROM orders WHERE number = ?`)
  const itemsOf = database.prepare('SELECT product, name_zh, name_en, quantity, price FROM items WHERE order_number = ? ORDER BY place')
  const addReturn = database.prepare("INSERT INTO returns (order_number, reason, status) VALUES (?, ?, 'registered')")
  const setStatus = database.prepare('UPDATE orders SET status = ? WHERE number = ?')
  const returnOf = database.prepare(
    'SELECT id, order_number, returns.status FROM returns JOIN orders ON number = order_number WHERE id = ? AND customer = ?',
  )
  const withdraw = database.prepare("UPDATE returns SET status = 'withdrawn' WHERE id = ?")

  const tell = (row: Record<string, unknown>, { locale, today }: Asked) => ({
    number: row.number,
    customer: row.customer,
    placedOn: dateOf(Number(row.placed_on), today),
    status: row.status,
    statusText: statusText(row, locale),
    items: itemsOf.all(String(row.number)).map(item => ({
      product: item.product,
      name: locale === 'en' ? item.name_en : item.name_zh,
      quantity: item.quantity,
      price: decimal(Number(item.price)),
    })),
    total: decimal(Number(row.total)),
    currency: row.currency,
    return: row.return_id === null ? null : `RT-${row.return_id}`,
  })

  const routes: readonly Route[] = [
    {
      method: 'GET',
      path: '/orders',
      answer(asked) {
        const customer = asked.query.get('customer')
        if (!customer) return refused(400, 'customer-missing')
        const limit = limitOf(asked.query, 10)
        const [status, after] = [asked.query.get('status'), asked.query.get('after')]
        const rows = page.all({ customer, status, after, limit: limit + 1 })
        const orders = rows.slice(0, limit).map(row => tell(row, asked))
        return ok({ orders, next: rows.length > limit ? orders.at(-1)?.number : null })
      },
    },
    {
      method: 'GET',
      path: '/orders/by-number',
      answer: asked =>
        ok(
          listOf(asked.query, 'numbers').flatMap(number => {
            const row = one.get(number)
            return row ? [tell(row, asked)] : []
          }),
        ),
    },
    {
      method: 'GET',
      path: '/orders/{number}',
      answer(asked) {
        const row = one.get(asked.path.number!) // the path has it
        return row && row.customer === asked.query.get('customer') ? ok(tell(row, asked)) : refused(404, 'unknown-order')
      },
    },
    {
      method: 'POST',
      path: '/orders/{number}/returns',
      answer({ path, body }) {
        const row = one.get(path.number!)
        if (!row || row.customer !== body.customer) return refused(404, 'unknown-order')
        if (row.status !== 'delivered') return refused(409, row.status === 'returning' ? 'already-returning' : 'not-delivered')
        if (Number(row.delivered_on) < -RETURN_DAYS) return refused(409, 'too-late')
        const { lastInsertRowid } = addReturn.run(String(row.number), String(body.reason ?? '').slice(0, 200))
        setStatus.run('returning', String(row.number))
        return made({ number: `RT-${lastInsertRowid}`, order: row.number, status: 'registered' })
      },
    },
    {
      method: 'POST',
      path: '/returns/{return}/withdrawal',
      answer({ path, body }) {
        const id = /^RT-(\d{1,9})$/.exec(path.return!)?.[1]
        const row = id ? returnOf.get(Number(id), String(body.customer ?? '')) : undefined
        if (!row) return refused(404, 'unknown-return')
        if (row.status === 'registered') {
          withdraw.run(Number(row.id))
          setStatus.run('delivered', String(row.order_number))
        }
        return ok({ number: `RT-${row.id}`, order: row.order_number, status: 'withdrawn' })
      },
    },
  ]
  return { database, routes }
}
