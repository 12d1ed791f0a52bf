// The GraphQL of a manifest. What it is, is told wherever a manifest is read; what it asks for, when the plugin is loaded for a shop, against the schema of
// that shop's mesh: it is read from files, and no system is asked. Few plugins have any, and GraphQL is 170 files: it is loaded with the first.
import { createRequire } from 'node:module'
import { isFault } from '@parley/core/faults.ts'
import type { Manifest } from '@parley/plugin-sdk/manifest.ts'
import type { GraphQLSchema } from 'graphql'

const require = createRequire(import.meta.url)

export interface BadDocument {
  readonly path: readonly [kind: 'queries' | 'mutations', name: string]
  readonly reason: string
}

type Documents = Pick<Manifest, 'queries' | 'mutations' | 'sources'>

/** The first that can be asked in no shop. */
export function badDocumentOf(manifest: Documents): BadDocument | undefined {
  if (!hasDocuments(manifest)) return undefined
  // By `require`, which does not wait: those who check a manifest do not either.
  const { shapeProblem } = require('@parley/mesh/graph-document.ts') as typeof import('@parley/mesh/graph-document.ts') // it is that file
  return firstBad(manifest, shapeProblem)
}

export interface ShopDocuments {
  /** The first that cannot be asked in the shop, with the sources of the manifest. */
  badDocumentOf(manifest: Documents): Promise<BadDocument | undefined>
}

/** `mesh` is the file of the shop's mesh; without one there is nothing to ask. It is read with the first document, once. */
export function documentsIn(mesh: string | undefined): ShopDocuments {
  let reading: Promise<GraphQLSchema> | undefined
  return {
    async badDocumentOf(manifest) {
      if (!hasDocuments(manifest)) return undefined
      if (mesh === undefined) return firstBad(manifest, () => 'the shop has no systems to ask: parley.yaml names no mesh for it')
      reading ??= import('@parley/mesh/joined/read-mesh.ts').then(({ readMeshSchema }) => readMeshSchema(mesh))
      try {
        const [schema, { documentProblem }] = [await reading, await import('@parley/mesh/graph-document.ts')]
        return firstBad(manifest, (text, kind) => documentProblem(text, kind, schema, manifest.sources))
      } catch (error) {
        if (!isFault(error)) throw error
        return firstBad(manifest, () => error.message)
      }
    },
  }
}

const hasDocuments = (manifest: Documents): boolean =>
  [manifest.queries, manifest.mutations].some(documents => Object.keys(documents).length > 0)

function firstBad(
  manifest: Documents,
  problemOf: (text: string, kind: 'query' | 'mutation') => string | undefined,
): BadDocument | undefined {
  for (const [kind, one] of [
    ['queries', 'query'],
    ['mutations', 'mutation'],
  ] as const)
    for (const [name, text] of Object.entries(manifest[kind])) {
      const reason = problemOf(text, one)
      if (reason !== undefined) return { path: [kind, name], reason }
    }
  return undefined
}
