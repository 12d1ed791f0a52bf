// What the seed makes, before it is in the database. Days count from the day of the seeding.
import type { Day } from '../days.ts'
import type { InLocales, LeftWith, Market, OrderState, RefundStatus } from '../texts.ts'

export interface SeedCustomer {
  readonly id: string
  readonly name: string
  readonly city: InLocales
  readonly market: Market
}

export interface SeedLine {
  /** Id of a product. */
  readonly product: string
  readonly quantity: number
}

export interface SeedRefund {
  readonly status: RefundStatus
  readonly requestedOn: Day
  /** Only while the money is still to come. */
  readonly expectedOn?: Day
}

export interface SeedOrder {
  readonly customer: SeedCustomer
  readonly placedOn: Day
  readonly status: OrderState
  readonly lines: readonly SeedLine[]
  /** From the shipping on. */
  readonly parcel?: { readonly carrier: InLocales; readonly trackingNumber: string }
  /** Only while the parcel is still to come. */
  readonly expectedOn?: Day
  readonly deliveredOn?: Day
  readonly leftWith?: LeftWith
  /** Of the whole order. */
  readonly refund?: SeedRefund
}

export interface NumberedOrder extends SeedOrder {
  readonly number: string
}
