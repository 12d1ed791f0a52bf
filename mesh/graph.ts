// A shop's systems as one GraphQL schema, over the ports of facts and effects. What answers is loaded with the first document, which few shops have.
import type { Effects } from '@parley/core/ports/effects.ts'
import type { Graph } from '@parley/core/ports/graph.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'

export function createGraph(mesh: Mesh, effects: Effects): Graph {
  return {
    query: async (...asked) => (await import('./answer-documents.ts')).answerQuery(mesh, ...asked),
    mutate: async (...asked) => (await import('./answer-documents.ts')).answerMutation(effects, ...asked),
  }
}
