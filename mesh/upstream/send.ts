// One HTTP request to a source. No redirect is followed: it could lead to where the configuration never pointed. Connections are kept.
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { SourceError } from './source-error.ts'

export interface Outgoing {
  readonly source: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** It changes nothing, whatever its method: it may be sent twice. */
  readonly isSafe?: boolean
}

export interface Incoming {
  readonly status: number
  readonly text: string
  readonly retryAfterMs?: number
}

/** Rejects with a SourceError, or with the signal's reason. */
export type Send = (outgoing: Outgoing, signal: AbortSignal) => Promise<Incoming>

export interface SendOptions {
  /** Whether a private address may be asked there: another machine of the house, or this one. */
  readonly isPrivate: boolean
  /** `dns.lookup` that gives public addresses alone, and whether a host is a private address as it stands (server/outgoing/public-address.ts). */
  readonly lookupPublic: LookupFunction
  readonly isPrivateAddress: (host: string) => boolean
  /** Connections to the source. */
  readonly connections?: number
}

const LARGEST_ANSWER = 4 * 1024 * 1024

/** With `close`, which ends the connections that are kept. */
export function createSend(options: SendOptions): { readonly send: Send; close(): void } {
  const { isPrivate, lookupPublic, isPrivateAddress, connections = 64 } = options
  const guarded = { keepAlive: true, maxSockets: connections, ...(!isPrivate && { lookup: lookupPublic }) }
  const agents = { 'http:': new HttpAgent(guarded), 'https:': new HttpsAgent(guarded) }

  const send: Send = ({ source, method, url, headers, body, isSafe = method === 'GET' }, signal) =>
    new Promise((resolve, reject) => {
      if (!isPrivate && isPrivateAddress(url.hostname))
        return reject(new SourceError('SOURCE_DOWN', source, { reason: 'its address is a private one' }))
      const isTls = url.protocol === 'https:'
      // Once: a connection that was kept may have been closed by the other side just as it is used.
      const ask = (isSecond: boolean): void => {
        const request = (isTls ? requestHttps : requestHttp)(
          url,
          {
            method,
            agent: isTls ? agents['https:'] : agents['http:'],
            headers: {
              accept: 'application/json',
              'user-agent': 'Parley',
              ...headers,
              ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
            },
            signal,
          },
          response => read(response, source).then(resolve, reject),
        )
        request.once('error', cause => {
          if (signal.aborted) reject(signal.reason)
          else if (request.reusedSocket && !isSecond && isSafe) ask(true)
          else reject(new SourceError('SOURCE_DOWN', source, {}, { cause }))
        })
        request.end(body)
      }
      ask(false)
    })
  return {
    send,
    close() {
      agents['http:'].destroy()
      agents['https:'].destroy()
    },
  }
}

function read(response: IncomingMessage, source: string): Promise<Incoming> {
  return new Promise((resolve, reject) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      text += chunk
      if (text.length > LARGEST_ANSWER) response.destroy(new SourceError('SOURCE_GARBLED', source, { reason: 'it is too large' }))
    })
    const broke = (cause?: unknown): void =>
      reject(cause instanceof SourceError ? cause : new SourceError('SOURCE_GARBLED', source, { reason: 'it breaks off' }, { cause }))
    response.once('error', broke)
    response.once('aborted', broke)
    response.once('end', () => {
      if (!response.complete) return broke()
      const wait = Number(response.headers['retry-after'])
      resolve({ status: response.statusCode ?? 0, text, ...(wait > 0 && { retryAfterMs: wait * 1_000 }) })
    })
  })
}
