// The proxy before the engine, over a real unix socket: what arrives there, what comes back, and what is said while nobody listens.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { registerEngineProxy } from '@parley/server/http/engine-proxy.ts'
import Fastify from 'fastify'
import { WebSocket, WebSocketServer } from 'ws'
import { temporaryFolder } from '../e2e/running-server.ts'

interface Heard {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server at the engine's place that tells what it was asked, and a proxy before it. */
async function openProxy(t: TestContext) {
  const folder = temporaryFolder()
  const path = join(folder.path, 'http.sock')
  const engine = createServer(async (request, response) => {
    if (request.url === '/hasty') return response.writeHead(413).end('too much') // without reading the body
    if (request.url === '/dies') return request.socket.destroy()
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const heard = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() }
    response.writeHead(201, 'Made', { 'set-cookie': ['a=1', 'b=2'], 'keep-alive': 'timeout=99', 'x-own': 'yes', connection: 'x-own' })
    response.end(JSON.stringify(heard))
  })
  const wss = new WebSocketServer({ noServer: true })
  engine.on('upgrade', (request, socket, head) => {
    if (request.url === '/refused') return socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno')
    wss.handleUpgrade(request, socket, head, ws => {
      ws.send(JSON.stringify(request.headers))
      ws.on('message', data => ws.send(String(data)))
      ws.on('close', code => engine.emit('left', code))
    })
  })
  const http = Fastify({ forceCloseConnections: true })
  const proxy = registerEngineProxy(http, path)
  http.server.on('upgrade', (request, _socket, head) => proxy.upgrade(request, head))
  http.get('/own', async () => 'mine')
  await http.listen({ port: 0, host: '127.0.0.1' })
  const listen = async (): Promise<void> => {
    engine.listen(path)
    await once(engine, 'listening')
  }
  t.after(async () => {
    for (const ws of wss.clients) ws.terminate()
    engine.close()
    engine.closeAllConnections()
    await http.close()
    folder.remove()
  })
  const { port } = http.server.address() as AddressInfo // it listens on TCP
  return { engine, listen, port, url: `http://127.0.0.1:${port}` }
}

test('a request reaches the engine whole, with the address of the client and without what it claims; the answer comes back whole', async t => {
  const { listen, url } = await openProxy(t)
  await listen()
  const body = 'x'.repeat(300_000)
  const answer = await fetch(`${url}/v1/desk/session?x=%20y`, {
    method: 'POST',
    headers: {
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-host': 'evil',
      forwarded: 'for=6.6.6.6',
      cookie: 'c=1',
      'content-type': 'odd/type',
    },
    body,
  })
  assert.equal(answer.status, 201)
  assert.equal(answer.statusText, 'Made')
  assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2'])
  assert.equal(answer.headers.get('x-own'), null, 'it was named as of the connection')
  assert.notEqual(answer.headers.get('keep-alive'), 'timeout=99')
  const heard = (await answer.json()) as Heard // written above
  assert.deepEqual([heard.method, heard.url, heard.body.length], ['POST', '/v1/desk/session?x=%20y', body.length])
  assert.equal(heard.headers['x-forwarded-for'], '127.0.0.1')
  assert.equal(heard.headers['x-forwarded-host'], new URL(url).host)
  assert.equal(heard.headers.host, new URL(url).host)
  assert.equal(heard.headers['x-forwarded-proto'], 'http')
  assert.equal(heard.headers.forwarded, undefined)
  assert.equal(heard.headers.cookie, 'c=1')
  assert.equal(await (await fetch(`${url}/own`)).text(), 'mine')
})

test('an answer that comes before the body was read is not lost', async t => {
  const { listen, url } = await openProxy(t)
  await listen()
  for (let i = 0; i < 50; i++) {
    const answer = await fetch(`${url}/hasty`, { method: 'POST', body: 'x'.repeat(1_000) })
    assert.deepEqual([answer.status, await answer.text()], [413, 'too much'])
  }
})

test('while the engine is away the answer is 503 with the time to wait; when it dies in the midst, 502: it may have been done', async t => {
  const { listen, url } = await openProxy(t)
  const away = await fetch(`${url}/readyz`)
  assert.equal(away.status, 503)
  assert.equal(away.headers.get('retry-after'), '1')
  assert.equal(((await away.json()) as { code: string }).code, 'OVERLOADED') // our own answer
  await listen()
  const died = await fetch(`${url}/dies`, { method: 'POST', body: 'x' })
  assert.equal(died.status, 502)
  assert.equal((await fetch(`${url}/anything`)).status, 201)
})

test('a WebSocket goes through both ways, with the ends of either side; a refusal comes back as it was', async t => {
  const { engine, listen, url, port } = await openProxy(t)
  await listen()
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/desk/socket`, {
    headers: { cookie: 'session=s', 'x-forwarded-for': '6.6.6.6' },
  })
  const [first] = await once(socket, 'message')
  const headers = JSON.parse(String(first)) as IncomingHttpHeaders // sent above
  assert.equal(headers.cookie, 'session=s')
  assert.equal(headers['x-forwarded-for'], '127.0.0.1')
  const big = '螃蟹'.repeat(100_000)
  socket.send(big)
  const [echo] = await once(socket, 'message')
  assert.equal(String(echo), big)
  const left = once(engine, 'left')
  socket.close(4321)
  assert.deepEqual(await left, [4321])

  const refused = new WebSocket(`${url.replace('http', 'ws')}/refused`)
  const [, answer] = await once(refused, 'unexpected-response')
  assert.equal(answer.statusCode, 401)
  answer.resume()
  refused.on('error', () => {})
  refused.terminate()

  // What comes in one packet with the request is not lost.
  const raw = connect(port, '127.0.0.1')
  const key = Buffer.alloc(16).toString('base64')
  const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]) // the text "hi", masked with zeros
  const lines = [
    'GET /x HTTP/1.1',
    'host: h',
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    `sec-websocket-key: ${key}`,
  ]
  raw.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), frame]))
  let heard = ''
  for await (const chunk of raw) {
    heard += String(chunk)
    if (heard.endsWith('\x02hi')) break
  }
  assert.match(heard, /^HTTP\/1\.1 101 /)
})

test('a WebSocket that finds no engine is refused with the time to wait', async t => {
  const { url } = await openProxy(t)
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/desk/socket`)
  const [, answer] = await once(socket, 'unexpected-response')
  assert.equal(answer.statusCode, 503)
  assert.equal(answer.headers['retry-after'], '1')
  answer.resume()
  socket.on('error', () => {})
  socket.terminate()
})
