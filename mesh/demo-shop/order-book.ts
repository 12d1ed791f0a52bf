// Reads orders, refunds and cases. Every statement names the customer in its condition, so an order of somebody else cannot be told from one that
// does not exist.

import type { DatabaseSync } from 'node:sqlite'
import type { CaseFact, OrderFact, OrderState, RefundFact } from '@parley/core/ports/mesh.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { type Day, dateOf } from './days.ts'
import { caseNumber, readOrderNumber } from './order-number.ts'
import { type LeftWith, type Market, money, orderStatus, type RefundStatus, refundStatus } from './texts.ts'

const NEWEST = 5

/** In whose words and on which day facts are told. */
export interface Telling {
  readonly locale: Locale
  readonly today: string
}

export interface OrderBook {
  /** Newest first; `most` of them. */
  orders(shopper: string, telling: Telling, most?: number): readonly OrderFact[]
  /** `written` as the customer wrote it; null where it names none of their orders. */
  order(shopper: string, written: string | undefined, telling: Telling): OrderFact | null
  /** Of the order named, or the newest of all where none is named. */
  refund(shopper: string, written: string | undefined, telling: Telling): RefundFact | null
  /** The five newest, newest first. */
  cases(shopper: string): readonly CaseFact[]
}

// Rows are as the statements below name their columns; the tables are strict, so the types hold, and that is the reason of every cast here.
interface OrderRow {
  readonly number: string
  readonly placed_on: Day
  readonly status: OrderState
  readonly carrier_zh: string | null
  readonly carrier_en: string | null
  readonly tracking_number: string | null
  readonly expected_on: Day | null
  readonly left_with: LeftWith | null
  readonly city_zh: string
  readonly city_en: string
  readonly market: Market
}

interface LineRow {
  readonly name_zh: string
  readonly name_en: string
  readonly quantity: number
  readonly unit_price: number
}

interface RefundRow {
  readonly order_number: string
  readonly amount: number
  readonly status: RefundStatus
  readonly expected_on: Day | null
  readonly market: Market
}

interface CaseRow {
  readonly id: number
  readonly order_number: string
  readonly count: number
  readonly amount: number
  readonly state: CaseFact['state']
  readonly market: Market
}

const ORDERS = `
  SELECT number, placed_on, status, carrier_zh, carrier_en, tracking_number, expected_on, left_with, city_zh, city_en, market
  FROM orders JOIN customers ON customers.id = orders.customer WHERE orders.customer = $shopper`
const REFUNDS = `
  SELECT order_number, amount, refunds.status, refunds.expected_on, market
  FROM refunds JOIN orders ON orders.number = order_number JOIN customers ON customers.id = orders.customer WHERE orders.customer = $shopper`

export function createOrderBook(database: DatabaseSync): OrderBook {
  const newest = database.prepare(`${ORDERS} ORDER BY placed_on DESC, number DESC LIMIT $most`)
  const one = database.prepare(`${ORDERS} AND number = $number`)
  const newestRefund = database.prepare(`${REFUNDS} ORDER BY requested_on DESC, order_number DESC LIMIT 1`)
  const refundOf = database.prepare(`${REFUNDS} AND order_number = $number`)
  const newestCases = database.prepare(`
    SELECT cases.id, order_number, count, amount, state, market
    FROM cases JOIN customers ON customers.id = customer WHERE customer = $shopper ORDER BY cases.id DESC LIMIT ${NEWEST}`)
  const linesOf = database.prepare(`
    SELECT name_zh, name_en, quantity, unit_price
    FROM lines JOIN products ON products.id = lines.product WHERE order_number = ? ORDER BY place`)

  const tell = (row: OrderRow, { locale, today }: Telling): OrderFact => {
    const lines = linesOf.all(row.number) as unknown as readonly LineRow[]
    const total = lines.reduce((sum, line) => sum + line.quantity * line.unit_price, 0)
    const carrier = locale === 'en' ? row.carrier_en : row.carrier_zh
    return {
      number: row.number,
      placedOn: dateOf(row.placed_on, today),
      status: orderStatus(row.status, row.left_with, { 'zh-CN': row.city_zh, en: row.city_en }, locale),
      state: row.status,
      items: lines.map(line => ({ name: locale === 'en' ? line.name_en : line.name_zh, quantity: line.quantity })),
      total: money(total, row.market),
      ...(carrier !== null && { carrier }),
      ...(row.tracking_number !== null && { trackingNumber: row.tracking_number }),
      ...(row.expected_on !== null && { expectedOn: dateOf(row.expected_on, today) }),
    }
  }

  const tellRefund = (row: RefundRow, { locale, today }: Telling): RefundFact => ({
    order: row.order_number,
    amount: money(row.amount, row.market),
    status: refundStatus(row.status, locale),
    ...(row.expected_on !== null && { expectedOn: dateOf(row.expected_on, today) }),
  })

  return {
    orders: (shopper, telling, most = NEWEST) =>
      (newest.all({ shopper, most }) as unknown as readonly OrderRow[]).map(row => tell(row, telling)),
    order(shopper, written, telling) {
      const number = readOrderNumber(written ?? '')
      const row = number && (one.get({ shopper, number }) as OrderRow | undefined)
      return row ? tell(row, telling) : null
    },
    refund(shopper, written, telling) {
      const number = readOrderNumber(written ?? '')
      if (written && !number) return null
      const row = (number ? refundOf.get({ shopper, number }) : newestRefund.get({ shopper })) as RefundRow | undefined
      return row ? tellRefund(row, telling) : null
    },
    cases: shopper =>
      // The columns of the statement.
      (newestCases.all({ shopper }) as unknown as readonly CaseRow[]).map(row => ({
        number: caseNumber(row.id),
        order: row.order_number,
        count: row.count,
        amount: money(row.amount, row.market),
        state: row.state,
      })),
  }
}
