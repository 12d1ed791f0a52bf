// `parley mesh add`, `check`, `update` and `graph` as an operator runs them, over a system whose document changes overnight.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { answerRest, serveHttp, TOKEN } from '../contracts/source-servers.ts'
import { parley } from './parley-command.ts'
import { temporaryFolder } from './running-server.ts'

const DOCUMENT = readFileSync(new URL('../contracts/source.openapi.yaml', import.meta.url), 'utf8')

test('a system is added by its address, tried, and what it says of itself is read again', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  let document = DOCUMENT
  const { url } = await serveHttp(t, (request, response, fault) => {
    if (request.url === '/openapi.yaml') response.writeHead(200, { 'content-type': 'text/yaml' }).end(document)
    else answerRest(request, response, fault)
  })
  const at = (file: string): string => join(folder.path, file)
  writeFileSync(at('parley.yaml'), `shops: [{ id: demo, mesh: ${JSON.stringify(at('mesh.yaml'))} }]\n`)
  const env = { PARLEY_CONFIG: at('parley.yaml'), PARLEY_DATA: at('data'), TOKEN }
  const run = (...args: string[]) => parley(['mesh', ...args], { env, cwd: folder.path })

  const outside = await run('add', 'shop', '--openapi', `${url}/openapi.yaml`, '--url', url, '--token-env', 'TOKEN')
  assert.notEqual(outside.status, 0)
  assert.match(outside.stderr, /its address is a private one/)
  const added = await run('add', 'shop', '--openapi', `${url}/openapi.yaml`, '--url', url, '--token-env', 'TOKEN', '--private')
  assert.deepEqual([added.status, added.stderr], [0, ''])
  assert.match(added.stdout, /^shop is in mesh\.yaml, with 3 fields/)
  assert.match(added.stdout, /^ {2}Customer\.orders +shop\.listOrders, customer = id$/m)
  const { sources, owners } = parse(readFileSync(at('mesh.yaml'), 'utf8'))
  assert.deepEqual(sources.shop, { openapi: 'shop.openapi.yaml', openapiUrl: `${url}/openapi.yaml`, url, private: true, tokenEnv: 'TOKEN' })
  assert.deepEqual(owners, { Customer: 'id', Order: 'customer' })

  const checked = await run('check', '--customer', 'ann', '--arg', 'numbers=1,2')
  assert.deepEqual([checked.status, checked.stderr], [0, ''], checked.stdout)
  for (const field of ['Query.customer', 'Query.orders', 'Customer.orders'])
    assert.match(checked.stdout, new RegExp(`^${field} .* answers$`, 'm'))

  const gets = ['/customers/bo', '/orders?customer=bo', '/orders/by-number?numbers=1,2'].flatMap(asked => ['--get', asked])
  const plain = await run('add', 'plain', '--json', url, ...gets, '--token-env', 'TOKEN', '--private')
  assert.deepEqual([plain.status, plain.stderr], [0, ''])
  assert.match(plain.stdout, /^getCustomer is GET \/customers\/\{id\}$/m)
  assert.match(plain.stdout, /^Left out: Query\.customer, since there is one already$/m)
  assert.doesNotMatch(readFileSync(at('plain.examples.yaml'), 'utf8'), /柏舟|99\.99/)
  const graph = JSON.parse((await run('graph', '--json')).stdout)
  assert.deepEqual([...new Set(graph.map(({ kind }: { kind: string }) => kind))].toSorted(), ['json', 'openapi'])

  document = DOCUMENT.replace('total: { type: number }', 'amount: { type: number }, note: { type: string }').replace(
    'total, isPaid',
    'isPaid',
  )
  const changed = await run('check', '--customer', 'ann')
  assert.equal(changed.status, 1)
  assert.match(changed.stdout, /^✖ shop has changed: Order\.total is gone$/m)
  assert.match(changed.stdout, /^ {2}new {2}Order\.amount {2}\(/m)
  const refused = await run('update', 'shop')
  assert.equal(refused.status, 1)
  assert.match(refused.stdout, /^gone +Order\.total +used by Query\.orders, Customer\.orders$/m)
  assert.match(refused.stdout, /Nothing was written/)
  assert.equal(readFileSync(at('shop.openapi.yaml'), 'utf8'), DOCUMENT)
  const written = await run('update', 'shop', '--yes')
  assert.equal(written.status, 0, written.stderr)
  assert.equal(readFileSync(at('shop.openapi.yaml'), 'utf8'), document)
  assert.match((await run('update', 'shop')).stdout, /^shop is as it was\.$/m)

  writeFileSync(at('other.examples.yaml'), '# mine\n')
  const taken = await run('add', 'other', '--json', url, '--get', '/customers/bo', '--token-env', 'TOKEN', '--private')
  assert.match(taken.stderr, /other\.examples\.yaml.*it is there already/)
  assert.equal(readFileSync(at('other.examples.yaml'), 'utf8'), '# mine\n')
  assert.match((await run('add', 'x', '--openapi', 'a', '--json', url)).stderr, /one of --openapi, --graphql, --json and --database/)
})
