// Which of the demo shop's customers a visitor is. A stranger is taken for one of the 500 who are drawn, always the same one, so that a visitor of the
// demo has orders to ask about. Two visitors may be taken for the same: it is for demos alone.
import { createHash } from 'node:crypto'

/** The ids that the shop has (shop-data.ts); a test holds this to them. */
const KNOWN = /^(?:123|demo-(?:lin|kim|one|none)|shopper-(?!000)(?:[0-4]\d\d|500))$/
const DRAWN = 500

/** The shop's own id of a customer, by the id alone. */
export function shopperOf<Id extends string>(customer: Id): Id {
  if (KNOWN.test(customer)) return customer
  const place = createHash('sha256').update(customer).digest().readUInt32LE() % DRAWN
  return `shopper-${String(place + 1).padStart(3, '0')}` as Id // an id of a customer like the one that is given
}
