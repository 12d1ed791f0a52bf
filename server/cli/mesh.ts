// `parley mesh …`: a shop's systems as one schema, asked and looked at by the operator. Works on the configuration and the data folder; no server is needed.
import { Fault } from '@parley/core/faults.ts'
import { asCustomerId, asShopId } from '@parley/core/ids.ts'
import type { MeshAnswer } from '@parley/mesh/joined/joined-mesh.ts'
import type { OpenMesh } from '@parley/mesh/joined/read-mesh.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { readConfig } from '../config.ts'
import { createShopMeshes } from '../mesh/shop-meshes.ts'
import type { WrongUse } from './agent.ts'
import { knownShop, say } from './plugin-store.ts'

export interface MeshOptions {
  readonly shop?: string
  readonly json?: true
}

/** Faults: CONFIG_INVALID, UNKNOWN_SHOP, MESH_MISSING. */
export async function withMesh(
  options: MeshOptions,
  wrongUse: WrongUse,
  work: (mesh: OpenMesh, scope: Scope) => Promise<void>,
): Promise<void> {
  const config = readConfig(process.env)
  const shop = knownShop(options, config, wrongUse)
  const meshes = createShopMeshes(config, process.env, error => console.error(error))
  try {
    await work(await meshes.of(shop), { shop: asShopId(shop), customer: null, locale: 'en', sources: null })
  } finally {
    await meshes.close()
  }
}

export interface QueryOptions extends MeshOptions {
  readonly locale: Locale
  readonly variables: string
  /** Ask as this customer, who sees nothing but their own. */
  readonly customer?: string
}

/** Prints the answer; exit status 1 where it has an error. Faults: as `withMesh`; QUERY_REFUSED. */
export const queryMesh = (query: string, options: QueryOptions, wrongUse: WrongUse): Promise<void> =>
  withMesh(options, wrongUse, async (mesh, scope) => {
    const variables = variablesOf(options.variables)
    const customer = options.customer === undefined ? null : asCustomerId(options.customer)
    const answer = await mesh.ask({ query, variables }, { ...scope, customer, locale: options.locale })
    if (options.json) say(JSON.stringify(answer))
    else {
      if (answer.data !== undefined) say(JSON.stringify(answer.data, null, 2))
      for (const line of problemsOf(answer)) console.error(line)
    }
    if (answer.errors) process.exitCode = 1
  })

function variablesOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown> // an object that is no array
  } catch {
    // no JSON: refused below, as what is JSON and no object
  }
  throw new Fault('QUERY_REFUSED', { reason: '--variables must be a JSON object' })
}

function problemsOf({ errors = [], extensions }: MeshAnswer): readonly string[] {
  const stale = (extensions?.stale ?? []).map(
    ({ path, source, ageMs }) => `${path}: ${source} gave no answer; this one is ${Math.round(ageMs / 1_000)} s old`,
  )
  return [...errors.map(({ message, path }) => `${path ? `${path.join('.')}: ` : ''}${message}`), ...stale]
}

/** Faults: as `withMesh`. Asks no source. */
export const drawMesh = (options: MeshOptions & { readonly mermaid?: true; readonly schema?: true }, wrongUse: WrongUse): Promise<void> =>
  withMesh(options, wrongUse, async mesh => {
    const [{ drawMermaid, drawText, waysOf }, { printSchema }] = await Promise.all([
      import('@parley/mesh/joined/draw.ts'),
      import('graphql'),
    ])
    if (options.schema) return say(printSchema(mesh.schema))
    const ways = waysOf(mesh.config, mesh.schema)
    say(options.json ? JSON.stringify(ways) : options.mermaid ? drawMermaid(ways) : drawText(ways))
  })
