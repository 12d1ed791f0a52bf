// GraphQL types of what the sources' catalogues say. Every field of an answer may be null: a source that is wrong about one field leaves that one out,
// with an error that names it, and nothing else. Descriptions come from the catalogues.
import {
  GraphQLBoolean,
  GraphQLEnumType,
  type GraphQLFieldConfig,
  GraphQLFloat,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLNullableInputType,
  type GraphQLNullableOutputType,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLString,
} from 'graphql'
import { type Catalogue, isObject, type JsonSchema, propertiesOf } from '../source/catalogue.ts'
import { capital } from '../source/words.ts'
import { SourceError } from '../upstream/source-error.ts'

type Fields = Record<string, GraphQLFieldConfig<unknown, unknown>>

export interface TypesOptions {
  /** Fields that a type has from elsewhere; asked for when the schema is made. They go before those of the document. */
  readonly more: (type: string) => Fields
  /** What may be seen of a value of this type: another one's is null, and left out of lists. */
  readonly seen: (type: string, value: unknown, context: unknown, source: string) => unknown
}

export interface Types {
  output(source: string, catalogue: Catalogue, schema: JsonSchema, name: string): Typed
  input(source: string, catalogue: Catalogue, schema: JsonSchema, name: string): GraphQLNullableInputType
  readonly named: ReadonlyMap<string, GraphQLObjectType>
}

/** A type, and how a value is held to it. */
export interface Typed {
  readonly type: GraphQLNullableOutputType
  /** The object type that it is, or is a list of. */
  readonly object?: string
  readonly isList: boolean
  readonly fits: (value: unknown) => boolean
}

export const Json = new GraphQLScalarType({ name: 'JSON', description: 'Any value, as JSON has it: the document says no more.' })

const SCALARS: Readonly<Record<string, Pick<Typed, 'fits'> & { readonly type: GraphQLScalarType }>> = {
  string: { type: GraphQLString, fits: value => typeof value === 'string' },
  integer: { type: GraphQLInt, fits: value => Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 }, // an integer is a number
  number: { type: GraphQLFloat, fits: value => typeof value === 'number' },
  boolean: { type: GraphQLBoolean, fits: value => typeof value === 'boolean' },
}
const LONG = { type: GraphQLFloat, fits: Number.isSafeInteger }

export function createTypes({ more, seen }: TypesOptions): Types {
  const objects = new Map<string, GraphQLObjectType>()
  const enums = new Map<string, { readonly type: GraphQLEnumType; readonly values: string }>()
  const inputs = new Map<JsonSchema, GraphQLInputObjectType>()
  /** Which source and schema a name stands for: two sources may call different things the same. */
  const owners = new Map<string, JsonSchema>()

  /** The name, or with the source before it where the name is another thing's already. */
  const nameFor = (source: string, name: string, schema: JsonSchema): string => {
    const plain = graphName(name)
    for (const candidate of [plain, `${capital(graphName(source))}${plain}`, `${plain}_`]) {
      const taken = owners.get(candidate)
      if (taken !== undefined && taken !== schema) continue
      owners.set(candidate, schema)
      return candidate
    }
    throw new Error(`two things are called ${name}`)
  }

  const enumOf = (source: string, name: string, schema: JsonSchema, values: readonly string[]): Typed => {
    const called = nameFor(source, name, schema)
    let known = enums.get(called)
    if (!known) {
      const entries = values.map(value => [enumName(value), { value }] as const)
      if (new Set(entries.map(([key]) => key)).size < entries.length) return { ...SCALARS.string!, isList: false }
      known = {
        type: new GraphQLEnumType({ name: called, ...described(schema), values: Object.fromEntries(entries) }),
        values: values.join(),
      }
      enums.set(called, known)
    }
    return { type: known.type, isList: false, fits: value => values.includes(value as string) } // what is no string is not among them
  }

  const objectOf = (source: string, catalogue: Catalogue, name: string, schema: JsonSchema): Typed => {
    const called = nameFor(source, name, schema)
    const typed: Typed = { type: objects.get(called) ?? GraphQLString, object: called, isList: false, fits: isObject }
    if (objects.has(called)) return typed
    const { properties, required } = propertiesOf(catalogue, schema)
    const type: GraphQLObjectType = new GraphQLObjectType({
      name: called,
      ...described(schema),
      fields: () => {
        const own: Fields = {}
        for (const [property, each] of Object.entries(properties)) {
          const inner = output(source, catalogue, each, `${called}${capital(graphName(property))}`)
          const description = described(each).description ?? described(catalogue.resolve(each).schema).description
          own[graphName(property)] = {
            type: inner.type,
            ...(description !== undefined && { description }),
            resolve(parent, _args, context) {
              const value = isObject(parent) ? parent[property] : undefined
              if (value instanceof SourceError) throw value // of a source that tells what it could not give
              const isMissing = value === undefined && required.has(property)
              if (!isMissing && (value ?? null) === null) return null
              if (isMissing || !inner.fits(value)) throw new SourceError('SOURCE_CHANGED', source, { reason: `${called}.${property}` })
              return inner.object === undefined ? value : seen(inner.object, value, context, source)
            },
          }
        }
        return { ...own, ...more(called) }
      },
    })
    objects.set(called, type)
    return { ...typed, type }
  }

  const output = (source: string, catalogue: Catalogue, given: JsonSchema, suggested: string): Typed => {
    const { schema: bare, name = suggested } = catalogue.resolve(given)
    const [schema, inner] = withoutNull(catalogue, bare)
    if (inner) return output(source, catalogue, inner, suggested)
    const type = typeOf(schema)
    const values = schema.enum
    if (Array.isArray(values) && values.every(value => typeof value === 'string')) return enumOf(source, name, schema, values)
    if (type === 'array') {
      const items = output(source, catalogue, isObject(schema.items) ? schema.items : {}, suggested)
      return {
        type: new GraphQLList(new GraphQLNonNull(items.type)),
        ...(items.object !== undefined && { object: items.object }),
        isList: true,
        fits: value => Array.isArray(value) && value.every(items.fits),
      }
    }
    if (schema.properties !== undefined || schema.allOf !== undefined) return objectOf(source, catalogue, name, schema)
    if (type === 'integer' && schema.format === 'int64') return { ...LONG, isList: false }
    const scalar = type === undefined ? undefined : SCALARS[type]
    return scalar ? { ...scalar, isList: false } : { type: Json, isList: false, fits: () => true }
  }

  const input = (source: string, catalogue: Catalogue, given: JsonSchema, suggested: string): GraphQLNullableInputType => {
    const { schema: bare, name = suggested } = catalogue.resolve(given)
    const [schema, inner] = withoutNull(catalogue, bare)
    if (inner) return input(source, catalogue, inner, suggested)
    const values = schema.enum
    if (Array.isArray(values) && values.every(value => typeof value === 'string')) {
      const { type } = enumOf(source, name, schema, values)
      return type as GraphQLEnumType // of an enum, or the String that stands in for it; both are taken and given
    }
    const type = typeOf(schema)
    if (type === 'array')
      return new GraphQLList(new GraphQLNonNull(input(source, catalogue, isObject(schema.items) ? schema.items : {}, suggested)))
    if (schema.properties === undefined && schema.allOf === undefined)
      return type === 'integer' && schema.format === 'int64' ? GraphQLFloat : (SCALARS[type ?? '']?.type ?? Json)
    const known = inputs.get(schema)
    if (known) return known
    const called = nameFor(source, /Input$/.test(name) ? name : `${name}Input`, schema)
    const { properties, required } = propertiesOf(catalogue, schema)
    const made = new GraphQLInputObjectType({
      name: called,
      fields: () =>
        Object.fromEntries(
          Object.entries(properties).map(([property, each]) => {
            const of = input(source, catalogue, each, `${called}${capital(property)}`)
            return [property, { type: required.has(property) ? new GraphQLNonNull(of) : of, ...described(each) }]
          }),
        ),
    })
    inputs.set(schema, made)
    return made
  }
  return { output, input, named: objects }
}

/** A name that GraphQL takes. */
export function graphName(text: string): string {
  const name = text.replaceAll(/\W+/g, '_').replace(/^__+/, '_')
  return /^\d/.test(name) || name === '' ? `_${name}` : name
}

const enumName = (value: string): string => {
  const name = graphName(value.toUpperCase())
  return ['TRUE', 'FALSE', 'NULL'].includes(name) ? `${name}_` : name
}

const described = (schema: JsonSchema): { readonly description?: string } =>
  typeof schema.description === 'string' ? { description: schema.description } : {}

/** The one type beside `null`; undefined where there are several or none. */
function typeOf({ type }: JsonSchema): string | undefined {
  const types = (Array.isArray(type) ? type : [type]).filter(each => each !== 'null')
  return types.length === 1 && typeof types[0] === 'string' ? types[0] : undefined
}

/** Of "this or null" the second is what it is: everything may be null here. */
function withoutNull(catalogue: Catalogue, schema: JsonSchema): readonly [JsonSchema, JsonSchema?] {
  const any = schema.anyOf ?? schema.oneOf
  if (!Array.isArray(any)) return [schema]
  const others = any.filter(isObject).filter(each => catalogue.resolve(each).schema.type !== 'null')
  return others.length === 1 ? [schema, others[0]!] : [{}]
}
