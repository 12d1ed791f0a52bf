// Adds a source to a mesh's file: what its document proposes, as far as the mesh can be made with it. Comments and what stands there stay.
import { Fault } from '@parley/core/faults.ts'
import { parseDocument } from 'yaml'
import type { Catalogue } from '../source/catalogue.ts'
import { catalogueOf, type SourceConfig, SourceSettings } from '../source/kinds.ts'
import { createJoinedMesh } from './joined-mesh.ts'
import { MeshConfig } from './mesh-config.ts'
import { propose } from './propose.ts'

export interface NewSource {
  readonly name: string
  /** As they will stand in the mesh's file. */
  readonly settings: Readonly<Record<string, unknown>>
  /** The texts of files that they name, and that will lie beside the mesh's. */
  readonly files: ReadonlyMap<string, string>
}

export interface Added {
  /** The mesh's file. */
  readonly text: string
  readonly fields: readonly string[]
  /** What was proposed and cannot be, with why. */
  readonly leftOut: readonly { readonly field: string; readonly reason: string }[]
}

/** `text` is the mesh's file, empty where there is none; `read` gives the text of a file beside it. Faults: CONFIG_INVALID. */
export function addSource(file: string, text: string, { name, settings, files }: NewSource, read: (file: string) => string): Added {
  const invalid = (path: string, reason: string): Fault => new Fault('CONFIG_INVALID', { file, path, reason })
  const yaml = parseDocument(text.trim() === '' ? '{}' : text)
  const before = MeshConfig.safeParse({ sources: {}, ...yaml.toJS() })
  if (!before.success) throw invalid(before.error.issues[0]?.path.join('.') ?? '', before.error.issues[0]?.message ?? 'not of the schema')
  if (name in before.data.sources) throw invalid(`sources.${name}`, 'there is a source of this name already')
  const parsed = SourceSettings.safeParse(settings)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(['sources', name, ...(issue?.path ?? [])].join('.'), issue?.message ?? 'not of the schema')
  }
  const reading = (of: string, config: SourceConfig): Catalogue => {
    try {
      return catalogueOf(config, each => files.get(each) ?? read(each))
    } catch (error) {
      throw invalid(`sources.${of}.${config.kind}`, error instanceof Error ? error.message : String(error))
    }
  }
  const catalogue = reading(name, parsed.data)
  const others = new Map(Object.entries(before.data.sources).map(([of, config]) => [of, reading(of, config)]))
  const { fields, owners } = propose(name, catalogue, [...others.values()])

  const block = (path: string[], value: unknown): void => {
    const node = yaml.createNode(value)
    if ('flow' in node && path[0] !== 'sources') node.flow = true
    yaml.setIn(path, node)
  }
  if (text.trim() === '') yaml.contents = yaml.createNode({}) as never // a mapping, as it was read
  block(['sources', name], settings)
  for (const [type, owner] of Object.entries(owners)) if (!yaml.hasIn(['owners', type])) yaml.setIn(['owners', type], owner)

  const problemOf = (): string | undefined => {
    const parsed = MeshConfig.safeParse(yaml.toJS())
    if (!parsed.success) return `${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`
    try {
      createJoinedMesh({
        config: parsed.data,
        sourceOf: of => ({
          catalogue: others.get(of) ?? catalogue,
          call: () => Promise.reject(new Error('nothing is asked here')),
        }),
      })
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
  const added: string[] = []
  const leftOut: Added['leftOut'][number][] = []
  // Questions first: a join needs the type that it begins at.
  const inOrder = Object.entries(fields).sort(([a], [b]) => Number(b.startsWith('Query.')) - Number(a.startsWith('Query.')))
  for (const [path, field] of inOrder) {
    if (yaml.hasIn(['fields', path])) continue
    block(['fields', path], field)
    const reason = problemOf()
    // An owner of a type that no field gives yet is no fault of this field's.
    if (reason === undefined || /^owners: .* no field gives$/.test(reason)) added.push(path)
    else {
      yaml.deleteIn(['fields', path])
      leftOut.push({ field: path, reason })
    }
  }
  for (const type of Object.keys(owners))
    if (problemOf()?.startsWith(`owners: ${type} is a type that no field gives`)) yaml.deleteIn(['owners', type])
  return { text: yaml.toString({ lineWidth: 150 }), fields: added, leftOut }
}
