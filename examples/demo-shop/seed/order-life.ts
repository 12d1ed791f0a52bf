// One order's life, drawn: when it was placed and how far it has come by today. Most go well; some are late, cancelled, sent back or lost.
import type { Day } from '../days.ts'
import type { Draws } from './draws.ts'
import { MARKETS } from './markets.ts'
import { PRODUCTS, type Product } from './products.ts'
import type { SeedCustomer, SeedLine, SeedOrder, SeedRefund } from './seed-data.ts'

/** Orders go back this far; recent ones are the likelier, since it is about them that customers write. */
const OLDEST_DAYS = 200
const RETURNABLE_AFTER_DAYS = 4

export function drawOrder(customer: SeedCustomer, draws: Draws): SeedOrder {
  const market = MARKETS[customer.market]
  const age = Math.floor(OLDEST_DAYS * (draws.between(0, 1_000) / 1_000) ** 2.5)
  const placedOn: Day = -age
  const products = drawProducts(draws)
  const lines = products.map((product): SeedLine => ({ product: product.id, quantity: draws.between(1, product.most) }))
  const order = { customer, placedOn, lines }
  const carrier = draws.one(market.carriers)
  const parcel = { carrier: carrier.name, trackingNumber: carrier.trackingNumber(draws) }
  const daysOnTheWay = draws.between(1, 4)
  const expectedOn = placedOn + daysOnTheWay + draws.between(0, 1)

  if (draws.chance(0.04)) return { ...order, status: 'cancelled', refund: refundSince(placedOn, draws) }
  if (age === 0) return { ...order, status: draws.chance(0.5) ? 'paid' : 'packed', expectedOn }
  if (age < daysOnTheWay && draws.chance(0.25)) return { ...order, status: 'packed', expectedOn }
  if (age < daysOnTheWay) return { ...order, status: 'shipped', parcel, expectedOn }
  if (age === daysOnTheWay && draws.chance(0.5)) return { ...order, status: 'out-for-delivery', parcel, expectedOn: 0 }
  // Late: the day that was promised is over and the carrier still has it.
  if (expectedOn < 0 && age < 15 && draws.chance(0.12)) return { ...order, status: 'shipped', parcel, expectedOn }

  const deliveredOn = placedOn + daysOnTheWay
  const isFresh = products.some(product => product.kind === 'fresh')
  if (!isFresh && -deliveredOn >= RETURNABLE_AFTER_DAYS && draws.chance(0.12)) {
    const sentBackOn = Math.min(0, deliveredOn + draws.between(2, 7))
    return { ...order, status: 'returned', parcel, deliveredOn, refund: refundSince(sentBackOn, draws) }
  }
  // A lost parcel is among those that were left somewhere: nothing that the shop knows sets it apart.
  const left = draws.chance(0.25) ? { leftWith: draws.one(market.leftWith) } : {}
  const refund = isFresh && draws.chance(0.03) ? { refund: refundSince(deliveredOn, draws) } : {}
  return { ...order, status: 'delivered', parcel, deliveredOn, ...left, ...refund }
}

function drawProducts(draws: Draws): readonly Product[] {
  const count = draws.one([1, 1, 1, 1, 1, 1, 2, 2, 3])
  const products = new Set<Product>()
  while (products.size < count) products.add(draws.one(PRODUCTS))
  return [...products]
}

function refundSince(requestedOn: Day, draws: Draws): SeedRefund {
  const expectedOn = requestedOn + draws.between(4, 7)
  if (requestedOn > -2) return { status: 'requested', requestedOn, expectedOn }
  // Now and then a refund is late as well.
  if (expectedOn > 0 || draws.chance(0.05)) return { status: 'approved', requestedOn, expectedOn }
  return { status: 'paid', requestedOn }
}
