// Keys as an earlier release wrote them, one a customer, are read by this one: test/stored/sealed-by-customer.json has the rows of such a log and of its
// keys. u1 has one conversation there, u2 has two.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openStore } from '@parley/server/drivers/lmdb-store.ts'
import { lookOver } from '@parley/server/upkeep/doctor.ts'
import { filesWith } from '../data-files.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { erasureOf } from '../erasure-of.ts'
import { faultCodeOf } from '../fault-code.ts'
import { customerOf, keyOf, withStores, write } from './stored-data.ts'

type Row = readonly [key: (string | number)[], value: string]
const stored = JSON.parse(readFileSync(fileURLToPath(new URL('../stored/sealed-by-customer.json', import.meta.url)), 'utf8')) as Readonly<
  Record<'events' | 'heads' | 'keys' | 'owners', readonly Row[]>
> // committed beside this test

async function layOut(data: string): Promise<void> {
  for (const [folder, tables] of [
    ['log', ['events', 'heads']],
    ['keys/store-000000000000', ['keys', 'owners']],
  ] as const) {
    const root = openStore(join(data, folder))
    for (const name of tables) {
      const isText = name === 'owners'
      const table = root.openDB<string | Buffer, (string | number)[]>({ name, encoding: isText ? 'string' : 'binary' })
      for (const [key, value] of stored[name]) await table.put(key, isText ? value : Buffer.from(value, 'base64'))
    }
    await root.close()
  }
}

const textsOf = (events: readonly { readonly type: string }[]): string[] =>
  events.flatMap(event => ('parts' in event ? (event.parts as { readonly text: string }[]).map(part => part.text) : [])) // of a message

test('[ERA1] conversations that were sealed with a key of the customer are read, written on, and erased with all that the key sealed', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  await layOut(folder.path)
  const keyOfU2 = Buffer.from(stored.keys.find(([[, customer]]) => customer === 'u2')![1], 'base64') // it is there
  await withStores(folder.path, async (conversations, vault) => {
    assert.deepEqual(textsOf((await conversations.read(keyOf('c1'), 0)).events), ['螃蟹死了怎么赔', 'order 2024-881'])
    await write(conversations, 'c1', 1)
    assert.equal((await conversations.read(keyOf('c1'), 0)).seq, 4)
    assert.deepEqual(await vault.sealedWith(keyOf('c1')), ['c1'])
    assert.deepEqual([...(await vault.sealedWith(keyOf('c2')))].sort(), ['c2', 'c3'], 'one key has sealed both')
    await vault.cipher(keyOf('c9'), customerOf('c2'))
    assert.deepEqual([...(await vault.sealedWith(keyOf('c3')))].sort(), ['c2', 'c3'], 'a conversation of now has a key of its own')
  })
  assert.deepEqual(await lookOver(folder.path).then(({ damaged, erased }) => ({ damaged, erased })), { damaged: [], erased: 0 })
  assert.ok(filesWith(folder.path, [keyOfU2]).length > 0, 'before, the key is found: the search works')
  await withStores(folder.path, async (conversations, vault) => {
    await vault.destroy(erasureOf('e1', ['c2', 'c3']))
    for (const name of ['c2', 'c3']) assert.equal(await faultCodeOf(conversations.read(keyOf(name), 0)), 'CONVERSATION_ERASED')
    assert.equal((await conversations.read(keyOf('c1'), 0)).seq, 4)
    assert.equal((await vault.opened(keyOf('c9')))?.customer, 'u2')
  })
  assert.deepEqual(filesWith(folder.path, [keyOfU2]), [])
  assert.deepEqual(await lookOver(folder.path).then(({ damaged, erased }) => ({ damaged, erased })), { damaged: [], erased: 2 })
})
