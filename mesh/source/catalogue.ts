// What a source can be asked: its operations, with what they take and what they answer as JSON schemas. A kind of source (an OpenAPI document, …) makes
// one of what it has; everything behind it is the same for all kinds.

/** As it stands there, `$ref` and all. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface Parameter {
  readonly name: string
  readonly isRequired: boolean
  readonly description?: string
  readonly schema: JsonSchema
  /** How it goes along: the mesh says headers by itself (a locale, a key) and makes no arguments of them. A path's own id is what a thing is asked for by. */
  readonly in: 'path' | 'query' | 'header'
}

export interface Operation {
  /** Of this source alone: `getOrder`. */
  readonly id: string
  /** Whether asking changes nothing, so that it can be asked again, shared and kept. */
  readonly isSafe: boolean
  readonly description?: string
  readonly parameters: readonly Parameter[]
  /** An object whose properties are further arguments. */
  readonly body?: JsonSchema
  /** Of the answer when all is well; undefined where it has none. */
  readonly answer?: JsonSchema
}

export interface Catalogue<O extends Operation = Operation> {
  readonly operations: ReadonlyMap<string, O>
  /** The schemas that have names and are objects. */
  readonly schemas: ReadonlyMap<string, JsonSchema>
  /** What a schema amounts to, with its name where it has one. Throws an Error on a reference that leads nowhere. */
  resolve(schema: JsonSchema): { readonly name?: string; readonly schema: JsonSchema }
}

/** Properties of an object with those of what it is made of (`allOf`). */
export function propertiesOf(
  catalogue: Pick<Catalogue, 'resolve'>,
  schema: JsonSchema,
): { readonly properties: Readonly<Record<string, JsonSchema>>; readonly required: ReadonlySet<string> } {
  const properties: Record<string, JsonSchema> = {}
  const required = new Set<string>()
  const parts = Array.isArray(schema.allOf) ? schema.allOf.filter(isObject) : []
  for (const part of parts) {
    const inner = propertiesOf(catalogue, catalogue.resolve(part).schema)
    Object.assign(properties, inner.properties)
    for (const name of inner.required) required.add(name)
  }
  for (const [name, each] of Object.entries(isObject(schema.properties) ? schema.properties : {}))
    if (isObject(each)) properties[name] = each
  for (const name of Array.isArray(schema.required) ? schema.required : []) if (typeof name === 'string') required.add(name)
  return { properties, required }
}

export const isObject = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null && !Array.isArray(value)
