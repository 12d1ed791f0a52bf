// `parley mesh …` and /graphql of a real server: the demo shop's three systems, asked by the operator and by an agent.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadSecret } from '@parley/server/secret.ts'
import { serverAudits } from 'graphql-http'
import { LETTER } from '../mesh/joined-shop.ts'
import { followPage } from '../plugin-host/follow-page.ts'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, makeAgents, type RunningServer, startServer, temporaryFolder } from './running-server.ts'

const data = temporaryFolder()
const config = join(data.path, 'parley.yaml')
const env = { PARLEY_CONFIG: config, PARLEY_DATA: join(data.path, 'data') }
let server: RunningServer
let cookie: string

before(async () => {
  writeFileSync(
    config,
    `deadlines: { voters: 5000, plugin: 5000, turn: 10000 }\nshops: [{ id: demo, mesh: demo-shop, name: Parley Fresh, plugins: [] }]\n`,
  )
  ;[cookie = ''] = await makeAgents(env.PARLEY_DATA, ['Ann'])
  server = await startServer(env.PARLEY_DATA, { env })
})
after(async () => {
  await server.stop('SIGTERM')
  data.remove()
})

const authorization = (): string => `Bearer ${loadSecret(env.PARLEY_DATA).keyFor('operator').toString('hex')}`

async function post(
  query: string,
  headers: Record<string, string>,
): Promise<{ readonly status: number; readonly body: { readonly errors?: unknown } }> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
    body: JSON.stringify({ query }),
  })
  return { status: response.status, body: (await response.json()) as { errors?: unknown } } // of any kind
}

test("[MESH18] the documentation's query is answered at /graphql, for the operator and for an agent; an agent reads", async () => {
  const expected = /"price":"599.00".*"warehouseStatus":"RETURN_RECEIVED","refundProgress":"APPROVED"/
  for (const headers of [{ authorization: authorization() }, { cookie, origin: server.url }]) {
    const { status, body } = await post(LETTER, headers)
    assert.equal(status, 200)
    assert.match(JSON.stringify(body), expected)
    assert.equal(body.errors, undefined)
  }
  const change = 'mutation { giveCoupon(customer: "123", percent: 5, key: "e2e") { code } }'
  const refused = await post(change, { cookie, origin: server.url })
  assert.match(JSON.stringify(refused.body.errors), /an agent reads here/)
  assert.deepEqual((await post(change, { authorization: authorization() })).body, { data: { giveCoupon: { code: 'CU-2001' } } })
})

test('[MESH18] who is neither gets nothing, from no page and with no token', async () => {
  assert.equal((await post(LETTER, {})).status, 401)
  assert.equal((await post(LETTER, { authorization: 'Bearer 00' })).status, 401)
  assert.equal((await post(LETTER, { cookie: 'parley_desk=x', origin: server.url })).status, 401)
  assert.equal((await post(LETTER, { cookie, origin: 'https://evil.example' })).status, 403)
  assert.equal((await post(LETTER, { authorization: authorization(), 'x-parley-shop': 'other' })).status, 404)
})

test('[MESH29] a visitor whom the demo shop takes for one of its own has a panel', async () => {
  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  await line.next('welcome')
  line.send({ type: 'say', ref: 'm1', text: 'Where is my parcel?' })
  await line.next('ack')
  line.socket.close()
  const response = await fetch(`${server.url}/v1/desk/conversations/${visitor.conversation}/customer`, {
    headers: { cookie, origin: server.url },
  })
  const { data, gaps } = (await response.json()) as { data: { customer: { id: string; orders: unknown[] } }; gaps: unknown[] } // as the demo's file asks
  assert.match(data.customer.id, /^shopper-/)
  assert.deepEqual(gaps, [])
})

test('[MESH18] the audit of GraphQL over HTTP passes', async () => {
  const fetchFn = (url: string, init: RequestInit = {}): Promise<Response> =>
    fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), authorization: authorization() } })
  const failed: string[] = []
  const audits = serverAudits({ url: `${server.url}/graphql`, fetchFn })
  for (const audit of audits) {
    const result = await audit.fn()
    if (result.status !== 'ok') failed.push(`${result.status} ${audit.id} ${audit.name}: ${'reason' in result ? result.reason : ''}`)
  }
  assert.deepEqual(failed, [])
  assert.ok(audits.length > 50, `${audits.length} audits`)
})

test('who follows docs/mesh.md has their systems asked, tried and drawn', { timeout: 240_000 }, async t => {
  const scratch = temporaryFolder()
  t.after(scratch.remove)
  assert.ok((await followPage(t, 'docs/mesh.md', scratch.path)) > 2)
})

test('parley mesh query asks as a customer, and parley mesh check says what it found, without a server', async () => {
  const theirs = await parley(['mesh', 'query', '{ customer(id: "demo-kim") { name } }', '--customer', 'demo-lin', '--json'], { env })
  assert.deepEqual([theirs.stderr, JSON.parse(theirs.stdout)], ['', { data: { customer: null } }])
  const checked = await parley(['mesh', 'check', '--json'], { env })
  const { sources, wrong, untried } = JSON.parse(checked.stdout)
  assert.deepEqual(
    [checked.status, wrong, sources.map((source: { state: string }) => source.state)],
    [0, [], ['answers', 'answers', 'answers']],
  )
  assert.deepEqual(untried.toSorted(), ['Customer.order', 'Query.order', 'Query.stock'])
})

test('parley mesh check names a source that is not there', async () => {
  const folder = join(data.path, 'own')
  mkdirSync(folder)
  const demo = new URL('../../examples/demo-shop/', import.meta.url)
  for (const name of ['orders', 'crm', 'warehouse']) cpSync(new URL(`${name}.openapi.yaml`, demo), join(folder, `${name}.openapi.yaml`))
  const text = readFileSync(new URL('mesh.yaml', demo), 'utf8').replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:1')
  const file = join(folder, 'mesh.yaml')
  const own = join(folder, 'parley.yaml')
  writeFileSync(own, `shops: [{ id: demo, mesh: ${JSON.stringify(file)} }]\n`)
  const ownEnv = { ...env, PARLEY_CONFIG: own }
  writeFileSync(file, text)
  const checked = await parley(['mesh', 'check'], { env: ownEnv })
  assert.equal(checked.status, 1)
  assert.match(checked.stdout, /^crm +openapi +\d+ +\d+ +800 ms +SOURCE_DOWN$/m)
  assert.match(checked.stdout, /^Query\.customer +crm\.getCustomer +✖ SOURCE_DOWN$/m)
  assert.match(checked.stdout, /^Customer\.orders .* not reached$/m)
  assert.match(checked.stdout, /^✖ Query\.customer: crm does not answer$/m)
})
