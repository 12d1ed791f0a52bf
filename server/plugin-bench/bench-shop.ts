// The shop's systems for who writes a plugin: the demo shop's services in a folder of their own that goes with it, always of the same day, so that they
// give the same answers every day; or those of a mesh.yaml. They are started when they are first asked.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asCustomerId, asShopId } from '@parley/core/ids.ts'
import type { GraphAnswer, GraphRequest } from '@parley/core/ports/graph.ts'
import type { Moment } from '@parley/core/ports/voters.ts'
import type { ServicesThread } from '@parley/demo-shop/services-thread.ts'
import { createGraph } from '@parley/mesh/graph.ts'
import type { OpenMesh } from '@parley/mesh/joined/read-mesh.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { openMeshFile } from '../mesh/shop-meshes.ts'
import { PROJECT } from '../project.ts'

const TODAY = '2026-01-01'
const PATIENCE_MS = 10_000
const SHOP = asShopId('bench')

/** Of examples/demo-shop. */
export const BENCH_CUSTOMER = 'demo-lin'

export interface BenchShop {
  /** Faults: QUERY_REFUSED, CONFIG_INVALID. */
  query(request: GraphRequest, customer: string, locale: Locale): Promise<GraphAnswer>
  /** For a turn of this customer. */
  lookUp(customer: string, locale: Locale): NonNullable<Moment['lookUp']>
  close(): Promise<void>
}

/** `mesh`: the file of one. The demo shop's is asked in its services. */
export function createBenchShop(mesh: string = PROJECT.demoMesh): BenchShop {
  const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'))
  let services: Promise<ServicesThread> | undefined
  let opened: Promise<OpenMesh> | undefined
  const open = async (): Promise<OpenMesh> => {
    if (mesh !== PROJECT.demoMesh) return openMeshFile(mesh, { environment: process.env })
    const token = randomBytes(24).toString('hex')
    const { startServicesThread } = await import('@parley/demo-shop/services-thread.ts')
    services = startServicesThread({ folder, today: TODAY, tokens: { orders: token, crm: token, warehouse: token } })
    const { urls } = await services
    // A cast: the demo shop's file names these three.
    return openMeshFile(mesh, { environment: {}, instead: source => ({ url: urls[source as keyof typeof urls], token }) })
  }
  const graph = createGraph({ of: () => (opened ??= open()), customerIn: (_shop, customer) => customer })
  const query: BenchShop['query'] = (request, customer, locale) =>
    graph.query(request, { shop: SHOP, customer: asCustomerId(customer), locale }, AbortSignal.timeout(PATIENCE_MS))
  return {
    query,
    lookUp: (customer, locale) => (_voter, request) => query(request, customer, locale),
    async close() {
      // What could not be opened holds nothing.
      await opened?.then(each => each.close()).catch(() => {})
      await services?.then(thread => thread.close()).catch(() => {})
      rmSync(folder, { recursive: true })
    },
  }
}
