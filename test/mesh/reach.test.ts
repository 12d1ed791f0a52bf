// What a mesh can reach: nothing but the addresses that its file names, and none that is private where the file does not say so.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openMesh } from '@parley/mesh/joined/read-mesh.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { GUARDED } from './joined-shop.ts'
import { FOR_SHOP } from './mesh-scope.ts'
import { patience } from './questions.ts'

const SECRET = 'a-token-that-must-not-get-out'
const DOCUMENT = `openapi: 3.1.0
info: { title: Things, version: 1.0.0 }
paths:
  /things:
    get:
      operationId: listThings
      responses: { '200': { description: They., content: { application/json: { schema: { type: array, items: { type: string } } } } } }
`

async function listen(
  t: TestContext,
  answer: Parameters<typeof createServer>[1],
): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ''}`)
    answer!(request, response) // each caller gives one
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, asked } // it listens on a port
}

/** Asks the one source there, and gives its error. */
async function errorOf(t: TestContext, url: string, isPrivate: boolean): Promise<{ readonly code: unknown; readonly text: string }> {
  const folder = temporaryFolder()
  t.after(folder.remove)
  writeFileSync(join(folder.path, 'things.yaml'), DOCUMENT)
  const source = `{ openapi: things.yaml, url: ${JSON.stringify(url)}, private: ${isPrivate}, tokenEnv: TOKEN, retries: 0, deadlineMs: 20000 }`
  const file = join(folder.path, 'mesh.yaml')
  writeFileSync(file, `sources: { things: ${source} }\nfields: { Query.things: { from: things.listThings } }\n`)
  const mesh = openMesh(file, { environment: { TOKEN: SECRET }, ...GUARDED })
  t.after(() => mesh.close())
  const answer = await mesh.ask({ query: '{ things }' }, FOR_SHOP, patience())
  assert.deepEqual(answer.data?.things, null, url)
  return { code: answer.errors?.[0]?.extensions?.code, text: JSON.stringify(answer) }
}

test('[MESH16] no form of a private address is asked, and no name of one, with a token least of all', { timeout: 240_000 }, async t => {
  const { port, asked } = await listen(t, (_request, response) => void response.end('["secret"]'))
  for (const host of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fd00::1]',
    '10.0.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.168.0.1',
    'localhost',
    'LOCALHOST.',
    'ip6-localhost.localhost',
  ]) {
    const { code, text } = await errorOf(t, `http://${host}:${port}`, false)
    assert.equal(code, 'SOURCE_DOWN', host)
    assert.doesNotMatch(text, new RegExp(`${SECRET}|${port}`), host)
  }
  assert.deepEqual(asked, [])
})

test('[MESH16] no redirect is followed, to wherever it leads, and no token goes along', { timeout: 120_000 }, async t => {
  const far = await listen(t, (_request, response) => void response.end('["stolen"]'))
  for (const status of [301, 302, 303, 307, 308]) {
    const near = await listen(
      t,
      (_request, response) => void response.writeHead(status, { location: `http://127.0.0.1:${far.port}/` }).end('[]'),
    )
    const { code, text } = await errorOf(t, `http://127.0.0.1:${near.port}`, true)
    assert.match(String(code), /^SOURCE_/, String(status))
    assert.doesNotMatch(text, new RegExp(`stolen|${SECRET}|${far.port}`))
    assert.deepEqual(near.asked, [`/things Bearer ${SECRET}`])
  }
  assert.deepEqual(far.asked, [])
})
