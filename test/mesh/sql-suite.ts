// What holds of orders in a database, whichever it is.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { shopData } from '@parley/demo-shop/shop-data.ts'
import type { SqlOperation } from '@parley/mesh/source/sql/sql-catalogue.ts'
import { openDatabase } from '@parley/mesh/source/sql/sql-source.ts'
import { SourceError } from '@parley/mesh/upstream/source-error.ts'
import { parley } from '../e2e/parley-command.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { createRandom } from '../random.ts'
import { LETTER } from './joined-shop.ts'
import { FOR_SHOP, forCustomer } from './mesh-scope.ts'
import { PASSWORD } from './postgres-server.ts'
import { TODAY } from './questions.ts'
import { type Ground, meansIn, ORDERS, openQueries, openSqlShop, queriesOf, type SqlOrder, settingsOf } from './sql-shop.ts'

export interface SqlSuite {
  readonly name: string
  readonly skip: string | false
  /** With the demo shop's orders in it. */
  ground(t: { after(work: () => unknown): void }): Promise<Ground>
  /** As who may write. */
  run(ground: Ground, text: string): Promise<readonly Record<string, unknown>[]>
  /** Statements that write or reach further than the tables. */
  readonly hostile: readonly string[]
}

const LETTER_ANSWER = {
  customer: {
    orders: [
      { items: [{ name: 'Electric kettle, 1.7 l', price: '129.00' }], warehouseStatus: 'RETURN_EXPECTED', refundProgress: 'REQUESTED' },
      {
        items: [
          { name: 'Light down jacket', price: '599.00' },
          { name: 'Wool scarf', price: '159.00' },
        ],
        warehouseStatus: 'RETURN_RECEIVED',
        refundProgress: 'APPROVED',
      },
    ],
  },
}

export function sqlSuite({ name, skip, ground: open, run, hostile }: SqlSuite): void {
  test(`[MESH35] ${name}: the documentation's query, its orders from the database, is one question to each and one for all items`, {
    skip,
  }, async t => {
    const { mesh, ask, bugs } = await openSqlShop(t, await open(t))
    assert.deepEqual(await ask({ query: LETTER }, FOR_SHOP), { data: LETTER_ANSWER })
    assert.equal(mesh.reader.counts.calls, 5, 'customer, orders, and in batches items, warehouse and refunds')
    const many = await Promise.all(Array.from({ length: 50 }, () => ask({ query: LETTER }, forCustomer('123'))))
    for (const answer of many) assert.deepEqual(answer, { data: LETTER_ANSWER })
    assert.equal(mesh.reader.counts.calls, 10)
    assert.deepEqual(bugs, [])
  })

  test(`[MESH13] ${name}: the mesh answers as one who asks the systems one after the other`, { skip }, async t => {
    const { mesh, ask, services } = await openSqlShop(t, await open(t))
    const random = createRandom(17)
    const { customers } = shopData(TODAY)
    const upper = (text: unknown): unknown => (typeof text === 'string' ? text.toUpperCase().replaceAll('-', '_') : (text ?? null))
    const naive = async (id: string, limit: number, status: string | null, locale: string): Promise<unknown> => {
      const get = async (service: 'crm' | 'warehouse', path: string) => (await services.ask(service, path, { locale })).body as never
      const { name, city } = await get('crm', `/customers/${id}`)
      const orders: unknown[] = []
      for (const order of ordersOf(id, status, null).slice(0, limit)) {
        const [fulfilment]: { status: string }[] = await get('warehouse', `/fulfilments?orders=${order.number}`)
        const [refund]: { amount: string }[] = await get('crm', `/refunds?orders=${order.number}`)
        orders.push({
          number: order.number,
          placedOn: order.placedOn,
          status: upper(order.status),
          total: order.total,
          items: order.items.map(item => ({
            name: locale === 'en' ? item.en : item.zh,
            quantity: item.quantity,
            price: item.price,
            paid: { amount: (Number(item.price) * item.quantity).toFixed(2), currency: order.currency },
          })),
          warehouseStatus: upper(fulfilment?.status),
          refund: refund ? { amount: refund.amount } : null,
        })
      }
      return { customer: { name, city, orders } }
    }
    const cases = Array.from({ length: 60 }, () => ({
      id: customers[Math.floor(random() * customers.length)]!.id, // within the list
      limit: 1 + Math.floor(random() * 5),
      status: random() < 0.3 ? 'returning' : null,
      locale: random() < 0.5 ? ('en' as const) : ('zh-CN' as const),
    }))
    const query = `query ($id: ID!, $limit: Int, $status: OrderStatus) { customer(id: $id) { name city orders(limit: $limit, status: $status) {
      number placedOn status total items { name quantity price paid { amount currency } } warehouseStatus refund { amount } } } }`
    const answers = await Promise.all(
      [...cases, ...cases].map(({ id, limit, status, locale }) =>
        ask({ query, variables: { id, limit, status: upper(status) } }, { ...FOR_SHOP, locale }),
      ),
    )
    for (const [i, { id, limit, status, locale }] of cases.entries()) {
      const expected = { data: await naive(id, limit, status, locale) }
      for (const answer of [answers[i], answers[i + cases.length]]) assert.deepEqual(answer, expected, `${id} ${limit} ${status} ${locale}`)
    }
    assert.ok(mesh.reader.counts.joined > 100, 'flights were shared')
  })

  test(`[MESH36] ${name}: whatever is given for a parameter is a value: the answer is that of a filter by hand`, { skip }, async t => {
    const ground = await open(t)
    const random = createRandom(23)
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]! // of a list that is not empty
    const parts = [
      "'",
      '"',
      '\\',
      ';',
      '--',
      '/*',
      '*/',
      '$1',
      ':customer',
      '?',
      '%',
      '_',
      '{',
      '}',
      ',',
      ' ',
      '\n',
      'é',
      '订',
      '😀',
      '\u202e',
      'NULL',
      ' OR 1=1',
      "' OR ''='",
      '$$',
      '(',
      ')',
      '0',
      '\u0000',
      'x',
    ]
    const odd = (): string => Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(parts)).join('')
    // Some of them are there: so a filter that lets more through, or less, is seen.
    const strange: SqlOrder[] = []
    for (const number of new Set(Array.from({ length: 60 }, odd).filter(text => !text.includes('\u0000'))))
      strange.push({
        number,
        customer: pick(["o'neil", '"; DROP TABLE orders; --', '订单', 'a,b', 'NULL']),
        placedOn: `2024-01-0${1 + (strange.length % 9)}`,
        status: pick(['paid', 'returning']),
        total: '1.00',
        currency: 'CNY',
        items: [],
      })
    const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
    const rows = strange.map(o => `(${[o.number, o.customer, o.placedOn, o.status, o.total, o.currency].map(quoted).join()})`)
    await run(ground, `INSERT INTO orders VALUES ${rows.join()}`)
    const all = [...ORDERS, ...strange]
    const source = await openQueries(t, ground, queriesOf(ground.dialect))
    const signal = AbortSignal.timeout(60_000)
    const told = (order: SqlOrder) => ({
      number: order.number,
      customer: order.customer,
      placedOn: order.placedOn,
      status: order.status,
      total: order.total,
      currency: order.currency,
    })
    const someone = (): string => pick([odd(), pick(strange).customer, pick(all).customer])
    const something = (): string => pick([odd(), pick(strange).number, pick(all).number])
    let found = 0
    for (let i = 0; i < 600; i++) {
      const customer = someone()
      const number = something()
      const numbers = Array.from({ length: Math.floor(random() * 6) }, something)
      const after =
        random() < 0.3 ? pick([something(), pick(all.filter(order => order.customer === customer).concat(all[0]!)).number]) : null // ours are not empty
      const status = pick([null, 'paid', 'returning'])
      const limit = 1 + Math.floor(random() * 50)
      const locale = pick(['en', 'zh-CN', odd()])
      const asked: readonly [string, Record<string, unknown>, () => unknown][] = [
        ['listOrders', { customer, status, limit, after }, () => ordersOf(customer, status, after, all).slice(0, limit).map(told)],
        [
          'getOrder',
          { number, customer },
          () => all.filter(order => order.number === number && order.customer === customer).map(told)[0] ?? null,
        ],
        ['findOrders', { numbers }, () => all.filter(order => numbers.includes(order.number)).map(told)],
        [
          'listItems',
          { orders: numbers },
          () => all.filter(order => numbers.includes(order.number)).reduce((sum, order) => sum + order.items.length, 0),
        ],
      ]
      for (const [operation, args, expected] of asked) {
        const hasNul =
          ground.dialect === 'postgres' &&
          JSON.stringify([args, locale]).includes('\\u0000') &&
          (operation === 'listItems' || JSON.stringify(args).includes('\\u0000'))
        const answer = await source
          .call(operation, { args, headers: { 'accept-language': locale } }, signal)
          .catch((error: unknown) => error)
        const what = `${operation} ${JSON.stringify(args)}`
        if (hasNul) {
          assert.ok(answer instanceof SourceError && answer.code === 'SOURCE_REFUSED', what)
          continue
        }
        const value = operation === 'listItems' ? (answer as unknown[]).length : answer
        const byNumber = (list: unknown): unknown =>
          Array.isArray(list) && operation === 'findOrders' ? list.toSorted((a, b) => (a.number < b.number ? -1 : 1)) : list
        assert.deepEqual(byNumber(value), byNumber(expected()), what)
        if (Array.isArray(value) ? value.length > 0 : value) found++
      }
    }
    assert.ok(found > 300, `${found} answers had something in them`)
    const half = source.call('getOrder', { args: { number: '\ud83d', customer: '123' }, headers: {} }, signal)
    await assert.rejects(half, { code: 'SOURCE_REFUSED', details: { reason: 'bad-value' } })
  })

  test(`[MESH37] ${name}: a query that writes is refused when it is looked at, and by the database`, { skip }, async t => {
    const ground = await open(t)
    const settings = settingsOf(ground)
    const { describe } = await openSqlShop(t, ground)
    const { database } = await openDatabase('orders', settings, meansIn('/'))
    t.after(() => database.close())
    const countOf = async (): Promise<unknown> =>
      run(
        ground,
        'SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM items) AS items, (SELECT sum(price) FROM items) AS sum',
      )
    const before = await countOf()
    for (const text of hostile) {
      const look = await describe(`-- name: hostile :many\n${text}`).catch((error: unknown) => error)
      assert.ok(look instanceof Error || (look as { wrong: readonly string[] }).wrong.length > 0, `looked at: ${text}`)
      // As if nobody had looked.
      const query = {
        name: 'hostile',
        isMany: true,
        type: 'Hostile',
        parameters: [],
        columns: new Map(),
        text,
        numbered: text,
        hash: text.slice(0, 40),
      }
      const operation = { query, described: { text: '', parameters: {}, columns: [] } } as unknown as SqlOperation // what it reads of one
      await database
        .read(operation, [], { rows: 10, bytes: 1_000 }, AbortSignal.timeout(30_000))
        .catch((error: unknown) => assert.ok(error instanceof SourceError, `${text}: ${error}`))
      assert.deepEqual(await countOf(), before, text)
    }
  })

  test(`[MESH35] ${name}: an answer of too many rows or bytes is refused, and the next one comes`, { skip }, async t => {
    const ground = await open(t)
    const source = await openQueries(t, ground, queriesOf(ground.dialect), { mostRows: 3 })
    const asking = (limit: number) =>
      source.call('listOrders', { args: { customer: '123', limit }, headers: {} }, AbortSignal.timeout(30_000))
    await assert.rejects(asking(4), { code: 'SOURCE_REFUSED', details: { reason: 'too-many' } })
    assert.equal(((await asking(3)) as unknown[]).length, 3)
    const wide = `-- name: wide :many\n-- @column {string} text\nSELECT ${ground.dialect === 'postgres' ? "repeat('x', 3000000)" : 'hex(zeroblob(1500000))'} AS text UNION ALL SELECT 'b' UNION ALL SELECT ${ground.dialect === 'postgres' ? "repeat('y', 3000000)" : 'hex(zeroblob(1500000))'}`
    const large = await openQueries(t, ground, wide, {})
    await assert.rejects(large.call('wide', { args: {}, headers: {} }, AbortSignal.timeout(30_000)), { code: 'SOURCE_REFUSED' })
    const two = `-- name: first :one\n-- @column {string} number\nSELECT number FROM orders`
    const first = await openQueries(t, ground, two)
    await assert.rejects(first.call('first', { args: {}, headers: {} }, AbortSignal.timeout(30_000)), {
      code: 'SOURCE_CHANGED',
      details: { reason: 'first: more than one' },
    })
  })

  test(`[MESH38] ${name}: added by its address, it has queries and joins of its tables; what changes is named by check, and described anew`, {
    skip,
  }, async t => {
    const where = await open(t)
    const folder = temporaryFolder()
    t.after(folder.remove)
    const [file, queries] = [join(folder.path, 'mesh.yaml'), join(folder.path, 'orders.sql')]
    const config = join(folder.path, 'parley.yaml')
    writeFileSync(config, `shops: [{ id: demo, mesh: ${JSON.stringify(file)} }]\n`)
    const env = { PARLEY_CONFIG: config, PARLEY_DATA: join(folder.path, 'data'), ORDERS_PASSWORD: PASSWORD }
    const mesh = (...args: string[]) => parley(['mesh', ...args], { env, cwd: folder.path })
    const crm = fileURLToPath(new URL('../../examples/demo-shop/crm.openapi.yaml', import.meta.url))
    await mesh('add', 'crm', '--openapi', crm, '--url', 'http://127.0.0.1:1', '--private')
    const database = where.dialect === 'sqlite' ? [where.file] : [where.server.url('reader'), '--private', '--token-env', 'ORDERS_PASSWORD']
    const added = await mesh('add', 'orders', '--database', ...database)
    assert.deepEqual([added.stderr, added.status], ['', 0])
    for (const field of ['Customer.orders', 'Customer.order', 'Order.items', 'Query.orders'])
      assert.match(added.stdout, new RegExp(`^  ${field} `, 'm'), added.stdout)
    writeFileSync(file, readFileSync(file, 'utf8').replace('sql: orders.sql', '$&\n    deadlineMs: 30000')) // as long as a busy machine takes
    const query = '{ orders(orders: ["2024-123", "2024-124"]) { number total items { nameEn quantity price } } }'
    const expected = ORDERS.filter(order => ['2024-123', '2024-124'].includes(order.number)).map(order => ({
      number: order.number,
      total: order.total,
      items: order.items.map(item => ({ nameEn: item.en, quantity: item.quantity, price: item.price })),
    }))
    const { data } = JSON.parse((await mesh('query', query, '--json')).stdout)
    assert.deepEqual(
      data.orders.toSorted((a: SqlOrder, b: SqlOrder) => (a.number < b.number ? -1 : 1)),
      expected,
    )
    const wrongOf = async (): Promise<string> => JSON.parse((await mesh('check', '--json')).stdout).wrong.join('\n')
    assert.doesNotMatch(await wrongOf(), /orders/)

    await run(where, 'ALTER TABLE orders RENAME COLUMN total TO amount')
    assert.match(await wrongOf(), /orders: findOrders: (column "total" does not exist|no such column: total)/)
    assert.equal((await mesh('describe')).status, 1)
    writeFileSync(queries, readFileSync(queries, 'utf8').replaceAll('total', 'amount AS total'))
    assert.match(
      (await mesh('query', query)).stderr,
      /getOrder: it is another one than the database was asked about: run parley mesh describe/,
    )
    assert.deepEqual((await mesh('describe', 'orders')).stderr, '')
    assert.deepEqual(JSON.parse((await mesh('query', query, '--json')).stdout).data.orders.length, 2)

    writeFileSync(queries, `${readFileSync(queries, 'utf8')}\n-- name: empty :many\nDELETE FROM items`)
    for (const refused of [await mesh('describe'), await mesh('graph')]) {
      assert.equal(refused.status, 1)
      assert.match(refused.stderr, /empty: it begins with DELETE/)
    }
    const again = await mesh('add', 'more', '--database', ...database, '--sql', join(folder.path, 'none.sql'))
    assert.match(again.stderr, /none\.sql.*cannot be read/)
    for (const { stdout, stderr } of [added, again]) assert.ok(!`${stdout}${stderr}`.includes(PASSWORD))
  })
}

/** As the query has them: the newest first, then by number, behind the one that `after` names. */
function ordersOf(customer: string, status: string | null, after: string | null, all: readonly SqlOrder[] = ORDERS): readonly SqlOrder[] {
  const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
  const newer = (a: SqlOrder, b: SqlOrder): number => compare(b.placedOn, a.placedOn) || compare(b.number, a.number)
  const theirs = all.filter(order => order.customer === customer)
  const last = theirs.find(order => order.number === after)
  if (after !== null && !last) return []
  return theirs.filter(order => (status === null || order.status === status) && (!last || newer(last, order) < 0)).toSorted(newer)
}
