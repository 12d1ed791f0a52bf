// The HTTP face of the engine: the widget's page, tokens, the socket, health, metrics. Everything it needs is handed to it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fastifyWebsocket from '@fastify/websocket'
import type { Engine } from '@parley/core/engine.ts'
import { type FaultCode, isFault } from '@parley/core/faults.ts'
import { asShopId } from '@parley/core/ids.ts'
import type { StudioSession } from '@parley/core/protocol/studio.ts'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { DESK_COOKIE, type Sessions, STUDIO_COOKIE } from '../accounts/sessions.ts'
import type { Metrics } from '../metrics.ts'
import { type AgentIdentity, type AgentSocketParts, createAgentSocket } from '../realtime/agent-socket.ts'
import { createConnections } from '../realtime/connections.ts'
import { createCustomerSocket, type SocketParts } from '../realtime/customer-socket.ts'
import { TIGHT_OPTIONS } from '../realtime/tight-web-socket.ts'
import { type DemoParts, registerDemoRoutes } from './demo.ts'
import { type CustomerPanelParts, registerCustomerPanel } from './desk-customer.ts'
import { type GraphqlParts, registerGraphql } from './graphql.ts'
import { type MeshOutdatedParts, registerMeshOutdated } from './mesh-outdated.ts'
import { type OperatorParts, registerOperatorRoutes } from './operator.ts'
import { type EnsembleRouteParts, registerEnsembleRoutes } from './operator-ensembles.ts'
import { type JobRouteParts, registerJobRoutes } from './operator-jobs.ts'
import { type KnowledgeRouteParts, registerKnowledgeRoutes } from './operator-knowledge.ts'
import { type ModelRouteParts, registerModelRoutes } from './operator-models.ts'
import { type PhraseRouteParts, registerPhraseRoutes } from './operator-phrases.ts'
import { type PluginRouteParts, registerPluginRoutes } from './operator-plugins.ts'
import { registerWebhookRoutes, type WebhookRouteParts } from './operator-webhooks.ts'
import { limitSignIns, registerSessionRoutes } from './session-routes.ts'
import { registerStudioRoutes, type StudioRouteParts } from './studio-routes.ts'
import { registerVisitorRoutes, type VisitorParts } from './visitors.ts'
import { frameAncestors, type WidgetPageParts } from './widget-page.ts'

/** What an HTTP server of ours needs, whatever it answers. */
export interface HttpParts extends Pick<SocketParts, 'onFault' | 'onBug'>, WidgetPageParts {
  readonly logger: FastifyBaseLogger
  /** Only our own socket processes can reach this server: the client's address is what they say. */
  readonly isBehindSockets: boolean
  /** Proxies whose forwarded headers are believed, as fastify takes them; empty: none. */
  readonly trustProxy: string
}

export interface AppParts
  extends HttpParts,
    SocketParts,
    Omit<AgentSocketParts, 'isAdmitted' | 'engine'>,
    VisitorParts,
    OperatorParts,
    Omit<GraphqlParts, 'sendPage'>,
    MeshOutdatedParts,
    Omit<CustomerPanelParts, 'engine'>,
    JobRouteParts,
    WebhookRouteParts,
    PluginRouteParts,
    ModelRouteParts,
    EnsembleRouteParts,
    KnowledgeRouteParts,
    PhraseRouteParts,
    StudioRouteParts,
    DemoParts {
  readonly engine: Engine
  readonly metrics: Metrics
  readonly deskSessions: Sessions
  /** What each shop is called, by id; may be empty. */
  readonly shopNames: ReadonlyMap<string, string>
  /** Sign-ins from one address in a minute. */
  readonly signInsPerMinute: number
  /** The folder of the built pages. */
  readonly pages: string
  /** Undefined when turns can be taken, else what is still missing. */
  readonly notReady: () => string | undefined
  /** Streams of the log that this node does not go on with. */
  readonly lostStreams: () => readonly string[]
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
  ROLE_REFUSED: 403,
  ORIGIN_REFUSED: 403,
  UNKNOWN_SHOP: 404,
  MESH_MISSING: 404,
  UNKNOWN_CONVERSATION: 404,
  UNKNOWN_JOB: 404,
  UNKNOWN_ENSEMBLE: 404,
  NO_EARLIER_ENSEMBLE: 409,
  ENSEMBLE_REFUSED: 409,
  UNKNOWN_SET: 404,
  UNKNOWN_REPORT: 404,
  REPORT_NOT_DONE: 409,
  TRIAL_FAILED: 409,
  TRIAL_OVERTAKEN: 409,
  STUDIO_FULL: 409,
  UNKNOWN_WEBHOOK: 404,
  JOB_NOT_FAILED: 409,
  UNKNOWN_CUSTOMER: 404,
  CONVERSATION_ERASED: 410,
  ROLLBACK_INVALID: 409,
  NOT_OWNER: 409,
  RATE_LIMITED: 429,
  OVERLOADED: 503,
  SHUTTING_DOWN: 503,
  STORAGE_FULL: 503,
  LOG_UNAVAILABLE: 503,
}

const CONTENT =
  "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'"

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const

function withoutSchemas(): never {
  throw new Error('a route has a schema: zod checks what comes, and answers are sent as they are')
}

/** A server without routes: what is wrong is answered by its code, and every answer carries our headers. */
export function createHttp(parts: HttpParts): FastifyInstance {
  const http: FastifyInstance = Fastify({
    loggerInstance: parts.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    trustProxy: parts.isBehindSockets || (parts.trustProxy === '' ? false : parts.trustProxy),
    forceCloseConnections: true,
    // Bodies are checked by zod. Fastify's own checkers, ajv and a compiler of answers, are a hundred files that a start does without.
    schemaController: { compilersFactory: { buildValidator: () => withoutSchemas, buildSerializer: () => withoutSchemas } },
  })

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

  return http
}

export async function createApp(parts: AppParts): Promise<App> {
  const http = createHttp(parts)
  const wireFailed = (): void => parts.metrics.faults.inc({ code: 'WIRE' })
  const customers = createConnections({ changed: count => parts.metrics.sockets.set(count), wireFailed })
  const consoles = createConnections({ changed: count => parts.metrics.deskSockets.set(count), wireFailed })

  // As an object: the types want `WebSocket` to be the module's own class with its statics; `ws` itself asks for a subclass only.
  await http.register(fastifyWebsocket, { options: TIGHT_OPTIONS as object, preClose: done => done() })
  http.get('/v1/socket', { websocket: true }, (socket, request) =>
    customers.take(socket, request.raw.socket, wire => createCustomerSocket(wire, parts)),
  )
  const agents = new WeakMap<FastifyRequest, AgentIdentity>()
  const identify = async (request: FastifyRequest): Promise<AgentIdentity> => {
    const { id, name, shop, role } = await parts.deskSessions.personOf(request.headers.cookie, request.headers.origin, request.host)
    return { id, name, shop: asShopId(shop), isSupervisor: role === 'supervisor' }
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
        error => {
          if (isFault(error, 'LOG_UNAVAILABLE')) throw error // nobody knows
          return false
        },
      )
    consoles.take(socket, request.raw.socket, wire => createAgentSocket(wire, agent, { ...parts, isAdmitted }))
  })

  registerVisitorRoutes(http, parts)
  registerOperatorRoutes(http, parts)
  registerGraphql(http, { ...parts, sendPage: pageSender(parts.pages) })
  registerMeshOutdated(http, parts)
  registerCustomerPanel(http, parts)
  registerJobRoutes(http, parts)
  registerWebhookRoutes(http, parts)
  registerPluginRoutes(http, parts)
  registerModelRoutes(http, parts)
  registerEnsembleRoutes(http, parts)
  registerKnowledgeRoutes(http, parts)
  registerPhraseRoutes(http, parts)
  const limit = limitSignIns(parts.signInsPerMinute, parts.clock)
  const shopView = (id: string) => ({ id, name: parts.shopNames.get(id) || id })
  registerSessionRoutes(http, {
    sessions: parts.deskSessions,
    limit,
    path: '/v1/desk',
    cookie: DESK_COOKIE,
    view: ({ id, name, shop, role }) => ({ agent: { id, name, isSupervisor: role === 'supervisor' }, shop: shopView(shop) }),
  })
  registerSessionRoutes(http, {
    sessions: parts.studioSessions,
    limit,
    path: '/v1/studio',
    cookie: STUDIO_COOKIE,
    view: ({ name, shop }): StudioSession => ({ person: { name }, shop: shopView(shop) }),
  })
  registerStudioRoutes(http, parts)
  registerDemoRoutes(http, parts)
  http.get('/healthz', async () => ({ ok: true }))
  http.get('/readyz', async (_request, reply) => {
    const missing = parts.notReady()
    // Of many streams of the log the others are served: no balancer is told to send nobody.
    const lost = parts.lostStreams()
    return reply.code(missing ? 503 : 200).send(missing ? { ready: false, missing } : { ready: true, ...(lost.length > 0 && { lost }) })
  })
  http.get('/metrics', async (_request, reply) => reply.type(parts.metrics.contentType).send(await parts.metrics.render()))

  await registerPages(http, parts.pages)
  return {
    http,
    leave() {
      customers.leave()
      consoles.leave()
    },
  }
}

export async function registerPages(http: FastifyInstance, pages: string): Promise<void> {
  const send = pageSender(pages)
  if (existsSync(join(pages, 'index.html')))
    await http.register(fastifyStatic, {
      root: pages,
      cacheControl: false,
      setHeaders: reply => void reply.header('cache-control', 'no-cache'),
    })
  else http.get('/', (_request, reply) => send(reply, 'index.html'))
  for (const page of ['desk', 'studio']) http.get(`/${page}`, (_request, reply) => send(reply, `${page}/index.html`))
}

/** Sends a built page, or what to do where none was built when the server started. */
function pageSender(pages: string): (reply: FastifyReply, file: string) => Promise<FastifyReply> {
  const isServed = existsSync(join(pages, 'index.html'))
  return async (reply, file) =>
    isServed && existsSync(join(pages, file))
      ? reply.sendFile(file)
      : reply.code(503).type('text/plain').send('The pages are not built. Run: npm start\n')
}

const statusOf = (error: unknown): number =>
  typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500
