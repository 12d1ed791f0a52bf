// Reads the file of a source that is told by example: requests with what was answered. Types come from the examples, and from what the file says of them.
import { parse } from 'yaml'
import { z } from 'zod'
import type { Catalogue, JsonSchema } from '../catalogue.ts'
import { METHODS, type RestOperation, type RestParameter } from '../http/rest.ts'
import { capital, nounOf, singular } from '../words.ts'
import { nothingSeen, type Shape, see, typeOf } from './infer.ts'
import { type Answered, Name, nameTypes, TypesSaid } from './named-types.ts'

const Path = z.string().regex(/^\/[^?#\s]*$/, 'it must be a path that begins with / (what comes after ? are parameters)')

const OperationShape = z.strictObject({
  get: Path.optional(),
  post: Path.optional(),
  put: Path.optional(),
  patch: Path.optional(),
  delete: Path.optional(),
  description: z.string().optional(),
  reads: z.boolean().optional().describe('It changes nothing, though it is no GET.'),
  parameters: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('An example of each: of those in the path, and of those in the query.'),
  optional: z.array(z.string()).default([]).describe('Parameters, and fields of the body, that may be left out.'),
  repeated: z.array(z.string()).default([]).describe('Lists that are sent as a=1&a=2; others are sent as a=1,2.'),
  key: z.string().optional().describe('The header with the key under which it is done once.'),
  body: z.record(z.string(), z.unknown()).optional().describe('An example of the body.'),
  answer: Name.optional().describe('What the object that it answers, or lists, is called.'),
  example: z.unknown().optional().describe('What was answered: a JSON file, or the value itself.'),
  examples: z.array(z.unknown()).optional().describe('Several answers: what is missing in one may be missing.'),
})

const File = z.strictObject({
  operations: z.record(Name, OperationShape),
  types: TypesSaid,
})
type OperationSaid = z.infer<typeof OperationShape>

/** `text` is YAML or JSON; `read` gives the text of an example's file. Throws an Error that says what is wrong, and where. */
export function readExamples(text: string, read: (file: string) => string): Catalogue<RestOperation> {
  const parsed = File.safeParse(parse(text))
  if (!parsed.success) throw new Error(`${parsed.error.issues[0]?.path.join('.') || '(the whole)'}: ${parsed.error.issues[0]?.message}`)
  const { operations: said, types } = parsed.data
  const answers = new Map<string, Answered>()
  for (const [id, operation] of Object.entries(said)) {
    const shape = shapeOf(id, operation, read)
    const { answer } = operation
    const called = answer !== undefined ? 'said' : shape && isPage(id, shape) ? 'around' : 'found'
    if (shape) answers.set(id, { id, shape, name: answer ?? nameOf(id), called })
  }
  const named = nameTypes([...answers.values()], types)
  const operations = new Map<string, RestOperation>()
  for (const [id, operation] of Object.entries(said)) {
    const answered = answers.get(id)
    operations.set(id, operationOf(id, operation, answered && named.answer(answered)))
  }
  for (const [type, { fields }] of Object.entries(types))
    for (const field of Object.keys(fields))
      if (!(field in Object(named.schemas.get(type)?.properties))) throw new Error(`types.${type}.fields.${field}: no example has it`)
  return { operations, schemas: named.schemas, resolve: named.resolve }
}

function operationOf(id: string, said: OperationSaid, answer: JsonSchema | undefined): RestOperation {
  const [method, ...more] = METHODS.filter(each => said[each] !== undefined)
  if (method === undefined || more.length > 0) throw new Error(`operations.${id}: one of ${METHODS.join(', ')} says what is asked`)
  const path = said[method]! // it was found by that
  const inPath = [...path.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
  const names = [...new Set([...inPath, ...Object.keys(said.parameters)])]
  const places = [...names, ...Object.keys(said.body ?? {})]
  for (const name of [...said.optional, ...said.repeated])
    if (!places.includes(name)) throw new Error(`operations.${id}: there is no parameter ${name}`)
  const parameters = names.map((name): RestParameter => {
    const isInPath = inPath.includes(name)
    return {
      name,
      in: isInPath ? 'path' : 'query',
      isRequired: isInPath || !said.optional.includes(name),
      // An id in a path stays text, whatever the example: `2024` may be followed by `2024-881`.
      schema: isInPath ? { type: 'string' } : parameterSchema(id, name, said.parameters[name]),
      isExploded: said.repeated.includes(name),
    }
  })
  const header = (name: string): RestParameter => ({ name, in: 'header', isRequired: false, schema: { type: 'string' }, isExploded: false })
  return {
    id,
    method: method.toUpperCase() as RestOperation['method'], // METHODS has these alone
    path,
    isSafe: method === 'get' || said.reads === true,
    ...(said.description !== undefined && { description: said.description }),
    parameters: [...parameters, header('Accept-Language'), ...(said.key === undefined ? [] : [header(said.key)])],
    ...(said.body && { body: bodySchema(said.body, said.optional) }),
    ...(answer && { answer }),
  }
}

/** What the examples of an operation's answer have in common; undefined where there is none. */
function shapeOf(id: string, { example, examples = [] }: OperationSaid, read: (file: string) => string): Shape | undefined {
  const all = example === undefined ? examples : [...examples, example]
  if (all.length === 0) return undefined
  const shape = nothingSeen()
  for (const each of all) see(shape, typeof each === 'string' ? jsonIn(`operations.${id}`, each, read) : each)
  return shape
}

function jsonIn(place: string, file: string, read: (file: string) => string): unknown {
  try {
    return JSON.parse(read(file))
  } catch (error) {
    throw new Error(`${place}: ${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function parameterSchema(id: string, name: string, example: unknown): JsonSchema {
  const shape = see(nothingSeen(), example)
  const type = typeOf(shape)
  if (type === 'object')
    throw new Error(`operations.${id}.parameters.${name}: a parameter is text, a number, true or false, or a list of these`)
  if (type !== 'list') return type ?? { type: 'string' }
  const items = shape.items && typeOf(shape.items)
  return { type: 'array', items: typeof items === 'object' ? items : { type: 'string' } }
}

/** Fields of a body have no types of their own: they are arguments. */
function bodySchema(body: Readonly<Record<string, unknown>>, optional: readonly string[]): JsonSchema {
  const plain = (shape: Shape): JsonSchema => {
    const type = typeOf(shape)
    if (type === 'list') return { type: 'array', items: shape.items ? plain(shape.items) : {} }
    if (type !== 'object') return type ?? {}
    const fields = [...(shape.object?.fields ?? [])]
    return {
      type: 'object',
      properties: Object.fromEntries(fields.map(([name, field]) => [name, plain(field.shape)])),
      required: fields.map(([name]) => name),
    }
  }
  return { ...plain(see(nothingSeen(), body)), required: Object.keys(body).filter(name => !optional.includes(name)) }
}

/** `Order` for `listOrders`. */
const nameOf = (id: string): string => capital(singular(nounOf(id)))

/** An object that stands around many of what the operation is called for: `listOrders` gives `{orders: […], next: …}`, which is no order. */
const isPage = (id: string, shape: Shape): boolean => shape.object !== undefined && singular(nounOf(id)) !== nounOf(id)
