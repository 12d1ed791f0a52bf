// What the voters of a turn look up in the shop's systems, in the name of the turn's customer. All of a turn share one deadline, and the same
// request is made once, however many ask it.
import type { Graph, GraphAnswer, GraphRequest } from '../ports/graph.ts'
import type { Stages } from './pipeline.ts'
import type { Normalised } from './turn.ts'

export interface LookUps {
  /** Answers by the mesh's deadline, counted from the first request. Faults: QUERY_REFUSED. */
  ask(request: GraphRequest): Promise<GraphAnswer>
  close(): void
}

/** Of a shop without systems nothing is known. */
const NO_GRAPH: Pick<Graph, 'query'> = { query: async () => ({ data: { customer: null }, missing: ['customer'] }) }

export function createLookUps(
  { shop, customer, question: { locale } }: Normalised,
  { graph = NO_GRAPH, clock, deadlines }: Pick<Stages, 'graph' | 'clock' | 'deadlines'>,
  signal: AbortSignal,
): LookUps {
  const asked = new Map<string, Promise<GraphAnswer>>()
  const deadline = new AbortController()
  let cancel = (): void => {}
  return {
    ask(request) {
      const what = JSON.stringify([request.document, request.variables, request.sources])
      const before = asked.get(what)
      if (before) return before
      if (asked.size === 0) cancel = clock.after(deadlines.mesh, () => deadline.abort())
      const answer = graph.query(request, { shop, customer, locale }, AbortSignal.any([signal, deadline.signal]))
      asked.set(what, answer)
      return answer
    },
    close: () => cancel(),
  }
}
