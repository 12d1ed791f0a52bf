// Draws a mesh: which type leads to which, by which operation of which source.
import { type GraphQLSchema, getNamedType, isListType, isObjectType } from 'graphql'
import type { MeshConfig } from './mesh-config.ts'

export interface Way {
  readonly from: string
  readonly field: string
  readonly to: string
  readonly isList: boolean
  /** `orders.listOrders` */
  readonly by: string
  /** Of the source: `openapi`. */
  readonly kind: string
  /** Parameters that come from the object: `customer = id`. */
  readonly bound: readonly string[]
  readonly isBatched: boolean
}

export const waysOf = (config: MeshConfig, schema: GraphQLSchema): readonly Way[] =>
  Object.entries(config.fields).flatMap(([path, field]) => {
    const [from = '', name = ''] = path.split('.')
    const type = schema.getType(from)
    const given = isObjectType(type) ? type.getFields()[name]?.type : undefined
    if (!given) return []
    const bound = Object.entries(field.with).map(([parameter, of]) => `${parameter} = ${of}`)
    return [
      {
        from,
        field: name,
        to: getNamedType(given).name,
        isList: isListType(given),
        by: field.from,
        kind: config.sources[field.from.split('.', 1)[0] ?? '']?.kind ?? '',
        bound,
        isBatched: field.batch !== undefined,
      },
    ]
  })

/** One line a way, by the type that it begins at. */
export const drawText = (ways: readonly Way[]): string =>
  [...new Set(ways.map(way => way.from))]
    .map(from => {
      const lines = ways
        .filter(way => way.from === from)
        .map(({ field, to, isList, by, bound, isBatched }) => {
          const how = [by, ...bound, ...(isBatched ? ['in batches'] : [])].join(', ')
          return `  ${field} → ${isList ? `[${to}]` : to}   ${how}`
        })
      return [from, ...lines].join('\n')
    })
    .join('\n')

/** For whatever draws Mermaid. */
export const drawMermaid = (ways: readonly Way[]): string =>
  ['graph LR', ...ways.map(({ from, field, to, by }) => `  ${from} -- "${field} (${by})" --> ${to}`)].join('\n')
