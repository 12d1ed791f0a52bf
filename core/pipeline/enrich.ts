// Fetches the facts that the action's template uses. A source that is dead or late leaves its fact unknown; the template says so.
import type { Stages } from './pipeline.ts'
import type { Shop } from './shop.ts'
import type { Decided, Enriched } from './turn.ts'

export async function enrich(
  turn: Decided,
  shop: Shop,
  { mesh, clock, deadlines }: Pick<Stages, 'mesh' | 'clock' | 'deadlines'>,
  signal: AbortSignal,
): Promise<Enriched> {
  const names = turn.choice.disposition === 'answer' ? (shop.actions[turn.choice.action]?.facts ?? []) : []
  if (names.length === 0) return { ...turn, facts: {} }
  const deadline = new AbortController()
  const cancel = clock.after(deadlines.mesh, () => deadline.abort())
  try {
    return {
      ...turn,
      facts: await mesh.facts(
        names,
        { shop: turn.shop, customer: turn.customer, slots: {}, locale: turn.question.locale },
        AbortSignal.any([signal, deadline.signal]),
      ),
    }
  } finally {
    cancel()
  }
}
