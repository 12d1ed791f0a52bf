// The documents of plugins, asked of the shop's mesh in the scope of one conversation: its customer, and of the sources those that the plugin was granted.
import { Fault, isFault } from '@parley/core/faults.ts'
import type { CustomerId, ShopId } from '@parley/core/ids.ts'
import type { EffectOutcome } from '@parley/core/ports/effects.ts'
import type { Asker, Graph, GraphAnswer, GraphRequest } from '@parley/core/ports/graph.ts'
import type { JoinedMesh, MeshAnswer } from './joined/joined-mesh.ts'
import { isObject } from './source/catalogue.ts'

const MOST_QUESTIONS = 8
const LARGEST_ANSWER = 16_384

/** The meshes of the shops (server/mesh/shop-meshes.ts). */
export interface Systems {
  /** May reject with MESH_MISSING, where the shop has none: everything is missing then, and nothing can be done. */
  of(shop: ShopId): Promise<JoinedMesh>
  /** As whom they know a customer. */
  customerIn(shop: ShopId, customer: CustomerId): CustomerId
}

export function createGraph(systems: Systems): Graph {
  const ask = async (
    kind: 'query' | 'mutation',
    { document, variables, sources, key }: GraphRequest & { readonly key?: string },
    { shop, customer, locale }: Asker,
    signal: AbortSignal,
  ): Promise<MeshAnswer> => {
    const mesh = await systems.of(shop)
    // Loaded with the first document, which few shops have.
    const { documentProblem } = await import('./graph-document.ts')
    const reason = documentProblem(document, kind, mesh.schema, sources)
    if (reason !== undefined) throw new Fault('QUERY_REFUSED', { reason })
    return mesh.ask(
      { query: document, variables, questions: MOST_QUESTIONS, ...(key !== undefined && { key }) },
      { shop, customer: systems.customerIn(shop, customer), locale, sources },
      signal,
    )
  }
  return {
    async query(request, asker, signal) {
      try {
        return answerOf(await ask('query', request, asker, signal))
      } catch (error) {
        if (!isFault(error, 'MESH_MISSING')) throw error
        const { rootsOf } = await import('./graph-document.ts')
        const missing = rootsOf(request.document)
        return { data: Object.fromEntries(missing.map(name => [name, null])), missing }
      }
    },
    async mutate(request, asker, signal) {
      try {
        return outcomeOf(await ask('mutation', request, asker, signal))
      } catch (error) {
        if (!isFault(error, 'MESH_MISSING')) throw error
        throw new Fault('SOURCE_UNAVAILABLE', { source: asker.shop, reason: 'the shop has no systems' }, { cause: error })
      }
    },
  }
}

type MeshError = NonNullable<MeshAnswer['errors']>[number]

function answerOf({ data, errors = [], extensions }: MeshAnswer): GraphAnswer {
  const grave = errors.find(error => !isOfSource(error))
  if (grave) throw refusalOf(grave)
  const json = JSON.stringify(data ?? {})
  if (json.length > LARGEST_ANSWER)
    throw new Fault('QUERY_REFUSED', { reason: `the answer has ${json.length} characters, more than ${LARGEST_ANSWER}: ask for less` })
  const silent = [...new Set(errors.map(sourceOf))]
  return {
    data: JSON.parse(json) as GraphAnswer['data'], // an operation gives an object
    missing: errors.map(({ path = [] }) => path.join('.')),
    ...(silent.length > 0 && { silent }),
    ...(extensions?.stale && { stale: extensions.stale }),
  }
}

/** What a mutation of one field came to. Faults: QUERY_REFUSED; SOURCE_UNAVAILABLE, where it is not known whether it was done. */
export function outcomeOf({ data, errors = [] }: MeshAnswer): EffectOutcome {
  const [[name, fields] = ['', null]] = Object.entries(data ?? {})
  // A field of the answer that is wrong takes nothing back of what was done.
  const error = errors.find(({ path }) => path === undefined || path.length === 1)
  if (error) {
    if (!isOfSource(error)) throw refusalOf(error)
    const reason = String(error.extensions?.reason ?? 'refused')
    if (error.extensions?.code === 'SOURCE_REFUSED') return { state: 'refused', reason }
    throw new Fault('SOURCE_UNAVAILABLE', { source: sourceOf(error), reason: error.message })
  }
  const given = isObject(fields) ? fields : { [name]: fields }
  const result = Object.entries(given).flatMap(([of, value]) => ((value ?? null) === null ? [] : [[of, textOf(value)] as const]))
  return { state: 'done', result: Object.fromEntries(result) }
}

const textOf = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

const sourceOf = ({ extensions }: MeshError): string => String(extensions?.source)

const isOfSource = ({ extensions }: MeshError): boolean =>
  typeof extensions?.source === 'string' && extensions.code !== 'SOURCE_NOT_GRANTED'

/** GraphQL's own words name variables and fields, which the plugin's author knows. */
const refusalOf = ({ message, extensions }: MeshError): Error =>
  extensions?.code === 'INTERNAL' ? new Error(message) : new Fault('QUERY_REFUSED', { reason: message })
