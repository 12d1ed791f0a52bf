// Operations that are a method and a path, as OpenAPI documents and examples tell them: makes of one and its arguments a request.

import type { Outgoing } from '../../upstream/send.ts'
import { SourceError } from '../../upstream/source-error.ts'
import type { Operation, Parameter } from '../catalogue.ts'
import type { Asking } from '../source.ts'
import { answerOf } from './answer.ts'
import type { Connection } from './connection.ts'

export interface RestParameter extends Parameter {
  /** Lists as `a=1&a=2`; otherwise `a=1,2`. */
  readonly isExploded: boolean
}

export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

export interface RestOperation extends Operation {
  readonly method: Uppercase<(typeof METHODS)[number]>
  /** `/orders/{number}` */
  readonly path: string
  readonly parameters: readonly RestParameter[]
}

/** Null where the source has no such thing (404). Rejects with a SourceError, or with the signal's reason. */
export async function callRest(connection: Connection, operation: RestOperation, asking: Asking, signal: AbortSignal): Promise<unknown> {
  return answerOf(connection.source, await connection.send(outgoingOf(connection, operation, asking), signal), operation.isSafe)
}

function outgoingOf(
  { source, base }: Connection,
  { method, path, parameters, body, isSafe }: RestOperation,
  { args, headers }: Asking,
): Omit<Outgoing, 'source'> {
  let place = path
  const query = new URLSearchParams()
  const sent: Record<string, string> = { ...headers }
  const inBody: Record<string, unknown> = { ...args }
  for (const parameter of parameters) {
    const value = args[parameter.name]
    delete inBody[parameter.name]
    if (value === undefined || value === null) continue
    if (parameter.in === 'path') place = place.replace(`{${parameter.name}}`, pathPart(source, String(value)))
    else if (parameter.in === 'header') sent[parameter.name.toLowerCase()] = String(value)
    else addToQuery(query, parameter, value)
  }
  const asked = query.size > 0 ? `?${query}` : ''
  return {
    method,
    isSafe,
    url: new URL(`${base}${place}${asked}`),
    headers: { ...sent, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(inBody) }),
  }
}

/** One part of a path. An empty one and `..` would make it another path, and no escape helps: a URL reads `%2e` as a dot. */
function pathPart(source: string, text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new SourceError('SOURCE_REFUSED', source, { reason: 'bad-id' })
  return encodeURIComponent(text)
}

function addToQuery(query: URLSearchParams, { name, isExploded }: RestParameter, value: unknown): void {
  if (!Array.isArray(value)) query.append(name, String(value))
  else if (isExploded) for (const each of value) query.append(name, String(each))
  else query.append(name, value.map(String).join(','))
}
