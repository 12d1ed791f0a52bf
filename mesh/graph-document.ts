// Checks the GraphQL that a plugin declares, when it is loaded: what stands against it is told then, and what is asked in a turn is known to be
// small. Documents are read once.
import {
  type DocumentNode,
  GraphQLError,
  getNamedType,
  isLeafType,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  specifiedRules,
  validate,
} from 'graphql'
import { SCHEMA } from './graph-schema.ts'

const LONGEST = 4_000
const DEEPEST = 6
const MOST_FIELDS = 64

export type Checked = { readonly isGood: true; readonly document: DocumentNode } | { readonly isGood: false; readonly reason: string }

/** One read-only operation of at most 4,000 characters, 6 levels and 64 fields, written out: no fragments, no introspection. */
export const checkQuery = (text: string): Checked => check(text, 'query')

/** As `checkQuery`, of one field that is done under one key; what it gives is a flat list of values, which becomes the effect's result. */
export const checkMutation = (text: string): Checked => check(text, 'mutation')

type Kinds = 'query' | 'mutation'

const checked: Readonly<Record<Kinds, Map<string, Checked>>> = { query: new Map(), mutation: new Map() }
const KEPT = 256

function check(text: string, kind: Kinds): Checked {
  const before = checked[kind].get(text)
  if (before) return before
  const found = read(text, kind)
  if (checked[kind].size >= KEPT) checked[kind].clear()
  checked[kind].set(text, found)
  return found
}

function read(text: string, kind: Kinds): Checked {
  if (text.length > LONGEST) return bad(`it has ${text.length} characters, more than ${LONGEST}`)
  try {
    const document = parse(text)
    const [operation, ...others] = document.definitions
    if (operation?.kind !== Kind.OPERATION_DEFINITION || others.length > 0) return bad('it must be one operation, without fragments')
    if (operation.operation !== kind) return bad(`it is a ${operation.operation}, not a ${kind}`)
    const size = sizeOf(operation.selectionSet)
    if (size === 'spread') return bad('fragments are not taken: write the fields out')
    if (size.depth > DEEPEST) return bad(`it is ${size.depth} levels deep, more than ${DEEPEST}`)
    if (size.fields > MOST_FIELDS) return bad(`it has ${size.fields} fields, more than ${MOST_FIELDS}`)
    const [error] = validate(SCHEMA, document, [...specifiedRules, NoSchemaIntrospectionCustomRule], { maxErrors: 1 })
    if (error) return bad(sayError(error))
    return (kind === 'mutation' && misshapen(operation)) || { isGood: true, document }
  } catch (error) {
    if (error instanceof GraphQLError) return bad(sayError(error))
    throw error
  }
}

const bad = (reason: string): Checked => ({ isGood: false, reason })

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

/** The reason why a valid mutation cannot be an effect. */
function misshapen({ selectionSet }: OperationDefinitionNode): Checked | undefined {
  const [root, ...others] = selectionSet.selections
  if (root?.kind !== Kind.FIELD || others.length > 0) return bad('it must be of one field: one key has one effect')
  if (root.directives && root.directives.length > 0) return bad('its field cannot be left out: it is what the effect does')
  const type = getNamedType(SCHEMA.getMutationType()?.getFields()[root.name.value]?.type)
  const isFlat = root.selectionSet?.selections.every(each => each.kind === Kind.FIELD && !each.selectionSet) ?? isLeafType(type)
  return isFlat ? undefined : bad('what it gives must be plain values: they become the result of the effect')
}
