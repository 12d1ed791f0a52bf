// One field that is an operation of a source: which arguments it takes, what it asks, and what it gives of the answer.
import {
  type GraphQLArgumentConfig,
  GraphQLError,
  type GraphQLFieldConfig,
  GraphQLID,
  GraphQLNonNull,
  type GraphQLNullableInputType,
  type GraphQLResolveInfo,
  isEnumType,
} from 'graphql'
import { type Catalogue, isObject, type JsonSchema, type Operation, propertiesOf } from '../source/catalogue.ts'
import type { Source } from '../source/source.ts'
import { capital } from '../source/words.ts'
import type { Read, Reader, Reading } from '../upstream/reader.ts'
import type { Scope } from '../upstream/scope.ts'
import { SourceError } from '../upstream/source-error.ts'
import { type Ahead, ASK_AHEAD, type AskAhead, aheadKey, askAhead } from './ask-ahead.ts'
import type { FieldConfig } from './mesh-config.ts'
import { graphName, type Typed, type Types } from './types.ts'
import { valueAt } from './value-at.ts'

export interface MeshSource extends Source {
  /** Reads keep their tries and deadlines within this. */
  guard<T>(attempt: (signal: AbortSignal) => Promise<T>, isSafe: boolean, signal?: AbortSignal): Promise<T>
}

/** What goes along with one query. */
export interface MeshContext {
  readonly scope: Scope
  readonly reader: Reader
  readonly signal?: AbortSignal
  /** Under which a mutation is done that is given no other. */
  readonly key?: string
  /** Questions to sources that it may still have; those of one tick in one batch are one. */
  questionsLeft: number
  /** The batches that were counted. */
  readonly batched: Set<string>
  readonly ahead: Ahead
  /** What is old in the answer. */
  readonly stale: { readonly path: string; readonly source: string; readonly ageMs: number }[]
}

/** It may go along as a header. */
const KEY_TEXT = /^[\x20-\x7e]{1,200}$/
const REFUSED = { extensions: { code: 'QUERY_REFUSED' } }

export interface FieldParts {
  /** `Order.warehouseStatus` */
  readonly path: string
  readonly config: FieldConfig
  readonly sourceName: string
  readonly source: MeshSource
  readonly operation: Operation
  readonly types: Types
  readonly typesOfAnswer: readonly string[]
  readonly keep: { readonly ms: number; readonly staleMs: number }
  readonly seen: (type: string, value: unknown, context: unknown, source: string) => unknown
  /** The field of a type that says whose it is. */
  readonly ownerOf: (type: string) => string | undefined
}

/** Of a field that is an operation: what a document that has it amounts to. In the field's extensions, as `asks`. */
export interface FieldAsks {
  readonly source: string
  /** Nobody but the shop's own people is answered. */
  readonly isForShop: boolean
  /** The argument that is the customer. */
  readonly customer?: string
  /** It is done once under the key that it is given. */
  readonly hasKey: boolean
}

/** The largest list that an argument can ask for, by the field that has it: what a query may cost is reckoned with it. */
export const LIST_SIZE = Symbol('list size')

/** Throws an Error that says what in the configuration does not fit the document. */
export function fieldOf(parts: FieldParts): {
  readonly field: GraphQLFieldConfig<unknown, MeshContext>
  readonly typed: Typed
  readonly isOpen: boolean
} {
  const { path, config, sourceName, source, operation, types } = parts
  const { catalogue } = source
  const isMutation = path.startsWith('Mutation.')
  if (!operation.answer) throw new Error(`${path}: ${config.from} gives nothing`)
  if (!isMutation && !operation.isSafe) throw new Error(`${path}: ${config.from} changes something: it can be a field of Mutation alone`)
  const { schema, pickedFrom, isSure } = picked(catalogue, operation.answer, config, path)
  const typed = types.output(sourceName, catalogue, schema, `${capital(graphName(operation.id))}Answer`)
  const { args, locale, isOpen } = argumentsOf(parts)
  const isKeyInHeader = operation.parameters.some(({ name, in: place }) => place === 'header' && name === config.key)
  const batch = batchOf(parts)
  const isForShop = config.customer === undefined && (isMutation || path.startsWith('Query.'))
  const reading: Reading = {
    source: sourceName,
    name: config.from + (batch?.isMany ? ' all' : batch ? ' each' : ''),
    types: parts.typesOfAnswer,
    keepMs: parts.keep.ms,
    staleMs: parts.keep.staleMs,
    ...(batch && { batch }),
    call: (given, scope, signal) => ask(parts, locale, given, {}, scope, true, signal),
  }

  /** What is asked of the source for the object; undefined where the object does not have what it is asked by. */
  const bound = Object.entries(config.with)
  const askedFor = (parent: unknown, asked: Record<string, unknown>): Record<string, unknown> | undefined => {
    for (const [parameter, field] of bound) {
      const value = valueAt(parent, field)
      if (value instanceof SourceError) throw value
      if ((value ?? null) === null) return undefined
      asked[parameter] = value
    }
    return asked
  }

  const given = (answer: unknown, context: MeshContext): unknown => {
    if ((answer ?? null) === null) return null
    const value = pickedFrom(answer)
    if (value instanceof SourceError) throw value
    if ((value ?? null) === null && !(isSure && value === undefined)) return null
    if (!typed.fits(value)) throw new SourceError('SOURCE_CHANGED', sourceName, { reason: path })
    return typed.object === undefined ? value : parts.seen(typed.object, value, context, sourceName)
  }

  const change = async (asked: Record<string, unknown>, key: unknown, context: MeshContext): Promise<unknown> => {
    const { scope, reader } = context
    if (scope.sources && !scope.sources.includes(sourceName)) throw new SourceError('SOURCE_NOT_GRANTED', sourceName)
    const headers: Record<string, string> = {}
    if (config.key !== undefined && isKeyInHeader) headers[config.key.toLowerCase()] = String(key)
    else if (config.key !== undefined) asked[config.key] = String(key)
    const answer = await ask(parts, locale, asked, headers, scope, false, context.signal)
    for (const type of parts.typesOfAnswer) reader.outdate(type, String(asked[config.customer ?? ''] ?? '') || undefined)
    return given(answer, context)
  }

  const owner = config.customer === undefined || typed.object === undefined ? undefined : parts.ownerOf(typed.object)

  // No promise where the answer is kept: a query whose answers all are is executed in one go.
  const resolve = (parent: unknown, args: Record<string, unknown>, context: MeshContext, info: GraphQLResolveInfo): unknown => {
    const { scope, reader } = context
    const { key = context.key, ...rest } = args
    const own: Record<string, unknown> = config.key === undefined ? { ...args } : rest
    if (config.key !== undefined && key === undefined) throw new GraphQLError(`${path} needs a key`, REFUSED)
    if (key !== undefined && !KEY_TEXT.test(String(key))) throw new GraphQLError('a key is 1 to 200 printable characters of ASCII', REFUSED)
    if (config.customer !== undefined) {
      own[config.customer] ??= scope.customer
      if (own[config.customer] === null) throw new GraphQLError(`${path} needs ${config.customer}: say which customer`, REFUSED)
      if (scope.customer !== null && own[config.customer] !== scope.customer) return null
    }
    if (isForShop && scope.customer !== null) throw new SourceError('SOURCE_NOT_GRANTED', sourceName)
    const asked = askedFor(parent, own)
    if (!asked) return null
    if (isMutation) return change(asked, key, context)
    countQuestion(context, path, batch !== undefined)
    const before = context.ahead.size > 0 ? context.ahead.get(aheadKey(path, asked)) : undefined
    const read = before ?? reader.read(reading, asked, scope, context.signal)
    const answered = ({ value, staleMs }: Read): unknown => {
      if (staleMs !== undefined) context.stale.push({ path: pathOf(info), source: sourceName, ageMs: staleMs })
      return given(value, context)
    }
    if (!(read instanceof Promise)) return answered(read)
    const told = read.then(answered, error => {
      throw context.signal?.aborted && !(error instanceof SourceError) ? new SourceError('SOURCE_TIMEOUT', sourceName) : error
    })
    if (owner === undefined) return told
    const end = askAhead(owner, asked[config.customer ?? ''], info, context)
    return told.then(
      value => {
        if (value === null) end()
        return value
      },
      error => {
        end()
        throw error
      },
    )
  }

  const aheadOf: AskAhead = (ownerField, value, args, context, signal) => {
    if (bound.some(([, field]) => field !== ownerField)) return
    const asked = { ...args }
    for (const [parameter] of bound) asked[parameter] = value
    const key = aheadKey(path, asked)
    if (context.ahead.has(key)) return
    const read = context.reader.read(reading, asked, context.scope, signal)
    // Whoever resolves the field is told; there may be nobody.
    if (read instanceof Promise) read.catch(() => {})
    context.ahead.set(key, read)
  }

  const description = describe(operation, catalogue, schema)
  return {
    field: {
      type: typed.type,
      args,
      ...(description !== undefined && { description: `${description}\n\nFrom ${sourceName}.` }),
      resolve,
      extensions: {
        [LIST_SIZE]: typed.isList ? (batch ? 20 : null) : 1,
        isQuestion: !batch,
        ...(bound.length > 0 && !isMutation && !batch && { [ASK_AHEAD]: aheadOf }),
        asks: {
          source: sourceName,
          isForShop,
          ...(config.customer !== undefined && { customer: config.customer }),
          hasKey: config.key !== undefined,
        } satisfies FieldAsks,
      },
    },
    typed,
    isOpen,
  }
}

function countQuestion(context: MeshContext, path: string, isBatch: boolean): void {
  if (isBatch && context.batched.has(path)) return
  if (isBatch) context.batched.add(path)
  if (context.questionsLeft-- <= 0) throw new GraphQLError('it takes too many questions to the sources', REFUSED)
}

function ask(
  { source, operation, sourceName }: FieldParts,
  locale: string | undefined,
  args: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>>,
  scope: Scope,
  isSafe: boolean,
  signal?: AbortSignal,
): Promise<unknown> {
  const sent = locale === undefined ? headers : { ...headers, [locale]: scope.locale }
  const bad = rangeProblem(operation, args)
  if (bad !== undefined) throw new SourceError('SOURCE_REFUSED', sourceName, { reason: bad })
  return source.guard(within => source.call(operation.id, { args, headers: sent }, within), isSafe, signal)
}

/** What of the answer the field is. */
function picked(catalogue: Catalogue, answer: JsonSchema, { pick, batch, many }: FieldConfig, path: string) {
  const whole = catalogue.resolve(answer).schema
  const items = isObject(whole.items) ? whole.items : undefined
  if (batch !== undefined && !items) throw new Error(`${path}: batch needs an operation that gives a list`)
  const one = batch === undefined || many ? answer : (items ?? answer)
  if (pick === undefined) return { schema: one, pickedFrom: (value: unknown): unknown => value, isSure: false }
  const { properties, required } = propertiesOf(catalogue, catalogue.resolve(one).schema)
  const schema = properties[pick]
  if (!schema) throw new Error(`${path}: the answer has no field ${pick}`)
  return { schema, pickedFrom: (value: unknown): unknown => (isObject(value) ? value[pick] : undefined), isSure: required.has(pick) }
}

function batchOf({ path, config, operation }: FieldParts): Reading['batch'] {
  if (config.batch === undefined && config.many) throw new Error(`${path}: many is of a batch`)
  if (config.batch === undefined) return undefined
  const [by, ...others] = Object.keys(config.with)
  const parameter = operation.parameters.find(each => each.name === by)
  if (by === undefined || others.length > 0 || !parameter)
    throw new Error(`${path}: batch needs the one parameter in \`with\` that takes a list`)
  const most = typeof parameter.schema.maxItems === 'number' ? Math.min(parameter.schema.maxItems, config.most) : config.most
  return { by, key: config.batch, most, isMany: config.many }
}

const KEY: GraphQLArgumentConfig = {
  type: GraphQLID,
  description: 'What is done under a key is done once, however often it is asked for. The engine gives its own where it asks.',
}

/** The arguments: what is neither given by `with` nor said by the mesh. `isOpen`: one of them can name anything. */
function argumentsOf({ path, config, operation, source, types, sourceName }: FieldParts) {
  const args: Record<string, GraphQLArgumentConfig> = {}
  let locale: string | undefined
  let isOpen = false
  const known = new Set<string>()
  const add = (name: string, type: GraphQLNullableInputType, isRequired: boolean, schema: JsonSchema, description?: string): void => {
    const { schema: bare } = source.catalogue.resolve(schema)
    known.add(name)
    if (name in config.with) return
    const isString = !isEnumType(type) && bare.type !== 'integer' && bare.type !== 'number' && bare.type !== 'boolean'
    if (isString && name !== config.customer) isOpen = true
    const fallback = isEnumType(type) || isRequired ? undefined : bare.default
    args[name] = {
      // The customer is known where one asks in their name.
      type: name === config.customer ? GraphQLID : isRequired ? new GraphQLNonNull(type) : type,
      ...(description !== undefined && { description }),
      ...(fallback !== undefined && { default: { value: fallback } }),
      extensions: { most: typeof bare.maximum === 'number' ? bare.maximum : undefined },
    }
  }
  for (const { name, in: place, isRequired, schema, description } of operation.parameters) {
    if (place === 'header' && name.toLowerCase() === 'accept-language') locale = 'accept-language'
    else if (name === config.key) args.key = KEY
    else if (place !== 'header')
      add(
        name,
        types.input(sourceName, source.catalogue, schema, `${graphName(operation.id)}_${graphName(name)}`),
        isRequired,
        schema,
        description,
      )
    else if (isRequired) throw new Error(`${path}: ${config.from} needs the header ${name}, which nothing gives`)
  }
  if (operation.body) {
    const { properties, required } = propertiesOf(source.catalogue, source.catalogue.resolve(operation.body).schema)
    for (const [name, schema] of Object.entries(properties)) {
      if (name === config.key) {
        args.key = KEY
        continue
      }
      const description = typeof schema.description === 'string' ? schema.description : undefined
      add(
        name,
        types.input(sourceName, source.catalogue, schema, `${graphName(operation.id)}_${graphName(name)}`),
        required.has(name),
        schema,
        description,
      )
    }
  }
  for (const name of Object.keys(config.with)) if (!known.has(name)) throw new Error(`${path}: ${config.from} has no parameter ${name}`)
  if (config.customer !== undefined && !known.has(config.customer))
    throw new Error(`${path}: ${config.from} has no parameter ${config.customer}`)
  if (config.key !== undefined && !args.key) throw new Error(`${path}: ${sourceName} takes no ${config.key} there`)
  return { args, locale, isOpen }
}

function rangeProblem({ parameters }: Operation, args: Readonly<Record<string, unknown>>): string | undefined {
  for (const { name, schema } of parameters) {
    const value = args[name]
    if (typeof value !== 'number') continue
    if (typeof schema.maximum === 'number' && value > schema.maximum) return `${name} is above ${schema.maximum}`
    if (typeof schema.minimum === 'number' && value < schema.minimum) return `${name} is below ${schema.minimum}`
  }
  return undefined
}

function describe({ description }: Operation, catalogue: Catalogue, schema: JsonSchema): string | undefined {
  const own = schema.description ?? catalogue.resolve(schema).schema.description
  return typeof own === 'string' ? own : description
}

function pathOf({ path }: GraphQLResolveInfo): string {
  const parts: (string | number)[] = []
  for (let at: GraphQLResolveInfo['path'] | undefined = path; at; at = at.prev) parts.unshift(at.key)
  return parts.join('.')
}
