// The GraphQL of a manifest, held against the mesh's own schema: a query that asks for what is not there is told when the plugin is loaded or installed.
// Few plugins have any, and GraphQL is 170 files: it is loaded with the first.
import { createRequire } from 'node:module'
import type { Manifest } from '@parley/plugin-sdk/manifest.ts'

const require = createRequire(import.meta.url)

export interface BadDocument {
  readonly path: readonly [kind: 'queries' | 'mutations', name: string]
  readonly reason: string
}

/** The first that cannot be asked. */
export function badDocumentOf(manifest: Manifest): BadDocument | undefined {
  if ([manifest.queries, manifest.mutations].every(documents => Object.keys(documents).length === 0)) return undefined
  // By `require`, which does not wait: those who check a manifest do not either.
  const { checkMutation, checkQuery } = require('@parley/mesh/graph-document.ts') as typeof import('@parley/mesh/graph-document.ts') // it is that file
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
