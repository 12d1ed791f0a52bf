// The HTTP face of the engine: the widget's page, tokens, the socket, health, metrics. Everything it needs is handed to it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fastifyWebsocket from '@fastify/websocket'
import type { Engine } from '@parley/core/engine.ts'
import { Fault, type FaultCode, isFault } from '@parley/core/faults.ts'
import { asShopId } from '@parley/core/ids.ts'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { WebSocket } from 'ws'
import type { Metrics } from '../metrics.ts'
import { type AgentIdentity, type AgentSocketParts, createAgentSocket } from '../realtime/agent-socket.ts'
import { createCustomerSocket, type SocketParts } from '../realtime/customer-socket.ts'
import type { Connection, Wire } from '../realtime/session.ts'
import { TIGHT_OPTIONS } from '../realtime/tight-web-socket.ts'
import { type DemoParts, registerDemoRoutes } from './demo.ts'
import { type DeskSessionParts, registerDeskSession } from './desk-session.ts'
import { type OperatorParts, registerOperatorRoutes } from './operator.ts'
import { registerVisitorRoutes, type VisitorParts } from './visitors.ts'
import { frameAncestors, type WidgetPageParts } from './widget-page.ts'

export interface AppParts
  extends SocketParts,
    Omit<AgentSocketParts, 'isAdmitted' | 'engine'>,
    VisitorParts,
    OperatorParts,
    DeskSessionParts,
    DemoParts,
    WidgetPageParts {
  readonly engine: Engine
  readonly logger: FastifyBaseLogger
  readonly metrics: Metrics
  /** Proxies whose forwarded headers are believed, as fastify takes them; empty: none. */
  readonly trustProxy: string
  /** The folder of the built pages. */
  readonly pages: string
  /** Undefined when turns can be taken, else what is still missing. */
  readonly notReady: () => string | undefined
}

export interface App {
  readonly http: FastifyInstance
  /** Tells every client to connect again elsewhere. */
  leave(): void
}

const STATUS: Partial<Record<FaultCode, number>> = {
  TOKEN_INVALID: 401,
  TOKEN_EXPIRED: 401,
  SIGN_IN_REFUSED: 401,
  ORIGIN_REFUSED: 403,
  UNKNOWN_SHOP: 404,
  UNKNOWN_CONVERSATION: 404,
  RATE_LIMITED: 429,
  OVERLOADED: 503,
  SHUTTING_DOWN: 503,
}

const CONTENT =
  "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'"

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const

export async function createApp(parts: AppParts): Promise<App> {
  const http: FastifyInstance = Fastify({
    loggerInstance: parts.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    trustProxy: parts.trustProxy === '' ? false : parts.trustProxy,
    forceCloseConnections: true,
  })
  const customers = new Set<Connection>()
  const consoles = new Set<Connection>()

  http.setErrorHandler((error, _request, reply) => {
    if (isFault(error)) {
      parts.onFault(error.code)
      const details = error.details as { readonly retryAfterMs?: number } // of some codes; undefined elsewhere
      if (details.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(details.retryAfterMs / 1000))
      return reply.code(STATUS[error.code] ?? 400).send({ code: error.code, message: error.message, ...details })
    }
    const status = statusOf(error)
    if (status < 500)
      return reply.code(status).send({ code: 'FRAME_INVALID', message: error instanceof Error ? error.message : 'bad request' })
    parts.onBug(error)
    return reply.code(500).send({ code: 'INTERNAL', message: 'something went wrong on our side' })
  })
  http.addHook('onSend', async (request, reply) => {
    reply.headers(HEADERS)
    reply.header('content-security-policy', `${CONTENT}; frame-ancestors ${frameAncestors(request.url, parts.origins)}`)
  })

  // As an object: the types want `WebSocket` to be the module's own class with its statics; `ws` itself asks for a subclass only.
  await http.register(fastifyWebsocket, { options: TIGHT_OPTIONS as object, preClose: done => done() })
  /** Joins a WebSocket to the connection that `make` makes of its wire. */
  function carry(socket: WebSocket, gauge: Metrics['sockets'], mine: Set<Connection>, make: (wire: Wire) => Connection): void {
    const connection = make({
      send: text => socket.send(text),
      close: (code, reason) => socket.close(code, reason),
      get bufferedBytes() {
        return socket.bufferedAmount
      },
    })
    mine.add(connection)
    gauge.set(mine.size)
    socket.on('message', (data, isBinary) => (isBinary ? connection.refuse(new Fault('FRAME_BINARY', {})) : connection.frame(String(data))))
    socket.on('error', () => parts.metrics.faults.inc({ code: 'WIRE' })) // `ws` closes the connection; 'close' follows
    socket.on('close', () => {
      connection.gone()
      mine.delete(connection)
      gauge.set(mine.size)
    })
  }

  http.get('/v1/socket', { websocket: true }, socket =>
    carry(socket, parts.metrics.sockets, customers, wire => createCustomerSocket(wire, parts)),
  )
  const agents = new WeakMap<FastifyRequest, AgentIdentity>()
  const identify = async (request: FastifyRequest): Promise<AgentIdentity> => {
    const { id, name, shop } = await parts.deskSessions.agentOf(request.headers.cookie, request.headers.origin, request.host)
    return { id, name, shop: asShopId(shop) }
  }
  const desk = {
    websocket: true,
    preValidation: async (request: FastifyRequest) => void agents.set(request, await identify(request)),
  } as const
  http.get('/v1/desk/socket', desk, (socket, request) => {
    const agent = agents.get(request)! // preValidation has put it there, or has refused the upgrade
    const isAdmitted = (): Promise<boolean> =>
      identify(request).then(
        () => true,
        () => false,
      )
    carry(socket, parts.metrics.deskSockets, consoles, wire => createAgentSocket(wire, agent, { ...parts, isAdmitted }))
  })

  registerVisitorRoutes(http, parts)
  registerOperatorRoutes(http, parts)
  registerDeskSession(http, parts)
  registerDemoRoutes(http, parts)
  http.get('/healthz', async () => ({ ok: true }))
  http.get('/readyz', async (_request, reply) => {
    const missing = parts.notReady()
    return reply.code(missing ? 503 : 200).send(missing ? { ready: false, missing } : { ready: true })
  })
  http.get('/metrics', async (_request, reply) => reply.type(parts.metrics.contentType).send(await parts.metrics.render()))

  const isBuilt = (page: string): boolean => existsSync(join(parts.pages, page))
  const notBuilt = async (_request: FastifyRequest, reply: FastifyReply) =>
    reply.code(503).type('text/plain').send('The pages are not built. Run: npm start\n')
  if (isBuilt('index.html'))
    await http.register(fastifyStatic, {
      root: parts.pages,
      cacheControl: false,
      setHeaders: reply => void reply.header('cache-control', 'no-cache'),
    })
  else http.get('/', notBuilt)
  if (isBuilt('index.html') && isBuilt('desk/index.html')) http.get('/desk', async (_request, reply) => reply.sendFile('desk/index.html'))
  else http.get('/desk', notBuilt)
  return { http, leave: () => [...customers, ...consoles].forEach(connection => connection.leave()) }
}

const statusOf = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500
