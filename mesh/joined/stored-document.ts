// A document that a mesh's file has for the bot: read, and held to the schema, when the file is. It is asked in a customer's name and its variables are
// slots of the dialogue, read as customers write them.
import {
  type FieldNode,
  type GraphQLError,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionSetNode,
  type ValidationRule,
  validate,
} from 'graphql'
import type { MeshConfig } from './mesh-config.ts'
import type { SlotConfig } from './stored-config.ts'

/** What the file's documents are held to. */
export interface Ground {
  readonly config: MeshConfig
  readonly schema: GraphQLSchema
  /** For what a customer asks. */
  readonly rules: readonly ValidationRule[]
}

export interface StoredDocument {
  readonly text: string
  readonly operation: OperationDefinitionNode
  readonly variables: readonly Variable[]
}

interface Variable {
  readonly name: string
  readonly isRequired: boolean
  /** Undefined where the text is none. */
  readonly read: (text: string) => string | number | undefined
  /** Why an effect is refused without it. */
  readonly refused: string
}

/** Throws an Error that says what is wrong with it. */
export function readStored(text: string, kind: 'query' | 'mutation', ground: Ground): StoredDocument {
  const document = parse(text, { maxTokens: 4_000 })
  const [operation, ...others] = document.definitions
  if (operation?.kind !== Kind.OPERATION_DEFINITION || others.length > 0) throw new Error('it must be one operation, without fragments')
  if (operation.operation !== kind) throw new Error(`it is a ${operation.operation}, not a ${kind}`)
  const [error]: readonly GraphQLError[] = validate(ground.schema, document, ground.rules, { maxErrors: 1 })
  if (error) throw new Error(error.message)
  const type = kind === 'query' ? 'Query' : 'Mutation'
  for (const field of fieldsIn(operation.selectionSet)) {
    const path = `${type}.${field.name.value}`
    if (ground.config.fields[path]?.customer === undefined) throw new Error(`${path} is for the shop alone: it has no customer`)
  }
  return { text, operation, variables: variablesOf(operation, ground.config) }
}

function variablesOf({ variableDefinitions = [] }: OperationDefinitionNode, { slots }: MeshConfig): readonly Variable[] {
  return variableDefinitions.map(({ variable, type, defaultValue }) => {
    const name = variable.name.value
    if (!Object.hasOwn(slots, name)) throw new Error(`$${name} is no slot: name it under slots`)
    const bare = type.kind === Kind.NON_NULL_TYPE ? type.type : type
    const written = print(bare)
    if (!(written in READ)) throw new Error(`$${name} is ${written}: a slot can be ${Object.keys(READ).join(', ')}`)
    const slot = slots[name]! // it has it
    const typed = READ[written as keyof typeof READ]
    return {
      name,
      isRequired: type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined,
      read: text => typed(found(text, slot)),
      refused: slot.refused,
    }
  })
}

const number = (text: string | undefined): number | undefined =>
  text === undefined || text.trim() === '' || !Number.isFinite(Number(text)) ? undefined : Number(text)
export const READ = {
  String: (text: string | undefined) => text,
  ID: (text: string | undefined) => text,
  Int: (text: string | undefined) => (Number.isInteger(number(text)) ? number(text) : undefined),
  Float: number,
}

/** Customers write no longer ones, and a pattern is not run over more. */
const LONGEST = 200

function found(written: string, { read, as }: SlotConfig): string | undefined {
  const text = written.slice(0, LONGEST).normalize('NFKC')
  if (read === undefined) return text.trim() || undefined
  const match = new RegExp(read, 'u').exec(text)
  return match ? as.replaceAll(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? '') : undefined
}

/** The values of a document's variables; or which one there is none for, and whether the customer has given it. */
export function valuesOf(
  { variables }: StoredDocument,
  slots: Readonly<Record<string, string>>,
): { readonly values: Readonly<Record<string, unknown>> } | { readonly lacks: Variable } {
  const values: Record<string, unknown> = {}
  for (const variable of variables) {
    const given = slots[variable.name]
    const value = given === undefined ? undefined : variable.read(given)
    if (value === undefined && (variable.isRequired || given !== undefined)) return { lacks: variable }
    if (value !== undefined) values[variable.name] = value
  }
  return { values }
}

/** Where a path of an answer leads: `refunds.0`. */
export interface Place {
  readonly type: GraphQLOutputType
  readonly fields: readonly FieldNode[]
  /** The source that it comes from. */
  readonly source: string
}

/** Throws an Error where it leads nowhere. */
export function placeAt(start: Place, path: readonly string[], { config }: Ground): Place {
  let at = start
  for (const [i, part] of path.entries()) {
    const nowhere = new Error(`${path.slice(0, i + 1).join('.')} is not asked for`)
    if (/^\d+$/.test(part)) {
      const list = getNullableType(at.type)
      if (!isListType(list)) throw nowhere
      at = { ...at, type: list.ofType }
      continue
    }
    const parent = getNullableType(at.type)
    const node = at.fields.find(({ alias, name }) => (alias ?? name).value === part)
    const type = isObjectType(parent) && node ? parent.getFields()[node.name.value]?.type : undefined
    if (!isObjectType(parent) || !node || !type) throw nowhere
    const [source = at.source] = config.fields[`${parent.name}.${node.name.value}`]?.from.split('.', 1) ?? []
    at = { type, fields: fieldsIn(node.selectionSet), source }
  }
  return at
}

export const rootPlace = ({ operation }: StoredDocument, type: GraphQLObjectType): Place => ({
  type,
  fields: fieldsIn(operation.selectionSet),
  source: '',
})

/** Of a list, an entry. */
export function entryOf(place: Place): Place {
  const type = getNullableType(place.type)
  return isListType(type) ? entryOf({ ...place, type: type.ofType }) : place
}

export const objectAt = ({ type }: Place): GraphQLObjectType | undefined => {
  const named = getNamedType(type)
  return isObjectType(named) ? named : undefined
}

/** Throws an Error on fragments: what a document asks for is what stands in it. */
export function fieldsIn(selectionSet: SelectionSetNode | undefined): readonly FieldNode[] {
  return (selectionSet?.selections ?? []).map(selection => {
    if (selection.kind !== Kind.FIELD) throw new Error('fragments are not taken: write the fields out')
    return selection
  })
}
