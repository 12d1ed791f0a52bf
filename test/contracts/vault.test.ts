// The contract of core/ports/vault.ts, for every driver, and what only the store on disk can promise.
import assert from 'node:assert/strict'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, asCustomerId, asShopId } from '@parley/core/ids.ts'
import type { Vault } from '@parley/core/ports/vault.ts'
import { storeOptions } from '@parley/server/drivers/lmdb-store.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { open } from 'lmdb'
import { temporaryFolder } from '../e2e/running-server.ts'

const shop = asShopId('demo')
const anna = asCustomerId('anna')
const bert = asCustomerId('bert')
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (clear: Uint8Array): string => new TextDecoder().decode(clear)
const isDestroyed = (error: unknown): boolean => isFault(error, 'KEY_DESTROYED')

function vaultContract(name: string, make: () => Promise<{ vault: Vault; remove: () => void }>): void {
  const on = (title: string, run: (vault: Vault) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const { vault, remove } = await make()
      try {
        await run(vault)
      } finally {
        await vault.close()
        remove()
      }
    })
  }
  on('[KEY3] sealed text opens with the same key and context, and with no other', async vault => {
    const cipher = await vault.cipher(shop, anna)
    const sealed = cipher.seal(bytes('螃蟹死了'), 'here')
    assert.equal(text(cipher.open(sealed, 'here')), '螃蟹死了')
    assert.throws(() => cipher.open(sealed, 'there'))
    const tampered = Uint8Array.from(sealed)
    tampered[20]! ^= 1
    assert.throws(() => cipher.open(tampered, 'here'))
    assert.throws(() => cipher.open(sealed.slice(0, 10), 'here'))
    const others = await vault.cipher(shop, bert)
    assert.throws(() => others.open(sealed, 'here'))
    assert.notDeepEqual(cipher.seal(bytes('x'), 'c'), cipher.seal(bytes('x'), 'c'), 'a fresh nonce every time')
  })
  on('two calls that race get one key', async vault => {
    const ciphers = await Promise.all(Array.from({ length: 20 }, () => vault.cipher(shop, anna)))
    const sealed = ciphers[0]!.seal(bytes('one'), 'c') // twenty were made
    for (const cipher of ciphers) assert.equal(text(cipher.open(sealed, 'c')), 'one')
  })
  on('a conversation has one owner for ever', async vault => {
    const key = { shop, conversation: asConversationId('c1') }
    assert.equal(await vault.ownerOf(key), undefined)
    await vault.own(key, anna)
    await vault.own(key, anna)
    await assert.rejects(vault.own(key, bert), (error: unknown) => isFault(error, 'UNKNOWN_CONVERSATION'))
    assert.equal(await vault.ownerOf(key), anna)
  })
  on('[KEY2] a destroyed key is never made again; other keys stand', async vault => {
    const kept = (await vault.cipher(shop, bert)).seal(bytes('kept'), 'c')
    await vault.cipher(shop, anna)
    await Promise.all([vault.destroy(shop, anna), vault.destroy(shop, anna)])
    await assert.rejects(vault.cipher(shop, anna), isDestroyed)
    assert.equal(text((await vault.cipher(shop, bert)).open(kept, 'c')), 'kept')
  })
}

vaultContract('memory', async () => ({ vault: createMemoryVault(), remove: () => {} }))
vaultContract('lmdb', async () => {
  const folder = temporaryFolder()
  return { vault: await openLmdbVault(folder.path), remove: folder.remove }
})

test('[KEY1] lmdb: a key is there after opening again', async () => {
  const folder = temporaryFolder()
  const first = await openLmdbVault(folder.path)
  const sealed = (await first.cipher(shop, anna)).seal(bytes('still here'), 'c')
  await first.close()
  const second = await openLmdbVault(folder.path)
  assert.equal(text((await second.cipher(shop, anna)).open(sealed, 'c')), 'still here')
  await second.close()
  folder.remove()
})

test('[KEY2] lmdb: a destroyed key is in no file, and the tombstone outlives a restart', async () => {
  const folder = temporaryFolder()
  const vault = await openLmdbVault(folder.path)
  for (let i = 0; i < 50; i++) await vault.cipher(shop, asCustomerId(`c${i}`))
  await vault.cipher(shop, anna)
  const current = readFileSync(join(folder.path, 'current'), 'utf8')
  const peek = open({ ...storeOptions(join(folder.path, current)), readOnly: true })
  const key = Buffer.from(peek.openDB<Buffer, [string, string]>({ name: 'keys', encoding: 'binary' }).get(['demo', 'anna'])!) // made above
  await peek.close()
  const holds = (): string[] =>
    globSync('**/*', { cwd: folder.path, withFileTypes: true }).flatMap(entry =>
      entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(key) ? [entry.name] : [],
    )
  assert.equal(key.length, 32)
  assert.ok(holds().length > 0, 'before, the key is found: the search works')
  await vault.destroy(shop, anna)
  assert.deepEqual(holds(), [])
  await vault.close()
  const again = await openLmdbVault(folder.path)
  await assert.rejects(again.cipher(shop, anna), isDestroyed)
  await again.close()
  folder.remove()
})

test('[KEY2] lmdb: a rewrite that a crash cut short is cleared away, and nothing is lost', async () => {
  const folder = temporaryFolder()
  const vault = await openLmdbVault(folder.path)
  const sealed = (await vault.cipher(shop, anna)).seal(bytes('whole'), 'c')
  await vault.close()
  mkdirSync(join(folder.path, 'store-000000000000'))
  writeFileSync(join(folder.path, 'store-000000000000', 'data.mdb'), 'half written')
  const again = await openLmdbVault(folder.path)
  assert.deepEqual(globSync('store-*', { cwd: folder.path }), [readFileSync(join(folder.path, 'current'), 'utf8')])
  assert.equal(text((await again.cipher(shop, anna)).open(sealed, 'c')), 'whole')
  await again.close()
  folder.remove()
})
