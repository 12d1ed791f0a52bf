// Which named schemas another one is made of. Asked for each field of a mesh, and in a large document everything leads to everything: what a schema has
// directly within it is found once.
import { type Catalogue, isObject, type JsonSchema, propertiesOf } from './catalogue.ts'

interface Named {
  readonly name: string
  readonly schema: JsonSchema
}

const within = new WeakMap<JsonSchema, readonly Named[]>()

/** Names of the schemas that an answer is made of, the answer's own first. */
export function namesIn(catalogue: Catalogue, answer: JsonSchema): readonly string[] {
  const names = new Set<string>()
  const open: Named[] = directly(catalogue, answer).toReversed()
  for (let next = open.pop(); next; next = open.pop()) {
    if (names.has(next.name)) continue
    names.add(next.name)
    open.push(...namedWithin(catalogue, next.schema).toReversed())
  }
  return [...names]
}

function namedWithin(catalogue: Catalogue, schema: JsonSchema): readonly Named[] {
  const known = within.get(schema)
  if (known) return known
  const found = partsOf(catalogue, schema).flatMap(part => directly(catalogue, part))
  within.set(schema, found)
  return found
}

/** The schema itself where it has a name, otherwise what is named within it. */
function directly(catalogue: Catalogue, given: JsonSchema): readonly Named[] {
  const { name, schema } = catalogue.resolve(given)
  return name === undefined ? partsOf(catalogue, schema).flatMap(part => directly(catalogue, part)) : [{ name, schema }]
}

const partsOf = (catalogue: Catalogue, schema: JsonSchema): readonly JsonSchema[] => [
  ...(isObject(schema.items) ? [schema.items] : []),
  ...[schema.anyOf, schema.oneOf, schema.allOf].flatMap(part => (Array.isArray(part) ? part.filter(isObject) : [])),
  ...Object.values(propertiesOf(catalogue, schema).properties),
]
