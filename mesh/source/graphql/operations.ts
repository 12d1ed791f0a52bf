// What is asked of a GraphQL endpoint: the operations of a file, each with a name, held to the endpoint's schema. Their variables are what they take;
// what they select is what they answer.
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isNonNullType,
  type OperationDefinitionNode,
  parse,
  print,
  separateOperations,
  specifiedRules,
  TypeInfo,
  typeFromAST,
  validate,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import type { Catalogue, Operation, Parameter } from '../catalogue.ts'
import { createGraphQlSchemas, type GraphQlSchemas, type ScalarNames } from './answer-schema.ts'

export interface GraphQlOperation extends Operation {
  /** As it is sent, with the fragments that it needs. */
  readonly text: string
  /** What stands under this key of the answer's `data` is the answer; undefined where it selects several fields: all of `data`. */
  readonly root?: string
  /** The field of a mutation's answer that lists what was wrong, where it was selected: many a schema answers so instead of with errors. */
  readonly problems?: string
}

export interface OperationsOptions {
  readonly scalars?: ScalarNames
  /** The header under which the endpoint does a mutation once. */
  readonly keyHeader?: string | undefined
}

const IDS = /^(id|number|code|key|slug)$/i
const PROBLEMS = ['userErrors', 'errors']

/** Throws an Error that says what is wrong with the file, and where. */
export function readOperations(
  schema: GraphQLSchema,
  text: string,
  { scalars = {}, keyHeader }: OperationsOptions = {},
): Catalogue<GraphQlOperation> {
  const document = parsed(text)
  const [problem] = validate(
    schema,
    document,
    // A fragment that no operation has is no harm: somebody is still writing.
    specifiedRules.filter(rule => rule.name !== 'NoUnusedFragmentsRule'),
  )
  if (problem) throw withLine(problem)
  const definitions = document.definitions.filter(each => each.kind === 'OperationDefinition')
  if (definitions.length === 0) throw new Error('there is no operation in it')
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const each of document.definitions) if (each.kind === 'FragmentDefinition') fragments.set(each.name.value, each)
  const schemas = createGraphQlSchemas(schema, fragments, scalars)
  const separate = separateOperations(document)

  const operations = new Map<string, GraphQlOperation>()
  for (const definition of definitions) {
    const id = definition.name?.value
    if (id === undefined) throw new Error('an operation has no name: it is asked for by one')
    if (definition.operation === 'subscription') throw new Error(`${id}: a subscription cannot be asked`)
    const root = schema.getRootType(definition.operation)! // it was validated
    const fields = [...schemas.selected(root, [definition.selectionSet])]
    const [only, ...more] = fields
    const field = more.length === 0 ? only?.[1].field : undefined
    const answer =
      only && field
        ? schemas.answer(field.type, only[1].below, field.description)
        : schemas.answer(root, [definition.selectionSet], definition.description?.value)
    const description = definition.description?.value ?? field?.description ?? undefined
    const { properties = {} } = schemas.resolve(answer).schema
    const problems = PROBLEMS.find(name => name in (properties as object)) // of an object of this file's making
    const isSafe = definition.operation === 'query'
    operations.set(id, {
      id,
      isSafe,
      text: print(undescribed(separate[id]!)), // it is one of the document
      ...(only && field && { root: only[0] }),
      ...(!isSafe && problems !== undefined && { problems }),
      ...(description !== undefined && { description }),
      parameters: [
        ...variablesOf(schema, definition, document, schemas, field ? getNamedType(field.type).name : ''),
        ...headersOf(isSafe ? undefined : keyHeader),
      ],
      answer,
    })
  }
  return { operations, schemas: schemas.schemas, resolve: schemas.resolve }
}

function parsed(text: string): DocumentNode {
  try {
    return parse(text)
  } catch (error) {
    throw error instanceof GraphQLError ? withLine(error) : error
  }
}

const withLine = ({ message, locations }: GraphQLError): Error =>
  new Error(`${locations?.[0] ? `line ${locations[0].line}: ` : ''}${message}`)

/** Descriptions of operations are young: most endpoints cannot read them yet. */
const undescribed = (document: DocumentNode): DocumentNode =>
  visit(document, {
    OperationDefinition: ({ description: _, ...rest }) => rest,
    VariableDefinition: ({ description: _, ...rest }) => rest,
    FragmentDefinition: ({ description: _, ...rest }) => rest,
  })

/** Headers that go along: the mesh says them by itself. */
const headersOf = (keyHeader: string | undefined): readonly Parameter[] =>
  ['Accept-Language', ...(keyHeader === undefined ? [] : [keyHeader])].map(name => ({
    name,
    in: 'header',
    isRequired: false,
    schema: { type: 'string' },
  }))

function variablesOf(
  schema: GraphQLSchema,
  definition: OperationDefinitionNode,
  document: DocumentNode,
  schemas: GraphQlSchemas,
  answered: string,
): readonly Parameter[] {
  const described = descriptionsOf(schema, definition, document)
  return (definition.variableDefinitions ?? []).map(({ variable, type: node, defaultValue, description: own }) => {
    const name = variable.name.value
    const type = typeFromAST(schema, node) as GraphQLInputType // it was validated: a variable has one of these
    const isRequired = isNonNullType(type) && !defaultValue
    const description = own?.value ?? described.get(name)
    const given = schemas.input(type, description)
    const isOwnId = isRequired && (IDS.test(name) || name.replace(/_?(id|number|code)$/i, '').toLowerCase() === answered.toLowerCase())
    return {
      name,
      isRequired,
      // As of a path: the thing's own id is what it is asked for by.
      in: isOwnId ? 'path' : 'query',
      ...(description !== undefined && { description }),
      schema: defaultValue ? { ...given, default: valueFromASTUntyped(defaultValue) } : given,
    }
  })
}

/** What the schema says of the arguments that variables stand in, by variable. */
function descriptionsOf(schema: GraphQLSchema, definition: OperationDefinitionNode, document: DocumentNode): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const note = (name: string, description: string | null | undefined): void => {
    if (description && !found.has(name)) found.set(name, description)
  }
  const info = new TypeInfo(schema)
  const look = visitWithTypeInfo(info, {
    Argument({ value }) {
      if (value.kind === 'Variable') note(value.name.value, info.getArgument()?.description)
    },
    ObjectField({ name, value }) {
      const of = info.getParentInputType()
      if (value.kind === 'Variable' && of && 'getFields' in of) note(value.name.value, of.getFields()[name.value]?.description)
    },
  })
  visit(definition, look)
  for (const each of document.definitions) if (each.kind === 'FragmentDefinition') visit(each, look)
  return found
}
