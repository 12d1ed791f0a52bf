// What a socket process answers by itself: the customers' socket, tokens, the pages, its own health. Everything else is the engine's.
// The sockets are taken from `ws` directly: through fastify each idle connection would keep its request and reply in memory.
import type { FastifyInstance } from 'fastify'
import { WebSocketServer } from 'ws'
import { type Connections, type ConnectionsObserver, createConnections } from '../realtime/connections.ts'
import { createCustomerSocket, type SocketParts } from '../realtime/customer-socket.ts'
import { TIGHT_OPTIONS } from '../realtime/tight-web-socket.ts'
import { createHttp, type HttpParts, registerPages } from './app.ts'
import { registerEngineProxy } from './engine-proxy.ts'
import { registerVisitorRoutes, type VisitorParts } from './visitors.ts'

export interface FrontParts extends HttpParts, SocketParts, VisitorParts {
  readonly pages: string
  /** Where the engine answers HTTP. */
  readonly enginePath: string
  readonly observer: ConnectionsObserver
}

export interface SocketFront {
  readonly http: FastifyInstance
  readonly customers: Connections
}

export async function createSocketFront(parts: FrontParts): Promise<SocketFront> {
  const http = createHttp(parts)
  const customers = createConnections(parts.observer)
  const proxy = registerEngineProxy(http, parts.enginePath)
  // As an object: the types want `WebSocket` to be the module's own class with its statics; `ws` itself asks for a subclass only.
  const sockets = new WebSocketServer({ noServer: true, ...(TIGHT_OPTIONS as object) })
  http.server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?', 1)[0] === '/v1/socket')
      sockets.handleUpgrade(request, socket, head, taken => customers.take(taken, socket, wire => createCustomerSocket(wire, parts)))
    else proxy.upgrade(request, head)
  })
  registerVisitorRoutes(http, parts)
  http.get('/healthz', async () => ({ ok: true }))
  await registerPages(http, parts.pages)
  return { http, customers }
}
