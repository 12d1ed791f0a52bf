// Passes on to the engine what a socket process does not answer itself. The engine listens on a socket that only our own processes can open, and so
// believes the address that it is told; whatever a client claims in these headers is replaced.
import { Agent, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Of one connection and not of the message: each side has its own (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const RETRY_AFTER_MS = 1_000
/** A connection a request: a kept one may be of an engine that is gone. */
const agent = new Agent({ keepAlive: false })

export interface EngineProxy {
  /** Takes a connection that asks for another protocol, with what has come behind the request. */
  upgrade(request: IncomingMessage, head: Buffer): void
}

/** Every request that has no route in `http` goes to the engine at `path`. Is called before the routes are made. */
export function registerEngineProxy(http: FastifyInstance, path: string): EngineProxy {
  const upgrades = new WeakMap<IncomingMessage, Buffer>()

  // Before a body is read: it is the engine's to read.
  http.addHook('onRequest', async (asked, reply) => {
    const head = upgrades.get(asked.raw)
    if (!head && !asked.is404) return
    reply.hijack()
    const ahead = ask(asked, path, head !== undefined)
    if (head) passUpgrade(ahead, asked.raw, reply.raw, head)
    else pass(ahead, asked.raw, reply.raw)
  })
  // What looked like a page and is none. Such requests have no body.
  http.setNotFoundHandler((asked, reply) => {
    reply.hijack()
    pass(ask(asked, path, false), asked.raw, reply.raw)
  })

  return {
    upgrade(raw, head) {
      upgrades.set(raw, head)
      raw.socket.on('error', () => raw.socket.destroy()) // Node has taken its own listener away
      const response = new ServerResponse(raw)
      response.assignSocket(raw.socket)
      http.routing(raw, response) // so that the address and the scheme of the client are found as for any other request
    },
  }
}

function ask({ raw, ip, protocol, host }: FastifyRequest, path: string, isUpgrade: boolean): ClientRequest {
  const headers = endToEnd(raw.headers)
  for (const name of Object.keys(headers)) if (name === 'forwarded' || name.startsWith('x-forwarded-')) delete headers[name]
  return request({
    agent,
    socketPath: path,
    ...(raw.method !== undefined && { method: raw.method }),
    ...(raw.url !== undefined && { path: raw.url }),
    headers: {
      ...headers,
      'x-forwarded-for': ip,
      'x-forwarded-proto': protocol,
      ...(host && { 'x-forwarded-host': host }),
      // Not `close`: a server that answers before it has read the body, and closes, takes its answer back with it.
      connection: isUpgrade ? 'upgrade' : 'keep-alive',
      ...(isUpgrade && { upgrade: raw.headers.upgrade }),
    },
  })
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map(name => name.trim().toLowerCase()))
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)))
}

function pass(ahead: ClientRequest, asked: IncomingMessage, response: ServerResponse): void {
  ahead.once('response', answer => passAnswer(answer, response))
  ahead.once('error', error => refuse(response, error))
  response.once('close', () => ahead.destroy()) // the client has gone, or all is said
  pipeline(asked, ahead, () => {}) // what goes wrong shows at `ahead`
}

function passAnswer(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer.headers))
  pipeline(answer, response, error => error && response.destroy())
}

/** Where nothing listens, nothing was done, and it may be asked again. An engine that went away in the midst may have done it. */
function refuse(response: ServerResponse, error: Error & { readonly code?: string }): void {
  if (response.headersSent) return void response.destroy()
  const isAway = error.code === 'ECONNREFUSED' || error.code === 'ENOENT'
  const answer = isAway
    ? { code: 'OVERLOADED', message: 'the engine is starting; try again', retryAfterMs: RETRY_AFTER_MS }
    : { code: 'INTERNAL', message: 'the engine went away before it answered' }
  const body = JSON.stringify(answer)
  response.writeHead(isAway ? 503 : 502, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...(isAway && { 'retry-after': String(RETRY_AFTER_MS / 1000) }),
  })
  response.end(body)
}

function passUpgrade(ahead: ClientRequest, { socket }: IncomingMessage, response: ServerResponse, head: Buffer): void {
  response.shouldKeepAlive = false
  response.once('finish', () => socket.end())
  socket.once('close', () => ahead.destroy())
  ahead.once('response', answer => passAnswer(answer, response))
  ahead.once('error', error => refuse(response, error))
  ahead.once('upgrade', (answer, far, farHead) => {
    response.detachSocket(socket)
    const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`]
    for (let i = 0; i < answer.rawHeaders.length; i += 2) lines.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}`)
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    socket.write(farHead)
    far.write(head)
    pipeline(socket, far, () => socket.destroy())
    pipeline(far, socket, () => far.destroy())
  })
  ahead.end()
}
