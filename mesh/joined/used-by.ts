// Which fields of a mesh a change of one of its sources touches.
import type { Catalogue } from '../source/catalogue.ts'
import type { Change } from '../source/compare.ts'
import { namesIn } from '../source/names-in.ts'
import type { MeshConfig } from './mesh-config.ts'

/** `before` is the source's catalogue that the mesh was made of. */
export function usedBy({ fields }: Pick<MeshConfig, 'fields'>, source: string, before: Catalogue, { of }: Change): readonly string[] {
  return Object.entries(fields).flatMap(([path, { from }]) => {
    if (!from.startsWith(`${source}.`)) return []
    const id = from.slice(source.length + 1)
    if ('operation' in of) return id === of.operation ? [path] : []
    const answer = before.operations.get(id)?.answer
    return answer && namesIn(before, answer).includes(of.type) ? [path] : []
  })
}
