// A panel's query for a mesh whose file declares none: what is a customer's, with the joins that lead on from there and need to be told nothing.
import { type GraphQLObjectType, type GraphQLOutputType, type GraphQLSchema, getNamedType, isNonNullType, isObjectType } from 'graphql'
import type { MeshConfig } from './mesh-config.ts'

/** So deep it goes at most; less where that would cost more than a query may. */
const DEEPEST = 4

/** `mayAsk` says whether the mesh takes such a query. Undefined where nothing is a customer's. */
export function derivedPanel(config: MeshConfig, schema: GraphQLSchema, mayAsk: (query: string) => boolean): string | undefined {
  const root = schema.getQueryType()
  if (!root) return undefined
  for (let deepest = DEEPEST; deepest > 0; deepest--) {
    const asked = selectionOf(config, root, deepest)
    const query = `query ($customer: ID!) { ${asked} }`
    if (asked !== '' && mayAsk(query)) return query
  }
  return undefined
}

function selectionOf(config: MeshConfig, root: GraphQLObjectType, deepest: number): string {
  /** Joins that are in it: each stands where it comes first, or one would lead to another for ever. */
  const joined = new Set<string>()

  const partsOf = (type: GraphQLObjectType, above: readonly string[]): string => {
    const fields = Object.entries(type.getFields()).map(([name, field]) => ({ name, field, path: `${type.name}.${name}` }))
    // What is nearer goes first: a type that two joins give is shown at the one that says whose it is.
    const own = fields.filter(({ path }) => config.fields[path] === undefined)
    const joins = fields.filter(({ path }) => config.fields[path] !== undefined)
    const parts: string[] = []
    for (const { name, field, path } of [...own, ...joins]) {
      const setting = config.fields[path]
      if (type === root && (setting?.customer === undefined || isJoinToo(config, setting.from))) continue
      if (type !== root && config.owners[type.name] === name && above.length > 1) continue // the customer, whom the panel is about
      if (setting && (joined.has(path) || isPartOf(config, type.name, path))) continue
      const args = field.args.map(({ name: argument, type: given }) =>
        argument === setting?.customer ? `${argument}: $customer` : isNonNullType(given) ? undefined : '',
      )
      if (args.includes(undefined)) continue
      if (setting) joined.add(path)
      const below = objectIn(field.type)
      const given = args.filter(Boolean).length > 0 ? `(${args.filter(Boolean).join(', ')})` : ''
      if (!below) parts.push(name + given)
      else if (!above.includes(below.name) && above.length < deepest) {
        const inner = partsOf(below, [...above, below.name])
        if (inner !== '') parts.push(`${name}${given} { ${inner} }`)
      }
    }
    return parts.join(' ')
  }
  return partsOf(root, [])
}

/** A question of its own that leads on from somewhere as well: it is shown there. */
const isJoinToo = (config: MeshConfig, from: string): boolean =>
  Object.entries(config.fields).some(([path, other]) => other.from === from && !/^(?:Query|Mutation)\./.test(path))

/** One field of an answer that another field of the same type gives as a whole. */
const isPartOf = (config: MeshConfig, type: string, path: string): boolean =>
  config.fields[path]?.pick !== undefined &&
  Object.entries(config.fields).some(
    ([other, { from, pick }]) => other.startsWith(`${type}.`) && pick === undefined && from === config.fields[path]?.from,
  )

function objectIn(type: GraphQLOutputType): GraphQLObjectType | undefined {
  const named = getNamedType(type)
  return isObjectType(named) ? named : undefined
}
