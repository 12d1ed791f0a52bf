// One delivery: signed as Standard Webhooks has it (https://www.standardwebhooks.com), sent once, and what came of it. Nothing of the answer but its status
// is read, and no redirect is followed.
import { type ClientRequest, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Fault, isFault } from '@parley/core/faults.ts'
import { Webhook as Signer } from 'standardwebhooks'
import { hostOf, isPrivateAddress, lookupPublic } from '../outgoing/public-address.ts'
import type { Webhook } from './webhook.ts'

export interface Sent {
  /** The answer's status; null where none came. */
  readonly status: number | null
  /** Why none came: a code. */
  readonly error: string | null
  readonly ms: number
}

export interface SendOptions {
  readonly timeoutMs: number
  /** Hosts that may be private, and be asked without TLS, because the configuration names them. */
  readonly privateHosts: ReadonlySet<string>
}

/** `id` is the message's own, the same for every attempt, so that a receiver knows a repetition. */
export async function send(hook: Webhook, id: string, body: string, signal: AbortSignal, options: SendOptions): Promise<Sent> {
  const started = performance.now()
  const sent = (status: number | null, error: string | null): Sent => ({ status, error, ms: Math.round(performance.now() - started) })
  try {
    return sent(await post(hook, id, body, AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]), options), null)
  } catch (error) {
    signal.throwIfAborted() // cancelled, or the server stops: no attempt of the receiver's
    return sent(null, codeOf(error))
  }
}

const LOOKUP = lookupPublic(host => new Fault('WEBHOOK_ADDRESS', { host }))

function post({ url, secrets }: Webhook, id: string, body: string, signal: AbortSignal, { privateHosts }: SendOptions): Promise<number> {
  const host = hostOf(url.hostname)
  const isNamed = privateHosts.has(host)
  if (!isNamed && (url.protocol !== 'https:' || isPrivateAddress(host))) throw new Fault('WEBHOOK_ADDRESS', { host })
  const at = new Date()
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'user-agent': 'Parley',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': secrets.map(secret => new Signer(secret).sign(id, at, body)).join(' '),
  }
  return new Promise((resolve, reject) => {
    // A connection of its own: a kept one would be to the address that the name had when it was made.
    const ask = url.protocol === 'https:' ? requestHttps : requestHttp
    const request: ClientRequest = ask(
      url,
      { method: 'POST', headers, signal, agent: false, ...(!isNamed && { lookup: LOOKUP }) },
      response => {
        resolve(response.statusCode ?? 0)
        response.destroy()
      },
    )
    request.once('error', reject)
    request.end(body)
  })
}

function codeOf(error: unknown): string {
  if (isFault(error)) return error.code
  if (!(error instanceof Error)) return typeof error
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'TIMEOUT'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
