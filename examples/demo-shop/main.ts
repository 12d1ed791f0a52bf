// Runs the three services by themselves: node examples/demo-shop/main.ts [FOLDER]. Ports 8101 to 8103 on 127.0.0.1; tokens from DEMO_ORDERS_TOKEN,
// DEMO_CRM_TOKEN and DEMO_WAREHOUSE_TOKEN, or drawn and printed.
import { randomBytes } from 'node:crypto'
import { SERVICES, type ServiceName, startDemoServices } from './services.ts'

const byName = <T>(make: (name: ServiceName, place: number) => T): Record<ServiceName, T> =>
  Object.fromEntries(SERVICES.map((name, place) => [name, make(name, place)])) as Record<ServiceName, T> // of every name

const tokens = byName(name => process.env[`DEMO_${name.toUpperCase()}_TOKEN`] ?? randomBytes(16).toString('hex'))
const { services, close } = await startDemoServices({
  folder: process.argv[2] ?? 'data/demo-shop',
  tokens,
  today: () => new Date().toLocaleDateString('sv'), // YYYY-MM-DD
  ports: byName((_name, place) => 8101 + place),
})
for (const name of SERVICES) process.stdout.write(`${name.padEnd(9)}  ${services[name].url}  token ${tokens[name]}\n`)
process.once('SIGINT', () => void close()).once('SIGTERM', () => void close())
