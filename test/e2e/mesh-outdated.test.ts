// A shop's system says over HTTP that something has changed, and the engine asks it anew: through a socket process, as it would come.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { SERVICES } from '@parley/demo-shop/services.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { startTestServices, type TestServices, TOKENS } from '../mesh/demo-services.ts'
import { DEMO_MESH } from '../mesh/joined-shop.ts'
import { type RunningServer, startServer, temporaryFolder } from './running-server.ts'

const TOKEN = 'the-warehouse-says-so'
const data = temporaryFolder()
const tokenFile = join(data.path, 'outdated.token')
const ends: (() => unknown)[] = []
let services: TestServices
let env: Record<string, string>
let server: RunningServer

before(async () => {
  services = await startTestServices({ after: end => void ends.push(end as () => unknown) }) // it takes none of the arguments
  writeFileSync(tokenFile, `${TOKEN}\n`)
  const mesh = readFileSync(DEMO_MESH, 'utf8')
    .replaceAll(/openapi: (?=\w)/g, `deadlineMs: 30000\n    openapi: ${dirname(DEMO_MESH)}/`)
    .replaceAll(/http:\S+:810(\d)/g, (_, at: string) => services.services[SERVICES[Number(at) - 1]!].url) // the file has three
    .replaceAll(/ms: \d+/g, 'ms: 600000')
  writeFileSync(join(data.path, 'mesh.yaml'), `${mesh}\noutdated: { tokenFile: outdated.token }\n`)
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, `shops: [{ id: demo, mesh: ${join(data.path, 'mesh.yaml')}, plugins: [] }]\n`)
  const tokens = Object.fromEntries(Object.entries(TOKENS).map(([name, token]) => [`DEMO_${name.toUpperCase()}_TOKEN`, token]))
  env = { PARLEY_CONFIG: config, ...tokens }
  server = await startServer(join(data.path, 'data'), { env })
})
after(async () => {
  await server.stop('SIGTERM')
  for (const end of ends) await end()
  data.remove()
})

const operator = (): string => loadSecret(join(data.path, 'data')).keyFor('operator').toString('hex')

async function statusOf(order: string): Promise<string | undefined> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${operator()}` },
    body: JSON.stringify({ query: '{ customer(id: "123") { orders { number status } } }' }),
  })
  const { data: found } = (await response.json()) as { data: { customer: { orders: { number: string; status: string }[] } } }
  return found.customer.orders.find(({ number }) => number === order)?.status
}

async function outdate(body: unknown, token: string | undefined = TOKEN, shop = 'demo') {
  const response = await fetch(`${server.url}/v1/shops/${shop}/mesh/outdated`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as { code?: string; message?: string; outdated?: number } } // ours
}

test('[MESH41] [MESH10] what a system says has changed is asked for anew, at once and for whom it says', async t => {
  // As it comes in a shop with socket processes: they keep nothing, the engine does.
  await server.stop('SIGTERM')
  server = await startServer(join(data.path, 'data'), { sockets: 1, env })
  t.after(async () => {
    await server.stop('SIGTERM')
    server = await startServer(join(data.path, 'data'), { env })
  })
  assert.equal(await statusOf('2024-125'), 'DELIVERED')
  const changed = await services.ask('orders', '/orders/2024-125/returns', { key: 'k', body: { customer: '123', reason: 'broken' } })
  assert.equal(changed.status, 201, JSON.stringify(changed.body))
  assert.equal(await statusOf('2024-125'), 'DELIVERED', 'it is kept')
  assert.deepEqual(await outdate({ type: 'Coupon', customer: '123' }), { status: 200, body: { outdated: 1 } })
  assert.equal(await statusOf('2024-125'), 'DELIVERED', 'of another type')
  assert.deepEqual(await outdate([{ type: 'Order', customer: '123' }, { type: 'Refund' }]), { status: 200, body: { outdated: 2 } })
  assert.equal(await statusOf('2024-125'), 'RETURNING')
})

test('[MESH41] who has no token calls nothing out of date, and learns nothing; what is no change is refused as a whole', async () => {
  for (const [token, shop] of [
    ['', 'demo'],
    ['another-token-of-some-length', 'demo'],
    [TOKEN, 'none-of-ours'],
  ] as const) {
    const { status, body } = await outdate({ type: 'Order' }, token, shop)
    assert.deepEqual([status, body.code], [401, 'TOKEN_INVALID'], `${token} ${shop}`)
  }
  assert.deepEqual((await outdate({ type: 'Order' }, operator(), 'none-of-ours')).body.code, 'MESH_MISSING')
  assert.equal((await outdate({ type: 'Order' }, operator())).status, 200)
  for (const [body, words] of [
    [{ type: 'Nothing' }, /no answer is made of "Nothing"/],
    [[{ type: 'Order' }, { type: 'Nothing' }], /1\.type/],
    [{}, /0\.type/],
    [[], /Too small/],
    [{ type: 'Order', customer: 7 }, /0\.customer/],
    [Array(1_001).fill({ type: 'Order' }), /Too big/],
  ] as const) {
    const { status, body: answer } = await outdate(body)
    assert.deepEqual([status, answer.code], [400, 'FRAME_INVALID'], JSON.stringify(body).slice(0, 99))
    assert.match(answer.message ?? '', words)
  }
  assert.equal((await outdate('no json')).status, 400)
  assert.equal((await outdate(`[${' '.repeat(300_000)}]`)).status, 413)
})

test('[MESH41] a token that was written anew is taken, and the one before no more', async () => {
  writeFileSync(tokenFile, 'a-new-one-of-the-warehouse')
  assert.equal((await outdate({ type: 'Order' }, 'a-new-one-of-the-warehouse')).status, 200)
  assert.equal((await outdate({ type: 'Order' })).status, 401)
})
