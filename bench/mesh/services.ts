// The three demo services in a process of their own, asked by every contender alike: node services.ts FOLDER. Tells their addresses and whom they know,
// and, asked by any message, how many requests have come since.
import { subscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SERVICES, startDemoServices } from '@parley/demo-shop/services.ts'
import { AUTHORIZATION, TOKEN, type Urls } from './shop.ts'

export interface Started {
  readonly urls: Urls
  /** Customers with two orders on their way back each. */
  readonly customers: readonly string[]
}

const folder = process.argv[2] ?? ''
let requests = 0
subscribe('http.server.request.start', () => void requests++)
const { services } = await startDemoServices({
  folder,
  tokens: { orders: TOKEN, crm: TOKEN, warehouse: TOKEN },
  today: () => '2026-11-30',
})
// A service makes its file when its first request comes.
for (const name of SERVICES) await fetch(`${services[name].url}/`, { headers: { authorization: AUTHORIZATION } })
const customers = sendBack()
process.on('message', () => {
  process.send?.(requests)
  requests = 0
})
process.once('disconnect', () => process.exit())
process.send?.({
  urls: Object.fromEntries(SERVICES.map(name => [name, services[name].url])) as Urls, // of every name
  customers,
} satisfies Started)

/** The two newest orders of every customer who has two are on their way back, as those of customer 123 are: so every query costs as much as that one. */
function sendBack(): readonly string[] {
  const orders = new DatabaseSync(join(folder, 'orders.db'))
  const newest = orders
    .prepare(
      'SELECT number, customer FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY placed_on DESC) AS n FROM orders) WHERE n <= 2',
    )
    .all() as unknown as readonly { readonly number: string; readonly customer: string }[] // columns of a strict table
  const counts = new Map<string, number>()
  for (const { customer } of newest) counts.set(customer, (counts.get(customer) ?? 0) + 1)
  const both = newest.filter(({ customer }) => counts.get(customer) === 2)
  const chosen = JSON.stringify(both.map(({ number }) => number))
  const all = JSON.stringify([...new Set(both.map(({ customer }) => customer))])
  orders
    .prepare("UPDATE orders SET status = 'shipped' WHERE status = 'returning' AND customer IN (SELECT value FROM json_each(?))")
    .run(all)
  orders.prepare("UPDATE orders SET status = 'returning' WHERE number IN (SELECT value FROM json_each(?))").run(chosen)
  orders.close()
  const crm = new DatabaseSync(join(folder, 'crm.db'))
  crm
    .prepare(
      "INSERT OR IGNORE INTO refunds SELECT number, quantity * unit_price, 'requested', -1, 5 FROM purchases WHERE number IN (SELECT value FROM json_each(?))",
    )
    .run(chosen)
  crm.close()
  return [...new Set(both.map(({ customer }) => customer))]
}
