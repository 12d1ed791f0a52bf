import assert from 'node:assert/strict'
import { readdirSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { openFileSnapshots } from '@parley/server/drivers/snapshots.files.ts'
import { createMemorySnapshots } from '@parley/server/drivers/snapshots.memory.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { snapshotsContract } from './snapshots.ts'

snapshotsContract('snapshots.memory', async () => ({ snapshots: createMemorySnapshots(), remove() {} }))
snapshotsContract('snapshots.files', async () => {
  const folder = temporaryFolder()
  return { snapshots: await openFileSnapshots(join(folder.path, 'snapshots'), '1'), remove: folder.remove }
})

const key = { shop: asShopId('demo'), conversation: asConversationId('c1') }
const stretch = { from: 0, seq: 32, fromHash: new Uint8Array(32), hash: new Uint8Array(32), sealed: new Uint8Array([1, 2, 3]) }

test('[SNAP2] snapshots of another version of the folds are removed, those of this one are there after opening again', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  await (await openFileSnapshots(folder.path, '1.4')).put(key, stretch)
  assert.equal((await (await openFileSnapshots(folder.path, '1.4')).read(key)).length, 1)
  assert.deepEqual(await (await openFileSnapshots(folder.path, '1.5')).read(key), [])
  assert.deepEqual(readdirSync(folder.path), [])
})

test('[SNAP3] a file that was cut short before its place in the log, or that is none, is no snapshot; a folder that was deleted is made again', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const snapshots = await openFileSnapshots(folder.path, '1')
  await snapshots.put(key, stretch)
  const path = join(folder.path, '1', 'demo', 'c1')
  const [file = ''] = readdirSync(path)
  truncateSync(join(path, file), 71)
  assert.deepEqual(await snapshots.read(key), [])
  assert.equal(await snapshots.last(key), undefined)
  rmSync(folder.path, { recursive: true })
  assert.deepEqual(await snapshots.read(key), [])
  await snapshots.put(key, stretch)
  assert.equal((await snapshots.read(key)).length, 1)
})
