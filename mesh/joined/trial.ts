// Tries every field that operations give: one query that goes through all of them for one customer, and what came of each.
import { type GraphQLField, type GraphQLObjectType, getNamedType, isNonNullType, isObjectType } from 'graphql'
import type { MeshConfig } from './mesh-config.ts'

export interface Trial {
  readonly query: string
  /** Fields that it does not ask for, since nobody has said with which arguments. */
  readonly untried: readonly string[]
}

/** So deep joins are followed. */
const DEEPEST = 4

/** `customer` goes into the argument that is the customer. */
export function trialOf(config: MeshConfig, query: GraphQLObjectType, customer: string): Trial {
  const untried: string[] = []
  const tried = new Set<string>()

  const argumentsFor = (path: string, field: GraphQLField<unknown, unknown>): string | undefined => {
    const given = field.args.flatMap(({ name, type }) =>
      name === config.fields[path]?.customer ? [`${name}: ${JSON.stringify(customer)}`] : isNonNullType(type) ? [undefined] : [],
    )
    return given.includes(undefined) ? undefined : given.length > 0 ? `(${given.join(', ')})` : ''
  }

  const selection = (type: GraphQLObjectType, level: number): string => {
    const parts: string[] = []
    for (const [name, field] of Object.entries(type.getFields())) {
      const path = `${type.name}.${name}`
      const isJoin = config.fields[path] !== undefined
      if (isJoin && tried.has(path)) continue
      const args = argumentsFor(path, field)
      if (args === undefined) {
        if (!untried.includes(path)) untried.push(path)
        continue
      }
      const below = getNamedType(field.type)
      if (isJoin) tried.add(path)
      if (!isObjectType(below)) parts.push(name + args)
      else if (level < DEEPEST) {
        const inner = selection(below, level + 1)
        if (inner !== '') parts.push(`${name}${args} { ${inner} }`)
      }
    }
    return parts.join(' ')
  }
  return { query: `query { ${selection(query, 0)} }`, untried }
}
