// `parley plugin test` and `dev` on a plugin that looks something up: recorded answers, and the demo shop live.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { temporaryFolder } from '../e2e/running-server.ts'
import { parley, start } from './command.ts'
import { typescriptPlugin, writeFolder } from './harness.ts'

const scratch = temporaryFolder()
after(() => scratch.remove())

const plugin = typescriptPlugin(
  'shipped',
  `const { facts }: any = arguments[1]
  if (!text.includes('parcel')) return abstain
  const { data, missing } = facts.query('orders', { status: 'SHIPPED' })
  if (missing.length > 0) return vote('COMPENSATE', 0.2, { evidence: 'missing ' + missing.join() })
  return vote('COMPENSATE', 0.7, { evidence: data.customer.orders.map(({ number }: any) => number).join() })`,
  {
    manifest: `limits: { timeoutMs: 1000 }, grants: ['facts'], sources: ['crm', 'orders'],
    queries: { orders: 'query ($status: OrderStatus) { customer { orders(status: $status) { number } } }' }`,
  },
)
const GOLDEN = `customer where is my parcel
----
COMPENSATE 0.7 «2024-875»

as demo-kim
customer where is my parcel
----
`

const dev = (folder: string, line: string, ...args: readonly string[]): Promise<string> => {
  const child = start(folder, ['plugin', 'dev', ...args])
  let said = ''
  child.stdout.on('data', chunk => (said += chunk))
  child.stdin.end(`${line}\n`)
  return new Promise(resolve => child.once('close', () => resolve(said)))
}

test('[QRY4] a query without a recorded answer is told, --update records it, and what a person has written stands', async () => {
  const folder = writeFolder(join(scratch.path, 'shipped'), { ...plugin, 'golden.txt': GOLDEN })
  const before = await parley(folder, 'plugin', 'test')
  assert.equal(before.status, 1)
  assert.match(before.stdout, /golden\.answers\.json has no answer to it for demo-lin; `parley plugin test --update` records it/)

  const update = await parley(folder, 'plugin', 'test', '--update')
  assert.equal(update.status, 0, update.stdout + update.stderr)
  assert.match(update.stdout, /\+ COMPENSATE 0\.7 «2024-876»/)
  assert.match(update.stdout, /2 answers recorded/)
  const again = await parley(folder, 'plugin', 'test')
  assert.equal(again.status, 0, again.stdout)
  assert.match(again.stdout, /^2 of 2 turns as written$/m)

  const file = join(folder, 'golden.answers.json')
  const [lin, ...others] = JSON.parse(readFileSync(file, 'utf8'))
  const silent = { ...lin, data: { customer: { orders: null } }, missing: ['customer.orders'] }
  writeFileSync(file, JSON.stringify([silent, ...others]))
  const changed = await parley(folder, 'plugin', 'test', '--update')
  assert.match(changed.stdout, /- COMPENSATE 0\.7 «2024-875»\n {2}\+ COMPENSATE 0\.2 «missing customer\.orders»/)
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8'))[0], silent)

  writeFileSync(file, '[{"as":7}]')
  const broken = await parley(folder, 'plugin', 'test')
  assert.equal(broken.status, 1)
  assert.match(broken.stderr, /golden\.answers\.json.*0\.as/)
})

test('[QRY4] dev asks the demo shop for the customer named, and shows what was looked up; check asks it too', async () => {
  const folder = writeFolder(join(scratch.path, 'live'), plugin)
  const said = await dev(folder, 'where is my parcel', '--customer', 'demo-kim')
  assert.match(
    said,
    /orders \{"status":"SHIPPED"\}: \{"customer":\{"orders":\[\{"number":"2024-876"\}\]\}\}\n {2}COMPENSATE 0\.7 «2024-876»/,
  )
  const { status, stdout } = await parley(folder, 'plugin', 'check')
  assert.equal(status, 0, stdout)
  assert.match(stdout, /^ok +grants +1 declared, 0 missing, 0 unused$/m)
})
