// The mesh of a shop that has no source configured: every fact is unknown.
import type { Mesh } from '@parley/core/ports/mesh.ts'

export function createMeshWithoutSources(): Mesh {
  return {
    facts: async names =>
      Object.fromEntries(names.map(name => [name, { isKnown: false, source: null, reason: 'no source is configured' } as const])),
  }
}
