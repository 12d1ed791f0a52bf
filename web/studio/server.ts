// What the pages ask of the server, and what becomes of it when it does not answer. A server that is lost is looked for until it is back; meanwhile the
// page stays as it is. A session that has ended is told once, whatever was asked.
import { backoffMs } from '../client/backoff.ts'

export interface Server {
  /** Rejects with Refused, or Unreached; with the signal's reason where that is aborted. */
  get<T>(path: string, signal?: AbortSignal): Promise<T>
  post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T>
  remove<T>(path: string): Promise<T>
}

/** The server's no, with its code and details. */
export class Refused extends Error {
  readonly status: number
  readonly code: string
  readonly details: Readonly<Record<string, unknown>>
  constructor(status: number, code: string, message: string, details: Readonly<Record<string, unknown>>) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
  }
}
/** No answer came. */
export class Unreached extends Error {}

export interface ServerEvents {
  lost(): void
  back(): void
  /** Nobody is signed in any more. */
  signedOut(): void
}

const FETCH_MS = 30_000
const ROOT = '/v1/studio'

export function createServer({ lost, back, signedOut }: ServerEvents): Server {
  let isLost = false

  /** Asks for the session until there is an answer, whichever. */
  function lookFor(attempt: number): void {
    setTimeout(
      async () => {
        try {
          const response = await fetch(`${ROOT}/session`, { signal: AbortSignal.timeout(FETCH_MS) })
          if (response.status >= 502) return lookFor(attempt + 1)
          isLost = false
          back()
        } catch {
          lookFor(attempt + 1)
        }
      },
      backoffMs(attempt, Math.random),
    )
  }
  function lose(): Unreached {
    if (!isLost) {
      isLost = true
      lost()
      lookFor(0)
    }
    return new Unreached()
  }

  async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    let response: Response
    let told: string
    try {
      response = await fetch(`${ROOT}/${path}`, {
        method,
        credentials: 'same-origin',
        ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)]) : AbortSignal.timeout(FETCH_MS),
      })
      told = await response.text()
    } catch {
      signal?.throwIfAborted()
      throw lose()
    }
    if (response.ok) return (told === '' ? undefined : JSON.parse(told)) as T // our own server's answer, of core/protocol/studio.ts
    if (response.status >= 502 && !isFaultText(told)) throw lose()
    const { code, message, ...details } = isFaultText(told) ? (JSON.parse(told) as Fault) : { code: `HTTP_${response.status}`, message: '' }
    if (response.status === 401 && path !== 'session') signedOut()
    throw new Refused(response.status, code, message, details)
  }

  return {
    get: (path, signal) => ask('GET', path, undefined, signal),
    post: (path, body, signal) => ask('POST', path, body, signal),
    remove: path => ask('DELETE', path),
  }
}

interface Fault {
  readonly code: string
  readonly message: string
  readonly [detail: string]: unknown
}
/** A fault of ours, not the page of something between. */
const isFaultText = (text: string): boolean => text.startsWith('{"code":')
