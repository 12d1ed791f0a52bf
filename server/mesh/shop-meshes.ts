// The meshes that the shops name. One is opened when it is asked for the first time: an engine whose shops have none, or whose nobody asks, does
// without GraphQL and without the demo shop's services.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { CustomerId } from '@parley/core/ids.ts'
import type { ServicesThread } from '@parley/demo-shop/services-thread.ts'
import { shopperOf } from '@parley/demo-shop/shopper.ts'
import type { OpenMesh, OpenMeshOptions } from '@parley/mesh/joined/read-mesh.ts'
import type { Config } from '../config.ts'
import { isPrivateAddress, lookupPublic } from '../outgoing/public-address.ts'
import { PROJECT } from '../project.ts'
import { DEMO, meshFile } from './mesh-file.ts'

export interface ShopMeshes {
  readonly shops: readonly string[]
  /** Faults: MESH_MISSING, where the shop has none; CONFIG_INVALID. */
  of(shop: string): Promise<OpenMesh>
  /** As whom the shop's systems know a customer: the demo shop takes strangers for its own. Every scope of a customer is made with it. */
  customerIn(shop: string, customer: CustomerId): CustomerId
  close(): Promise<void>
}

/** Asks no source. Faults: CONFIG_INVALID. */
export async function openMeshFile(file: string, options: Pick<OpenMeshOptions, 'environment' | 'onBug' | 'instead'>): Promise<OpenMesh> {
  const { openMesh } = await import('@parley/mesh/joined/read-mesh.ts')
  const refuse = (host: string): Error => new Error(`${host} is a private address`)
  return openMesh(file, { ...options, isPrivateAddress, lookupPublic: lookupPublic(refuse) })
}

export function createShopMeshes(
  config: Pick<Config, 'shops' | 'data'>,
  environment: NodeJS.ProcessEnv,
  onBug: (error: unknown) => void,
): ShopMeshes {
  const named = new Map(config.shops.flatMap(({ id, mesh }) => (mesh === 'none' ? [] : [[id, mesh] as const])))
  /** By file: shops that name the same share it. */
  const open = new Map<string, Promise<OpenMesh>>()
  let services: Promise<ServicesThread> | undefined

  const startServices = async (): Promise<OpenMesh> => {
    const token = randomBytes(24).toString('hex')
    services = import('@parley/demo-shop/services-thread.ts').then(({ startServicesThread }) =>
      startServicesThread(
        { folder: join(config.data, DEMO, 'services'), tokens: { orders: token, crm: token, warehouse: token } },
        reason => onBug(new Error(`${reason}; they are started again`)),
      ),
    )
    const { urls } = await services
    // A cast: the demo shop's file names these three.
    return openMeshFile(PROJECT.demoMesh, { environment, onBug, instead: source => ({ url: urls[source as keyof typeof urls], token }) })
  }

  return {
    shops: [...named.keys()],
    of(shop) {
      const mesh = named.get(shop)
      if (mesh === undefined) return Promise.reject(new Fault('MESH_MISSING', { shop }))
      const before = open.get(mesh)
      if (before) return before
      const opening = mesh === DEMO ? startServices() : openMeshFile(meshFile(mesh), { environment, onBug })
      open.set(mesh, opening)
      // What could not be opened is tried again: the file may have been mended.
      opening.catch(() => open.delete(mesh))
      return opening
    },
    customerIn: (shop, customer) => (named.get(shop) === DEMO ? shopperOf(customer) : customer),
    async close() {
      // What could not be opened has been told to who asked, and holds nothing.
      for (const opening of open.values()) await opening.then(mesh => mesh.close()).catch(() => {})
      await services?.then(thread => thread.close()).catch(() => {})
    },
  }
}
