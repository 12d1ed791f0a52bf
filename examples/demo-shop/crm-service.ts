// The CRM service: customers, refunds, compensation cases and coupons. crm.openapi.yaml is its contract.
import type { DatabaseSync } from 'node:sqlite'
import { type Day, dateOf } from './days.ts'
import { decimal, limitOf, listOf, made, ok, type Route, refused } from './service.ts'
import { currencyOf, openFilled, productOf, type ShopData, totalOf, unitPrice } from './shop-data.ts'

const TABLES = `
  CREATE TABLE customers (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, city_zh TEXT NOT NULL, city_en TEXT NOT NULL, language TEXT NOT NULL, currency TEXT NOT NULL
  ) STRICT;
  -- What the CRM knows of orders: enough to say what may be compensated.
  CREATE TABLE purchases (
    number TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers, delivered_on INTEGER,
    quantity INTEGER NOT NULL, unit_price INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE refunds (
    order_number TEXT PRIMARY KEY REFERENCES purchases, amount INTEGER NOT NULL,
    progress TEXT NOT NULL CHECK (progress IN ('requested', 'approved', 'paid')), requested_on INTEGER NOT NULL, expected_on INTEGER
  ) STRICT;
  CREATE TABLE cases (
    id INTEGER PRIMARY KEY AUTOINCREMENT, order_number TEXT NOT NULL REFERENCES purchases, count INTEGER NOT NULL, amount INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'withdrawn'))
  ) STRICT;
  CREATE UNIQUE INDEX living_case ON cases (order_number) WHERE state <> 'withdrawn';
  CREATE TABLE coupons (
    id INTEGER PRIMARY KEY AUTOINCREMENT, customer TEXT NOT NULL REFERENCES customers, percent INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'used', 'withdrawn'))
  ) STRICT;
  INSERT INTO sqlite_sequence (name, seq) VALUES ('cases', 1006), ('coupons', 2000);`

/** Days after the delivery on which a case can be opened. */
const CASE_DAYS = 7
const SPOILS_OR_BREAKS = ['fresh', 'tableware']

function fill(database: DatabaseSync, { customers, orders }: ShopData): void {
  const customer = database.prepare('INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?)')
  const purchase = database.prepare('INSERT INTO purchases VALUES (?, ?, ?, ?, ?)')
  const refund = database.prepare('INSERT INTO refunds VALUES (?, ?, ?, ?, ?)')
  for (const c of customers) customer.run(c.id, c.name, c.city['zh-CN'], c.city.en, c.market === 'cn' ? 'zh' : 'en', currencyOf(c))
  for (const o of orders) {
    // What is compensated: of goods that spoil or break before all others, then the dearest.
    const rank = (line: (typeof o.lines)[number]): number =>
      unitPrice(o, line) + (SPOILS_OR_BREAKS.includes(productOf.get(line.product)!.kind) ? 1e9 : 0) // the seed names only these
    const line = o.lines.toSorted((a, b) => rank(b) - rank(a))[0]! // an order has a line
    purchase.run(o.number, o.customer.id, o.status === 'delivered' ? o.deliveredOn! : null, line.quantity, unitPrice(o, line)) // what is delivered has its day
    if (o.refund) refund.run(o.number, totalOf(o), o.refund.status, o.refund.requestedOn, o.refund.expectedOn ?? null)
  }
}

export function openCrm(file: string, data: () => ShopData): { readonly database: DatabaseSync; readonly routes: readonly Route[] } {
  const database = openFilled(file, TABLES, empty => fill(empty, data()))
  const customerOf = database.prepare('SELECT * FROM customers WHERE id = ?')
  const refunds = `
    SELECT order_number, customer, amount, progress, requested_on, expected_on, currency
    FROM refunds JOIN purchases ON number = order_number JOIN customers ON customers.id = customer`
  const refundOf = database.prepare(`${refunds} WHERE order_number = ?`)
  const refundsOf = database.prepare(`${refunds}
    WHERE customer = $customer AND ($order IS NULL OR order_number = $order) ORDER BY requested_on DESC, order_number DESC LIMIT $limit`)
  const purchaseOf = database.prepare(`
    SELECT *, EXISTS (SELECT 1 FROM refunds WHERE order_number = number) AS is_refunded,
      EXISTS (SELECT 1 FROM cases WHERE order_number = number AND state <> 'withdrawn') AS has_case
    FROM purchases WHERE number = ? AND customer = ?`)
  const addCase = database.prepare("INSERT INTO cases (order_number, count, amount, state) VALUES (?, ?, ?, 'open')")
  const cases = `
    SELECT cases.id, customer, order_number, count, amount, currency, state
    FROM cases JOIN purchases ON number = order_number JOIN customers ON customers.id = customer WHERE customer = $customer`
  const casesOf = database.prepare(`${cases} ORDER BY cases.id DESC LIMIT $limit`)
  const caseOf = database.prepare(`${cases} AND cases.id = $id`)
  const setCase = database.prepare("UPDATE cases SET state = 'withdrawn' WHERE id = ?")
  const addCoupon = database.prepare("INSERT INTO coupons (customer, percent, state) VALUES (?, ?, 'open')")
  const couponsOf = database.prepare('SELECT * FROM coupons WHERE customer = $customer ORDER BY id DESC LIMIT $limit')
  const couponOf = database.prepare('SELECT * FROM coupons WHERE customer = $customer AND id = $id')
  const setCoupon = database.prepare("UPDATE coupons SET state = 'withdrawn' WHERE id = ?")

  type Row = Record<string, unknown>
  const tellCase = (row: Row) => ({
    number: `CP-${row.id}`,
    ...{ customer: row.customer, order: row.order_number, count: row.count },
    ...{ amount: decimal(Number(row.amount)), currency: row.currency, state: row.state },
  })
  const tellRefund = ({ order_number: order, customer, amount, progress, currency, ...days }: Row, today: string) => {
    const [requestedOn, expectedOn] = [dayOf(days.requested_on, today), dayOf(days.expected_on, today)]
    return { order, customer, amount: decimal(Number(amount)), currency, progress, requestedOn, expectedOn }
  }
  const tellCoupon = ({ id, customer, percent, state }: Row) => ({ code: `CU-${id}`, customer, percent, state })
  const idOf = (name: 'CP' | 'CU', text = ''): number => Number(new RegExp(`^${name}-(\\d{1,9})$`).exec(text)?.[1] ?? -1)
  const dayOf = (day: unknown, today: string): string | null => (day === null ? null : dateOf(day as Day, today)) // a strict column of days

  const routes: readonly Route[] = [
    {
      method: 'GET',
      path: '/customers/{id}',
      answer({ path, locale }) {
        const row = customerOf.get(path.id!) // the path has it
        if (!row) return refused(404, 'unknown-customer')
        const { id, name, language, currency } = row
        return ok({ id, name, city: locale === 'en' ? row.city_en : row.city_zh, language, currency })
      },
    },
    {
      method: 'GET',
      path: '/refunds',
      answer: ({ query, today }) =>
        ok(
          listOf(query, 'orders').flatMap(number => {
            const row = refundOf.get(number)
            return row ? [tellRefund(row, today)] : []
          }),
        ),
    },
    {
      method: 'GET',
      path: '/refunds/of-customer',
      answer: ({ query, today }) =>
        ok(
          refundsOf
            .all({ customer: query.get('customer') ?? '', order: query.get('order'), limit: limitOf(query, 5) })
            .map(row => tellRefund(row, today)),
        ),
    },
    {
      method: 'GET',
      path: '/cases',
      answer: ({ query }) => ok(casesOf.all({ customer: query.get('customer') ?? '', limit: limitOf(query, 5) }).map(tellCase)),
    },
    {
      method: 'POST',
      path: '/cases',
      answer({ body }) {
        const customer = String(body.customer ?? '')
        const row = purchaseOf.get(String(body.order ?? ''), customer)
        const count = Number(body.count)
        if (!row) return refused(404, 'unknown-order')
        if (row.is_refunded === 1) return refused(409, 'refunded')
        if (row.delivered_on === null) return refused(409, 'not-delivered')
        if (Number(row.delivered_on) < -CASE_DAYS) return refused(409, 'too-late')
        if (!Number.isInteger(count) || count < 1) return refused(409, 'bad-count')
        if (count > Number(row.quantity)) return refused(409, 'too-many')
        if (row.has_case === 1) return refused(409, 'already-open')
        const { lastInsertRowid } = addCase.run(String(row.number), count, Number(row.unit_price) * count)
        return made(tellCase(caseOf.get({ customer, id: lastInsertRowid })!)) // it was inserted above
      },
    },
    {
      method: 'POST',
      path: '/cases/{case}/withdrawal',
      answer({ path, body }) {
        const row = caseOf.get({ customer: String(body.customer ?? ''), id: idOf('CP', path.case) })
        if (!row) return refused(404, 'unknown-case')
        if (row.state === 'paid') return refused(409, 'already-paid')
        setCase.run(Number(row.id))
        return ok(tellCase({ ...row, state: 'withdrawn' }))
      },
    },
    {
      method: 'GET',
      path: '/coupons',
      answer: ({ query }) => ok(couponsOf.all({ customer: query.get('customer') ?? '', limit: limitOf(query, 5) }).map(tellCoupon)),
    },
    {
      method: 'POST',
      path: '/coupons',
      answer({ body }) {
        const [customer, percent] = [String(body.customer ?? ''), Number(body.percent)]
        if (!customerOf.get(customer)) return refused(404, 'unknown-customer')
        if (!Number.isInteger(percent) || percent < 1 || percent > 30) return refused(409, 'bad-percent')
        const { lastInsertRowid: id } = addCoupon.run(customer, percent)
        return made(tellCoupon({ id, customer, percent, state: 'open' }))
      },
    },
    {
      method: 'POST',
      path: '/coupons/{coupon}/withdrawal',
      answer({ path, body }) {
        const row = couponOf.get({ customer: String(body.customer ?? ''), id: idOf('CU', path.coupon) })
        if (!row) return refused(404, 'unknown-coupon')
        if (row.state === 'used') return refused(409, 'already-used')
        setCoupon.run(Number(row.id))
        return ok(tellCoupon({ ...row, state: 'withdrawn' }))
      },
    },
  ]
  return { database, routes }
}
