// What the console's browser tests want of a house: agents who may sign in, customers who write, and an address. This one is the fake shop behind
// real HTTP and a real socket, with the headers of the real server. A house of the real server gives the same, and the steps do not change.
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PluginOff } from '@parley/core/protocol/desk-message.ts'
import { type WebSocket, WebSocketServer } from 'ws'
import { customer, fillHouse } from '../web/desk-people.ts'
import { createFakeDesk, type FakeAgent, tellOf } from '../web/fake-desk.ts'

export interface DeskHouse {
  readonly url: string
  readonly shop: string
  /** The customer of this conversation writes. */
  customerSays(conversation: string, text: string): void
  customerTypes(conversation: string): void
  /** The customer has read everything there is. */
  customerReads(conversation: string): void
  /** Takes back the customer's last message. */
  recallLast(conversation: string): void
  /** What the customer says of the bot's last reply. */
  rateLast(conversation: string, thumb: 'up' | 'down' | null): void
  /** A customer whom the bot hands over. */
  newWaiting(conversation: string, more?: { readonly overdue: true }): void
  /** The plugins that are off, told to every supervisor. */
  pluginsOff(off: readonly PluginOff[]): void
  /** Ends every connection as a killed process does. */
  cutLines(): void
  /** Cuts them, and lets nobody connect until it is told to. */
  keepLinesAway(isAway: boolean): void
  /** Every session ends. */
  endSessions(): void
  close(): Promise<void>
}

const DIST = fileURLToPath(new URL('../../web/dist/', import.meta.url))
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }
/** Those of server/http/app.ts, and Trusted Types on top: no text may become markup. */
const HEADERS = {
  'content-security-policy':
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

export async function openDeskHouse(now: () => number = Date.now): Promise<DeskHouse> {
  const desk = createFakeDesk(now)
  fillHouse(desk)
  const sessions = new Map<string, FakeAgent>()
  const sockets = new Set<WebSocket>()
  let isAway = false

  const agentOf = (request: IncomingMessage): FakeAgent | undefined =>
    sessions.get(/desk=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '')
  const sessionBody = (agent: FakeAgent): string => JSON.stringify({ agent: tellOf(agent), shop: desk.shop })

  async function session(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'POST') {
      let body = ''
      for await (const chunk of request) body += chunk
      const { shop, name, password } = JSON.parse(body) as Record<string, string> // our own page's
      const agent = desk.agents.get(name ?? '')
      if (shop !== desk.shop.id || agent?.password !== password) {
        response.writeHead(401).end(JSON.stringify({ code: 'SIGN_IN_REFUSED', message: 'shop, name or password is wrong' }))
        return
      }
      const key = `s${sessions.size + 1}`
      sessions.set(key, agent as FakeAgent) // its password was just compared
      response.writeHead(200, { 'set-cookie': `desk=${key}; HttpOnly; SameSite=Strict; Path=/` }).end(sessionBody(agent as FakeAgent))
      return
    }
    const agent = agentOf(request)
    if (request.method === 'DELETE') {
      for (const [key, held] of sessions) if (held === agent) sessions.delete(key)
      response.writeHead(204).end()
    } else if (agent) response.writeHead(200).end(sessionBody(agent))
    else response.writeHead(401).end('{}')
  }

  async function file(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://house')
    const path = normalize(pathname === '/desk' ? '/desk/index.html' : pathname)
    try {
      const contents = await readFile(join(DIST, path))
      response.writeHead(200, { 'content-type': TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream' }).end(contents)
    } catch {
      response.writeHead(404).end()
    }
  }

  const http = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    // Its shop has no mesh.
    if (request.url?.startsWith('/v1/desk/conversations/')) return void response.writeHead(404).end('{"code":"MESH_MISSING"}')
    void (request.url === '/v1/desk/session' ? session(request, response) : file(request, response))
  })
  const upgrades = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    const agent = agentOf(request)
    if (isAway) return socket.destroy()
    if (request.url !== '/v1/desk/socket' || !agent) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
    upgrades.handleUpgrade(request, socket, head, webSocket => {
      sockets.add(webSocket)
      const end = desk.connect(agent, { send: text => webSocket.send(text), close: code => webSocket.close(code) })
      webSocket.on('message', data => end.frame(String(data)))
      webSocket.on('close', () => {
        end.gone()
        sockets.delete(webSocket)
      })
    })
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo // listening on TCP

  const cutLines = (): void => sockets.forEach(socket => socket.terminate())
  return {
    url: `http://127.0.0.1:${port}`,
    shop: desk.shop.id,
    customerSays: (conversation, text) => desk.append(conversation, customer(text)),
    customerTypes: desk.customerTypes,
    customerReads: conversation => desk.customerSaw(conversation, 'read', desk.conversations.get(conversation)?.end ?? 0),
    recallLast(conversation) {
      const last = desk.conversations.get(conversation)?.shown.findLast(({ type }) => type === 'message')
      desk.recall(conversation, (last?.seq ?? 1) - 1)
    },
    rateLast(conversation, thumb) {
      const last = desk.conversations.get(conversation)?.shown.findLast(({ type }) => type === 'reply')
      desk.rate(conversation, last?.seq ?? 0, thumb)
    },
    newWaiting(conversation, more) {
      desk.add(conversation, {
        reason: 'always',
        action: 'FOOD_SAFETY',
        label: { 'zh-CN': '食品安全', en: 'Food safety' },
        urgency: 1,
        mood: -0.4,
        locale: 'zh-CN',
        ...more,
      })
      desk.append(conversation, customer('吃完以后肚子疼'))
      desk.queue(conversation)
    },
    pluginsOff: desk.tellPlugins,
    cutLines,
    keepLinesAway(next) {
      isAway = next
      if (isAway) cutLines()
    },
    endSessions() {
      sessions.clear()
      cutLines()
    },
    async close() {
      cutLines()
      http.closeAllConnections()
      await new Promise(resolve => http.close(resolve))
    },
  }
}
