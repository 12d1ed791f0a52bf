// A shop's facts and effects over its systems, as the engine asks for them. The mesh may still be opening: who asks then waits within their deadline.
import { Fault } from '@parley/core/faults.ts'
import type { CustomerId } from '@parley/core/ids.ts'
import type { Effects } from '@parley/core/ports/effects.ts'
import type { Fact, Mesh, MeshQuery } from '@parley/core/ports/mesh.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { Scope } from '../upstream/scope.ts'
import { outcomeOf } from './effects.ts'
import { factOf } from './facts.ts'
import type { MeshConfig } from './mesh-config.ts'
import type { OpenMesh } from './read-mesh.ts'
import { valuesOf } from './stored-document.ts'

export interface ShopSourceParts {
  /** What the file says of facts and effects: known before the mesh is open. */
  readonly config: Pick<MeshConfig, 'facts' | 'effects' | 'sources'>
  /** Opens it, where it is not open. */
  readonly mesh: () => Promise<OpenMesh>
  /** As whom the systems know a customer. */
  readonly customerIn: (customer: CustomerId) => CustomerId
}

export interface ShopSource {
  readonly mesh: Mesh
  readonly effects: Effects
}

/** Whom a fact is missing from while the mesh is not open, or cannot be. */
const MESH = 'mesh'

export function createShopSource({ config, mesh: open, customerIn }: ShopSourceParts): ShopSource {
  const done = new Set(Object.entries(config.effects).flatMap(([name, { undo }]) => [name, undo]))

  const scopeOf = ({ shop, customer, locale }: Pick<MeshQuery, 'shop' | 'customer' | 'locale'>): Scope => ({
    shop,
    customer: customerIn(customer),
    locale,
    sources: null,
  })

  const ask = async (mesh: OpenMesh, name: string, { slots, locale }: MeshQuery, scope: Scope, signal: AbortSignal): Promise<Fact> => {
    const fact = mesh.facts.get(name)
    if (!fact) return unknown(MESH, 'it was not there when the mesh was opened')
    const read = valuesOf(fact.document, slots)
    // What names nothing that there could be is asked of nobody.
    if ('lacks' in read) return { isKnown: true, value: null }
    const answer = await mesh.ask({ query: fact.document.text, variables: read.values }, scope, signal)
    return factOf(fact, answer, locale, source => titleOf(config, source, locale))
  }

  return {
    mesh: {
      async facts(names, query, signal) {
        const scope = scopeOf(query)
        let mesh: OpenMesh | undefined
        let reason = 'no answer by the deadline'
        const isAsked = names.some(name => Object.hasOwn(config.facts, name))
        if (isAsked)
          try {
            mesh = await within(open(), signal)
          } catch (error) {
            if (!signal.aborted) reason = reasonOf(error)
          }
        const facts = names.map(async (name): Promise<[string, Fact]> => {
          if (!Object.hasOwn(config.facts, name)) return [name, unknown(null, "the shop's mesh has no such fact")]
          return [name, mesh ? await ask(mesh, name, query, scope, signal) : unknown(MESH, reason)]
        })
        return Object.fromEntries(await Promise.all(facts))
      },
    },
    effects: {
      has: (_shop, name) => done.has(name),
      async run(request, signal) {
        if (!done.has(request.name)) throw new Error(`the mesh has no effect ${JSON.stringify(request.name)}: ask \`has\` first`)
        const unavailable = (reason: string, cause?: unknown): Fault =>
          new Fault('SOURCE_UNAVAILABLE', { source: request.shop, reason }, { cause })
        let mesh: OpenMesh
        try {
          mesh = await within(open(), signal)
        } catch (cause) {
          throw unavailable(signal.aborted ? 'no answer by the deadline' : reasonOf(cause), cause)
        }
        const effect = mesh.effects.get(request.name)
        if (!effect) throw unavailable('it was not there when the mesh was opened')
        const read = effect.variables(request)
        if ('refused' in read) return { state: 'refused', reason: read.refused }
        const answer = await mesh.ask({ query: effect.text, variables: read.values, key: request.key }, scopeOf(request), signal)
        const outcome = outcomeOf(effect, answer, request.locale)
        if (outcome) return outcome
        const [error] = answer.errors ?? []
        throw unavailable(error?.message ?? 'it gave no answer')
      },
    },
  }
}

const unknown = (source: string | null, reason: string): Fact => ({ isKnown: false, source, reason })

const titleOf = ({ sources }: Pick<MeshConfig, 'sources'>, source: string, locale: Locale): string =>
  (Object.hasOwn(sources, source) ? sources[source]?.title?.[locale] : undefined) ?? source

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Rejects once the signal ends, whatever becomes of the promise. */
function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(signal.reason)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', end))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
