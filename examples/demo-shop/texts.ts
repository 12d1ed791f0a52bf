// What the shop's data are called in the customer's locale. A status stands after "Your order 2024-881 is" and 「目前：」.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'

export type InLocales = Readonly<Record<Locale, string>>

/** Where an order is. What was lost on its way may be `delivered` as well: it is what the shop knows, not what the customer found. */
export type OrderState = 'paid' | 'packed' | 'shipped' | 'out-for-delivery' | 'delivered' | 'cancelled' | 'returned'
export type RefundStatus = 'requested' | 'approved' | 'paid'
/** Who or what took a parcel that was not put into the customer's hands. */
export type LeftWith = 'gatehouse' | 'locker' | 'doorstep'
export type Market = 'cn' | 'us'

const ORDER_STATUS: Readonly<Record<OrderState, InLocales>> = {
  paid: { 'zh-CN': '已付款，等待打包', en: 'paid and waiting to be packed' },
  packed: { 'zh-CN': '已打包，等待发货', en: 'packed and about to ship' },
  shipped: { 'zh-CN': '已发货', en: 'shipped' },
  'out-for-delivery': { 'zh-CN': '派送中', en: 'out for delivery' },
  delivered: { 'zh-CN': '已签收', en: 'delivered' },
  cancelled: { 'zh-CN': '已取消', en: 'cancelled' },
  returned: { 'zh-CN': '已退货', en: 'returned' },
}

const LEFT_WITH: Readonly<Record<LeftWith, InLocales>> = {
  gatehouse: { 'zh-CN': '物业代收', en: 'signed for at the reception' },
  locker: { 'zh-CN': '已放入快递柜', en: 'left in the parcel locker' },
  doorstep: { 'zh-CN': '已放在门口', en: 'left at the front door' },
}

/** `city` is the customer's. */
export function orderStatus(state: OrderState, leftWith: LeftWith | null, city: InLocales, locale: Locale): string {
  const text = ORDER_STATUS[state][locale]
  if (state === 'out-for-delivery') return locale === 'en' ? `${text} in ${city.en}` : `${city[locale]}${text}`
  if (state !== 'delivered' || leftWith === null) return text
  return locale === 'en' ? `${text} (${LEFT_WITH[leftWith].en})` : `${text}（${LEFT_WITH[leftWith][locale]}）`
}
