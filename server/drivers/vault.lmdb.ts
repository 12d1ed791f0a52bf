// The keys of customers, in a store of their own beside the log. LMDB keeps freed pages and so would keep a deleted key: destroying one rewrites
// the whole store into a new folder, switches over in one rename, and overwrites the old one.
//   keys/current      the name of the store in force
//   keys/store-…/     the store
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
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
import { type Database, open, type RootDatabase } from 'lmdb'
import { createCipher } from './cipher.ts'
import { lockFolder } from './folder-lock.ts'
import { storeOptions } from './lmdb-store.ts'

const KEY_BYTES = 32
/** Ciphers kept at hand. */
const CACHE = 10_000

interface Store {
  readonly name: string
  readonly root: RootDatabase
  /** [shop, customer] to the key; an empty value is the tombstone of a destroyed one. */
  readonly keys: Database<Buffer, [string, string]>
  /** [shop, conversation] to the customer. */
  readonly owners: Database<string, [string, string]>
}

/** Opens the vault in `folder`, making it where there is none. Faults: DATA_IN_USE. */
export async function openLmdbVault(folder: string): Promise<Vault> {
  const unlock = lockFolder(folder)
  let store = openStore(folder, currentStore(folder))
  removeOthers(folder, store.name)
  const ciphers = new Map<string, Cipher>()
  /** Set while the store is being rewritten: everything else waits for it. */
  let rewriting: Promise<void> | undefined
  const underWay = new Set<Promise<unknown>>()

  /** Runs against the store in force, never while it is being exchanged. */
  async function use<T>(work: (store: Store) => Promise<T>): Promise<T> {
    while (rewriting) await rewriting
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

  /** Puts a value where there is none, durably; gives what stands there in the end. */
  async function putOnce<V>(root: RootDatabase, table: Database<V, [string, string]>, key: [string, string], value: V): Promise<V> {
    const standing = await root.transaction(() => {
      const before = table.get(key)
      if (before === undefined) table.put(key, value)
      return before ?? value
    })
    await root.flushed
    return standing
  }

  async function rewriteWithout(gone: readonly [string, string]): Promise<void> {
    await Promise.allSettled(underWay)
    const before = store
    const next = openStore(folder, newName())
    await next.root.transaction(() => {
      for (const { key, value } of before.owners.getRange()) next.owners.put(key, value)
      for (const { key, value } of before.keys.getRange()) if (key[0] !== gone[0] || key[1] !== gone[1]) next.keys.put(key, value)
      next.keys.put([...gone], Buffer.alloc(0))
    })
    await next.root.flushed
    switchTo(folder, next.name)
    store = next
    await before.root.close()
    removeOthers(folder, next.name)
  }

  return {
    async cipher(shop, customer) {
      const id = `${shop}/${customer}`
      const held = ciphers.get(id)
      if (held) return keep(id, held)
      return use(async ({ root, keys }) => {
        const kept = keys.get([shop, customer]) ?? (await putOnce(root, keys, [shop, customer], randomBytes(KEY_BYTES)))
        if (kept.length !== KEY_BYTES) throw new Fault('KEY_DESTROYED', { customer })
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
      while (rewriting) await rewriting
      rewriting = rewriteWithout([shop, customer])
      try {
        ciphers.delete(`${shop}/${customer}`)
        await rewriting
        ciphers.delete(`${shop}/${customer}`) // a call that was under way may have put it back
      } finally {
        rewriting = undefined
      }
    },
    async close() {
      await rewriting
      await Promise.allSettled(underWay)
      await store.root.close()
      unlock()
    },
  }
}

const newName = (): string => `store-${randomBytes(6).toString('hex')}`

function openStore(folder: string, name: string): Store {
  const root = open(storeOptions(join(folder, name)))
  return {
    name,
    root,
    keys: root.openDB({ name: 'keys', encoding: 'binary' }),
    owners: root.openDB({ name: 'owners', encoding: 'string' }),
  }
}

function currentStore(folder: string): string {
  const file = join(folder, 'current')
  if (!existsSync(file)) switchTo(folder, newName())
  return readFileSync(file, 'utf8').trim()
}

/** One rename decides which store is in force; it is on the disk when this returns. */
function switchTo(folder: string, name: string): void {
  mkdirSync(folder, { recursive: true })
  const next = join(folder, 'current.next')
  writeFileSync(next, name, { flush: true })
  renameSync(next, join(folder, 'current'))
  const descriptor = openSync(folder, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}

/** Overwrites and removes every store that is not in force: what `destroy` left, or a rewrite that a crash cut short. */
function removeOthers(folder: string, current: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('store-') || name === current) continue
    for (const file of readdirSync(join(folder, name))) overwrite(join(folder, name, file))
    rmSync(join(folder, name), { recursive: true })
  }
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
