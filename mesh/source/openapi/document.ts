// Reads an OpenAPI document: which operations it has, with their parameters, bodies and answers. References within the document are followed; what we
// have no use for (links, callbacks, examples, servers) is left alone.
import { parse } from 'yaml'
import { z } from 'zod'
import { type Catalogue, isObject, type JsonSchema } from '../catalogue.ts'
import { METHODS, type RestOperation, type RestParameter } from '../http/rest.ts'

const Shape = z.looseObject({
  openapi: z.string().regex(/^3\.[01]\./, 'it must be an OpenAPI document of version 3.0 or 3.1'),
  paths: z.record(z.string(), z.looseObject({})),
})

const OperationShape = z.looseObject({
  operationId: z.string().optional(),
  summary: z.string().optional(),
  description: z.string().optional(),
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
export function readDocument(text: string): Catalogue<RestOperation> {
  const root = contentOf(text)
  if (isObject(root) && typeof root.swagger === 'string')
    throw new Error(`it is a document of version ${root.swagger} (Swagger): it must be OpenAPI 3.0 or 3.1, to which there are converters`)
  const parsed = Shape.safeParse(root)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new Error(`${issue?.path.join('.') || '(the whole)'}: ${issue?.message ?? 'no OpenAPI document'}`)
  }
  const { paths } = parsed.data

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
  const resolve: Catalogue['resolve'] = schema => {
    const last = /^#\/components\/schemas\/([^/]+)$/.exec(typeof schema.$ref === 'string' ? schema.$ref : '')?.[1]
    return { schema: dereference(schema), ...(last !== undefined && { name: last }) }
  }

  const operations = new Map<string, RestOperation>()
  for (const [path, item] of Object.entries(paths))
    for (const method of METHODS) {
      if (!isObject(item[method])) continue
      const read = OperationShape.safeParse(item[method])
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
        isSafe: method === 'get',
        method: method.toUpperCase() as RestOperation['method'], // METHODS has these alone
        path,
        ...(description !== undefined && { description }),
        parameters: parametersOf([...shared, ...operation.parameters].map(dereference), `${method} ${path}`),
        ...(body && { body }),
        ...(answer && { answer }),
      })
    }
  return { operations, schemas: objectsIn(root), resolve }
}

/** JSON is read as that: a document of some megabytes takes seconds as YAML, which it is too. */
export function contentOf(text: string): unknown {
  if (/^\s*</.test(text)) throw new Error('it is a page, and no OpenAPI document: give the address of its JSON or YAML')
  return /^\s*\{/.test(text) ? JSON.parse(text) : parse(text, { maxAliasCount: 100 })
}

function objectsIn(root: unknown): ReadonlyMap<string, JsonSchema> {
  const components = isObject(root) && isObject(root.components) ? root.components.schemas : undefined
  const found = new Map<string, JsonSchema>()
  for (const [name, schema] of Object.entries(isObject(components) ? components : {}))
    if (isObject(schema) && (schema.properties !== undefined || schema.allOf !== undefined)) found.set(name, schema)
  return found
}

function parametersOf(given: readonly JsonSchema[], where: string): readonly RestParameter[] {
  const found = new Map<string, RestParameter>()
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
