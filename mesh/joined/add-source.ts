// Adds a source to a mesh's file: what its document proposes, as far as the mesh can be made with it. Comments and what stands there stay.
import { Fault } from '@parley/core/faults.ts'
import { isMap, parseDocument } from 'yaml'
import type { Catalogue } from '../source/catalogue.ts'
import type { Learned } from '../source/kind.ts'
import { catalogueOf, type SourceConfig, SourceSettings } from '../source/kinds.ts'
import { createJoinedMesh } from './joined-mesh.ts'
import { type FieldConfig, MeshConfig } from './mesh-config.ts'
import { propose } from './propose.ts'

/** Its settings as they will stand in the mesh's file, and the files that they name: beside that one. */
export interface NewSource extends Pick<Learned, 'settings' | 'files'> {
  readonly name: string
  /** Joins that it knows of by itself: a database by its foreign keys. */
  readonly fields?: Readonly<Record<string, Partial<FieldConfig>>>
}

export interface Added {
  /** The mesh's file. */
  readonly text: string
  /** `how`: which operation it is, and what it is asked with. */
  readonly fields: readonly { readonly path: string; readonly how: string }[]
  /** What was proposed and cannot be, with why. */
  readonly leftOut: readonly { readonly field: string; readonly reason: string }[]
}

/** `text` is the mesh's file, empty where there is none; `read` gives the text of a file beside it. Faults: CONFIG_INVALID. */
export function addSource(
  file: string,
  text: string,
  { name, settings, files, fields: known }: NewSource,
  read: (file: string) => string,
): Added {
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
  const inPlace = <T>(path: string, work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw invalid(path, error instanceof Error ? error.message : String(error))
    }
  }
  const reading = (of: string, config: SourceConfig): Catalogue =>
    inPlace(`sources.${of}.${config.kind}`, () => catalogueOf(config, each => files.get(each) ?? read(each)))
  const catalogue = reading(name, parsed.data)
  const others = new Map(Object.entries(before.data.sources).map(([of, config]) => [of, reading(of, config)]))
  const { fields: proposedFields, owners } = inPlace(`sources.${name}.${parsed.data.kind}`, () =>
    propose(name, catalogue, [...others.values()]),
  )
  const fields: Readonly<Record<string, Partial<FieldConfig>>> = { ...proposedFields, ...known }

  const block = (path: string[], value: unknown): void => {
    const node = yaml.createNode(value)
    // A field is a line, as one would write it.
    if (isMap(node) && path[0] === 'fields') node.flow = true
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
  /** All at once, then without what does not go: each trial makes the whole mesh. */
  const tryAll = (paths: readonly string[]): void => {
    if (paths.length === 0) return
    for (const path of paths) block(['fields', path], fields[path])
    const reason = problemOf()
    // An owner of a type that no field gives yet is no fault of theirs.
    if (reason === undefined || /^owners: .* no field gives$/.test(reason)) return void added.push(...paths)
    for (const path of paths) yaml.deleteIn(['fields', path])
    const [only, ...more] = paths
    if (only !== undefined && more.length === 0) return void leftOut.push({ field: only, reason })
    // Most reasons begin with the field that they are about.
    const named = paths.find(path => reason.startsWith(`${path}: `))
    if (named !== undefined) {
      leftOut.push({ field: named, reason })
      return tryAll(paths.filter(path => path !== named))
    }
    const middle = Math.ceil(paths.length / 2)
    tryAll(paths.slice(0, middle))
    tryAll(paths.slice(middle))
  }
  // Questions first: a join needs the type that it begins at.
  const isQuestion = (path: string): boolean => path.startsWith('Query.')
  const isThere = (path: string): boolean => yaml.hasIn(['fields', path])
  for (const field of Object.keys(fields).filter(isThere)) leftOut.push({ field, reason: 'there is one already' })
  const proposed = Object.keys(fields).filter(path => !isThere(path))
  tryAll(proposed.toSorted((a, b) => Number(isQuestion(b)) - Number(isQuestion(a))))
  for (const type of Object.keys(owners))
    if (problemOf()?.startsWith(`owners: ${type} is a type that no field gives`)) yaml.deleteIn(['owners', type])
  return { text: yaml.toString({ lineWidth: 150 }), fields: added.map(path => ({ path, how: howOf(fields[path] ?? {}) })), leftOut }
}

/** `orders.listOrders, customer = id` */
function howOf({ from = '', with: bound = {}, batch, pick, customer }: Partial<FieldConfig>): string {
  const parts = [from, ...Object.entries(bound).map(([parameter, of]) => `${parameter} = ${of}`)]
  if (batch !== undefined) parts.push('in batches')
  if (pick !== undefined) parts.push(`its ${pick}`)
  if (customer !== undefined) parts.push(`of the customer (${customer})`)
  return parts.join(', ')
}
