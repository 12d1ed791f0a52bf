// A server whose sources fail in every way, at the most talkative log level: no token and no address of a source is in what it writes or answers.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { FAILURES } from '@parley/demo-shop/knob.ts'
import { SERVICES } from '@parley/demo-shop/services.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { startTestServices, type TestServices, TOKENS } from '../mesh/demo-services.ts'
import { DEMO_MESH } from '../mesh/joined-shop.ts'
import { parley } from './parley-command.ts'
import { type RunningServer, startServer, temporaryFolder } from './running-server.ts'

const data = temporaryFolder()
const ends: (() => unknown)[] = []
let services: TestServices
let server: RunningServer
let env: Record<string, string>

before(async () => {
  services = await startTestServices({ after: end => void ends.push(end as () => unknown) }) // it takes none of the arguments
  writeFileSync(join(data.path, 'crm.token'), TOKENS.crm)
  const mesh = readFileSync(DEMO_MESH, 'utf8')
    .replaceAll(/openapi: (?=\w)/g, `deadlineMs: 1500\n    openapi: ${dirname(DEMO_MESH)}/`)
    .replaceAll(/http:\S+:810(\d)/g, (_, at: string) => services.services[SERVICES[Number(at) - 1]!].url) // the file has three
    .replace('tokenEnv: DEMO_CRM_TOKEN', 'tokenFile: crm.token')
    .replaceAll(/ms: \d+/g, 'ms: 0')
  writeFileSync(join(data.path, 'mesh.yaml'), mesh)
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, `shops: [{ id: demo, mesh: ${join(data.path, 'mesh.yaml')}, plugins: [] }]\n`)
  env = {
    PARLEY_CONFIG: config,
    PARLEY_DATA: join(data.path, 'data'),
    DEMO_ORDERS_TOKEN: TOKENS.orders,
    DEMO_WAREHOUSE_TOKEN: TOKENS.warehouse,
  }
  server = await startServer(env.PARLEY_DATA!, { env: { ...env, PARLEY_LOG_LEVEL: 'debug' } })
})
after(async () => {
  await server.stop('SIGTERM')
  for (const end of ends) await end()
  data.remove()
})

async function ask(query: string): Promise<string> {
  const authorization = `Bearer ${loadSecret(env.PARLEY_DATA!).keyFor('operator').toString('hex')}`
  const headers = { 'content-type': 'application/json', authorization }
  const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return response.text()
}

test('[MESH42] no token and no address of a source is in an answer, in a log or on a terminal, however the sources fail', {
  timeout: 240_000,
}, async () => {
  const secret = new RegExp([...Object.values(TOKENS), ...SERVICES.map(name => new URL(services.services[name].url).host)].join('|'))
  const query = '{ customer(id: "123") { name orders { number warehouseStatus refundProgress } cases { number } } }'
  const change = 'mutation { giveCoupon(customer: "123", percent: 5, key: "a") { code } }'
  const whole = await ask(query)
  assert.match(whole, /RETURN_RECEIVED/)
  let failed = 0
  for (const failure of FAILURES) {
    for (const name of SERVICES) await services.knob(name, { failure, rate: 1 })
    for (const answer of [await ask(query), await ask(change)]) {
      assert.doesNotMatch(answer, secret, failure)
      if (answer.includes('SOURCE_')) failed++
    }
    for (const name of SERVICES) await services.knob(name, { failure: 'none' })
  }
  assert.ok(failed > FAILURES.length, `${failed} failed`)
  await services.close()
  assert.match(await ask(query), /SOURCE_DOWN/)
  const said = await parley(['mesh', 'query', query, '--json'], { env })
  assert.equal(said.status, 1)
  assert.doesNotMatch(said.stdout + said.stderr, secret)
  assert.doesNotMatch(server.stderr(), secret)
})
