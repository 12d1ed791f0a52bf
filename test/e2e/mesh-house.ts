// A real server whose shop has the demo shop's three systems as its mesh, each with a knob that the test turns: by themselves the services would be the
// server's own. Customers are named as a shop's backend names them.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { SERVICES } from '@parley/demo-shop/services.ts'
import { identityKeyOf, loadSecret } from '@parley/server/secret.ts'
import { SignJWT } from 'jose'
import { startTestServices, type TestServices, TOKENS } from '../mesh/demo-services.ts'
import { joinConversation, makeAgents, type RunningServer, startServer, temporaryFolder, type Visitor } from './running-server.ts'

const DEMO = new URL('../../examples/demo-shop/', import.meta.url)

export interface MeshHouse {
  readonly url: string
  readonly server: RunningServer
  readonly services: TestServices
  /** Cookies of an agent of `demo`, of another one, and of one of the shop `other`, which has no mesh. */
  readonly cookies: readonly [string, string, string]
  readonly operatorKey: string
  /** Has this customer ask for a person, and resolves when an agent can claim it. */
  wantsPerson(customer: string): Promise<Visitor>
}

/** Closed after the test. `more` are lines of `mesh.yaml`. */
export async function openMeshHouse(t: Pick<TestContext, 'after'>): Promise<MeshHouse> {
  const services = await startTestServices(t)
  const folder = temporaryFolder()
  t.after(folder.remove)
  const data = join(folder.path, 'data')
  mkdirSync(data)
  let mesh = readFileSync(new URL('mesh.yaml', DEMO), 'utf8')
  SERVICES.forEach((name, n) => {
    cpSync(new URL(`${name}.openapi.yaml`, DEMO), join(folder.path, `${name}.openapi.yaml`))
    mesh = mesh.replace(`http://127.0.0.1:${8101 + n}`, services.services[name].url)
  })
  // No breaker opens by the way, and what was kept is old at once.
  mesh = mesh.replaceAll(/( {4}private: true\n)/g, '$1    failures: 100000\n    deadlineMs: 2000\n').replaceAll(/\bms: \d+/g, 'ms: 0')
  writeFileSync(join(folder.path, 'mesh.yaml'), mesh)
  const config = join(folder.path, 'parley.yaml')
  writeFileSync(
    config,
    `deadlines: { voters: 5000, plugin: 5000, turn: 10000 }
shops:
  - { id: demo, name: Parley Fresh, mesh: ${JSON.stringify(join(folder.path, 'mesh.yaml'))}, plugins: [] }
  - { id: other, name: Another shop, plugins: [] }
`,
  )
  const [ann = '', bo = ''] = await makeAgents(data, ['Ann', 'Bo'])
  const [eve = ''] = await makeAgents(data, ['Eve'], 'other')
  const tokens = Object.fromEntries(SERVICES.map(name => [`DEMO_${name.toUpperCase()}_TOKEN`, TOKENS[name]]))
  const server = await startServer(data, { env: { PARLEY_CONFIG: config, ...tokens } })
  t.after(() => server.stop('SIGKILL'))
  const secret = loadSecret(data)
  return {
    url: server.url,
    server,
    services,
    cookies: [ann, bo, eve],
    operatorKey: secret.keyFor('operator').toString('hex'),
    async wantsPerson(customer) {
      const identity = await new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setAudience('parley-identity')
        .setSubject(customer)
        .setIssuedAt()
        .sign(new TextEncoder().encode(identityKeyOf(secret, 'demo')))
      const response = await fetch(`${server.url}/v1/shops/demo/visitors`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ identity }),
      })
      if (!response.ok) throw new Error(await response.text())
      const visitor = (await response.json()) as Visitor // our own server's answer
      const line = await joinConversation(server.url, visitor)
      await line.next('welcome')
      line.send({ type: 'say', ref: `r-${customer}`, text: 'I want to talk to a person' })
      await line.next('state', state => state.with === 'queue')
      line.socket.close()
      return visitor
    },
  }
}
