// The demo shop for who writes a plugin, in a folder of its own that goes with it: always of the same day, so that it gives the same answers
// every day. It is made when it is first asked.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asCustomerId, asShopId } from '@parley/core/ids.ts'
import type { GraphAnswer, GraphRequest } from '@parley/core/ports/graph.ts'
import type { Moment } from '@parley/core/ports/voters.ts'
import { type DemoShop, openDemoShop } from '@parley/mesh/demo-shop/demo-shop.ts'
import { createGraph } from '@parley/mesh/graph.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'

const TODAY = '2026-01-01'
const PATIENCE_MS = 10_000
const SHOP = asShopId('bench')

/** Of mesh/demo-shop/README.md. */
export const BENCH_CUSTOMER = 'demo-lin'

export interface BenchShop {
  /** Faults: QUERY_REFUSED. */
  query(request: GraphRequest, customer: string, locale: Locale): Promise<GraphAnswer>
  /** For a turn of this customer. */
  lookUp(customer: string, locale: Locale): NonNullable<Moment['lookUp']>
  close(): Promise<void>
}

export function createBenchShop(): BenchShop {
  const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'))
  let opened: Promise<DemoShop> | undefined
  const query: BenchShop['query'] = async (request, customer, locale) => {
    opened ??= openDemoShop({ file: join(folder, 'shop.db'), today: () => TODAY, adopts: false })
    const { mesh, effects } = await opened
    const asker = { shop: SHOP, customer: asCustomerId(customer), locale }
    return createGraph(mesh, effects).query(request, asker, AbortSignal.timeout(PATIENCE_MS))
  }
  return {
    query,
    lookUp: (customer, locale) => (_voter, request) => query(request, customer, locale),
    async close() {
      await (await opened)?.close()
      rmSync(folder, { recursive: true })
    },
  }
}
