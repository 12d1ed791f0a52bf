// Fetches the facts that the action's templates use and, where the customer would have to be asked for an order, the orders to choose from. Among
// these the words may name one («the sweater», «881»); the facts are then that order's, whatever was spoken of before. A source that is dead or late
// leaves its fact unknown; the template says so.
import { namedOrder } from '../dialogue/named-order.ts'
import type { OrderFact } from '../ports/mesh.ts'
import type { Stages } from './pipeline.ts'
import type { Shop } from './shop.ts'
import type { Decided, Enriched } from './turn.ts'

export async function enrich(
  turn: Decided,
  shop: Shop,
  { mesh, clock, deadlines }: Pick<Stages, 'mesh' | 'clock' | 'deadlines'>,
  signal: AbortSignal,
): Promise<Enriched> {
  const names = factsFor(turn, shop)
  if (names.length === 0) return { ...turn, facts: {} }
  const deadline = new AbortController()
  const cancel = clock.after(deadlines.mesh, () => deadline.abort())
  const until = AbortSignal.any([signal, deadline.signal])
  const query = { shop: turn.shop, customer: turn.customer, slots: turn.understood.form.slots, locale: turn.question.locale }
  try {
    const facts = await mesh.facts(names, query, until)
    const orders = facts.orders?.isKnown ? (facts.orders.value as readonly OrderFact[] | null) : null // as the port says
    const slots = slotsNamed(turn, shop, orders ?? [])
    if (slots === undefined) return { ...turn, facts }
    const ofThat = await mesh.facts(
      names.filter(name => name !== 'orders'),
      { ...query, slots },
      until,
    )
    const form = { ...turn.understood.form, slots }
    return { ...turn, understood: { ...turn.understood, form }, facts: { ...facts, ...ofThat } }
  } finally {
    cancel()
  }
}

/** The form's slots with the order that the words name; undefined where they name none, or the one that it has. */
function slotsNamed({ question, understood }: Decided, shop: Shop, orders: readonly OrderFact[]) {
  const { form, isContinued } = understood
  const entry = shop.actions[form.action]
  const slot = orderSlotOf(form.action, shop)
  if (slot === undefined || isContinued) return undefined
  const named = namedOrder(question.text, orders)
  if (named === undefined || named.number === form.slots[slot]) return undefined
  // Where something is done, an order that only its goods name is asked for; it does displace another one.
  if (entry?.effect && named.by === 'goods' && form.slots[slot] === undefined) return undefined
  return { ...form.slots, [slot]: named.number }
}

const orderSlotOf = (action: string, shop: Shop): string | undefined =>
  shop.actions[action]?.slots.find(slot => shop.slots[slot]?.kind === 'order')

function factsFor({ understood }: Decided, shop: Shop): readonly string[] {
  const { action } = understood.form
  const entry = shop.actions[action]
  if (understood.disposition !== 'answer' || understood.how === 'no' || !entry) return []
  // Also where a number was given: it may not be one of the customer's.
  return orderSlotOf(action, shop) === undefined ? entry.facts : [...entry.facts, 'orders']
}
