// How a source over HTTP is told who asks: the credential's place, the headers beside it, and one that was renewed.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, httpSettings } from '@parley/mesh/source/http/connection.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { GUARDED } from './joined-shop.ts'
import { patience } from './questions.ts'

test('[MESH25] a credential goes where the source wants it; one that is not taken is read again from its file, once', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const asked: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers)
    if (request.headers['x-api-key'] === 'old') writeFileSync(join(folder.path, 'key'), 'new\n')
    response.writeHead(/old|never/.test(String(request.headers['x-api-key'])) ? 401 : 200).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/` // a server that listens on a port has one
  const ask = async (settings: object): Promise<number> => {
    const parsed = httpSettings({ url, private: true, ...settings })
    const means = { ...GUARDED, environment: { TOKEN: 'me:secret' }, besides: (file: string) => join(folder.path, file) }
    const connection = connect('crm', parsed, means)
    t.after(connection.close)
    assert.equal(connection.base, url.slice(0, -1))
    const { status } = await connection.send({ method: 'GET', url: new URL(url), headers: { 'accept-language': 'en' } }, patience())
    return status
  }
  writeFileSync(join(folder.path, 'key'), 'old\n')
  assert.deepEqual(
    [
      await ask({}),
      await ask({ tokenEnv: 'TOKEN' }),
      await ask({ tokenEnv: 'TOKEN', tokenAs: 'basic', headers: { 'X-Tenant': 'shop-1' } }),
      await ask({ tokenFile: 'key', tokenHeader: 'X-Api-Key' }),
    ],
    [200, 200, 200, 200],
  )
  assert.deepEqual(
    asked.map(headers => [headers.authorization, headers['x-api-key'], headers['x-tenant'], headers['accept-language']]),
    [
      [undefined, undefined, undefined, 'en'],
      ['Bearer me:secret', undefined, undefined, 'en'],
      ['Basic bWU6c2VjcmV0', undefined, 'shop-1', 'en'],
      [undefined, 'old', undefined, 'en'],
      [undefined, 'new', undefined, 'en'],
    ],
  )
  writeFileSync(join(folder.path, 'key'), 'never')
  assert.equal(await ask({ tokenFile: 'key', tokenHeader: 'X-Api-Key' }), 401)
  assert.equal(asked.length, 6, 'it was the same: a second request would have been in vain')
})
