// The mesh of one shop: its sources, the schema over them, and what a query comes to. Everything that a query gives is data that may be seen in its
// scope; what a source did not give is null, with an error that names the source.
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import type { Catalogue } from '../source/catalogue.ts'
import type { SourceConfig } from '../source/kinds.ts'
import type { Source } from '../source/source.ts'
import { createGuard } from '../upstream/guard.ts'
import { createReader, type Reader } from '../upstream/reader.ts'
import type { Scope } from '../upstream/scope.ts'
import { SourceError } from '../upstream/source-error.ts'
import type { MeshContext, MeshSource } from './field.ts'
import { type Joined, joinedSchema } from './joined-schema.ts'
import { LIMITS, type Limits, limitsRule } from './limits.ts'
import type { MeshConfig } from './mesh-config.ts'

export interface JoinedMeshOptions {
  readonly config: MeshConfig
  /** Throws an Error that says what is wrong with it. */
  readonly sourceOf: (name: string, config: SourceConfig) => Source
  readonly limits?: Limits
  /** An error that is no source's. */
  readonly onBug?: (error: unknown) => void
  readonly reader?: Reader
  /** In milliseconds; how old an answer is goes by it. */
  readonly now?: () => number
}

export interface MeshRequest {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
  readonly operationName?: string
  /** Under which its mutation is done, once, where the query gives none. */
  readonly key?: string
  /** Questions to sources that it may have: 100 unless given. */
  readonly questions?: number
}

export interface MeshAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null
  readonly errors?: readonly GraphQLFormattedError[]
  /** `stale`: what is older than it should be, since its source did not answer. */
  readonly extensions?: { readonly stale?: MeshContext['stale'] }
}

export interface JoinedMesh {
  readonly schema: GraphQLSchema
  readonly undo: Joined['undo']
  readonly typesOfAnswers: Joined['typesOfAnswers']
  readonly catalogues: ReadonlyMap<string, Catalogue>
  readonly reader: Reader
  /** Never rejects because of a source; by the deadline of `signal` at the latest, where there is one, then with what is known. */
  ask(request: MeshRequest, scope: Scope, signal?: AbortSignal): Promise<MeshAnswer>
  /** The parts of `ask`, for who reads requests over HTTP. */
  readonly rules: (scope: Scope) => readonly (typeof specifiedRules)[number][]
  /** The document, read and checked, or what is wrong with it. */
  checked(query: string, scope: Scope): DocumentNode | readonly GraphQLError[]
  context(scope: Scope, signal?: AbortSignal, more?: Pick<MeshRequest, 'key' | 'questions'>): MeshContext
  answerOf(result: ExecutionResult, context: MeshContext): MeshAnswer
}

const LONGEST = 16_000
/** Different questions to sources, of one query. */
const MOST_QUESTIONS = 100
const KEPT_DOCUMENTS = 500

/** Throws an Error that says what in the configuration or a document is wrong, with its place. */
export function createJoinedMesh(options: JoinedMeshOptions): JoinedMesh {
  const { config, sourceOf, limits = LIMITS, onBug = () => {}, now } = options
  const reader = options.reader ?? createReader(now ? { now } : {})
  const sources = new Map<string, MeshSource>()
  for (const [name, source] of Object.entries(config.sources)) {
    const guard = createGuard(name, source)
    sources.set(name, { ...sourceOf(name, source), guard: guard.call })
  }
  const { schema, undo, typesOfAnswers } = joinedSchema(config, sources)
  const forShop = [...specifiedRules, limitsRule(limits)]
  const forCustomer = [...forShop, NoSchemaIntrospectionCustomRule]
  const rules = (scope: Scope) => (scope.customer === null ? forShop : forCustomer)
  const checked = new Map<string, DocumentNode | readonly GraphQLError[]>()

  const check: JoinedMesh['checked'] = (query, scope) => {
    const key = `${scope.customer === null} ${query}`
    const before = checked.get(key)
    if (before) return before
    if (query.length > LONGEST)
      return [new GraphQLError(`it has ${query.length} characters, more than ${LONGEST}`, { extensions: { code: 'QUERY_REFUSED' } })]
    const found = parsed(query)
    const errors: readonly GraphQLError[] = 'kind' in found ? validate(schema, found, rules(scope), { maxErrors: 5 }) : found
    const result = errors.length > 0 ? errors : found
    if (checked.size >= KEPT_DOCUMENTS) checked.delete(checked.keys().next().value!) // it is full
    checked.set(key, result)
    return result
  }

  const context: JoinedMesh['context'] = (scope, signal, { key, questions = MOST_QUESTIONS } = {}) => ({
    scope,
    reader,
    questionsLeft: questions,
    batched: new Set(),
    ahead: new Map(),
    stale: [],
    ...(signal && { signal }),
    ...(key !== undefined && { key }),
  })

  const answerOf: JoinedMesh['answerOf'] = ({ data, errors }, { stale }) => ({
    ...(data !== undefined && { data }),
    ...(errors && errors.length > 0 && { errors: errors.map(error => told(error, onBug)) }),
    ...(stale.length > 0 && { extensions: { stale } }),
  })

  return {
    schema,
    undo,
    typesOfAnswers,
    catalogues: new Map([...sources].map(([name, { catalogue }]) => [name, catalogue])),
    reader,
    rules,
    checked: check,
    context,
    answerOf,
    async ask({ query, variables, operationName, ...more }, scope, signal) {
      const document = check(query, scope)
      if (!('kind' in document)) return { errors: document.map(error => told(error, onBug)) }
      const contextValue = context(scope, signal, more)
      const result = await execute({
        schema,
        document,
        contextValue,
        ...(variables && { variableValues: variables }),
        ...(operationName !== undefined && { operationName }),
      })
      return answerOf(result, contextValue)
    },
  }
}

function parsed(query: string): DocumentNode | readonly GraphQLError[] {
  try {
    return parse(query, { maxTokens: 4_000 })
  } catch (error) {
    if (error instanceof GraphQLError) return [error]
    throw error
  }
}

/** As it may be seen: of a bug nothing but that there was one. */
function told(error: GraphQLError, onBug: (error: unknown) => void): GraphQLFormattedError {
  const { originalError } = error
  const place = { ...(error.locations && { locations: error.locations }), ...(error.path && { path: error.path }) }
  if (originalError instanceof SourceError) return { message: originalError.message, ...place, extensions: originalError.extensions }
  if (originalError?.name === 'TimeoutError' || originalError?.name === 'AbortError')
    return { message: 'it took too long', ...place, extensions: { code: 'DEADLINE' } }
  if (!originalError || originalError instanceof GraphQLError) return error.toJSON()
  onBug(originalError)
  return { message: 'something went wrong on our side', ...place, extensions: { code: 'INTERNAL' } }
}
