// Compensation cases: opened and withdrawn under an idempotency key. A key's outcome is written in the transaction of its effect; so whatever is
// killed when, running the key again finds either nothing of it or all of it, and says the same as the first time. Refusals are kept as well.

import type { DatabaseSync } from 'node:sqlite'
import type { EffectOutcome, EffectRequest } from '@parley/core/ports/effects.ts'
import type { OrderState } from '@parley/core/ports/mesh.ts'
import { inTransaction } from './database.ts'
import type { Day } from './days.ts'
import { caseNumber, readOrderNumber } from './order-number.ts'
import type { FindShopper } from './shoppers.ts'
import { type Market, money } from './texts.ts'

export const EFFECTS = ['open-compensation', 'withdraw-compensation'] as const

/** A case can be opened for so long after the delivery. */
const OPEN_DAYS = 7

export type RefusalReason =
  | 'unknown-order'
  | 'not-delivered'
  | 'refunded'
  | 'too-late'
  | 'bad-count'
  | 'too-many'
  | 'already-open'
  | 'unknown-case'
  | 'already-paid'

const refuse = (reason: RefusalReason): EffectOutcome => ({ state: 'refused', reason })

type CaseState = 'open' | 'paid' | 'withdrawn'
type EffectWork = Pick<EffectRequest, 'name' | 'key' | 'customer' | 'slots' | 'undoes'>

// Rows are as the statements below name their columns; the tables are strict, so the types hold, and that is the reason of every cast here.
interface OrderRow {
  readonly status: OrderState
  readonly delivered_on: Day | null
  readonly is_refunded: 0 | 1
  readonly has_living_case: 0 | 1
  readonly quantity: number
  readonly unit_price: number
}

interface CaseRow {
  readonly id: number
  readonly order_number: string
  readonly count: number
  readonly amount: number
  readonly state: CaseState
  readonly market: Market
}

/** Runs one effect. Throws what SQLite throws (a lock, a full disk): then nothing of it is done. */
export function createRunEffect(database: DatabaseSync, findShopper: FindShopper): (work: EffectWork) => EffectOutcome {
  const outcomeOf = database.prepare('SELECT name, customer, outcome FROM outcomes WHERE key = ?')
  const keepOutcome = database.prepare('INSERT INTO outcomes (key, name, customer, outcome) VALUES (?, ?, ?, ?)')
  // The line that is compensated: of goods that spoil or break before all others, then the dearest.
  const orderOf = database.prepare(`
    SELECT status, delivered_on, quantity, unit_price,
      EXISTS (SELECT 1 FROM refunds WHERE order_number = number) AS is_refunded,
      EXISTS (SELECT 1 FROM cases WHERE order_number = number AND state <> 'withdrawn') AS has_living_case
    FROM orders JOIN lines ON lines.order_number = number JOIN products ON products.id = product
    WHERE customer = $shopper AND number = $number
    ORDER BY kind IN ('fresh', 'tableware') DESC, unit_price DESC, lines.place LIMIT 1`)
  const insertCase = database.prepare(`
    INSERT INTO cases (key, customer, order_number, count, amount, state) VALUES ($key, $shopper, $number, $count, $amount, 'open')`)
  const caseOf = database.prepare(`
    SELECT cases.id, order_number, count, amount, state, market FROM cases JOIN customers ON customers.id = customer
    WHERE customer = $shopper AND cases.id = $id`)
  const withdrawCase = database.prepare("UPDATE cases SET state = 'withdrawn' WHERE id = ?")

  const open = (shopper: string, key: string, slots: EffectWork['slots']): EffectOutcome => {
    const number = readOrderNumber(slots.order ?? '')
    const order = number && (orderOf.get({ shopper, number }) as OrderRow | undefined)
    if (!order) return refuse('unknown-order')
    if (order.is_refunded) return refuse('refunded')
    if (order.status !== 'delivered' || order.delivered_on === null) return refuse('not-delivered')
    if (order.delivered_on < -OPEN_DAYS) return refuse('too-late')
    const count = readCount(slots.count ?? '')
    if (count === undefined) return refuse('bad-count')
    if (count > order.quantity) return refuse('too-many')
    if (order.has_living_case) return refuse('already-open')
    const { lastInsertRowid } = insertCase.run({ key, shopper, number, count, amount: order.unit_price * count })
    return done(caseOf.get({ shopper, id: lastInsertRowid }) as unknown as CaseRow)
  }

  const withdraw = (shopper: string, undoes: EffectWork['undoes']): EffectOutcome => {
    const id = /^CP-(\d{1,9})$/.exec(undoes?.case ?? '')?.[1]
    const row = id && (caseOf.get({ shopper, id: Number(id) }) as CaseRow | undefined)
    if (!row) return refuse('unknown-case')
    if (row.state === 'paid') return refuse('already-paid')
    withdrawCase.run(row.id)
    return done({ ...row, state: 'withdrawn' })
  }

  const run = ({ name, key, customer, slots, undoes }: EffectWork): EffectOutcome => {
    const before = outcomeOf.get(key) as { readonly name: string; readonly customer: string; readonly outcome: string } | undefined
    if (before) {
      // A key that stands for something else is a bug of the caller, and must not show one customer another's outcome.
      if (before.name !== name || before.customer !== customer) throw new Error('the key stands for another effect already')
      return JSON.parse(before.outcome) as EffectOutcome // as it is kept below
    }
    const shopper = findShopper(customer)
    const outcome = name === 'open-compensation' ? open(shopper ?? '', key, slots) : withdraw(shopper ?? '', undoes)
    keepOutcome.run(key, name, customer, JSON.stringify(outcome))
    return outcome
  }
  return work => inTransaction(database, () => run(work))
}

const done = (row: CaseRow): EffectOutcome => ({
  state: 'done',
  result: {
    case: caseNumber(row.id),
    order: row.order_number,
    count: String(row.count),
    amount: money(row.amount, row.market),
    state: row.state,
  },
})

/** A whole number from 1 on, in half-width or full-width digits. */
function readCount(text: string): number | undefined {
  const digits = /^0*([1-9]\d{0,5})$/.exec(text.normalize('NFKC').trim())?.[1]
  return digits === undefined ? undefined : Number(digits)
}
