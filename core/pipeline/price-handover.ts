// A shop whose agents' time costs more at some hours, or while many wait: what a handover costs is worked out once a turn, before anything is weighed, and
// recorded with what it was worked out from.
import { handoverCost, type Moment } from '../handoff/handover-cost.ts'
import type { Situation } from '../ports/ensemble.ts'
import type { Shop } from './shop.ts'
import type { Received } from './turn.ts'

/** The shop as it weighs this turn. */
export function pricedFor(shop: Shop, { at, waiting }: Pick<Received, 'at' | 'waiting'>): Shop {
  return shop.handover ? pricedAt(shop, { hour: shop.handover.hourOf(at), waiting }) : shop
}

/** The same shop at all times as it is at this moment. */
export function pricedAt(shop: Shop, moment: Moment): Shop {
  const { handover, ...rest } = shop
  if (!handover) return shop
  const last = priced.get(shop)
  if (last?.handover?.hour === moment.hour && last.handover.waiting === moment.waiting) return { ...rest, situation: last }
  const { costs } = shop.situation
  const situation = { ...shop.situation, costs: { ...costs, handoff: handoverCost(handover.costs, moment) }, handover: moment }
  priced.set(shop, situation)
  return { ...rest, situation }
}

/** Of the moment that was asked for last: turns of one moment share their situation, and what is worked out from it. */
const priced = new WeakMap<Shop, Situation>()
