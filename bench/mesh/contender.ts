// One contender in a process of its own, so that its processor time is its own: node contender.ts NAME URLS. It is asked in process, by a message that
// says how, and as a gateway over HTTP, at the port that it tells.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OpenMesh } from '@parley/mesh/joined/read-mesh.ts'
import { registerGraphql } from '@parley/server/http/graphql.ts'
import type { ShopMeshes } from '@parley/server/mesh/shop-meshes.ts'
import fastify from 'fastify'
import { createByHand } from './by-hand.ts'
import { type Drive, drive } from './load.ts'
import { openBenchMesh } from './parley-mesh.ts'
import { type Ask, AUTHORIZATION, QUERY, type Urls } from './shop.ts'

export type OwnName = 'sequential' | 'byHand' | 'parley' | 'parleyKeeping'

export type Order = { readonly drive: Drive } | { readonly once: string } | 'forget'

const name = process.argv[2] as OwnName // what starts it says one of these
const urls: Urls = JSON.parse(process.argv[3] ?? '')
const { ask, forget, port } = name === 'sequential' || name === 'byHand' ? await openByHand() : await openParley()

process.on('message', async (order: Order) => {
  if (order === 'forget') process.send?.(forget() ?? null)
  else process.send?.('once' in order ? await ask(order.once) : await drive(ask, order.drive))
})
process.once('disconnect', () => process.exit())
process.send?.({ port })

async function openByHand(): Promise<{ readonly ask: Ask; forget(): void; readonly port: number }> {
  const { sequential, atOnce } = createByHand(urls)
  const asked = name === 'sequential' ? sequential : atOnce
  const server = createServer(async (request, response) => {
    const { query, variables } = JSON.parse(await bodyOf(request))
    if (query !== QUERY || request.headers.authorization !== AUTHORIZATION) return void response.writeHead(400).end()
    const text = JSON.stringify({ data: await asked(String(variables.id)) })
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { ask: asked, forget() {}, port: (server.address() as AddressInfo).port } // one that listens on a port has one
}

/** Its gateway is the engine's own `/graphql`. */
async function openParley() {
  const { mesh, ask: asked } = openBenchMesh(urls, { isKeeping: name === 'parleyKeeping' })
  const http = fastify()
  registerGraphql(http, {
    meshes: { shops: ['bench'], of: async () => mesh as OpenMesh } as unknown as ShopMeshes, // the rest of it is not asked there
    operatorKey: AUTHORIZATION.slice('Bearer '.length),
    deskSessions: { personOf: () => Promise.reject(new Error('nobody signs in here')) },
  })
  await http.listen({ port: 0, host: '127.0.0.1' })
  const forget = (): void => {
    for (const type of ['Customer', 'Order', 'Fulfilment', 'Refund']) mesh.reader.outdate(type)
  }
  return { ask: asked, forget, port: (http.server.address() as AddressInfo).port } // as above
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}
