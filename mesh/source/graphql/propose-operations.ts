// Operations for an endpoint of which nobody has said yet what is to be asked: each field of its roots, with what is plain of the answer. A proposal, for a
// person to shorten: what is selected is fetched each time.
import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
  parse,
  print,
} from 'graphql'
import type { ScalarNames } from './answer-schema.ts'

/** Objects within objects, from what an operation or a fragment begins with. */
const DEEPEST = 3
/** Entries of a list within an answer. */
const FEW = 20
const LIMIT = /^(first|limit|pageSize|take|count|perPage)$/
const IDS = ['id', 'number', 'code', 'key', 'slug']
/** Of the machinery of GraphQL, not of a shop. */
const MACHINERY = /^(node|nodes|_service|_entities|__.*)$/
const TEXTS = /^(Date|DateTime|Time|LocalDate|LocalDateTime|Instant|URL|URI|UUID|Email|EmailAddress|PhoneNumber|HTML|Markdown)$/

/** A file of operations, as text. */
export function proposeOperations(schema: GraphQLSchema): string {
  const roots = [schema.getQueryType(), schema.getMutationType()].flatMap(root => (root ? [root] : []))
  const fieldsOf = (root: GraphQLObjectType) =>
    Object.values(root.getFields()).filter(field => !MACHINERY.test(field.name) && isCurrent(field))
  // What can be asked for by itself, and so is joined rather than fetched along with everything that leads to it.
  const things = new Set<GraphQLNamedType>()
  for (const field of schema.getQueryType() ? fieldsOf(schema.getQueryType()!) : []) {
    const type = getNamedType(field.type)
    if (isCompositeType(type) && idOf(type)) things.add(type)
  }
  const fragments = new Map<GraphQLCompositeType, string>()
  const underWay = new Set<GraphQLCompositeType>()
  const withLists = new Set<GraphQLCompositeType>()

  const fragmentFor = (type: GraphQLCompositeType): string => {
    if (!fragments.has(type)) {
      underWay.add(type)
      const inner = selection(type, 0, [type], type)
      underWay.delete(type)
      fragments.set(type, `fragment ${type.name}Fields on ${type.name} { ${inner} }`)
    }
    return `...${type.name}Fields`
  }

  const within = (
    field: GraphQLField<unknown, unknown>,
    depth: number,
    above: readonly GraphQLNamedType[],
    of: GraphQLCompositeType,
  ): string => {
    const type = getNamedType(field.type)
    if (!isCompositeType(type)) return ''
    if (!things.has(type)) return depth < DEEPEST && !above.includes(type) ? selection(type, depth + 1, [...above, type], of) : ''
    const isMany = isList(field) || /^(node|nodes)$/.test(field.name)
    if (isMany && !underWay.has(type)) {
      const spread = fragmentFor(type)
      if (!withLists.has(type)) {
        withLists.add(of)
        return spread
      }
    }
    return idOf(type) ?? ''
  }

  function selection(type: GraphQLCompositeType, depth: number, above: readonly GraphQLNamedType[], of: GraphQLCompositeType): string {
    const parts: string[] = []
    const shapes = new Map<string, string>()
    const add = (from: GraphQLCompositeType): readonly string[] => {
      const found: string[] = []
      if (isUnionType(from)) return found
      const fields = from.getFields()
      for (const field of Object.values(fields)) {
        if (!isCurrent(field) || field.args.some(isRequiredArgument)) continue
        if (field.name === 'edges' && 'nodes' in fields) continue
        if ((shapes.get(field.name) ?? String(field.type)) !== String(field.type)) continue // members of a union that disagree
        shapes.set(field.name, String(field.type))
        const limit = field.args.find(({ name }) => LIMIT.test(name))
        const called = limit ? `${field.name}(${limit.name}: ${FEW})` : field.name
        if (!isCompositeType(getNamedType(field.type))) found.push(called)
        else {
          const inner = within(field, depth, above, of)
          if (inner !== '') found.push(`${called} { ${inner} }`)
        }
      }
      return found
    }
    if (isAbstractType(type)) {
      parts.push('typename: __typename', ...add(type))
      for (const member of schema.getPossibleTypes(type)) {
        const own = add(member).filter(part => !parts.includes(part))
        if (own.length > 0) parts.push(`... on ${member.name} { ${own.join(' ')} }`)
      }
    } else parts.push(...add(type))
    return parts.join(' ')
  }

  const taken = new Set<string>()
  const operations = roots.flatMap(root =>
    fieldsOf(root).flatMap(field => {
      const type = getNamedType(field.type)
      const inner = !isCompositeType(type) ? undefined : things.has(type) ? fragmentFor(type) : selection(type, 0, [type], type)
      if (inner === '') return []
      const kind = root === schema.getQueryType() ? 'query' : 'mutation'
      const name = taken.has(field.name) ? `${kind}_${field.name}` : field.name
      taken.add(name)
      const args = field.args.filter(isCurrent)
      const variables = args.length > 0 ? `(${args.map(variable).join(', ')})` : ''
      const given = args.length > 0 ? `(${args.map(arg => `${arg.name}: $${arg.name}`).join(', ')})` : ''
      return [`${kind} ${name}${variables} { ${field.name}${given}${inner === undefined ? '' : ` { ${inner} }`} }`]
    }),
  )
  return `${print(parse([...operations, ...fragments.values()].join('\n')))}\n`
}

/** What the schema's own scalars are in JSON, where their names say it. */
export const proposeScalars = (schema: GraphQLSchema): ScalarNames =>
  Object.fromEntries(
    Object.values(schema.getTypeMap()).flatMap(type =>
      isScalarType(type) && !isSpecifiedScalarType(type) && TEXTS.test(type.name) ? [[type.name, 'string'] as const] : [],
    ),
  )

/** Of a list the first few: the endpoint's own default is its own affair. */
const variable = (arg: GraphQLArgument): string =>
  `$${arg.name}: ${String(arg.type)}${LIMIT.test(arg.name) && !isNonNullType(arg.type) && String(arg.type) === 'Int' ? ` = ${FEW}` : ''}`

const isCurrent = ({ deprecationReason }: { readonly deprecationReason?: string | null | undefined }): boolean =>
  (deprecationReason ?? null) === null

const isList = ({ type }: GraphQLField<unknown, unknown>): boolean => isListType(isNonNullType(type) ? type.ofType : type)

function idOf(type: GraphQLCompositeType): string | undefined {
  if (isUnionType(type)) return undefined
  const fields = isObjectType(type) || isAbstractType(type) ? type.getFields() : {}
  return IDS.find(name => fields[name] && !isCompositeType(getNamedType(fields[name].type)))
}
