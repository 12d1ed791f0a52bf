// JSON schemas of what a GraphQL endpoint takes and answers: of an answer what was selected of it, of a variable what its type says.
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredInputField,
  isScalarType,
  type SelectionSetNode,
  typeFromAST,
} from 'graphql'
import type { Catalogue, JsonSchema } from '../catalogue.ts'

/** What JSON a scalar of the schema's own is. */
export type ScalarNames = Readonly<Record<string, 'string' | 'integer' | 'number' | 'boolean'>>

const BUILT_IN: ScalarNames = { String: 'string', ID: 'string', Int: 'integer', Float: 'number', Boolean: 'boolean' }

interface Selected {
  readonly node: FieldNode
  /** Undefined: `__typename`. */
  readonly field?: GraphQLField<unknown, unknown>
  readonly below: SelectionSetNode[]
  /** It is in every answer: no condition stands before it. */
  isSure: boolean
}

export interface GraphQlSchemas extends Pick<Catalogue, 'schemas' | 'resolve'> {
  answer(type: GraphQLOutputType, selections: readonly SelectionSetNode[], description?: string | null): JsonSchema
  input(type: GraphQLInputType, description?: string | null): JsonSchema
  /** The fields of a selection, with what stands in its fragments. */
  selected(type: GraphQLNamedType, selections: readonly SelectionSetNode[]): ReadonlyMap<string, Selected>
}

export function createGraphQlSchemas(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  scalars: ScalarNames,
): GraphQlSchemas {
  /** Every schema that has a type of its own, by its reference. */
  const shared = new Map<string, JsonSchema>()
  const names = new Map<JsonSchema, string>()
  const references = new Map<string, string>()
  /** By type: what is selected the most fields of has the type's name; other selections are other types, named by where they stand. */
  const fullest = new Map<string, { readonly schema: JsonSchema; readonly fields: number }>()
  const said = (description?: string | null): { description?: string } => (description ? { description } : {})

  const sharedAs = (reference: string, make: (into: Record<string, unknown>) => void, description?: string | null): JsonSchema => {
    if (!shared.has(reference)) {
      const into: Record<string, unknown> = {}
      shared.set(reference, into) // before it is filled: an input may have itself within it
      make(into)
    }
    return { $ref: reference, ...said(description) }
  }

  const scalarOrEnum = (type: GraphQLNamedType, description?: string | null): JsonSchema => {
    if (isEnumType(type))
      return sharedAs(
        `#/enum/${type.name}`,
        into => {
          Object.assign(into, { type: 'string', enum: type.getValues().map(({ name }) => name), ...said(type.description) })
          names.set(into, type.name)
        },
        description,
      )
    const json = scalars[type.name] ?? BUILT_IN[type.name]
    const own = isScalarType(type) && BUILT_IN[type.name] === undefined ? type.description : undefined
    return { ...(json !== undefined && { type: json }), ...said(description ?? own) }
  }

  const selected: GraphQlSchemas['selected'] = (type, selections) => {
    const found = new Map<string, Selected>()
    const walk = (on: GraphQLNamedType, { selections: nodes }: SelectionSetNode, isSure: boolean): void => {
      for (const node of nodes) {
        const isCertain = isSure && !node.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include')
        if (node.kind !== 'Field') {
          const fragment = node.kind === 'FragmentSpread' ? fragments.get(node.name.value)! : node // the document was validated
          const condition = fragment.typeCondition && typeFromAST(schema, fragment.typeCondition)
          const isAlways = !condition || condition === type || (isObjectType(type) && isInterfaceType(condition))
          walk(condition ?? on, fragment.selectionSet, isCertain && isAlways)
          continue
        }
        const key = node.alias?.value ?? node.name.value
        const field = isObjectType(on) || isInterfaceType(on) ? on.getFields()[node.name.value] : undefined
        const before = found.get(key)
        if (!before)
          found.set(key, { node, ...(field && { field }), below: node.selectionSet ? [node.selectionSet] : [], isSure: isCertain })
        else {
          if (node.selectionSet) before.below.push(node.selectionSet)
          before.isSure ||= isCertain
        }
      }
    }
    for (const each of selections) walk(type, each, true)
    return found
  }

  const answer: GraphQlSchemas['answer'] = (type, selections, description) => {
    if (isNonNullType(type)) return answer(type.ofType, selections, description)
    if (isListType(type)) return { type: 'array', items: answer(type.ofType, selections), ...said(description) }
    if (!isCompositeType(type)) return scalarOrEnum(type, description)
    const properties: Record<string, JsonSchema> = {}
    const required: string[] = []
    for (const [key, { field, below, isSure }] of selected(type, selections)) {
      properties[key] = field
        ? answer(field.type, below, field.description)
        : { type: 'string', description: 'Which of the types it can be it is.' }
      if (isSure) required.push(key)
    }
    const made = { type: 'object', properties, required, ...said(type.description) }
    // The same selection is the same schema, wherever it stands.
    const selection = JSON.stringify([type.name, properties, required])
    const reference = references.get(selection) ?? `#/${type.name}/${references.size}`
    references.set(selection, reference)
    const of = sharedAs(reference, into => Object.assign(into, made), description)
    const known = shared.get(reference)! // it was put there
    const fields = Object.keys(properties).length
    if (fields > (fullest.get(type.name)?.fields ?? 0)) fullest.set(type.name, { schema: known, fields })
    return of
  }

  const input: GraphQlSchemas['input'] = (type, description) => {
    if (isNonNullType(type)) return input(type.ofType, description)
    if (isListType(type)) return { type: 'array', items: input(type.ofType), ...said(description) }
    if (!isInputObjectType(type)) return scalarOrEnum(type, description)
    return sharedAs(
      `#/input/${type.name}`,
      into => {
        const fields = Object.values(type.getFields())
        names.set(into, type.name)
        Object.assign(into, {
          type: 'object',
          properties: Object.fromEntries(fields.map(field => [field.name, input(field.type, field.description)])),
          required: fields.filter(isRequiredInputField).map(({ name }) => name),
          ...said(type.description),
        })
      },
      description,
    )
  }

  return {
    answer,
    input,
    selected,
    get schemas() {
      return new Map([...fullest].map(([name, each]) => [name, each.schema]))
    },
    resolve(given) {
      const reached = typeof given.$ref === 'string' ? shared.get(given.$ref) : given
      if (!reached) throw new Error(`${String(given.$ref)} leads nowhere`)
      const name = names.get(reached) ?? [...fullest].find(([, { schema: most }]) => most === reached)?.[0]
      return { schema: reached, ...(name !== undefined && { name }) }
    },
  }
}
