// Checks the GraphQL that a plugin declares: in any shop what it is, and in one what it asks for there, when the plugin is loaded. What stands against it
// is told then, and what is asked in a turn is known to be small.
import {
  type ASTNode,
  type DocumentNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLSchema,
  isListType,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  specifiedRules,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import type { FieldAsks } from './joined/field.ts'
import { limitsRule } from './joined/limits.ts'

const LONGEST = 4_000
const DEEPEST = 6
const MOST_FIELDS = 64

export type DocumentKind = 'query' | 'mutation'

/**
 * What stands against it in every shop. It must be one operation of its kind of at most 4,000 characters, 6 levels and 64 fields, written out: no
 * fragments. A mutation is of one field, which is done under one key, and gives plain values, which become the effect's result.
 */
export function shapeProblem(text: string, kind: DocumentKind): string | undefined {
  if (text.length > LONGEST) return `it has ${text.length} characters, more than ${LONGEST}`
  try {
    const document = parse(text)
    const [operation, ...others] = document.definitions
    if (operation?.kind !== Kind.OPERATION_DEFINITION || others.length > 0) return 'it must be one operation, without fragments'
    if (operation.operation !== kind) return `it is a ${operation.operation}, not a ${kind}`
    const size = sizeOf(operation.selectionSet)
    if (size === 'spread') return 'fragments are not taken: write the fields out'
    if (size.depth > DEEPEST) return `it is ${size.depth} levels deep, more than ${DEEPEST}`
    if (size.fields > MOST_FIELDS) return `it has ${size.fields} fields, more than ${MOST_FIELDS}`
    return kind === 'mutation' ? mutationProblem(operation) : undefined
  } catch (error) {
    if (error instanceof GraphQLError) return sayError(error)
    throw error
  }
}

/** What stands against it in a shop, for who was granted these sources. */
export function documentProblem(text: string, kind: DocumentKind, schema: GraphQLSchema, sources: readonly string[]): string | undefined {
  const found = known.get(schema) ?? new Map<string, string | undefined>()
  known.set(schema, found)
  const name = JSON.stringify([kind, sources, text])
  if (found.has(name)) return found.get(name)
  const problem = shapeProblem(text, kind) ?? problemIn(parse(text), schema, sources)
  if (found.size >= KEPT) found.clear()
  found.set(name, problem)
  return problem
}

const known = new WeakMap<GraphQLSchema, Map<string, string | undefined>>()
const KEPT = 256

/** The names under which a document that has its shape gives what it asks for. */
export const rootsOf = (text: string): readonly string[] =>
  parse(text).definitions.flatMap(definition =>
    definition.kind === Kind.OPERATION_DEFINITION
      ? definition.selectionSet.selections.flatMap(each => (each.kind === Kind.FIELD ? [(each.alias ?? each.name).value] : []))
      : [],
  )

const sayError = ({ message, locations }: GraphQLError): string => (locations?.[0] ? `${message} (line ${locations[0].line})` : message)

function sizeOf({ selections }: SelectionSetNode): { readonly depth: number; readonly fields: number } | 'spread' {
  let depth = 0
  let fields = 0
  for (const selection of selections) {
    if (selection.kind !== Kind.FIELD) return 'spread'
    const below = selection.selectionSet ? sizeOf(selection.selectionSet) : { depth: 0, fields: 0 }
    if (below === 'spread') return 'spread'
    depth = Math.max(depth, below.depth)
    fields += below.fields + 1
  }
  return { depth: depth + 1, fields }
}

/** The reason why a mutation cannot be an effect. */
function mutationProblem({ selectionSet }: OperationDefinitionNode): string | undefined {
  const [root, ...others] = selectionSet.selections
  if (root?.kind !== Kind.FIELD || others.length > 0) return 'it must be of one field: one key has one effect'
  if (root.directives && root.directives.length > 0) return 'its field cannot be left out: it is what the effect does'
  const isFlat = root.selectionSet?.selections.every(each => each.kind === Kind.FIELD && !each.selectionSet) ?? true
  return isFlat ? undefined : 'what it gives must be plain values: they become the result of the effect'
}

const RULES = [...specifiedRules, NoSchemaIntrospectionCustomRule, limitsRule()]

function problemIn(document: DocumentNode, schema: GraphQLSchema, sources: readonly string[]): string | undefined {
  const [error] = validate(schema, document, RULES, { maxErrors: 1 })
  if (error) return sayError(error)
  let problem: string | undefined
  const types = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(types, {
      Field(node) {
        const field = types.getFieldDef()
        const type = types.getParentType()
        const reason =
          field && type && fieldProblem(field, `${type.name}.${field.name}`, node.arguments?.map(each => each.name.value) ?? [], sources)
        if (reason !== undefined) problem ??= `${reason}${lineOf(node)}`
      },
    }),
  )
  return problem
}

function fieldProblem(
  field: GraphQLField<unknown, unknown>,
  path: string,
  given: readonly string[],
  sources: readonly string[],
): string | undefined {
  const asks = field.extensions.asks as FieldAsks | undefined // fieldOf puts it there
  const isMutation = path.startsWith('Mutation.')
  if (!asks) return undefined
  if (asks.isForShop) return `${path} is for the shop's own people: it names no customer`
  if (!sources.includes(asks.source)) return `${path} asks ${asks.source}: list it under sources`
  if (asks.customer !== undefined && given.includes(asks.customer))
    return `${path} is asked for whoever writes, and no other customer can be named: leave ${asks.customer} out`
  if (isMutation && !asks.hasKey) return `${path} is done under no key, and so it could be done twice`
  if (isMutation && given.includes('key')) return `the key of ${path} is the engine's: leave it out`
  if (isMutation && isListType(field.type)) return `${path} gives a list: what is done has one result`
  return undefined
}

const lineOf = ({ loc }: ASTNode): string => (loc ? ` (line ${loc.startToken.line})` : '')
