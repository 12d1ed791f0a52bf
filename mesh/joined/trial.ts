// Tries every field that an operation gives: a query for each field of Query that goes through all that it leads to, for one customer; and what came of
// each field.
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import type { MeshAnswer } from './joined-mesh.ts'
import type { MeshConfig } from './mesh-config.ts'

export interface Trial {
  readonly queries: readonly { readonly query: string; readonly tried: readonly Tried[] }[]
  readonly untried: readonly Outcome[]
}

interface Tried {
  /** `Customer.orders` */
  readonly field: string
  /** Where it is in the answer, without the numbers of entries. */
  readonly at: readonly string[]
}

export interface TrialOptions {
  /** Goes into the argument that is the customer. */
  readonly customer: string
  /** Values for arguments, by `argument` or `Type.field.argument`. */
  readonly values?: ReadonlyMap<string, string>
  /** Joins behind joins, at most. */
  readonly deepest?: number
}

const DEEPEST = 4
/** Entries of lists, where they can be limited: a trial wants to see that there is one. */
const FEW = 3
const LIMIT = /^(limit|first|top|take|page_?size|per_?page)$/i

export function trialOf(
  config: MeshConfig,
  schema: GraphQLSchema,
  { customer, values = new Map(), deepest = DEEPEST }: TrialOptions,
): Trial {
  const untried: Outcome[] = []
  const seen = new Set<string>()

  const argumentsFor = (path: string, field: GraphQLField<unknown, unknown>): string | undefined => {
    const needs: string[] = []
    const given = field.args.flatMap(arg => {
      const value = arg.name === config.fields[path]?.customer ? customer : (values.get(`${path}.${arg.name}`) ?? values.get(arg.name))
      if (value !== undefined) return [`${arg.name}: ${literal(arg.type, value)}`]
      if (isNonNullType(arg.type)) needs.push(arg.name)
      return LIMIT.test(arg.name) && getNamedType(arg.type).name === 'Int' ? [`${arg.name}: ${FEW}`] : []
    })
    if (needs.length > 0) untried.push({ field: path, state: 'untried', reason: `needs ${needs.join(', ')}`, needs })
    return needs.length > 0 ? undefined : given.length > 0 ? `(${given.join(', ')})` : ''
  }

  const one = (type: GraphQLObjectType, name: string, level: number, above: readonly string[], tried: Tried[]): string | undefined => {
    const field = type.getFields()[name]! // of the type's own fields
    const path = `${type.name}.${name}`
    const isJoin = config.fields[path] !== undefined
    if (isJoin && seen.has(path)) return undefined
    if (isJoin) seen.add(path)
    const args = argumentsFor(path, field)
    if (args === undefined) return undefined
    const at = [...above, name]
    if (isJoin) tried.push({ field: path, at })
    const below = getNamedType(field.type)
    if (!isObjectType(below)) return name + args
    const inner = level < deepest ? Object.keys(below.getFields()).flatMap(each => one(below, each, level + 1, at, tried) ?? []) : []
    return `${name}${args} { ${inner.join(' ') || '__typename'} }`
  }

  const root = schema.getQueryType()
  const queries = Object.keys(root?.getFields() ?? {}).flatMap(name => {
    const tried: Tried[] = []
    const part = root && one(root, name, 0, [], tried)
    return part === undefined ? [] : [{ query: `query { ${part} }`, tried }]
  })
  for (const path of Object.keys(config.fields))
    if (path.startsWith('Mutation.')) untried.push({ field: path, state: 'untried', reason: 'changes something' })
    else if (!seen.has(path)) untried.push({ field: path, state: 'untried', reason: `no ${path.split('.')[0]} is reached` })
  return { queries, untried }
}

/** As GraphQL writes it, for a type. Lists with commas between. */
function literal(type: GraphQLArgument['type'], value: string): string {
  if (isNonNullType(type)) return literal(type.ofType, value)
  if (isListType(type))
    return `[${value
      .split(',')
      .map(each => literal(type.ofType, each))
      .join(', ')}]`
  return isEnumType(type) || /^(Int|Float|Boolean)$/.test(getNamedType(type).name) ? value : JSON.stringify(value)
}

export interface Outcome {
  readonly field: string
  /** `empty`: it answers that there is nothing. `unreached`: what it belongs to is not there for this customer. */
  readonly state: 'answers' | 'empty' | 'unreached' | 'wrong' | 'untried'
  readonly code?: string
  readonly reason?: string
  /** Of what was not tried: arguments that nobody has given a value. */
  readonly needs?: readonly string[]
}

/** What an answer says of the fields that were tried in it. */
export function outcomesOf(tried: readonly Tried[], { data, errors = [] }: MeshAnswer): readonly Outcome[] {
  return tried.map(({ field, at }): Outcome => {
    // An error belongs to the field that stands nearest above it: what it gave is wrong.
    const mine = errors.find(({ path = [] }) => nearest(tried, withoutNumbers(path)) === field)
    if (mine) {
      const within = withoutNumbers(mine.path ?? []).slice(at.length)
      const reason = within.length > 0 ? `its ${within.join('.')}: ${mine.message}` : mine.message
      return { field, state: 'wrong', reason, ...(typeof mine.extensions?.code === 'string' && { code: mine.extensions.code }) }
    }
    const parents = valuesAt(data, at.slice(0, -1))
    if (parents.length === 0) return { field, state: 'unreached' }
    return { field, state: valuesAt(data, at).length > 0 ? 'answers' : 'empty' }
  })
}

const withoutNumbers = (path: readonly (string | number)[]): readonly string[] => path.filter(part => typeof part === 'string')

function nearest(tried: readonly Tried[], path: readonly string[]): string | undefined {
  let found: Tried | undefined
  for (const each of tried) if (each.at.every((part, i) => part === path[i]) && each.at.length > (found?.at.length ?? 0)) found = each
  return found?.field
}

/** All that stands there and is not null, through lists. */
function valuesAt(data: unknown, at: readonly string[]): readonly unknown[] {
  let values: readonly unknown[] = [data]
  for (const part of at) values = values.flatMap(value => [Object(value)[part]].flat(9)).filter(value => (value ?? null) !== null)
  return values.filter(value => (value ?? null) !== null)
}
