// How deep a query goes and how much it may ask for, reckoned before anything is asked. Lists count with the size that their arguments name, or with
// the largest that they may have; a question to a source counts as ten fields.
import {
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  getNamedType,
  isListType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql'
import { LIST_SIZE } from './field.ts'

export interface Limits {
  readonly depth: number
  readonly cost: number
}

/** Eight levels, and some two thousand fields of answers. */
export const LIMITS: Limits = { depth: 8, cost: 20_000 }

const QUESTION = 10
/** Of a list within an answer, whose length nobody says. */
const LIST = 10
/** Cycles of fragments are refused by another rule; here they must only end. */
const DEEPEST = 50

/** A rule beside graphql's own. */
export const limitsRule =
  (limits: Limits = LIMITS) =>
  (context: ValidationContext): ASTVisitor => ({
    OperationDefinition(operation) {
      const root = context.getSchema().getRootType(operation.operation)
      const { depth, cost } = measure(context, root, operation.selectionSet, 0)
      if (depth > limits.depth) context.reportError(refusal(`it is ${depth} levels deep, more than ${limits.depth}`, operation))
      else if (cost > limits.cost)
        context.reportError(refusal(`it may cost ${cost}, more than ${limits.cost}: ask for shorter lists or fewer fields`, operation))
    },
  })

const refusal = (
  reason: string,
  node: GraphQLError['nodes'] extends infer N ? (N extends readonly (infer E)[] ? E : never) : never,
): GraphQLError => new GraphQLError(reason, { nodes: [node], extensions: { code: 'QUERY_REFUSED' } })

interface Size {
  readonly depth: number
  readonly cost: number
}

function measure(
  context: ValidationContext,
  type: GraphQLNamedType | null | undefined,
  { selections }: SelectionSetNode,
  level: number,
): Size {
  let [depth, cost] = [0, 0]
  if (level > DEEPEST) return { depth: level, cost: 0 }
  for (const selection of selections) {
    let size: Size
    if (selection.kind === Kind.FIELD) {
      // Introspection reads the schema alone; graphql limits it itself.
      if (selection.name.value.startsWith('__')) continue
      const field = isObjectType(type) ? type.getFields()[selection.name.value] : undefined
      const below = selection.selectionSet
        ? measure(context, field && getNamedType(field.type), selection.selectionSet, level + 1)
        : { depth: 0, cost: 0 }
      const times = timesOf(field, selection)
      const isQuestion = field?.extensions.isQuestion === true
      size = { depth: below.depth + 1, cost: Math.min(times * (below.cost + 1) + (isQuestion ? QUESTION : 0), Number.MAX_SAFE_INTEGER) }
    } else if (selection.kind === Kind.INLINE_FRAGMENT) size = measure(context, type, selection.selectionSet, level + 1)
    else {
      const fragment: FragmentDefinitionNode | null | undefined = context.getFragment(selection.name.value)
      size = fragment ? measure(context, type, fragment.selectionSet, level + 1) : { depth: 0, cost: 0 }
    }
    depth = Math.max(depth, size.depth)
    cost += size.cost
  }
  return { depth, cost }
}

function timesOf(field: GraphQLField<unknown, unknown> | undefined, node: FieldNode): number {
  if (!field) return 1
  const known = field.extensions[LIST_SIZE]
  if (typeof known === 'number') return known
  if (!isListType(field.type)) return 1
  const limit = field.args.find(each => /^(limit|first|size|count|pageSize|per_page)$/.test(each.name))
  if (!limit) return LIST
  const given = node.arguments?.find(each => each.name.value === limit.name)?.value
  if (given?.kind === Kind.INT) return Math.max(1, Number(given.value))
  const most = limit.extensions.most
  // A variable may be the largest there is.
  if (given?.kind === Kind.VARIABLE) return typeof most === 'number' ? most : 1_000
  return typeof limit.default?.value === 'number' ? limit.default.value : LIST
}
