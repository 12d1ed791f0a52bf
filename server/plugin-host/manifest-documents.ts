// The GraphQL of a manifest, held against the mesh's own schema: a query that asks for what is not there is told when the plugin is loaded or installed.
import { checkMutation, checkQuery } from '@parley/mesh/graph-document.ts'
import type { Manifest } from '@parley/plugin-sdk/manifest.ts'

export interface BadDocument {
  readonly path: readonly [kind: 'queries' | 'mutations', name: string]
  readonly reason: string
}

/** The first that cannot be asked. */
export function badDocumentOf(manifest: Manifest): BadDocument | undefined {
  for (const [kind, check] of [
    ['queries', checkQuery],
    ['mutations', checkMutation],
  ] as const)
    for (const [name, text] of Object.entries(manifest[kind])) {
      const document = check(text)
      if (!document.isGood) return { path: [kind, name], reason: document.reason }
    }
  return undefined
}
