// The mesh of an installation: each shop's facts come from that shop's source, and from no other's.
import type { ShopId } from '@parley/core/ids.ts'
import type { Fact, Mesh } from '@parley/core/ports/mesh.ts'

/** A shop without a source has no fact known, and nothing that a customer should be told of. */
export function createMesh(sources: ReadonlyMap<ShopId, Mesh>): Mesh {
  return {
    facts: async (names, query, signal) =>
      (await sources.get(query.shop)?.facts(names, query, signal)) ?? allUnknown(names, null, NO_SOURCE),
  }
}

const NO_SOURCE = 'no source is configured'

/** Every name unknown, for one reason. */
export const allUnknown = (names: readonly string[], source: string | null, reason: string): Readonly<Record<string, Fact>> =>
  Object.fromEntries(names.map(name => [name, { isKnown: false, source, reason }]))
