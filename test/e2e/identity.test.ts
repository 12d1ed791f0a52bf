// Who a customer is, against the real server: the sample of docs/widget.md, the demo's stand-in for a shop's backend, and who may frame the page.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildWeb } from '@parley/web/build.ts'
import { joinConversation, NODE_FLAGS, type RunningServer, startServer, temporaryFolder, type Visitor } from './running-server.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const data = temporaryFolder()
const configFile = join(data.path, 'parley.yaml')
const env = { PARLEY_DATA: data.path, PARLEY_CONFIG: configFile }
let server: RunningServer

before(async () => {
  await buildWeb()
  writeFileSync(
    configFile,
    'shops:\n  - id: demo\n    plugins: [fresh-goods]\n    origins: [https://www.fresh.example, "https://*.fresh.example"]\n  - id: other\n    plugins: []\n',
  )
  server = await startServer(data.path, { env })
})
after(async () => {
  await server?.stop('SIGKILL')
  data.remove()
})

const parley = (...args: string[]): string =>
  execFileSync(process.execPath, [...NODE_FLAGS, MAIN, ...args], { env: { ...process.env, ...env }, encoding: 'utf8', stdio: 'pipe' })

/** The function of the sample in the docs, with the key that the command line prints. */
async function sample(): Promise<(customer: string) => string> {
  const docs = readFileSync(new URL('../../docs/widget.md', import.meta.url), 'utf8')
  const code = /```js identity\n(.*?)\n```/s.exec(docs)?.[1]
  assert.ok(code, 'docs/widget.md has no sample')
  const file = join(data.path, 'sample.mjs')
  writeFileSync(file, code)
  process.env.PARLEY_IDENTITY_KEY = parley('shop', 'identity-key', '--shop', 'demo').trim()
  return ((await import(pathToFileURL(file).href)) as { identityOf(customer: string): string }).identityOf // what the sample exports
}

async function post(path: string, body: object): Promise<{ readonly status: number; readonly body: Visitor & { readonly code?: string } }> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Visitor & { readonly code?: string } } // our own server's answer
}

test('[RT5] the sample in docs/widget.md names a customer, who finds the same conversation on every device', async () => {
  const identityOf = await sample()
  const [phone, laptop, other] = await Promise.all(
    ['lin', 'lin', 'kim'].map(customer => post('/v1/shops/demo/visitors', { identity: identityOf(customer) })),
  )
  assert.ok(phone && laptop && other)
  assert.equal(phone.status, 200)
  assert.equal(phone.body.conversation, laptop.body.conversation)
  assert.notEqual(phone.body.conversation, other.body.conversation)
  const line = await joinConversation(server.url, phone.body)
  await line.next('welcome')
  line.send({ type: 'say', ref: 'm1', text: '你好' })
  await line.next('ack')
  line.socket.close()
  const again = await joinConversation(server.url, laptop.body)
  const { events } = await again.next('events')
  assert.equal(events[0]?.type, 'message')
  again.socket.close()
  const later = await post('/v1/shops/demo/visitors', { refresh: phone.body.refresh })
  assert.equal(later.body.conversation, phone.body.conversation)
})

test('[RT5] with both tokens the identity counts; neither opens another shop', async () => {
  const identityOf = await sample()
  const nameless = await post('/v1/shops/demo/visitors', {})
  const named = await post('/v1/shops/demo/visitors', { identity: identityOf('lin'), refresh: nameless.body.refresh })
  const alone = await post('/v1/shops/demo/visitors', { identity: identityOf('lin') })
  assert.equal(named.body.conversation, alone.body.conversation)
  assert.notEqual(named.body.conversation, nameless.body.conversation)
  for (const proof of [
    { identity: identityOf('lin') },
    { refresh: named.body.refresh },
    { identity: 'x.y.z', refresh: nameless.body.refresh },
  ]) {
    const { status, body } = await post('/v1/shops/other/visitors', proof)
    assert.deepEqual([status, body.code], [401, 'TOKEN_INVALID'])
  }
})

test('the demo names its own customers alone; where there is no demo shop there is no such door', async () => {
  const { status, body } = await post('/v1/demo/identity', { customer: 'demo-lin' })
  assert.equal(status, 200)
  const { identity } = body as unknown as { identity: string } // the demo's answer
  assert.equal((await post('/v1/shops/demo/visitors', { identity })).status, 200)
  assert.equal((await post('/v1/demo/identity', { customer: 'lin' })).status, 400)
  assert.equal((await fetch(`${server.url}/demo`)).status, 200)

  const otherData = temporaryFolder()
  const file = join(otherData.path, 'parley.yaml')
  writeFileSync(file, 'shops:\n  - id: fresh\n    plugins: []\n')
  const without = await startServer(otherData.path, { env: { PARLEY_CONFIG: file } })
  try {
    const refused = await fetch(`${without.url}/v1/demo/identity`, { method: 'POST' })
    assert.equal(refused.status, 404)
    assert.equal((await fetch(`${without.url}/demo`)).status, 404)
  } finally {
    await without.stop('SIGKILL')
    otherData.remove()
  }
})

test('[WEB4] only the widget’s page may be framed, and only by the origins that its shop lists', async () => {
  const ancestors = async (path: string): Promise<string | undefined> =>
    /frame-ancestors ([^;]*)/.exec((await fetch(`${server.url}${path}`)).headers.get('content-security-policy') ?? '')?.[1]
  assert.equal(await ancestors('/?embed=1&shop=demo'), "'self' https://www.fresh.example https://*.fresh.example")
  assert.equal(await ancestors('/'), "'self' https://www.fresh.example https://*.fresh.example")
  assert.equal(await ancestors('/?shop=other'), "'self'")
  for (const path of ['/?shop=nobody', '/demo', '/healthz', '/assets/widget.js', '/v1/nothing?shop=demo', '//?shop=demo'])
    assert.equal(await ancestors(path), "'none'", path)
})

test('the identity key is each shop’s own; an unknown shop has none, and an origin with a path is refused', () => {
  const key = parley('shop', 'identity-key', '--shop', 'demo')
  assert.match(key, /^[0-9a-f]{64}\n$/)
  assert.notEqual(parley('shop', 'identity-key', '--shop', 'other'), key)
  assert.throws(() => parley('shop', 'identity-key', '--shop', 'nobody'), /UNKNOWN_SHOP/)
  const before = readFileSync(configFile, 'utf8')
  for (const origin of ['https://fresh.example/shop', '*', "'self'", 'https://a.example; script-src *']) {
    writeFileSync(configFile, `shops:\n  - id: demo\n    plugins: []\n    origins: [${JSON.stringify(origin)}]\n`)
    assert.throws(() => parley('config', 'check'), /shops\.0\.origins\.0.*CONFIG_INVALID/s, origin)
  }
  writeFileSync(configFile, before)
})
