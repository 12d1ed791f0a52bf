// One request to a service: JSON there, text back. No redirect is followed, and no more is taken than the limit: a service that was taken over, or is
// none, costs a turn its vote and the engine a few kilobytes.
import { type Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'

export const MOST_BYTES = 65_536
/** A service that asks to be left alone for longer is asked again after this. */
const LONGEST_PAUSE_MS = 86_400_000

export type Posted =
  | { readonly type: 'answered'; readonly body: string }
  /** `retryAfterMs`: it asks to be left alone for so long. */
  | { readonly type: 'refused'; readonly status: number; readonly retryAfterMs?: number }
  /** `reason` has no word of the service's or the customer's. */
  | { readonly type: 'failed'; readonly reason: string }

export interface PostOptions {
  readonly url: URL
  readonly key?: string
  readonly agent: Agent
  readonly lookup?: LookupFunction
  readonly signal: AbortSignal
}

/** Never rejects; whoever aborts the signal knows why it failed. */
export async function postJson(body: string, options: PostOptions): Promise<Posted> {
  const posted = await post(body, options, options.agent)
  if (posted !== 'stale') return posted
  // The service closed a kept connection just as it was used: it has seen nothing of the request. A connection of its own cannot be stale.
  const again = await post(body, options, false)
  return again === 'stale' ? { type: 'failed', reason: 'ECONNRESET' } : again
}

function post(body: string, { url, key, lookup, signal }: PostOptions, agent: Agent | false): Promise<Posted | 'stale'> {
  return new Promise(resolve => {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'Parley',
      'content-length': Buffer.byteLength(body),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    }
    const failed = (reason: string): void => resolve({ type: 'failed', reason })
    let hasAnswered = false
    const ask = url.protocol === 'https:' ? requestHttps : requestHttp
    const request: ClientRequest = ask(url, { method: 'POST', headers, signal, agent, ...(lookup && { lookup }) }, response => {
      hasAnswered = true
      take(response, resolve)
    })
    request.once('error', error => {
      const code = codeOf(error)
      if (request.reusedSocket && !hasAnswered && (code === 'ECONNRESET' || code === 'EPIPE')) resolve('stale')
      else failed(hasAnswered ? 'it broke off in the midst of its answer' : code)
    })
    request.end(body)
  })
}

function take(response: IncomingMessage, resolve: (posted: Posted) => void): void {
  const status = response.statusCode ?? 0
  const leave = (posted: Posted): void => {
    resolve(posted)
    response.destroy()
  }
  const failed = (reason: string): void => leave({ type: 'failed', reason })
  if (status >= 300 && status < 400) return failed(`it answers ${status}: a redirect is not followed`)
  if (status < 200 || status > 299) {
    const retryAfterMs = pauseOf(response.headers['retry-after'])
    return leave({ type: 'refused', status, ...(retryAfterMs !== undefined && { retryAfterMs }) })
  }
  if ((response.headers['content-encoding'] ?? 'identity') !== 'identity') return failed('its answer is compressed')
  const chunks: Buffer[] = []
  let size = 0
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > MOST_BYTES) failed(`its answer is longer than ${MOST_BYTES} bytes`)
    else chunks.push(chunk)
  })
  response.once('end', () => {
    try {
      resolve({ type: 'answered', body: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) })
    } catch {
      failed('its answer is not UTF-8')
    }
  })
  response.once('error', () => failed('it broke off in the midst of its answer'))
  response.once('close', () => failed('it broke off in the midst of its answer')) // an end before it has settled it
}

/** Seconds, or a date. */
function pauseOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS) : undefined
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
