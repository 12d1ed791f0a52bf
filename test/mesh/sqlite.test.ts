// Orders in a SQLite file.
import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { temporaryFolder } from '../e2e/running-server.ts'
import { followPage } from '../plugin-host/follow-page.ts'
import { fillSqlite, type Ground, openQueries, queriesOf } from './sql-shop.ts'
import { sqlSuite } from './sql-suite.ts'

const ground = async (t: { after(work: () => unknown): void }) => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const file = join(folder.path, 'orders.db')
  fillSqlite(file)
  return { dialect: 'sqlite', file } as const
}

const run = async (where: Ground, text: string): Promise<readonly Record<string, unknown>[]> => {
  const database = new DatabaseSync(where.dialect === 'sqlite' ? where.file : '')
  try {
    return database.prepare(text).all()
  } finally {
    database.close()
  }
}

sqlSuite({
  name: 'SQLite',
  skip: false,
  ground,
  run,
  hostile: [
    "INSERT INTO items VALUES ('2024-123', 9, 'x', 'x', 'x', 1, '1.00') RETURNING *",
    'UPDATE items SET price = 0 RETURNING *',
    'DELETE FROM items',
    'WITH gone AS (SELECT 1) DELETE FROM items RETURNING *',
    'SELECT 1; DELETE FROM items',
    'DROP TABLE items',
    'CREATE TABLE other AS SELECT * FROM items',
    "ATTACH DATABASE 'other.db' AS other",
    'PRAGMA writable_schema = ON',
    'PRAGMA query_only = OFF',
    'PRAGMA table_info(items)',
    "VACUUM INTO '/tmp/parley-hostile.db'",
    "SELECT load_extension('/tmp/parley-hostile.so')",
    "REPLACE INTO items VALUES ('2024-123', 0, 'x', 'x', 'x', 1, '1.00')",
    'EXPLAIN DELETE FROM items',
    'BEGIN IMMEDIATE',
  ],
})

const ENDLESS = `
-- name: endless :one
-- @column {integer} n
WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted) SELECT count(*) AS n FROM counted WHERE n < 0;
`

test('[MESH35] SQLite: a query that does not end is ended at the deadline, and the next is answered', async t => {
  // Described without being run to its end: a statement that gives its first row late is looked at by its columns alone.
  const source = await openQueries(t, await ground(t), `${queriesOf('sqlite')}${ENDLESS}`, { atOnce: 1 })
  const reason = new Error('it is time')
  const controller = new AbortController()
  const endless = source.call('endless', { args: {}, headers: {} }, controller.signal)
  const behind = source.call('getOrder', { args: { number: '2024-123', customer: '123' }, headers: {} }, AbortSignal.timeout(30_000))
  setTimeout(() => controller.abort(reason), 200)
  await assert.rejects(endless, reason)
  assert.equal(((await behind) as { number: string }).number, '2024-123')
})

test('[MESH12] SQLite: a file that is not there, is none, is locked, or has changed is told apart', async t => {
  const where = await ground(t)
  const source = await openQueries(t, where, queriesOf('sqlite'), { deadlineMs: 300 })
  const asking = () => source.call('getOrder', { args: { number: '2024-123', customer: '123' }, headers: {} }, AbortSignal.timeout(30_000))
  assert.equal(((await asking()) as { number: string }).number, '2024-123')

  const writer = new DatabaseSync(where.file)
  writer.exec('BEGIN EXCLUSIVE')
  await assert.rejects(asking(), { code: 'SOURCE_BUSY' })
  writer.exec('ROLLBACK')

  writer.exec('ALTER TABLE orders RENAME TO purchases')
  await assert.rejects(asking(), { code: 'SOURCE_CHANGED', details: { reason: 'getOrder' } })
  writer.exec('ALTER TABLE purchases RENAME TO orders')
  assert.equal(((await asking()) as { number: string }).number, '2024-123')
  writer.close()

  renameSync(where.file, `${where.file}.old`)
  await assert.rejects(asking(), { code: 'SOURCE_DOWN' })
  // A new file in its place, as one that is made every night: it is read at once.
  fillSqlite(where.file)
  await run(where, "UPDATE orders SET total = '1.00' WHERE number = '2024-123'")
  assert.equal(((await asking()) as { total: string }).total, '1.00')
})

test('who follows docs/mesh-databases.md has a database in their mesh', { timeout: 240_000 }, async t => {
  const scratch = temporaryFolder()
  t.after(scratch.remove)
  assert.ok((await followPage(t, 'docs/mesh-databases.md', scratch.path)) > 5)
})
