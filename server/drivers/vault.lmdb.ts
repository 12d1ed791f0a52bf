// The keys of customers, in a store of their own beside the log. LMDB keeps freed pages and so would keep a deleted key: destroying one rewrites
// the whole store into a new folder, switches over in one rename, and overwrites the old one. What a copying file system or a disk keeps of
// overwritten blocks, and what backups keep, is beyond it.
//   keys/current      the name of the store in force
//   keys/store-…/     the store
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { CustomerId } from '@parley/core/ids.ts'
import type { Cipher, Vault } from '@parley/core/ports/vault.ts'
import type { Database, RootDatabase } from 'lmdb'
import { createCipher } from './cipher.ts'
import { lockFolder } from './folder-lock.ts'
import { commit, flushFolder, openStore } from './lmdb-store.ts'

export const KEY_BYTES = 32
/** Ciphers kept at hand. */
const CACHE = 10_000
/** Rows that a rewrite copies before it lets others have the thread. */
const CHUNK = 2_000

type RowKey = [shop: string, id: string]

interface Store {
  readonly name: string
  readonly root: RootDatabase
  /** [shop, customer] to the key; an empty value is the tombstone of a destroyed one. */
  readonly keys: Database<Buffer, RowKey>
  /** [shop, conversation] to the customer. */
  readonly owners: Database<string, RowKey>
}

/** Opens the vault in `folder`, making it where there is none. Faults: DATA_IN_USE. A folder of which a part is lost is refused with an Error. */
export async function openLmdbVault(folder: string): Promise<Vault> {
  const unlock = await lockFolder(folder)
  try {
    return openLocked(folder, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

function openLocked(folder: string, unlock: () => void): Vault {
  let store = openNamed(folder, storeInForce(folder))
  if (nameIn(folder) === undefined) switchTo(folder, store.name)
  removeOthers(folder, store.name)
  const ciphers = new Map<string, Cipher>()
  const underWay = new Set<Promise<unknown>>()
  /** Ends when every rewrite asked for so far has ended; never rejects. */
  let rewrites: Promise<void> = Promise.resolve()
  let closing: Promise<void> | undefined

  const refuseClosed = (): void => {
    if (closing) throw new Error('the vault is closed')
  }

  /** Runs against the store in force, never while it is being exchanged. */
  async function use<T>(work: (store: Store) => Promise<T>): Promise<T> {
    refuseClosed()
    for (let seen: Promise<void> | undefined; seen !== rewrites; ) {
      seen = rewrites
      await seen
    }
    const running = work(store)
    underWay.add(running)
    try {
      return await running
    } finally {
      underWay.delete(running)
    }
  }

  function keep(id: string, cipher: Cipher): Cipher {
    ciphers.delete(id) // the youngest stands last
    ciphers.set(id, cipher)
    if (ciphers.size > CACHE) ciphers.delete(ciphers.keys().next().value as string) // size > 0: there is a first key
    return cipher
  }

  async function rewriteWithout(gone: RowKey): Promise<void> {
    await Promise.allSettled(underWay)
    ciphers.delete(gone.join('/'))
    if (store.keys.get(gone)?.length !== 0) await exchange(gone)
    removeOthers(folder, store.name)
  }

  async function exchange(gone: RowKey): Promise<void> {
    const before = store
    const next = openNamed(folder, newName())
    let failure: unknown
    try {
      await copyRows(before.owners, next.owners, next.root)
      await copyRows(before.keys, next.keys, next.root, key => key[0] !== gone[0] || key[1] !== gone[1])
      await commit(next.root, 'the vault', () => next.keys.put(gone, Buffer.alloc(0)))
      switchTo(folder, next.name)
    } catch (error) {
      failure = error
    }
    // The file on the disk decides, also when what came after its renaming failed: the next start goes by it.
    const [kept, left] = nameIn(folder) === next.name ? [next, before] : [before, next]
    store = kept
    await left.root.close()
    if (failure) throw failure // what is left over goes with the next destruction or start
  }

  return {
    async cipher(shop, customer) {
      refuseClosed()
      const id = `${shop}/${customer}`
      const held = ciphers.get(id)
      if (held) return keep(id, held)
      return use(async ({ root, keys }) => {
        const kept = keys.get([shop, customer]) ?? (await putOnce(root, keys, [shop, customer], randomBytes(KEY_BYTES)))
        if (kept.length === 0) throw new Fault('KEY_DESTROYED', { customer })
        if (kept.length !== KEY_BYTES) throw new Error(`the key of customer ${customer} is damaged`)
        return keep(id, createCipher(Buffer.from(kept))) // a copy: the store's memory is its own
      })
    },
    ownerOf: key => use(async ({ owners }) => owners.get([key.shop, key.conversation]) as CustomerId | undefined), // put by `own`
    async own(key, customer) {
      const owner = await use(
        async ({ root, owners }) =>
          owners.get([key.shop, key.conversation]) ?? putOnce(root, owners, [key.shop, key.conversation], customer as string),
      )
      if (owner !== customer) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
    },
    async destroy(shop, customer) {
      refuseClosed()
      const mine = rewrites.then(() => rewriteWithout([shop, customer]))
      rewrites = mine.catch(() => {}) // our caller learns of it; whoever only waits for the turn does not fail with it
      await mine
    },
    close() {
      const end = async (): Promise<void> => {
        await rewrites
        await Promise.allSettled(underWay)
        await store.root.close()
        unlock()
      }
      closing ??= end()
      return closing
    },
  }
}

function openNamed(folder: string, name: string): Store {
  const path = join(folder, name)
  const root = openStore(path)
  const tables = openVaultTables(root)
  flushFolder(path)
  return { name, root, ...tables }
}

export const openVaultTables = (root: RootDatabase): Pick<Store, 'keys' | 'owners'> => ({
  keys: root.openDB({ name: 'keys', encoding: 'binary' }),
  owners: root.openDB({ name: 'owners', encoding: 'string' }),
})

/** Puts a value where there is none, durably; gives what stands there in the end. */
const putOnce = <V>(root: RootDatabase, table: Database<V, RowKey>, key: RowKey, value: V): Promise<V> =>
  commit(root, 'the vault', () => {
    const before = table.get(key)
    if (before === undefined) table.put(key, value)
    return before ?? value
  })

async function copyRows<V>(from: Database<V, RowKey>, into: Database<V, RowKey>, root: RootDatabase, isKept = (_: RowKey) => true) {
  let last: RowKey | undefined
  for (;;) {
    const rows = [...from.getRange({ limit: CHUNK, ...(last && { start: last, exclusiveStart: true }) })]
    await commit(root, 'the vault', () => {
      for (const { key, value } of rows) if (isKept(key)) into.put(key, value)
    })
    if (rows.length < CHUNK) return
    last = rows.at(-1)?.key
  }
}

const newName = (): string => `store-${randomBytes(6).toString('hex')}`

const storesIn = (folder: string): string[] => readdirSync(folder).filter(name => name.startsWith('store-'))

/** The name that `current` gives; undefined where there is no such file. */
export function nameIn(folder: string): string | undefined {
  const file = join(folder, 'current')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/**
 * The store to open; a new one only where there was none. A folder put back in part must not pass for a new one: every key would be made
 * anew, and what the old ones sealed would be lost.
 */
export function storeInForce(folder: string): string {
  const current = nameIn(folder)
  const stores = storesIn(folder)
  if (current !== undefined) {
    if (existsSync(join(folder, current, 'data.mdb'))) return current
    throw new Error(`${join(folder, 'current')} names ${current}, which is not there; put the whole folder back from one backup`)
  }
  // Without `current` a single store is the one in force: a first start that was cut short, or a lost file.
  const [only, ...others] = stores
  if (others.length > 0) throw new Error(`${join(folder, 'current')} is missing, and there are ${stores.length} stores beside it`)
  return only ?? newName()
}

/** One rename decides which store is in force; it is on the disk when this returns. */
function switchTo(folder: string, name: string): void {
  const next = join(folder, 'current.next')
  writeFileSync(next, name, { flush: true })
  renameSync(next, join(folder, 'current'))
  flushFolder(folder)
}

/** Overwrites and removes every store that is not in force: what `destroy` left, or a rewrite that a crash cut short. */
function removeOthers(folder: string, current: string): void {
  for (const name of storesIn(folder)) {
    if (name === current) continue
    for (const file of readdirSync(join(folder, name))) overwrite(join(folder, name, file))
    rmSync(join(folder, name), { recursive: true })
  }
  flushFolder(folder)
}

function overwrite(file: string): void {
  const descriptor = openSync(file, 'r+')
  try {
    const zeros = Buffer.alloc(64 * 1024)
    for (let left = statSync(file).size; left > 0; left -= zeros.length) writeSync(descriptor, zeros, 0, Math.min(left, zeros.length))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
