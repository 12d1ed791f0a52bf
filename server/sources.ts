// The sources of facts and effects that the shops name. Opened for a server, and for a single turn that is asked in a customer's name.
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { asShopId, type ShopId } from '@parley/core/ids.ts'
import type { Effects } from '@parley/core/ports/effects.ts'
import type { Graph } from '@parley/core/ports/graph.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import { type DemoShop, openDemoShop } from '@parley/mesh/demo-shop/demo-shop.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createGraph } from '@parley/mesh/graph.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { ShopMeshes } from './mesh/shop-meshes.ts'

export interface Sources {
  readonly mesh: Mesh
  readonly effects: Effects
  /** What plugins ask. */
  readonly graph: Graph
  close(): Promise<void>
}

/** Every fact unknown and no effect: what a turn outside of any shop's systems has. */
export const noSources: Sources = {
  mesh: createMesh(new Map()),
  effects: createEffects(new Map()),
  graph: createGraph({ of: shop => Promise.reject(new Fault('MESH_MISSING', { shop })), customerIn: (_shop, customer) => customer }),
  close: async () => {},
}

/** Shops that name the demo shop share it. Faults: SOURCE_INVALID. */
export async function openSources(config: Config, logger: Logger, meshes: ShopMeshes): Promise<Sources> {
  const inDemo: readonly ShopId[] = config.shops.flatMap(shop => (shop.source === 'demo-shop' ? [asShopId(shop.id)] : []))
  const graph = createGraph(meshes)
  if (inDemo.length === 0) return { ...noSources, graph }
  const demo: DemoShop = await openDemoShop({
    file: join(config.data, 'demo-shop', 'shop.db'),
    today,
    onFailure: reason => logger.error({ reason }, "the demo shop's thread failed; its facts are unknown until it is back"),
  })
  return {
    mesh: createMesh(new Map(inDemo.map(shop => [shop, demo.mesh]))),
    effects: createEffects(new Map(inDemo.map(shop => [shop, demo.effects]))),
    graph,
    close: () => demo.close(),
  }
}

/** The machine's date, as its people have it. */
function today(): string {
  const now = new Date()
  const two = (part: number): string => String(part).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
