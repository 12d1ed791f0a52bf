// One HTTP request to a source. No redirect is followed: it could lead to where the configuration never pointed. Connections are kept. undici, since its
// request takes half of the processor time of one of node:http, and that was more than half of what a query took.
import type { LookupFunction } from 'node:net'
import { Agent, type Dispatcher, errors } from 'undici'
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
  /** Where a redirect would lead. */
  readonly location?: string
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
  /** Bytes of an answer. */
  readonly largest?: number
}

const LARGEST_ANSWER = 4 * 1024 * 1024
/** Less than the five seconds after which many servers close a connection that nobody uses. */
const IDLE_MS = 4_000

/** With `close`, which ends the connections that are kept. */
export function createSend(options: SendOptions): { readonly send: Send; close(): void } {
  const { isPrivate, lookupPublic, isPrivateAddress, connections = 64, largest = LARGEST_ANSWER } = options
  const agent = new Agent({
    connections,
    allowH2: false,
    keepAliveTimeout: IDLE_MS,
    // Once it is connected the guard's deadline is the only one.
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(!isPrivate && { connect: { lookup: lookupPublic } }),
  })

  const send: Send = (outgoing, signal) =>
    new Promise((resolve, reject) => {
      const { source, method, url, headers, body, isSafe = method === 'GET' } = outgoing
      if (!isPrivate && isPrivateAddress(url.hostname))
        return reject(new SourceError('SOURCE_DOWN', source, { reason: 'its address is a private one' }))
      if (signal.aborted) return reject(signal.reason)
      const request = {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { accept: 'application/json', 'user-agent': 'Parley', ...headers },
        ...(body !== undefined && { body }),
      }
      let controller: Dispatcher.DispatchController | undefined
      // Also where it still waits for a connection.
      const leave = (): void => {
        reject(signal.reason)
        controller?.abort(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      const stay = (): void => signal.removeEventListener('abort', leave)
      // Twice at most: a connection that was kept may have been closed by the other side just as it is used.
      const ask = (isSecond: boolean): boolean =>
        agent.dispatch(
          request,
          reader(source, largest, {
            onStart(started) {
              controller = started
              if (signal.aborted) started.abort(signal.reason)
            },
            onAnswer(incoming) {
              stay()
              resolve(incoming)
            },
            onError(error, wasClosed) {
              if (wasClosed && isSafe && !isSecond && !signal.aborted) return void ask(true)
              stay()
              reject(error)
            },
          }),
        )
      ask(false)
    })
  return { send, close: () => void agent.destroy() }
}

interface Reading {
  onStart(controller: Dispatcher.DispatchController): void
  onAnswer(incoming: Incoming): void
  /** `wasClosed`: nothing came, on a connection that had served others before. */
  onError(error: SourceError, wasClosed: boolean): void
}

/** Takes one response in. */
function reader(source: string, largest: number, { onStart, onAnswer, onError }: Reading): Dispatcher.DispatchHandler {
  let status = 0
  let wait = Number.NaN
  let location: string | undefined
  let [chunks, size]: [Buffer[], number] = [[], 0]
  return {
    onRequestStart: onStart,
    onResponseStart(_controller, statusCode, headers) {
      status = statusCode
      wait = Number(headers['retry-after'])
      location = [headers.location].flat()[0]
    },
    onResponseData(controller, chunk) {
      chunks.push(chunk)
      size += chunk.length
      if (size <= largest) return
      chunks = []
      controller.abort(new SourceError('SOURCE_GARBLED', source, { reason: 'it is too large' }))
    },
    onResponseEnd() {
      const [first] = chunks
      const text = first && chunks.length === 1 ? first.toString('utf8') : Buffer.concat(chunks).toString('utf8')
      onAnswer({ status, text, ...(wait > 0 && { retryAfterMs: wait * 1_000 }), ...(location !== undefined && { location }) })
    },
    onResponseError(_controller, cause) {
      if (cause instanceof SourceError) onError(cause, false)
      else if (status > 0) onError(new SourceError('SOURCE_GARBLED', source, { reason: 'it breaks off' }, { cause }), false)
      else onError(new SourceError('SOURCE_DOWN', source, {}, { cause }), wasUsed(cause))
    },
  }
}

/** Something had been read over it before nothing came for this request. */
const wasUsed = (error: Error): boolean => error instanceof errors.SocketError && (error.socket?.bytesRead ?? 0) > 0
