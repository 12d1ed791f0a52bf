// The rows of the embedded vault, for who moves them: read from a store that no engine has open, and written into a new one.
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Erasure } from '@parley/core/erasure/erasure.ts'
import { asConversationId, asShopId, type ConversationKey, type CustomerId } from '@parley/core/ids.ts'
import type { Database } from 'lmdb'
import { flushFolder } from './flush-folder.ts'
import { commit, naming, openStore, openStoreToRead } from './lmdb-store.ts'
import { nameOf } from './log-ends.ts'
import { placeFile } from './place-file.ts'
import { findConversation, KEY_BYTES, openVaultTables, storeInForce } from './vault.lmdb.ts'
import type { VaultRow } from './vault-rows.ts'

type RowKey = [shop: string, id: string]

/** Rows that are read or written at once. */
const CHUNK = 2_000

/** Faults: STORE_DAMAGED. */
export async function* vaultRowsIn(folder: string): AsyncGenerator<VaultRow> {
  if (!existsSync(folder)) return
  const store = join(folder, storeInForce(folder))
  const root = openStoreToRead(store)
  try {
    const tables = openVaultTables(root)
    const file = join(store, 'data.mdb')
    const erased = new Map<string, ConversationKey>()
    for (const [, text] of rowsOf(tables.erasures, file)) {
      const erasure = JSON.parse(text) as Erasure // written by the vault
      yield { kind: 'note', erasure }
      if (erasure.state !== 'asked')
        for (const { conversation } of erasure.conversations) addTo(erased, { shop: erasure.shop, conversation })
    }
    for (const [row, key] of rowsOf(tables.conversations, file)) if (key.length === 0) addTo(erased, keyIn(row))
    for (const [row] of rowsOf(tables.owners, file)) {
      const of = keyIn(row)
      const found = naming(file, () => findConversation(tables, row))
      if (found.is === 'erased') addTo(erased, of)
      if (found.is !== 'kept' || erased.has(nameOf(of))) continue
      const key = found.key?.length === KEY_BYTES ? Buffer.from(found.key) : undefined // a copy: the store's memory is its own
      yield { kind: 'key', of, customer: found.customer, key, isOwn: found.isOwnKey }
    }
    for (const of of erased.values()) yield { kind: 'erased', of }
  } finally {
    await root.close()
  }
}

const addTo = (names: Map<string, ConversationKey>, key: ConversationKey): void => void names.set(nameOf(key), key)
const keyIn = ([shop, conversation]: RowKey): ConversationKey => ({
  shop: asShopId(shop),
  conversation: asConversationId(conversation),
})

/** Page by page: a read that lasts keeps freed pages from being used again. */
function* rowsOf<V>(table: Database<V, RowKey> | undefined, file: string): Generator<readonly [RowKey, V]> {
  let last: RowKey | undefined
  while (table) {
    const rows = naming(file, () => [...table.getRange({ limit: CHUNK, ...(last && { start: last, exclusiveStart: true }) })])
    for (const { key, value } of rows) yield [key, value]
    if (rows.length < CHUNK) return
    last = rows.at(-1)!.key // a full page
  }
}

/** Makes a vault of these rows in `folder`, in the place of what is there. On the disk when it resolves. Faults: STORAGE_FULL. */
export async function writeVault(folder: string, rows: AsyncIterable<VaultRow>): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const name = storeInForce(folder)
  const root = openStore(join(folder, name))
  try {
    const tables = openVaultTables(root)
    const chunk: VaultRow[] = []
    const write = (): Promise<void> =>
      commit(root, 'the vault', () => {
        for (const row of chunk.splice(0)) putRow(tables, row)
      })
    for await (const row of rows) if (chunk.push(row) === CHUNK) await write()
    await write()
  } finally {
    await root.close()
  }
  flushFolder(join(folder, name))
  placeFile(join(folder, 'current'), name)
}

function putRow(tables: ReturnType<typeof openVaultTables>, row: VaultRow): void {
  if (row.kind === 'note') return void tables.erasures.put([row.erasure.shop, row.erasure.id], JSON.stringify(row.erasure))
  const name: RowKey = [row.of.shop, row.of.conversation]
  if (row.kind === 'erased') return void tables.conversations.put(name, Buffer.alloc(0))
  tables.owners.put(name, row.customer)
  if (!row.key) tables.conversations.put(name, NO_KEY)
  else if (row.isOwn) tables.conversations.put(name, row.key)
  else tables.keys.put([row.of.shop, row.customer as CustomerId], row.key)
}

/** What is no key: whoever asks is told that it is damaged. */
const NO_KEY = Buffer.of(0)
