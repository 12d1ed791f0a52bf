// Reads an OpenAPI document: which operations it has, with their parameters, bodies and answers. References within the document are followed; what we
// have no use for (links, callbacks, examples, servers) is left alone.
import { parse } from 'yaml'
import { z } from 'zod'

/** A JSON schema as it stands there, `$ref` and all. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly isRequired: boolean
  readonly description?: string
  readonly schema: JsonSchema
  /** Lists as `a=1&a=2`; otherwise `a=1,2`. */
  readonly isExploded: boolean
}

export interface ApiOperation {
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/orders/{number}` */
  readonly path: string
  readonly description?: string
  readonly parameters: readonly Parameter[]
  /** Of its JSON body. */
  readonly body?: JsonSchema
  /** Of the answer when all is well; undefined where it has none. */
  readonly answer?: JsonSchema
  /** A 404 says that there is no such thing; without a word of it in the document as well. */
  readonly tags: readonly string[]
}

export interface ApiDocument {
  readonly title: string
  readonly description?: string
  /** Where the document says that the service is. Nothing is asked there: the configuration says where. */
  readonly servers: readonly string[]
  readonly operations: ReadonlyMap<string, ApiOperation>
  /** Names of `components/schemas` that are objects. */
  readonly schemas: readonly string[]
  /** What a schema amounts to, with its name where it is one of `components/schemas`. Throws an Error on a reference that leads nowhere. */
  resolve(schema: JsonSchema): { readonly name?: string; readonly schema: JsonSchema }
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

const Shape = z.looseObject({
  openapi: z.string().regex(/^3\.[01]\./, 'it must be an OpenAPI document of version 3.0 or 3.1'),
  info: z.looseObject({ title: z.string(), description: z.string().optional() }),
  servers: z.array(z.looseObject({ url: z.string() })).default([]),
  paths: z.record(z.string(), z.looseObject({})),
})

const Operation = z.looseObject({
  operationId: z.string().optional(),
  summary: z.string().optional(),
  description: z.string().optional(),
  tags: z.array(z.string()).default([]),
  parameters: z.array(z.looseObject({})).default([]),
  requestBody: z.looseObject({}).optional(),
  responses: z.record(z.string(), z.looseObject({})).default({}),
})

const ParameterShape = z.looseObject({
  name: z.string(),
  in: z.enum(['path', 'query', 'header', 'cookie']),
  required: z.boolean().default(false),
  description: z.string().optional(),
  explode: z.boolean().optional(),
  schema: z.looseObject({}).default({}),
})

/** `text` is YAML or JSON. Throws an Error that says what is wrong, and where. */
export function readDocument(text: string): ApiDocument {
  const root: unknown = parse(text, { maxAliasCount: 100 })
  const parsed = Shape.safeParse(root)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new Error(`${issue?.path.join('.') || '(the whole)'}: ${issue?.message ?? 'no OpenAPI document'}`)
  }
  const { info, servers, paths } = parsed.data

  const follow = (reference: string): JsonSchema => {
    if (!reference.startsWith('#/')) throw new Error(`${reference} is outside of the document: put all into one file`)
    let at: unknown = root
    for (const part of reference.slice(2).split('/')) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
      at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined
    }
    if (!isObject(at)) throw new Error(`${reference} leads nowhere`)
    return at
  }
  const dereference = (value: JsonSchema): JsonSchema => {
    let at = value
    for (let steps = 0; typeof at.$ref === 'string'; steps++) {
      if (steps > 20) throw new Error(`${String(value.$ref)} leads back to itself`)
      at = follow(at.$ref)
    }
    return at
  }
  const resolve: ApiDocument['resolve'] = schema => {
    const last = /^#\/components\/schemas\/([^/]+)$/.exec(typeof schema.$ref === 'string' ? schema.$ref : '')?.[1]
    return { schema: dereference(schema), ...(last !== undefined && { name: last }) }
  }

  const operations = new Map<string, ApiOperation>()
  for (const [path, item] of Object.entries(paths))
    for (const method of METHODS) {
      if (!isObject(item[method])) continue
      const read = Operation.safeParse(item[method])
      if (!read.success) throw new Error(`${method} ${path}: ${read.error.issues[0]?.message ?? 'no operation'}`)
      const operation = read.data
      const id = operation.operationId ?? nameOf(method, path)
      if (operations.has(id)) throw new Error(`the operation ${id} stands there twice`)
      const shared = Array.isArray(item.parameters) ? item.parameters.filter(isObject) : []
      const body = operation.requestBody && jsonOf(dereference(operation.requestBody))
      const good = Object.entries(operation.responses).find(([status]) => /^2(\d\d|XX)$/.test(status))?.[1]
      const answer = good && jsonOf(dereference(good))
      const description = operation.summary ?? operation.description
      operations.set(id, {
        id,
        method: method.toUpperCase() as ApiOperation['method'], // METHODS has these alone
        path,
        ...(description !== undefined && { description }),
        parameters: parametersOf([...shared, ...operation.parameters].map(dereference), `${method} ${path}`),
        ...(body && { body }),
        ...(answer && { answer }),
        tags: operation.tags,
      })
    }
  return {
    title: info.title,
    ...(info.description !== undefined && { description: info.description }),
    servers: servers.map(server => server.url),
    operations,
    schemas: objectsIn(root),
    resolve,
  }
}

function objectsIn(root: unknown): readonly string[] {
  const components = isObject(root) && isObject(root.components) ? root.components.schemas : undefined
  return Object.entries(isObject(components) ? components : {}).flatMap(([name, schema]) =>
    isObject(schema) && (schema.properties !== undefined || schema.allOf !== undefined) ? [name] : [],
  )
}

function parametersOf(given: readonly JsonSchema[], where: string): readonly Parameter[] {
  const found = new Map<string, Parameter>()
  for (const value of given) {
    const read = ParameterShape.safeParse(value)
    if (!read.success) throw new Error(`${where}: ${read.error.issues[0]?.path.join('.')}: ${read.error.issues[0]?.message}`)
    const { name, in: place, required, description, explode, schema } = read.data
    if (place === 'cookie') continue
    found.set(`${place} ${name}`, {
      name,
      in: place,
      isRequired: required || place === 'path',
      schema,
      isExploded: explode ?? place === 'query',
      ...(description !== undefined && { description }),
    })
  }
  return [...found.values()]
}

/** The schema of a body or an answer, where it is JSON. */
function jsonOf({ content }: JsonSchema): JsonSchema | undefined {
  if (!isObject(content)) return undefined
  const [, media] = Object.entries(content).find(([type]) => /^application\/(.+\+)?json\b/.test(type)) ?? []
  return isObject(media) && isObject(media.schema) ? media.schema : undefined
}

/** `getOrdersNumber` for an operation that has no id. */
const nameOf = (method: string, path: string): string =>
  method +
  path
    .split(/[^a-zA-Z0-9]+/)
    .filter(Boolean)
    .map(part => part[0]!.toUpperCase() + part.slice(1))
    .join('')

export const isObject = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null && !Array.isArray(value)
