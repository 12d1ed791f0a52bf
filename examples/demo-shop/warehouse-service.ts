// The warehouse service: what was done for an order, its parcel, and the stock. warehouse.openapi.yaml is its contract.
import type { DatabaseSync } from 'node:sqlite'
import { type Day, dateOf } from './days.ts'
import { createDraws } from './seed/draws.ts'
import type { NumberedOrder } from './seed/seed-data.ts'
import { type Asked, listOf, ok, type Route, refused } from './service.ts'
import { openFilled, productOf, type ShopData } from './shop-data.ts'

const TABLES = `
  CREATE TABLE fulfilments (
    order_number TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN
      ('waiting', 'packed', 'with-carrier', 'delivered', 'cancelled', 'return-expected', 'return-received')),
    carrier_zh TEXT, carrier_en TEXT, tracking_number TEXT, expected_on INTEGER, delivered_on INTEGER
  ) STRICT;
  CREATE TABLE stock (product TEXT PRIMARY KEY, on_hand INTEGER NOT NULL) STRICT;`

const STATUS = {
  paid: 'waiting',
  packed: 'packed',
  shipped: 'with-carrier',
  'out-for-delivery': 'with-carrier',
  delivered: 'delivered',
  cancelled: 'cancelled',
} as const

/** What is sent back has arrived once its refund was approved. */
const statusOf = ({ status, refund }: NumberedOrder): string =>
  status !== 'returned' ? STATUS[status] : refund?.status === 'requested' ? 'return-expected' : 'return-received'

function fill(database: DatabaseSync, { orders }: ShopData): void {
  const fulfilment = database.prepare('INSERT INTO fulfilments VALUES (?, ?, ?, ?, ?, ?, ?)')
  const stock = database.prepare('INSERT INTO stock VALUES (?, ?)')
  for (const o of orders) {
    const { 'zh-CN': zh = null, en = null } = o.parcel?.carrier ?? {}
    fulfilment.run(o.number, statusOf(o), zh, en, o.parcel?.trackingNumber ?? null, o.expectedOn ?? null, o.deliveredOn ?? null)
  }
  for (const id of productOf.keys()) stock.run(id, createDraws(`stock of ${id}`).between(0, 400))
}

export function openWarehouse(file: string, data: () => ShopData): { readonly database: DatabaseSync; readonly routes: readonly Route[] } {
  const database = openFilled(file, TABLES, empty => fill(empty, data()))
  const one = database.prepare('SELECT * FROM fulfilments WHERE order_number = ?')
  const stockOf = database.prepare('SELECT product, on_hand FROM stock WHERE product = ?')
  const dayOf = (day: unknown, today: string): string | null => (day === null ? null : dateOf(day as Day, today)) // a strict column of days

  const tell = (row: Record<string, unknown>, { locale, today }: Asked) => ({
    order: row.order_number,
    status: row.status,
    expectedOn: dayOf(row.expected_on, today),
    parcel:
      row.tracking_number === null
        ? null
        : {
            carrier: locale === 'en' ? row.carrier_en : row.carrier_zh,
            trackingNumber: row.tracking_number,
            expectedOn: dayOf(row.expected_on, today),
            deliveredOn: dayOf(row.delivered_on, today),
          },
  })

  const routes: readonly Route[] = [
    {
      method: 'GET',
      path: '/fulfilments',
      answer: asked =>
        ok(
          listOf(asked.query, 'orders').flatMap(number => {
            const row = one.get(number)
            return row ? [tell(row, asked)] : []
          }),
        ),
    },
    {
      method: 'GET',
      path: '/stock/{product}',
      answer({ path }) {
        const row = stockOf.get(path.product!) // the path has it
        return row ? ok({ product: row.product, onHand: row.on_hand }) : refused(404, 'unknown-product')
      },
    },
  ]
  return { database, routes }
}
