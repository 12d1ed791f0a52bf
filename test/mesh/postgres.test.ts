// Orders in a real PostgreSQL: what holds of every database, and what comes of each fault of this one.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { LETTER } from './joined-shop.ts'
import { FOR_SHOP } from './mesh-scope.ts'
import { noPostgres, PASSWORD, type PostgresServer, startPostgres } from './postgres-server.ts'
import { fillingOf, type Ground, meansIn, openQueries, openSqlShop, queriesOf, settingsOf } from './sql-shop.ts'
import { sqlSuite } from './sql-suite.ts'

const skip = noPostgres
let server: PostgresServer
const closing: (() => unknown)[] = []
before(async () => {
  if (skip !== false) return
  server = await startPostgres({ after: work => closing.push(work) })
})
after(async () => {
  for (const close of closing) await close()
})

/** The tables as they were; whoever was connected is not any more. */
async function ground(): Promise<Ground> {
  await server.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'`)
  await server.sql(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO reader; ALTER ROLE reader PASSWORD '${PASSWORD}'
    CONNECTION LIMIT -1`)
  await server.sql(fillingOf('postgres'))
  await server.sql(
    `CREATE FUNCTION wipe() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM items; RETURN 1; END $$; CREATE SEQUENCE counter`,
  )
  return { dialect: 'postgres', server }
}

sqlSuite({
  name: 'PostgreSQL',
  skip,
  ground,
  run: (_, text) => server.sql(text),
  hostile: [
    "INSERT INTO items VALUES ('2024-123', 9, 'x', 'x', 'x', 1, 1) RETURNING *",
    'UPDATE items SET price = 0 RETURNING *',
    'DELETE FROM items',
    'WITH gone AS (DELETE FROM items RETURNING *) SELECT * FROM gone',
    'WITH gone AS NOT MATERIALIZED (SELECT 1), more AS (UPDATE items SET price = 0 RETURNING *) SELECT * FROM more',
    'SELECT 1; DELETE FROM items',
    'SELECT * INTO other FROM items',
    'CREATE TABLE other AS SELECT * FROM items',
    'SELECT wipe()',
    "SELECT nextval('counter')",
    'SELECT * FROM items FOR UPDATE',
    "COPY (SELECT 1) TO PROGRAM 'touch /tmp/parley-hostile'",
    'SET transaction_read_only = off',
    "SELECT set_config('transaction_read_only', 'off', false)",
    'DO $$ BEGIN DELETE FROM items; END $$',
    'EXPLAIN ANALYZE DELETE FROM items',
    'COMMIT',
    'TRUNCATE items',
  ],
})

const item = { args: { number: '2024-123', customer: '123' }, headers: {} }
const patience = () => AbortSignal.timeout(30_000)
const numberOf = (order: unknown): unknown => (order as { readonly number: string } | null)?.number

/** How many queries of ours the server is at. */
const atWork = async (): Promise<number> => {
  const [row] = await server.sql(`SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'reader' AND state = 'active'`)
  return Number(row?.n)
}
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await holds()); ) if (Date.now() > end) throw new Error('it never came to hold')
}

const SLOW = `${''}
-- name: slow :one
SELECT 1 AS n FROM pg_sleep(:seconds)
`

test('[MESH35] PostgreSQL: at the deadline the server stops too, and the connection is not used again', { skip }, async t => {
  const source = await openQueries(t, await ground(), queriesOf('postgres') + SLOW, { atOnce: 1 })
  const controller = new AbortController()
  const slow = source.call('slow', { args: { seconds: 600 }, headers: {} }, controller.signal)
  await until(async () => (await atWork()) === 1)
  controller.abort(new Error('it is time'))
  await assert.rejects(slow, /it is time/)
  assert.equal(numberOf(await source.call('getOrder', item, patience())), '2024-123')
  await until(async () => (await atWork()) === 0)
})

test('[MESH35] PostgreSQL: should nobody be left to say so, the server ends a query by its own clock', { skip }, async t => {
  const source = await openQueries(t, await ground(), SLOW, { deadlineMs: 300 })
  await assert.rejects(source.call('slow', { args: { seconds: 600 }, headers: {} }, patience()), { code: 'SOURCE_TIMEOUT' })
})

test('[MESH12] PostgreSQL: one that is down, or is killed under a query, costs its own fields, and is asked again when it is back', {
  skip,
}, async t => {
  const { ask, bugs } = await openSqlShop(t, await ground())
  assert.equal((await ask({ query: LETTER }, FOR_SHOP)).errors, undefined)
  const source = await openQueries(t, { dialect: 'postgres', server }, SLOW)
  const slow = source.call('slow', { args: { seconds: 600 }, headers: {} }, patience())
  await until(async () => (await atWork()) === 1)
  const failed = assert.rejects(slow, { code: 'SOURCE_DOWN' })
  await server.stop('SIGKILL')
  await failed
  const query = '{ customer(id: "demo-lin") { name orders { number } } }'
  const { data, errors } = await ask({ query }, FOR_SHOP)
  assert.deepEqual(data, { customer: { name: '林悦', orders: null } })
  assert.deepEqual(
    errors?.map(error => error.extensions),
    [{ code: 'SOURCE_DOWN', source: 'orders' }],
  )
  assert.doesNotMatch(JSON.stringify(errors), new RegExp(`127\\.0\\.0\\.1|${server.port}|reader|${PASSWORD}`))
  await server.start()
  assert.equal((await ask({ query }, FOR_SHOP)).errors, undefined)
  assert.deepEqual(bugs, [])
})

test('[MESH38] PostgreSQL: what has changed since it was described is named, field by field where it can be', { skip }, async t => {
  const { ask, describe, mesh } = await openSqlShop(t, await ground())
  const query = '{ customer(id: "123") { orders(limit: 1) { number total } } }'
  const fresh = async () => {
    mesh.reader.outdate('Order')
    return ask({ query }, FOR_SHOP)
  }
  assert.deepEqual((await fresh()).data, { customer: { orders: [{ number: '2024-126', total: '399.00' }] } })
  assert.deepEqual((await describe()).changed, [])

  await server.sql('ALTER TABLE orders ALTER total TYPE float8')
  const { data, errors } = await fresh()
  assert.deepEqual(data, { customer: { orders: [{ number: '2024-126', total: null }] } })
  assert.deepEqual(
    errors?.map(error => error.extensions),
    [{ code: 'SOURCE_CHANGED', source: 'orders', reason: 'Order.total' }],
  )
  assert.ok((await describe()).changed.includes('listOrders.total is double precision now, it was numeric(10,2)'))

  await server.sql('ALTER TABLE orders ALTER total TYPE numeric(10,2); ALTER TABLE orders RENAME total TO sum')
  assert.deepEqual((await fresh()).errors?.[0]?.extensions, { code: 'SOURCE_CHANGED', source: 'orders', reason: 'listOrders' })
  assert.match((await describe()).wrong.join('\n'), /listOrders: column "total" does not exist/)
  await server.sql('ALTER TABLE orders RENAME sum TO total; ALTER TABLE orders RENAME TO purchases')
  assert.deepEqual((await fresh()).errors?.[0]?.extensions, { code: 'SOURCE_CHANGED', source: 'orders', reason: 'listOrders' })
  await server.sql('ALTER TABLE purchases RENAME TO orders')
  assert.equal((await fresh()).errors, undefined)
})

test('[MESH12] PostgreSQL: a password that is not taken, a right that is missing, a lock and too many connections are told apart', {
  skip,
}, async t => {
  const where = await ground()
  const source = await openQueries(t, where, queriesOf('postgres'), { deadlineMs: 300, atOnce: 2 })
  const asking = () => source.call('getOrder', item, patience())
  assert.equal(numberOf(await asking()), '2024-123')

  const owner = new pg.Client({ host: '127.0.0.1', port: server.port, user: 'owner', password: 'of-owner', database: 'shop', ssl: false })
  await owner.connect()
  t.after(() => owner.end())
  await owner.query('BEGIN; LOCK TABLE orders')
  await assert.rejects(asking(), { code: 'SOURCE_TIMEOUT' })
  await owner.query('ROLLBACK')

  await server.sql('REVOKE pg_read_all_data FROM reader')
  await assert.rejects(asking(), { code: 'SOURCE_LOCKED', details: { reason: 'getOrder' } })
  await server.sql('GRANT pg_read_all_data TO reader')
  assert.equal(numberOf(await asking()), '2024-123')

  const away = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'`
  const isAway = async () => (await server.sql(`SELECT FROM pg_stat_activity WHERE usename = 'reader'`)).length === 0
  await server.sql(`ALTER ROLE reader CONNECTION LIMIT 0`)
  await server.sql(away)
  await until(isAway)
  await until(async () => (await asking().catch(error => error.code)) === 'SOURCE_BUSY')
  await server.sql(`ALTER ROLE reader CONNECTION LIMIT -1 PASSWORD 'another'`)
  await assert.rejects(asking(), error => (error as { code: string }).code === 'SOURCE_LOCKED' && !/another|127|reader/.test(String(error)))
})

test('[MESH25] PostgreSQL: a password is read again from its file when it is not taken any more', { skip }, async t => {
  const { folder } = await openSqlShop(t, await ground())
  writeFileSync(join(folder, 'password'), `${PASSWORD}\n`)
  const { SQL } = await import('@parley/mesh/source/sql/sql-source.ts')
  const settings = settingsOf({ dialect: 'postgres', server }, { tokenEnv: undefined, tokenFile: 'password' })
  const source = SQL.open('orders', settings, meansIn(folder, {}))
  t.after(() => source.close())
  assert.equal(numberOf(await source.call('getOrder', item, patience())), '2024-123')
  await server.sql(`ALTER ROLE reader PASSWORD 'renewed'`)
  await server.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'`)
  writeFileSync(join(folder, 'password'), 'renewed')
  // The first is not let in, and has the file read again.
  await until(async () => numberOf(await source.call('getOrder', item, patience()).catch(() => null)) === '2024-123')
})

test('[MESH16] PostgreSQL: none is asked at a private address that the configuration does not allow it', { skip }, async t => {
  const { folder } = await openSqlShop(t, await ground())
  const { SQL } = await import('@parley/mesh/source/sql/sql-source.ts')
  let connections = 0
  const listener = createServer(socket => {
    connections++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.after(() => listener.close())
  const address = listener.address()
  const port = typeof address === 'object' ? address?.port : 0
  for (const place of [`127.0.0.1:${port}`, `[::1]:${port}`, `localhost:${port}`, `[::ffff:127.0.0.1]:${port}`, `db/shop?host=/tmp`]) {
    const database = `postgres://reader@${place}${place.includes('/') ? '' : '/shop'}`
    const settings = settingsOf({ dialect: 'postgres', server }, { database, private: false, deadlineMs: 2_000 })
    const source = SQL.open('orders', settings, meansIn(folder))
    await assert.rejects(source.call('getOrder', item, patience()), { code: 'SOURCE_DOWN' }, place)
    source.close()
  }
  assert.equal(connections, 0)
})
