// How a panel's answer is to be read: for each field of its query what it is called, what it is to a person, and what its source's document says of it.
// Kinds come from types and names, which is all that a document says; a name that tells nothing is a text.
import type { PanelField, PanelKind } from '@parley/core/protocol/customer-panel.ts'
import {
  type DocumentNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isListType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql'

export interface LayoutParts {
  /** One that was checked. */
  readonly document: DocumentNode
  readonly schema: GraphQLSchema
  /** By `Type.field` or `field`, and by the values of enums. */
  readonly words: Readonly<Record<string, string>>
  /** `Type.field` of what is joined by: numbers of things, whatever they are called. */
  readonly ids: ReadonlySet<string>
}

export function layoutOf({ document, schema, words, ids }: LayoutParts): readonly PanelField[] {
  const fieldsOf = (type: GraphQLObjectType, { selections }: SelectionSetNode): readonly PanelField[] =>
    selections.flatMap(selection => {
      const field = selection.kind === Kind.FIELD ? type.getFields()[selection.name.value] : undefined
      if (!field || selection.kind !== Kind.FIELD) return []
      const named = getNamedType(field.type)
      const key = selection.alias?.value ?? field.name
      const values = isEnumType(named) ? named.getValues().map(({ name }) => name) : undefined
      const found = kindOf(field.type, field.name)
      const kind = found === 'text' && ids.has(`${type.name}.${field.name}`) ? 'identifier' : found
      return [
        {
          key,
          title: words[`${type.name}.${field.name}`] ?? words[key] ?? readable(key),
          ...(field.description && { description: field.description }),
          kind,
          isList: isListType(getNullableType(field.type)),
          ...(values &&
            kind !== 'currency' && { words: Object.fromEntries(values.map(value => [value, wordOf(named.name, value, words)])) }),
          ...(isObjectType(named) && { fields: fieldsOf(named, selection.selectionSet!) }), // an object is asked with one: it was checked
        },
      ]
    })
  const [operation] = document.definitions
  const root = schema.getQueryType()
  return operation?.kind === Kind.OPERATION_DEFINITION && root ? fieldsOf(root, operation.selectionSet) : []
}

const wordOf = (type: string, value: string, words: Readonly<Record<string, string>>): string =>
  words[`${type}.${value}`] ?? words[value] ?? readable(value.toLowerCase())

const NAMES: readonly (readonly [RegExp, PanelKind])[] = [
  [/^currency$|Currency$/, 'currency'],
  [/^(id|number|code|sku|reference)$|(Id|Number|Code|No)$|_(id|number|code|no)$/, 'identifier'],
  [/^(name|title|label)$|Name$|_name$/, 'name'],
  [/(price|total|amount|cost|fee|balance|deposit|sum)$/i, 'money'],
  [/^(count|quantity|qty|pieces)$/, 'count'],
]

function kindOf(type: GraphQLOutputType, name: string): PanelKind {
  const named = getNamedType(type)
  if (isObjectType(named)) return 'object'
  const byName = NAMES.find(([pattern]) => pattern.test(name))?.[1]
  if (isEnumType(named)) return byName === 'currency' ? byName : /progress/i.test(name) ? 'progress' : 'state'
  switch (named.name) {
    case 'Boolean':
      return 'flag'
    case 'Int':
    case 'Float':
      return byName === 'money' || byName === 'count' || byName === 'identifier' ? byName : 'number'
    default:
      return byName === 'count' ? 'text' : (byName ?? 'text')
  }
}

/** `refundProgress` and `out_for_delivery` as words. */
function readable(name: string): string {
  const words = name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[_-]+/g, ' ')
    .trim()
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
