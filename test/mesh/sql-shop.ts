// The demo shop's mesh with its orders in a database instead of behind a service: the same customers, orders and prices.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { currencyOf, productOf, shopData, totalOf, unitPrice } from '@parley/demo-shop/shop-data.ts'
import type { MeshAnswer, MeshRequest } from '@parley/mesh/joined/joined-mesh.ts'
import { type OpenMesh, openMesh } from '@parley/mesh/joined/read-mesh.ts'
import type { Means, OpenSource } from '@parley/mesh/source/kind.ts'
import { SourceSettings } from '@parley/mesh/source/kinds.ts'
import { describeQueries, type Look } from '@parley/mesh/source/sql/describe.ts'
import { SQL, type SqlSettings } from '@parley/mesh/source/sql/sql-source.ts'
import type { Dialect } from '@parley/mesh/source/sql/sql-text.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import { parse } from 'yaml'
import { temporaryFolder } from '../e2e/running-server.ts'
import { startTestServices, type TestServices, TOKENS } from './demo-services.ts'
import { DEMO_MESH, GUARDED } from './joined-shop.ts'
import { PASSWORD, type PostgresServer } from './postgres-server.ts'
import { TODAY } from './questions.ts'

export interface SqlOrder {
  readonly number: string
  readonly customer: string
  readonly placedOn: string
  readonly status: string
  readonly total: string
  readonly currency: string
  readonly items: readonly {
    readonly product: string
    readonly zh: string
    readonly en: string
    readonly quantity: number
    readonly price: string
  }[]
}

const decimal = (cents: number): string => (cents / 100).toFixed(2)

const dayOf = (offset: number): string => new Date(Date.parse(`${TODAY}T00:00:00Z`) + offset * 86_400_000).toISOString().slice(0, 10)

/** As the orders service has them. */
export const ORDERS: readonly SqlOrder[] = shopData(TODAY).orders.map(order => ({
  number: order.number,
  customer: order.customer.id,
  placedOn: dayOf(order.placedOn),
  status: order.status === 'returned' && order.refund?.status !== 'paid' ? 'returning' : order.status,
  total: decimal(totalOf(order)),
  currency: currencyOf(order.customer),
  items: order.lines.map(line => {
    const { name } = productOf.get(line.product)! // the seed names only these
    return { product: line.product, zh: name['zh-CN'], en: name.en, quantity: line.quantity, price: decimal(unitPrice(order, line)) }
  }),
}))

const STATUSES = ['paid', 'packed', 'shipped', 'out-for-delivery', 'delivered', 'cancelled', 'returning', 'returned']
const quoted = (text: string | number): string => (typeof text === 'number' ? String(text) : `'${text.replaceAll("'", "''")}'`)
const rowsOf = (rows: readonly (readonly (string | number)[])[]): string => rows.map(row => `(${row.map(quoted).join()})`).join()

const TABLES: Readonly<Record<Dialect, string>> = {
  postgres: `CREATE TYPE order_status AS ENUM (${STATUSES.map(quoted).join()});
    CREATE TABLE orders (number text PRIMARY KEY, customer text NOT NULL, placed_on date NOT NULL, status order_status NOT NULL,
      total numeric(10,2) NOT NULL, currency char(3) NOT NULL);
    COMMENT ON COLUMN orders.total IS 'Price of all items.';
    CREATE TABLE items (order_number text REFERENCES orders, place int, product text NOT NULL, name_zh text NOT NULL, name_en text NOT NULL,
      quantity int NOT NULL, price numeric(10,2) NOT NULL, PRIMARY KEY (order_number, place));
    CREATE INDEX ON orders (customer, placed_on);`,
  sqlite: `CREATE TABLE orders (number TEXT PRIMARY KEY, customer TEXT NOT NULL, placed_on DATE NOT NULL, status TEXT NOT NULL,
      total DECIMAL(10,2) NOT NULL, currency TEXT NOT NULL);
    CREATE TABLE items (order_number TEXT NOT NULL REFERENCES orders, place INTEGER, product TEXT NOT NULL, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
      quantity INTEGER NOT NULL, price DECIMAL(10,2) NOT NULL, PRIMARY KEY (order_number, place));
    CREATE INDEX orders_of ON orders (customer, placed_on);`,
}

export const fillingOf = (dialect: Dialect): string => `${TABLES[dialect]}
  INSERT INTO orders VALUES ${rowsOf(ORDERS.map(o => [o.number, o.customer, o.placedOn, o.status, o.total, o.currency]))};
  INSERT INTO items VALUES ${rowsOf(
    ORDERS.flatMap(o => o.items.map((item, place) => [o.number, place, item.product, item.zh, item.en, item.quantity, item.price])),
  )};`

export function fillSqlite(file: string): void {
  const database = new DatabaseSync(file)
  database.exec(`BEGIN; ${fillingOf('sqlite')} COMMIT`)
  database.close()
}

export interface SqlShop {
  readonly mesh: OpenMesh
  readonly services: TestServices
  /** The folder of the mesh's file. */
  readonly folder: string
  readonly settings: SqlSettings
  readonly means: Means
  readonly bugs: unknown[]
  ask(request: MeshRequest, scope: Scope): Promise<MeshAnswer>
  /** Of the queries as they are, or of others. */
  describe(queries?: string): Promise<Look>
}

export type Ground =
  | { readonly dialect: 'postgres'; readonly server: PostgresServer }
  | { readonly dialect: 'sqlite'; readonly file: string }

/** As long as a busy machine takes; a test that is about a deadline sets a shorter one. */
const PATIENT_MS = 30_000

export const settingsOf = (ground: Ground, more: Readonly<Record<string, unknown>> = {}): SqlSettings => {
  const where =
    ground.dialect === 'sqlite'
      ? { database: ground.file }
      : { database: ground.server.url('reader'), tokenEnv: 'ORDERS_PASSWORD', private: true }
  const parsed = SourceSettings.parse({ sql: 'orders.sql', deadlineMs: PATIENT_MS, failures: 1000, ...where, ...more })
  if (parsed.kind !== 'sql') throw new Error('it is no SQL source')
  return parsed
}

export async function openSqlShop(
  t: { after(work: () => unknown): void },
  ground: Ground,
  more: Readonly<Record<string, unknown>> = {},
): Promise<SqlShop> {
  const services = await startTestServices(t)
  const { folder } = services
  const bugs: unknown[] = []
  const { kind: _, ...settings } = { kind: '', ...settingsOf(ground, more) }
  const queries = queriesOf(ground.dialect)
  writeFileSync(join(folder, 'orders.sql'), queries)
  const means = meansIn(folder)
  const describe: SqlShop['describe'] = (text = queries) =>
    describeQueries('orders', settings, text, means, AbortSignal.timeout(PATIENT_MS))
  const look = await describe()
  if (look.wrong.length > 0) throw new Error(look.wrong.join('\n'))
  writeFileSync(join(folder, 'orders.sql.json'), look.text)

  const file = join(folder, 'mesh.yaml')
  const { sources, fields, owners, keep } = parse(readFileSync(DEMO_MESH, 'utf8'))
  const others = Object.fromEntries(
    (['crm', 'warehouse'] as const).map(name => {
      const openapi = join(dirname(DEMO_MESH), sources[name].openapi)
      return [name, { ...sources[name], openapi, deadlineMs: PATIENT_MS, failures: 1000 }]
    }),
  )
  const config = {
    sources: { orders: settings, ...others },
    fields: {
      ...Object.fromEntries(Object.entries(fields).filter(([path]) => !path.startsWith('Mutation.'))),
      'Query.orders': { from: 'orders.listOrders', customer: 'customer' },
      'Customer.orders': { from: 'orders.listOrders', with: { customer: 'id' } },
      'Order.items': { from: 'orders.listItems', with: { orders: 'number' }, batch: 'order', many: true },
    },
    owners,
    keep,
  }
  writeFileSync(file, JSON.stringify(config))
  const mesh = openMesh(file, {
    environment: means.environment,
    ...GUARDED,
    onBug: error => bugs.push(error),
    instead: source => (source === 'orders' ? undefined : { url: services.services[source as 'crm'].url, token: TOKENS[source as 'crm'] }), // the two others
  })
  t.after(() => mesh.close())
  const ask: SqlShop['ask'] = async (request, scope) => JSON.parse(JSON.stringify(await mesh.ask(request, scope)))
  return { mesh, services, folder, settings, means, bugs, ask, describe }
}

/** A source of these queries alone, described. */
export async function openQueries(
  t: { after(work: () => unknown): void },
  ground: Ground,
  queries: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<OpenSource> {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const settings = settingsOf(ground, more)
  const means = meansIn(folder.path)
  const { text, wrong } = await describeQueries('orders', settings, queries, means, AbortSignal.timeout(PATIENT_MS))
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  writeFileSync(join(folder.path, 'orders.sql'), queries)
  writeFileSync(join(folder.path, 'orders.sql.json'), text)
  const source = SQL.open('orders', settings, means)
  t.after(() => source.close())
  return source
}

export const meansIn = (folder: string, environment: NodeJS.ProcessEnv = { ORDERS_PASSWORD: PASSWORD }): Means => ({
  ...GUARDED,
  environment,
  besides: file => resolve(folder, file),
})

export const queriesOf = (dialect: Dialect): string =>
  readFileSync(fileURLToPath(new URL(`sql/orders.${dialect}.sql`, import.meta.url)), 'utf8')
