// Draws the whole shop: five hundred customers and some two thousand orders. The same day gives the same shop, to the last digit; another day
// changes nothing but the years in the orders' numbers.
import { dateOf } from '../days.ts'
import type { Market } from '../texts.ts'
import { DOCUMENTED_CUSTOMERS, DOCUMENTED_ORDERS } from './documented.ts'
import { createDraws } from './draws.ts'
import { MARKETS } from './markets.ts'
import { drawOrder } from './order-life.ts'
import type { NumberedOrder, SeedCustomer, SeedOrder } from './seed-data.ts'

const SEED = 'parley demo shop 1'
const CUSTOMERS = 500
/** Orders of a customer: four on average. */
const ORDERS_EACH = [1, 2, 2, 3, 3, 4, 4, 5, 6, 10]
/** The first number of a year that is drawn. */
const FIRST_NUMBER = 1_000

export interface DrawnShop {
  /** Those that a visitor may be taken for. */
  readonly drawn: readonly SeedCustomer[]
  readonly documented: readonly SeedCustomer[]
  readonly orders: readonly NumberedOrder[]
}

export function drawShop(today: string): DrawnShop {
  const drawn = Array.from({ length: CUSTOMERS }, (_, i) => drawCustomer(i + 1))
  const orders = drawn.flatMap(customer => {
    const draws = createDraws(`${SEED}/orders of ${customer.id}`)
    return Array.from({ length: draws.one(ORDERS_EACH) }, () => drawOrder(customer, draws))
  })
  return { drawn, documented: DOCUMENTED_CUSTOMERS, orders: [...DOCUMENTED_ORDERS, ...numbered(orders, today)] }
}

function drawCustomer(place: number): SeedCustomer {
  const draws = createDraws(`${SEED}/customer ${place}`)
  const market: Market = draws.chance(0.5) ? 'cn' : 'us'
  return {
    id: `shopper-${String(place).padStart(3, '0')}`,
    name: MARKETS[market].personName(draws),
    city: draws.one(MARKETS[market].cities),
    market,
  }
}

/** Numbers run through a year in the order of placing, as a shop's do. */
function numbered(orders: readonly SeedOrder[], today: string): readonly NumberedOrder[] {
  const used = new Map<string, number>()
  return [...orders]
    .sort((a, b) => a.placedOn - b.placedOn)
    .map(order => {
      const year = dateOf(order.placedOn, today).slice(0, 4)
      const number = used.get(year) ?? FIRST_NUMBER
      used.set(year, number + 1)
      return { ...order, number: `${year}-${number}` }
    })
}
