// Asks a GraphQL endpoint one operation, and makes of what comes back a value or a SourceError. What was answered in spite of an error stays.
import type { Incoming } from '../../upstream/send.ts'
import { SourceError, type Trouble } from '../../upstream/source-error.ts'
import { isObject } from '../catalogue.ts'
import { answerOf, wordOf } from '../http/answer.ts'
import type { Connection } from '../http/connection.ts'
import type { Asking } from '../source.ts'
import type { GraphQlOperation } from './operations.ts'

/** What the codes that servers give stand for; each is written in one of several ways. */
const CODES: Readonly<Record<string, Trouble>> = {
  UNAUTHENTICATED: 'SOURCE_LOCKED',
  UNAUTHORIZED: 'SOURCE_LOCKED',
  FORBIDDEN: 'SOURCE_LOCKED',
  ACCESS_DENIED: 'SOURCE_LOCKED',
  THROTTLED: 'SOURCE_BUSY',
  RATE_LIMITED: 'SOURCE_BUSY',
  TOO_MANY_REQUESTS: 'SOURCE_BUSY',
  SERVICE_UNAVAILABLE: 'SOURCE_BUSY',
  TIMEOUT: 'SOURCE_TIMEOUT',
  GATEWAY_TIMEOUT: 'SOURCE_TIMEOUT',
  REQUEST_TIMEOUT: 'SOURCE_TIMEOUT',
  INTERNAL_SERVER_ERROR: 'SOURCE_BROKEN',
  INTERNAL_ERROR: 'SOURCE_BROKEN',
  INTERNAL: 'SOURCE_BROKEN',
  // The endpoint does not understand what it understood when the operation was written.
  GRAPHQL_VALIDATION_FAILED: 'SOURCE_CHANGED',
  GRAPHQL_PARSE_FAILED: 'SOURCE_CHANGED',
}
const NOT_FOUND = ['NOT_FOUND', 'RESOURCE_NOT_FOUND']

interface Problem {
  readonly message: string
  readonly code?: string
  readonly path?: readonly unknown[]
}

/** Null where the endpoint has no such thing. Rejects with a SourceError, or with the signal's reason. */
export async function callGraphQl(
  connection: Connection,
  operation: GraphQlOperation,
  asking: Asking,
  signal: AbortSignal,
): Promise<unknown> {
  const { source, base, send } = connection
  const variables = Object.fromEntries(Object.entries(asking.args).filter(([, value]) => value !== undefined))
  const incoming = await send(
    {
      method: 'POST',
      url: new URL(base),
      isSafe: operation.isSafe,
      headers: {
        ...asking.headers,
        accept: 'application/graphql-response+json, application/json;q=0.9',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ query: operation.text, operationName: operation.id, variables }),
    },
    signal,
  )
  return readAnswer(source, operation, incoming)
}

function readAnswer(source: string, operation: GraphQlOperation, incoming: Incoming): unknown {
  const { status } = incoming
  // What is refused as a whole may say why in the body: as GraphQL over HTTP has it, with a status of 400 and more.
  const isTold = status === 400 || status === 422
  const isJson = /^\s*\{/.test(incoming.text)
  const body = answerOf(source, isTold && isJson ? { ...incoming, status: 200 } : incoming, false)
  if (!isObject(body) || (body.data === undefined && body.errors === undefined))
    throw isTold
      ? new SourceError('SOURCE_REFUSED', source, { reason: `status ${status}` })
      : new SourceError('SOURCE_GARBLED', source, { reason: 'it is no GraphQL answer' })
  const problems = Array.isArray(body.errors) ? body.errors.filter(isObject).map(problemOf) : []
  const data = isObject(body.data) ? body.data : undefined
  if (!data) {
    const [first] = problems
    if (!first) throw new SourceError('SOURCE_GARBLED', source, { reason: 'it has no data' })
    if (isMissing(first)) return null
    // One with a path is of a field whose null went up to the root: it was understood, and done.
    throw errorOf(source, operation, first, first.path === undefined)
  }
  const value = operation.root === undefined ? data : data[operation.root]
  if (value === undefined) throw new SourceError('SOURCE_CHANGED', source, { reason: operation.id })
  if (value === null) {
    const own = problems.find(problem => !isMissing(problem))
    if (own) throw errorOf(source, operation, own, false)
    return null
  }
  for (const problem of problems) {
    const path = operation.root === undefined ? problem.path : problem.path?.slice(1)
    place(value, path ?? [], errorOf(source, operation, problem, false))
  }
  refuseProblems(source, operation, value)
  return withoutGaps(value)
}

const isMissing = ({ code }: Problem): boolean => code !== undefined && NOT_FOUND.includes(code)

function problemOf({ message, extensions, path }: Readonly<Record<string, unknown>>): Problem {
  const code = isObject(extensions) ? (extensions.code ?? extensions.errorCode) : undefined
  return {
    message: String(message),
    ...(typeof code === 'string' && { code }),
    ...(Array.isArray(path) && { path }),
  }
}

/** `isWhole`: nothing was executed. */
function errorOf(source: string, operation: GraphQlOperation, { code, message }: Problem, isWhole: boolean): SourceError {
  const known = code === undefined ? undefined : CODES[code.toUpperCase().replaceAll('-', '_')]
  if (known !== undefined) return new SourceError(known, source, known === 'SOURCE_CHANGED' ? { reason: operation.id } : {})
  const word = code === undefined ? wordOf(message) : wordOf(code.toLowerCase().replaceAll('_', '-'))
  if (word !== undefined) return new SourceError('SOURCE_REFUSED', source, { reason: word })
  // Words of graphql-js and those that follow it, for a value that a variable cannot have.
  if (isWhole && /^Variable "\$/.test(message)) return new SourceError('SOURCE_REFUSED', source, { reason: 'bad-value' })
  return isWhole ? new SourceError('SOURCE_CHANGED', source, { reason: operation.id }) : new SourceError('SOURCE_BROKEN', source)
}

/** Puts an error where it left a null: at its path, or at what stands nearest above it. */
function place(value: unknown, path: readonly unknown[], error: SourceError): void {
  let at: unknown = value
  for (const part of path) {
    // A cast: what is an object or a list can be asked for any key.
    const holder = at as Record<string | number, unknown>
    const key = part as string | number
    if (Array.isArray(at) ? holder[key] === null : isObject(at) && (holder[key] ?? null) === null) {
      // An entry of a list is left out instead: its neighbours would be lost with it.
      if (!Array.isArray(at)) holder[key] = error
      return
    }
    at = typeof at === 'object' && at !== null ? holder[key] : undefined
  }
}

/** `userErrors`: nothing was done, and nothing in `errors` says so. */
function refuseProblems(source: string, { problems }: GraphQlOperation, value: unknown): void {
  const list = problems !== undefined && isObject(value) ? value[problems] : undefined
  if (!Array.isArray(list) || list.length === 0) return
  const [first] = list
  const code = isObject(first) && typeof first.code === 'string' ? first.code.toLowerCase().replaceAll('_', '-') : undefined
  throw new SourceError('SOURCE_REFUSED', source, { reason: wordOf(code) ?? 'the request has errors' })
}

/** Entries of lists that may be null are left out where they are: nobody can ask what they are. */
function withoutGaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter(each => each !== null).map(withoutGaps)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, each instanceof SourceError ? each : withoutGaps(each)]))
}
