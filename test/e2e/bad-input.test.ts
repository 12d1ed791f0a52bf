import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PROTOCOL } from '@parley/core/protocol/client-message.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { LIMITS } from '@parley/core/protocol/limits.ts'
import { fetchVisitor, joinConversation, openLine, type RunningServer, startServer, temporaryFolder, textOf } from './running-server.ts'

const data = temporaryFolder()
let server: RunningServer
before(async () => {
  server = await startServer(data.path)
})
after(async () => {
  await server.stop('SIGTERM')
  data.remove()
})

const hello = { type: 'hello', protocol: PROTOCOL, resumeAfter: null }

test('[RT4] what is not JSON or not of the protocol is answered with what and where, and the line goes on', async () => {
  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  await line.next('welcome')
  for (const [frame, code, pattern] of [
    ['not json', 'FRAME_NOT_JSON', /position 1|unexpected/],
    ['{"type":"shout"}', 'FRAME_INVALID', /type/],
    ['{"type":"say","ref":"bad ref","text":"x"}', 'FRAME_INVALID', /ref/],
    [JSON.stringify({ type: 'say', ref: 'long', text: '蟹'.repeat(4_001) }), 'TEXT_TOO_LONG', /4001.*4000/],
    [JSON.stringify({ type: 'say', ref: 'empty', text: ' \n' }), 'TEXT_EMPTY', /no text/],
    [JSON.stringify({ ...hello, token: visitor.token, conversation: visitor.conversation }), 'HELLO_TWICE', /already/],
  ] as const) {
    line.send(frame)
    const fault = await line.next('fault')
    assert.equal(fault.code, code)
    assert.match(fault.message, pattern)
  }
  line.send({ type: 'say', ref: 'good', text: '你好' })
  assert.equal((await line.next('ack')).ref, 'good')
  const reply = await line.next('events', frame => frame.events.some(e => e.type === 'reply'))
  assert.ok(textOf(reply.events.at(-1)!).length > 0) // the frame was accepted for having one
  line.socket.close()
})

test('[RT4] NUL and lone surrogates are kept as well-formed text, and answered', async () => {
  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  await line.next('welcome')
  line.send('{"type":"say","ref":"odd","text":"\\u0000\\ud800 where is my order \\udc00"}')
  const frame = await line.next('events', f => f.events.some(e => e.type === 'message'))
  assert.equal(textOf(frame.events[0]!), '� where is my order �') // as above
  await line.next('events', f => f.events.some(e => e.type === 'reply'))
  line.socket.close()
})

test('[RT4] a wrong version, a missing hello, a binary frame end the line with a fault and a code that says what to do', async () => {
  const visitor = await fetchVisitor(server.url)
  for (const [frame, code, close] of [
    [
      JSON.stringify({ ...hello, protocol: 99, token: visitor.token, conversation: visitor.conversation }),
      'PROTOCOL_VERSION',
      CLOSE.PROTOCOL_VERSION,
    ],
    ['{"type":"ping"}', 'HELLO_EXPECTED', CLOSE.PROTOCOL_ERROR],
    [Buffer.from([1, 2, 3]), 'FRAME_BINARY', CLOSE.PROTOCOL_ERROR],
  ] as const) {
    const line = await openLine(server.url)
    line.socket.send(frame)
    assert.equal((await line.next('fault')).code, code)
    assert.equal(await line.closed, close)
  }
})

test('[RT5] a forged token, a token of no signature, a refresh token and a foreign conversation open nothing', async () => {
  const visitor = await fetchVisitor(server.url)
  const other = await fetchVisitor(server.url)
  const [header, payload] = visitor.token.split('.')
  const forged = `${header}.${payload}.${Buffer.from('x'.repeat(32)).toString('base64url')}`
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
  for (const [token, conversation, code, close] of [
    [forged, visitor.conversation, 'TOKEN_INVALID', CLOSE.TOKEN_INVALID],
    [unsigned, visitor.conversation, 'TOKEN_INVALID', CLOSE.TOKEN_INVALID],
    [visitor.refresh, visitor.conversation, 'TOKEN_INVALID', CLOSE.TOKEN_INVALID],
    ['nonsense', visitor.conversation, 'TOKEN_INVALID', CLOSE.TOKEN_INVALID],
    [visitor.token, other.conversation, 'UNKNOWN_CONVERSATION', CLOSE.UNKNOWN_CONVERSATION],
    [visitor.token, 'never-heard-of', 'UNKNOWN_CONVERSATION', CLOSE.UNKNOWN_CONVERSATION],
  ] as const) {
    const line = await openLine(server.url)
    line.send({ ...hello, token, conversation })
    const fault = await line.next('fault')
    assert.equal(fault.code, code)
    assert.equal(await line.closed, close)
  }
})

test('[RT6] a 1 MB frame is answered with the limit and a code of our own; others do not notice', async () => {
  const visitor = await fetchVisitor(server.url)
  const bystander = await joinConversation(server.url, visitor)
  await bystander.next('welcome')
  const line = await openLine(server.url)
  line.send('x'.repeat(1024 * 1024))
  const fault = await line.next('fault')
  assert.equal(fault.code, 'FRAME_TOO_LARGE')
  assert.match(fault.message, /65536/)
  assert.equal(await line.closed, CLOSE.FRAME_TOO_LARGE)
  bystander.send({ type: 'ping' })
  await bystander.next('pong')
  bystander.socket.close()
})

test('[RT6] a message in too many fragments is cut off with a fault', async () => {
  const line = await openLine(server.url)
  for (let i = 0; i <= LIMITS.fragments; i++) line.socket.send('x', { fin: false })
  assert.equal((await line.next('fault')).code, 'FRAME_TOO_LARGE')
  assert.equal(await line.closed, CLOSE.FRAME_TOO_LARGE)
})

test('[RT6] messages above the rate are refused with the time to wait, and none that was acknowledged is lost', async () => {
  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  await line.next('welcome')
  for (let i = 0; i < 40; i++) line.send({ type: 'say', ref: `m${i}`, text: `hello ${i}` })
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      Promise.race([
        line.next('ack', f => f.ref === `m${i}`).then(f => ({ ref: f.ref, isKept: true })),
        line.next('fault', f => f.ref === `m${i}`).then(f => ({ ref: f.ref, isKept: false, retryAfterMs: f.retryAfterMs })),
      ]),
    ),
  )
  const refused = outcomes.filter(o => !o.isKept)
  assert.ok(refused.length > 0 && refused.length <= 25, `${refused.length} refused`)
  for (const o of refused) assert.ok('retryAfterMs' in o && (o.retryAfterMs ?? 0) > 0)
  const again = await joinConversation(server.url, visitor)
  const all = await again.next('events')
  const kept = all.events.flatMap(e => (e.type === 'message' ? [e.ref] : []))
  assert.deepEqual(kept.sort(), outcomes.flatMap(o => (o.isKept ? [o.ref] : [])).sort())
  line.socket.close()
  again.socket.close()
})

test('[RT5] bad requests over HTTP are refused with a code and a status', async () => {
  const post = (shop: string, body: string): Promise<Response> =>
    fetch(`${server.url}/v1/shops/${shop}/visitors`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  for (const [shop, body, status, code] of [
    ['nowhere', '{}', 404, 'UNKNOWN_SHOP'],
    ['demo', '{"refresh":"forged"}', 401, 'TOKEN_INVALID'],
    ['demo', '{"admin":true}', 400, 'FRAME_INVALID'],
    ['demo', '{', 400, 'FRAME_INVALID'],
  ] as const) {
    const response = await post(shop, body)
    assert.equal(response.status, status, body)
    assert.equal(((await response.json()) as { code: string }).code, code) // our own server's answer
  }
  const trace = await fetch(`${server.url}/v1/operator/shops/demo/conversations/x/decisions`, {
    headers: { authorization: 'Bearer wrong' },
  })
  assert.equal(trace.status, 401)
})
