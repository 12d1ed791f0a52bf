// Makes of an operation and its arguments a request, and of the response a value or a SourceError.

import type { Incoming, Outgoing, Send } from '../../upstream/send.ts'
import { SourceError } from '../../upstream/source-error.ts'
import type { Asking } from '../source.ts'
import type { ApiOperation, ApiParameter } from './document.ts'

/** What a source is asked with, beside what its operations say. */
export interface Connection {
  readonly source: string
  /** What stands before the paths. */
  readonly base: URL
  readonly send: Send
  /** Sent as `authorization`; read anew with `isAgain`, after one was not taken. Undefined: none. */
  readonly authorization: (isAgain: boolean) => string | undefined
}

/** Null where the source has no such thing (404). Rejects with a SourceError, or with the signal's reason. */
export async function callOperation(
  connection: Connection,
  operation: ApiOperation,
  asking: Asking,
  signal: AbortSignal,
): Promise<unknown> {
  const { source, send, authorization } = connection
  const outgoing = outgoingOf(connection, operation, asking)
  const withToken = (isAgain: boolean): Outgoing => {
    const token = authorization(isAgain)
    return token === undefined ? outgoing : { ...outgoing, headers: { ...outgoing.headers, authorization: token } }
  }
  const first = withToken(false)
  let incoming = await send(first, signal)
  if (incoming.status === 401) {
    // A token that has run out may have been renewed in its file.
    const second = withToken(true)
    if (second.headers.authorization !== first.headers.authorization) incoming = await send(second, signal)
  }
  return readAnswer(source, operation, incoming)
}

function outgoingOf({ source, base }: Connection, { method, path, parameters, body }: ApiOperation, { args, headers }: Asking): Outgoing {
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
    source,
    method,
    url: new URL(`${base.href.replace(/\/$/, '')}${place}${asked}`),
    headers: { ...sent, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(inBody) }),
  }
}

/** One part of a path. An empty one and `..` would make it another path, and no escape helps: a URL reads `%2e` as a dot. */
function pathPart(source: string, text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new SourceError('SOURCE_REFUSED', source, { reason: 'bad-id' })
  return encodeURIComponent(text)
}

function addToQuery(query: URLSearchParams, { name, isExploded }: ApiParameter, value: unknown): void {
  if (!Array.isArray(value)) query.append(name, String(value))
  else if (isExploded) for (const each of value) query.append(name, String(each))
  else query.append(name, value.map(String).join(','))
}

function readAnswer(source: string, { method }: ApiOperation, { status, text, retryAfterMs }: Incoming): unknown {
  const trouble = (code: ConstructorParameters<typeof SourceError>[0], reason?: string): SourceError =>
    new SourceError(code, source, { ...(reason !== undefined && { reason }), ...(retryAfterMs !== undefined && { retryAfterMs }) })
  if (status === 204) return null
  if (status >= 200 && status < 300) {
    try {
      return JSON.parse(text)
    } catch {
      throw trouble('SOURCE_GARBLED')
    }
  }
  if (status === 404 && method === 'GET') return null
  if (status === 401 || status === 403) throw trouble('SOURCE_LOCKED')
  if (status === 429 || status === 503) throw trouble('SOURCE_BUSY')
  if (status === 408) throw trouble('SOURCE_TIMEOUT')
  if (status >= 500) throw trouble('SOURCE_BROKEN')
  throw trouble('SOURCE_REFUSED', reasonIn(text) ?? `status ${status}`)
}

/** The short word of a problem: letters and dashes alone, so that nothing of a customer's or a credential comes out with it. */
function reasonIn(text: string): string | undefined {
  try {
    const { error, code, type } = JSON.parse(text) as Readonly<Record<string, unknown>> // what is no object throws or has none of these
    return [error, code, type].find((word): word is string => typeof word === 'string' && /^[a-z][a-z0-9_-]{0,39}$/i.test(word))
  } catch {
    return undefined
  }
}
