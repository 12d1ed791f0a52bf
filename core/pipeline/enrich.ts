// Fetches the facts that the action's templates use and, where the customer would have to be asked for an order, the orders to choose from. A source
// that is dead or late leaves its fact unknown; the template says so.
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
  const query = { shop: turn.shop, customer: turn.customer, slots: turn.understood.form.slots, locale: turn.question.locale }
  try {
    return { ...turn, facts: await mesh.facts(names, query, AbortSignal.any([signal, deadline.signal])) }
  } finally {
    cancel()
  }
}

function factsFor({ understood }: Decided, shop: Shop): readonly string[] {
  const entry = shop.actions[understood.form.action]
  if (understood.disposition !== 'answer' || understood.how === 'no' || !entry) return []
  // Also where a number was given: it may not be one of the customer's.
  const asksOrder = entry.slots.some(slot => shop.slots[slot]?.kind === 'order')
  return asksOrder ? [...entry.facts, 'orders'] : entry.facts
}
