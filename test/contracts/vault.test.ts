// The drivers of core/ports/vault.ts under its contract, and what only the store on disk can promise.
import assert from 'node:assert/strict'
import { cpSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, asCustomerId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import { openStore } from '@parley/server/drivers/lmdb-store.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { filesWith } from '../data-files.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { erasureOf } from '../erasure-of.ts'
import { vaultContract } from './vault.ts'

const shop = asShopId('demo')
const anna = asCustomerId('anna')
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (clear: Uint8Array): string => new TextDecoder().decode(clear)
const isErased = (error: unknown): boolean => isFault(error, 'CONVERSATION_ERASED')
const keyOf = (conversation: string): ConversationKey => ({ shop, conversation: asConversationId(conversation) })
const c1 = keyOf('c1')

/** The bytes of a conversation's key, as they lie in the closed store. */
async function keyIn(folder: string, conversation: string): Promise<Buffer> {
  const store = openStore(join(folder, readFileSync(join(folder, 'current'), 'utf8')))
  const key = store.openDB<Buffer, [string, string]>({ name: 'conversations', encoding: 'binary' }).get(['demo', conversation])
  const copy = Buffer.from(key!) // the test has made it
  await store.close()
  return copy
}

vaultContract('memory', async () => ({ vault: createMemoryVault(), remove: () => {} }))
vaultContract('lmdb', async () => {
  const folder = temporaryFolder()
  return { vault: await openLmdbVault(folder.path), remove: folder.remove }
})

test('[KEY1] lmdb: a key is there after opening again', async () => {
  const folder = temporaryFolder()
  const first = await openLmdbVault(folder.path)
  const sealed = (await first.cipher(c1, anna)).seal(bytes('still here'), 'c')
  await first.close()
  const second = await openLmdbVault(folder.path)
  assert.equal(text((await second.cipher(c1, anna)).open(sealed, 'c')), 'still here')
  await second.close()
  folder.remove()
})

test('[KEY2] lmdb: a destroyed key is in no file, the others and all owners stand, and the tombstone outlives a restart', async () => {
  const folder = temporaryFolder()
  const first = await openLmdbVault(folder.path)
  // More rows than a rewrite copies at once.
  const names = Array.from({ length: 2_050 }, (_, i) => `kept${i}`)
  const sealed = await Promise.all(names.map(async name => (await first.cipher(keyOf(name), asCustomerId(name))).seal(bytes(name), 'c')))
  await first.cipher(c1, anna)
  await first.close()
  const key = await keyIn(folder.path, 'c1')
  assert.equal(key.length, 32)
  assert.ok(filesWith(folder.path, [key]).length > 0, 'before, the key is found: the search works')
  const vault = await openLmdbVault(folder.path)
  await vault.destroy(erasureOf('e1', ['c1']))
  assert.deepEqual(filesWith(folder.path, [key]), [])
  await vault.close()
  assert.deepEqual(filesWith(folder.path, [key]), [])
  const again = await openLmdbVault(folder.path)
  await assert.rejects(again.cipher(c1, anna), isErased)
  for (const [i, name] of names.entries()) {
    const { customer, cipher } = (await again.opened(keyOf(name)))! // made above
    assert.equal(text(cipher.open(sealed[i]!, 'c')), name) // as many as names
    assert.equal(customer, name)
  }
  await again.close()
  folder.remove()
})

test('[KEY2] lmdb: a crash between the exchange of the stores and the removal of the old one leaves no key behind', async () => {
  const folder = temporaryFolder()
  const aside = temporaryFolder()
  const first = await openLmdbVault(folder.path)
  await first.cipher(c1, anna)
  await first.close()
  const key = await keyIn(folder.path, 'c1')
  const old = readFileSync(join(folder.path, 'current'), 'utf8')
  cpSync(join(folder.path, old), join(aside.path, old), { recursive: true })
  const second = await openLmdbVault(folder.path)
  await second.destroy(erasureOf('e1', ['c1']))
  await second.close()
  cpSync(join(aside.path, old), join(folder.path, old), { recursive: true })
  assert.ok(filesWith(folder.path, [key]).length > 0)
  const again = await openLmdbVault(folder.path)
  assert.deepEqual(filesWith(folder.path, [key]), [])
  await assert.rejects(again.cipher(c1, anna), isErased)
  await again.close()
  folder.remove()
  aside.remove()
})

test('[KEY1] lmdb: a folder of which a part is lost is refused and not taken for a new one', async () => {
  const folder = temporaryFolder()
  const current = join(folder.path, 'current')
  const first = await openLmdbVault(folder.path)
  const sealed = (await first.cipher(c1, anna)).seal(bytes('still here'), 'c')
  await first.close()
  const name = readFileSync(current, 'utf8')
  rmSync(current)
  const second = await openLmdbVault(folder.path)
  assert.equal(text((await second.cipher(c1, anna)).open(sealed, 'c')), 'still here', 'the only store is the one in force')
  await second.close()
  rmSync(current)
  cpSync(join(folder.path, name), join(folder.path, 'store-another'), { recursive: true })
  await assert.rejects(openLmdbVault(folder.path), /current is damaged: it is missing, and there are 2 stores/)
  rmSync(join(folder.path, 'store-another'), { recursive: true })
  writeFileSync(current, name)
  renameSync(join(folder.path, name), join(folder.path, 'elsewhere'))
  await assert.rejects(openLmdbVault(folder.path), /it names "store-.*", which is not there/)
  renameSync(join(folder.path, 'elsewhere'), join(folder.path, name))
  const again = await openLmdbVault(folder.path)
  assert.equal(text((await again.cipher(c1, anna)).open(sealed, 'c')), 'still here')
  await again.close()
  folder.remove()
})

test('lmdb: no error tells a key', async () => {
  const folder = temporaryFolder()
  const first = await openLmdbVault(folder.path)
  const sealed = (await first.cipher(c1, anna)).seal(bytes('x'), 'c')
  const wrong = await toldBy(async () => (await first.cipher(c1, anna)).open(sealed, 'elsewhere'))
  await first.close()
  const key = await keyIn(folder.path, 'c1')
  const store = openStore(join(folder.path, readFileSync(join(folder.path, 'current'), 'utf8')))
  await store.openDB<Buffer, [string, string]>({ name: 'conversations', encoding: 'binary' }).put(['demo', 'c1'], key.subarray(0, 31))
  await store.close()
  const again = await openLmdbVault(folder.path)
  const damaged = await toldBy(() => again.cipher(c1, anna))
  assert.match(damaged, /the log of conversation c1 is damaged at seq 1: its key is damaged/)
  for (const told of [wrong, damaged])
    for (const form of ['hex', 'base64', 'latin1'] as const) assert.ok(!told.includes(key.toString(form).slice(0, 12)))
  await again.close()
  folder.remove()
})

/** All that the error of `work` would put in a log. */
async function toldBy(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
  } catch (error) {
    return inspect(error, { depth: 9, showHidden: true })
  }
  return assert.fail('it did not throw')
}

test('[KEY2] lmdb: a rewrite that a crash cut short is cleared away, and nothing is lost', async () => {
  const folder = temporaryFolder()
  const vault = await openLmdbVault(folder.path)
  const sealed = (await vault.cipher(c1, anna)).seal(bytes('whole'), 'c')
  await vault.close()
  mkdirSync(join(folder.path, 'store-000000000000'))
  writeFileSync(join(folder.path, 'store-000000000000', 'data.mdb'), 'half written')
  const again = await openLmdbVault(folder.path)
  assert.deepEqual(globSync('store-*', { cwd: folder.path }), [readFileSync(join(folder.path, 'current'), 'utf8')])
  assert.equal(text((await again.cipher(c1, anna)).open(sealed, 'c')), 'whole')
  await again.close()
  folder.remove()
})
