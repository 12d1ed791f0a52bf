// The facts and effects of the shops, and what their plugins ask, each from its own systems. For a server, and for a single turn that is asked in a
// customer's name.
import { Fault } from '@parley/core/faults.ts'
import { asShopId, type ShopId } from '@parley/core/ids.ts'
import type { Effects } from '@parley/core/ports/effects.ts'
import type { Graph } from '@parley/core/ports/graph.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createGraph } from '@parley/mesh/graph.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { meshFile } from './mesh/mesh-file.ts'
import type { ShopMeshes } from './mesh/shop-meshes.ts'

export interface Sources {
  readonly mesh: Mesh
  readonly effects: Effects
  /** What plugins ask. */
  readonly graph: Graph
}

/** Every fact unknown and no effect: what a turn outside of any shop's systems has. */
export const noSources: Sources = {
  mesh: createMesh(new Map()),
  effects: createEffects(new Map()),
  graph: createGraph({ of: shop => Promise.reject(new Fault('MESH_MISSING', { shop })), customerIn: (_shop, customer) => customer }),
}

/**
 * The meshes begin to open; nobody waits for it but who asks. One that cannot be opened leaves its shop's facts unknown. Faults: CONFIG_INVALID, where
 * the file of a mesh is not as it should be.
 */
export async function openSources(config: Pick<Config, 'shops'>, logger: Logger, meshes: ShopMeshes): Promise<Sources> {
  const shops = config.shops.flatMap(({ id, mesh }) => (mesh === 'none' ? [] : [{ id, file: meshFile(mesh) }]))
  if (shops.length === 0) return noSources
  const [{ readMeshConfig }, { createShopSource }] = await Promise.all([
    import('@parley/mesh/joined/read-mesh.ts'),
    import('@parley/mesh/joined/shop-source.ts'),
  ])
  const sources = new Map(
    shops.map(({ id, file }) => {
      meshes.of(id).catch(error => logger.error({ err: error, shop: id }, "the shop's mesh could not be opened; its facts are unknown"))
      const source = createShopSource({
        config: readMeshConfig(file),
        mesh: () => meshes.of(id),
        customerIn: customer => meshes.customerIn(id, customer),
      })
      return [asShopId(id), source] as const
    }),
  )
  const each = <T>(of: (source: { readonly mesh: Mesh; readonly effects: Effects }) => T): ReadonlyMap<ShopId, T> =>
    new Map([...sources].map(([shop, source]) => [shop, of(source)]))
  return {
    mesh: createMesh(each(({ mesh }) => mesh)),
    effects: createEffects(each(({ effects }) => effects)),
    graph: createGraph(meshes),
  }
}
