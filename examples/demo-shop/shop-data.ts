// What the three services are filled with: the customers and orders that are drawn and documented (seed/), and one customer more, 123,
// whom the documentation's query asks about. Each service keeps its own part of it in its own file.
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { inTransaction } from './in-transaction.ts'
import { drawShop } from './seed/draw-shop.ts'
import { PRODUCTS } from './seed/products.ts'
import type { NumberedOrder, SeedCustomer, SeedLine } from './seed/seed-data.ts'
import { OUTCOMES } from './service.ts'

const SHEN: SeedCustomer = { id: '123', name: '沈一帆', city: { 'zh-CN': '苏州', en: 'Suzhou' }, market: 'cn' }
const SF = { 'zh-CN': '顺丰速运', en: 'SF Express' }

/** The customer of the documentation: two orders on their way back, one of them there already, and two others. */
const SHEN_ORDERS: readonly NumberedOrder[] = [
  {
    number: '2024-123',
    customer: SHEN,
    placedOn: -9,
    status: 'returned',
    lines: [
      { product: 'down-jacket', quantity: 1 },
      { product: 'scarf', quantity: 2 },
    ],
    parcel: { carrier: SF, trackingNumber: 'SF1380024012301' },
    deliveredOn: -6,
    refund: { status: 'approved', requestedOn: -4, expectedOn: 3 },
  },
  {
    number: '2024-124',
    customer: SHEN,
    placedOn: -6,
    status: 'returned',
    lines: [{ product: 'kettle', quantity: 1 }],
    parcel: { carrier: SF, trackingNumber: 'SF1380024012402' },
    deliveredOn: -4,
    refund: { status: 'requested', requestedOn: -1, expectedOn: 5 },
  },
  {
    number: '2024-125',
    customer: SHEN,
    placedOn: -3,
    status: 'delivered',
    lines: [{ product: 'dinner-plate', quantity: 6 }],
    parcel: { carrier: SF, trackingNumber: 'SF1380024012503' },
    deliveredOn: -1,
  },
  {
    number: '2024-126',
    customer: SHEN,
    placedOn: -1,
    status: 'packed',
    lines: [{ product: 'rice-cooker', quantity: 1 }],
    expectedOn: 2,
  },
]

export interface ShopData {
  readonly customers: readonly SeedCustomer[]
  readonly orders: readonly NumberedOrder[]
}

export function shopData(today: string): ShopData {
  const { documented, drawn, orders } = drawShop(today)
  return { customers: [...documented, SHEN, ...drawn], orders: [...SHEN_ORDERS, ...orders] }
}

export const productOf = new Map(PRODUCTS.map(product => [product.id, product]))

/** Fen or cents. */
export const unitPrice = (order: NumberedOrder, line: SeedLine): number => productOf.get(line.product)!.price[order.customer.market] // the seed names only these

export const totalOf = (order: NumberedOrder): number => order.lines.reduce((sum, line) => sum + line.quantity * unitPrice(order, line), 0)

export const currencyOf = (customer: SeedCustomer): 'CNY' | 'USD' => (customer.market === 'cn' ? 'CNY' : 'USD')

const LOCK_WAIT_MS = 250
/** Of the tables and of what they are filled with. */
const VERSION = 2

/**
 * Opens a service's file; where it is new, or of an earlier release, makes its tables and has `fill` fill them, all in one transaction. Throws what
 * SQLite throws.
 */
export function openFilled(file: string, tables: string, fill: (database: DatabaseSync) => void): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: LOCK_WAIT_MS })
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
    const version = (): number => Number(database.prepare('PRAGMA user_version').get()?.user_version)
    if (version() > VERSION) throw new Error(`the file has version ${version()}, and this release reads ${VERSION}`)
    if (version() > 0 && version() < VERSION) {
      database.close()
      for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
      return openFilled(file, tables, fill)
    }
    inTransaction(database, () => {
      if (version() !== 0) return
      database.exec(tables + OUTCOMES)
      fill(database)
      database.exec(`PRAGMA user_version = ${VERSION}`)
    })
    return database
  } catch (error) {
    if (database.isOpen) database.close()
    throw error
  }
}
