// Our mesh over the demo shop's own mesh.yaml, as the engine opens it.
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asShopId } from '@parley/core/ids.ts'
import { createJoinedMesh, type JoinedMesh } from '@parley/mesh/joined/joined-mesh.ts'
import { readMeshConfig } from '@parley/mesh/joined/read-mesh.ts'
import { openSource } from '@parley/mesh/source/kinds.ts'
import type { Source } from '@parley/mesh/source/source.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import { isPrivateAddress, lookupPublic } from '@parley/server/outgoing/public-address.ts'
import { type Ask, QUERY, type ShopAnswer, TOKEN, type Urls } from './shop.ts'

export const MESH_FILE = fileURLToPath(new URL('../../examples/demo-shop/mesh.yaml', import.meta.url))

export const FOR_SHOP: Scope = { shop: asShopId('bench'), customer: null, locale: 'en', sources: null }

/** As long as an overloaded machine takes: what is late is to be measured, not given up. */
const PATIENT_MS = 30_000

export interface BenchMesh {
  readonly mesh: JoinedMesh
  readonly ask: Ask
}

export interface BenchMeshOptions {
  /** Answers are kept for as long as the file says, or not at all. */
  readonly isKeeping: boolean
  readonly around?: (call: Source['call']) => Source['call']
  /** Calls to a source at once, instead of the file's. */
  readonly atOnce?: number
}

export function openBenchMesh(urls: Urls, { isKeeping, around = call => call, atOnce }: BenchMeshOptions): BenchMesh {
  const { keep, sources, ...config } = readMeshConfig(MESH_FILE)
  const patient = Object.entries(sources).map(([name, source]) => [
    name,
    { ...source, deadlineMs: PATIENT_MS, ...(atOnce !== undefined && { atOnce }) },
  ])
  const mesh = createJoinedMesh({
    config: { ...config, keep: isKeeping ? keep : {}, sources: Object.fromEntries(patient) },
    sourceOf(name, settings) {
      const { call, ...source } = openSource(name, settings, {
        lookupPublic: lookupPublic(host => new Error(`${host} is a private address`)),
        isPrivateAddress,
        environment: {},
        besides: file => resolve(dirname(MESH_FILE), file),
        instead: { url: urls[name as keyof Urls], token: TOKEN }, // the file names these three
      })
      return { ...source, call: around(call) }
    },
  })
  return {
    mesh,
    async ask(id) {
      const { data, errors } = await mesh.ask({ query: QUERY, variables: { id } }, FOR_SHOP)
      if (errors) throw new Error(errors[0]?.message)
      return data as unknown as ShopAnswer // of that query
    },
  }
}
