// Finds the one of the customer's orders that a message names without its whole number: by the end of the number («881») or by what was bought
// («the sweater»). Cautious: the bot has not asked. What fits two orders names none.
import type { OrderFact } from '../ports/mesh.ts'
import { findSlot } from './find-slot.ts'

export interface NamedOrder {
  readonly number: string
  readonly by: 'number' | 'goods'
}

/** Three digits or more that stand alone, and are no price, year, date or quantity. */
const TAIL = /(?<![\d.¥￥$€£/:-]\s?)\b(\d{3,6})(?![\d./:-]|\s?(?:元|块|毛|年|月|克|毫升|g\b|kg|ml|%|dollars?|bucks))/gu

/** `text` is normalised. */
export function namedOrder(text: string, orders: readonly OrderFact[]): NamedOrder | undefined {
  const given = findSlot('order', text, undefined)?.value
  // A whole number says which one by itself.
  if (given !== undefined && !/^\d{3,6}$/.test(given)) return undefined
  const tails = given === undefined ? [...text.matchAll(TAIL)].map(([, digits = '']) => digits) : [given]
  const byNumber = only(orders.filter(({ number }) => tails.some(tail => number.endsWith(tail))))
  if (byNumber) return { number: byNumber.number, by: 'number' }
  if (given !== undefined) return undefined
  const byGoods = only(orders.filter(({ items }) => items.some(({ name }) => isSaid(headOf(name), text))))
  return byGoods && { number: byGoods.number, by: 'goods' }
}

const only = <T>(found: readonly T[]): T | undefined => (found.length === 1 ? found[0] : undefined)

/** What a thing is, without what it is like: the last two characters of 「水晶红酒杯」, the last word of «Crystal wine glass». */
function headOf(name: string): string {
  const [bare = ''] = name.toLowerCase().split(/[\d(（[【]/u)
  const han = bare.match(/\p{Script=Han}{2,}/gu)?.at(-1)
  return han?.slice(-2) ?? bare.match(/[a-z]{4,}/g)?.at(-1) ?? ''
}

const isSaid = (head: string, text: string): boolean => {
  if (head === '') return false
  if (!/^[a-z]/.test(head)) return text.includes(head)
  const singular = head.replace(/(?<=[^s])s$/, '')
  return new RegExp(`\\b${singular}(?:e?s)?\\b`, 'u').test(text)
}
