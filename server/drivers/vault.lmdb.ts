// The keys of conversations, in a store of their own beside the log. LMDB keeps freed pages and so would keep a deleted key: destroying keys rewrites
// the whole store into a new folder, switches over in one rename, and overwrites the old one. What is asked for while a rewrite goes on shares the
// next. What a copying file system or a disk keeps of overwritten blocks, and what backups keep, is beyond it.
//   keys/current      the name of the store in force
//   keys/store-…/     the store
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { EndedErasure, Erasure } from '@parley/core/erasure/erasure.ts'
import { Fault } from '@parley/core/faults.ts'
import type { ConversationId, ConversationKey, CustomerId, ShopId } from '@parley/core/ids.ts'
import type { OwnedConversation, Vault } from '@parley/core/ports/vault.ts'
import type { Database, RootDatabase } from 'lmdb'
import { createCipher } from './cipher.ts'
import { flushFolder } from './flush-folder.ts'
import { lockFolder } from './folder-lock.ts'
import { commit, named, openStore } from './lmdb-store.ts'

export const KEY_BYTES = 32
/** Ciphers kept at hand. */
const CACHE = 10_000
/** Rows that a rewrite copies before it lets others have the thread. */
const CHUNK = 2_000

type RowKey = [shop: string, id: string]

interface Store {
  readonly name: string
  readonly root: RootDatabase
  /** [shop, conversation] to its key; an empty value is the tombstone of a destroyed one. */
  readonly conversations: Database<Buffer, RowKey>
  /** [shop, conversation] to the customer; none of an erased one. */
  readonly owners: Database<string, RowKey>
  /** [shop, customer] to the key that seals those of their conversations that have none of their own: log and keys of earlier releases have no other. */
  readonly keys: Database<Buffer, RowKey>
  /** [shop, id] to an erasure as JSON. */
  readonly erasures: Database<string, RowKey>
}

/** What is known of a conversation. */
type Found =
  | { readonly is: 'nobodys' }
  | { readonly is: 'erased' }
  /** `key` is undefined where it is lost. */
  | { readonly is: 'kept'; readonly customer: CustomerId; readonly key: Buffer | undefined; readonly isOwnKey: boolean }

/** Opens the vault in `folder`, making it where there is none. Faults: DATA_IN_USE, STORE_DAMAGED (also where a part of the folder is lost). */
export async function openLmdbVault(folder: string): Promise<Vault> {
  const unlock = await lockFolder(folder)
  try {
    return await openLocked(folder, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

async function openLocked(folder: string, unlock: () => void): Promise<Vault> {
  let store = openNamed(folder, storeInForce(folder))
  if (nameIn(folder) === undefined) switchTo(folder, store.name)
  flushFolder(dirname(folder))
  await removeOthers(folder, store.name)
  const opened = new Map<string, OwnedConversation>()
  const underWay = new Set<Promise<unknown>>()
  /** Ends when every rewrite asked for so far has ended; never rejects. */
  let rewrites: Promise<void> = Promise.resolve()
  /** What the next rewrite leaves out: all that was asked for until it begins. */
  let asked: EndedErasure[] = []
  let next: Promise<void> | undefined
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
    const mine = store
    const running = work(mine)
    underWay.add(running)
    try {
      return await running
    } catch (error) {
      throw named(join(folder, mine.name, 'data.mdb'), error)
    } finally {
      underWay.delete(running)
    }
  }

  function keep(key: ConversationKey, found: Found): OwnedConversation | undefined {
    if (found.is === 'nobodys') return undefined
    if (found.is === 'erased') throw new Fault('CONVERSATION_ERASED', { conversation: key.conversation })
    if (found.key?.length !== KEY_BYTES)
      throw new Fault('LOG_DAMAGED', {
        conversation: key.conversation,
        seq: 1,
        reason: found.key ? 'its key is damaged' : 'its key is lost',
      })
    return remember(key, { customer: found.customer, cipher: createCipher(Buffer.from(found.key)) }) // a copy: the store's memory is its own
  }

  function remember(key: ConversationKey, conversation: OwnedConversation): OwnedConversation {
    const name = nameOf(rowOf(key))
    opened.delete(name) // the youngest stands last
    opened.set(name, conversation)
    if (opened.size > CACHE) opened.delete(opened.keys().next().value as string) // size > 0: there is a first key
    return conversation
  }

  async function rewrite(): Promise<void> {
    const batch = asked
    asked = []
    next = undefined
    await Promise.allSettled(underWay)
    for (const row of batch.flatMap(rowsOf)) opened.delete(nameOf(row))
    await exchange(batch)
    await removeOthers(folder, store.name)
  }

  async function exchange(batch: readonly EndedErasure[]): Promise<void> {
    const before = store
    const rows = batch.flatMap(rowsOf)
    const gone = new Set(rows.map(nameOf))
    const goneKeys = new Set(
      rows.flatMap(row => {
        const found = findConversation(before, row)
        return found.is === 'kept' && !found.isOwnKey ? [nameOf([row[0], found.customer])] : []
      }),
    )
    const noted = new Set(batch.map(({ shop, id }) => nameOf([shop, id])))
    const into = openNamed(folder, newName())
    let failure: unknown
    try {
      await copyRows(before.owners, into.owners, into.root, gone)
      await copyRows(before.conversations, into.conversations, into.root, gone)
      await copyRows(before.keys, into.keys, into.root, goneKeys)
      await copyRows(before.erasures, into.erasures, into.root, noted)
      await commit(into.root, 'the vault', () => {
        for (const row of rows) into.conversations.put(row, Buffer.alloc(0))
        for (const erasure of batch) into.erasures.put([erasure.shop, erasure.id], JSON.stringify(erasure))
      })
      switchTo(folder, into.name)
    } catch (error) {
      failure = error
    }
    // The file on the disk decides, also when what came after its renaming failed: the next start goes by it.
    const [kept, left] = nameIn(folder) === into.name ? [into, before] : [before, into]
    store = kept
    await left.root.close()
    if (failure) throw failure // what is left over goes with the next destruction or start
  }

  return {
    async cipher(key, customer) {
      refuseClosed()
      const held = opened.get(nameOf(rowOf(key)))
      const conversation = held
        ? remember(key, held)
        : await use(async mine => {
            const found = findConversation(mine, rowOf(key))
            return keep(key, found.is === 'nobodys' ? await make(mine, rowOf(key), customer) : found)
          })
      if (conversation?.customer !== customer) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
      return conversation.cipher
    },
    async opened(key) {
      refuseClosed()
      const held = opened.get(nameOf(rowOf(key)))
      return held ? remember(key, held) : use(async mine => keep(key, findConversation(mine, rowOf(key))))
    },
    isErased: key => use(async mine => findConversation(mine, rowOf(key)).is === 'erased'),
    conversationsOf: (shop, customer) => use(mine => conversationsOf(mine, shop, customer)),
    sealedWith: key =>
      use(async mine => {
        const found = findConversation(mine, rowOf(key))
        if (found.is !== 'kept') return []
        if (found.isOwnKey) return [key.conversation]
        const all = await conversationsOf(mine, key.shop, found.customer)
        return all.filter(conversation => !mine.conversations.doesExist([key.shop, conversation]))
      }),
    note: erasure =>
      use(({ root, erasures }) => commit(root, 'the vault', () => void erasures.put([erasure.shop, erasure.id], JSON.stringify(erasure)))),
    dropNote: ({ shop, id }) => use(({ root, erasures }) => commit(root, 'the vault', () => void erasures.remove([shop, id]))),
    notes: () =>
      use(async ({ erasures }) => {
        const all = [...erasures.getRange()].map(({ value }) => JSON.parse(value) as Erasure) // written by `note` and `destroy`
        return all.sort((a, b) => a.at - b.at)
      }),
    async destroy(erasure) {
      refuseClosed()
      asked.push(erasure)
      if (!next) {
        next = rewrites.then(rewrite)
        rewrites = next.catch(() => {}) // our callers learn of it; whoever only waits for the turn does not fail with it
      }
      await next
    },
    follow() {},
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

const rowOf = ({ shop, conversation }: ConversationKey): RowKey => [shop, conversation]
const rowsOf = ({ shop, conversations }: EndedErasure): RowKey[] => conversations.map(({ conversation }): RowKey => [shop, conversation])
const nameOf = (row: RowKey): string => row.join('/')

/** In a store that an earlier release has left, and that is open for reading alone, there is no table of conversations. */
export function findConversation({ conversations, owners, keys }: Pick<Store, 'conversations' | 'owners' | 'keys'>, row: RowKey): Found {
  const own = (conversations as typeof conversations | undefined)?.get(row)
  if (own?.length === 0) return { is: 'erased' }
  const customer = owners.get(row) as CustomerId | undefined // put by `make`
  if (customer === undefined) return { is: 'nobodys' }
  const key = own ?? keys.get([row[0], customer])
  if (key?.length === 0) return { is: 'erased' } // as earlier releases erased: the customer's key
  return { is: 'kept', customer, key, isOwnKey: own !== undefined }
}

/** Owner and key in one step, unless another call was faster; gives what stands there in the end. */
const make = (store: Store, row: RowKey, customer: CustomerId): Promise<Found> =>
  commit(store.root, 'the vault', () => {
    const found = findConversation(store, row)
    if (found.is !== 'nobodys') return found
    if (store.conversations.doesExist(row)) throw new Error(`whose conversation ${row[1]} is has been lost`) // another key would lose its text too
    const key = randomBytes(KEY_BYTES)
    store.owners.put(row, customer)
    store.conversations.put(row, key)
    return { is: 'kept', customer, key, isOwnKey: true }
  })

/** Page by page, so that a walk over many owners lets others have the thread. */
async function conversationsOf({ owners }: Store, shop: ShopId, customer: CustomerId): Promise<ConversationId[]> {
  const found: ConversationId[] = []
  let last: RowKey = [shop, '']
  for (;;) {
    const rows = [...owners.getRange({ limit: CHUNK, start: last, end: [shop, '\uffff'], exclusiveStart: true })]
    for (const { key, value } of rows) if (value === customer) found.push(key[1] as ConversationId) // put by `make`
    if (rows.length < CHUNK) return found
    last = rows.at(-1)!.key // a full page
    await setImmediate()
  }
}

function openNamed(folder: string, name: string): Store {
  const path = join(folder, name)
  const root = openStore(path)
  const tables = openVaultTables(root)
  flushFolder(path)
  return { name, root, ...tables }
}

/** In a store that is open for reading alone a table that was never made is undefined, whatever lmdb-js's types say. */
export const openVaultTables = (root: RootDatabase): Omit<Store, 'name' | 'root'> => ({
  conversations: root.openDB({ name: 'conversations', encoding: 'binary' }),
  owners: root.openDB({ name: 'owners', encoding: 'string' }),
  keys: root.openDB({ name: 'keys', encoding: 'binary' }),
  erasures: root.openDB({ name: 'erasures', encoding: 'string' }),
})

async function copyRows<V>(from: Database<V, RowKey>, into: Database<V, RowKey>, root: RootDatabase, without: ReadonlySet<string>) {
  let last: RowKey | undefined
  for (;;) {
    const rows = [...from.getRange({ limit: CHUNK, ...(last && { start: last, exclusiveStart: true }) })]
    await commit(root, 'the vault', () => {
      for (const { key, value } of rows) if (!without.has(nameOf(key))) into.put(key, value)
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
    throw lost(folder, `it names ${JSON.stringify(current)}, which is not there; put the whole folder back from one backup`)
  }
  // Without `current` a single store is the one in force: a first start that was cut short, or a lost file.
  const [only, ...others] = stores
  if (others.length > 0) throw lost(folder, `it is missing, and there are ${stores.length} stores beside it`)
  return only ?? newName()
}

const lost = (folder: string, reason: string): Fault => new Fault('STORE_DAMAGED', { file: join(folder, 'current'), reason })

/** One rename decides which store is in force; it is on the disk when this returns. */
function switchTo(folder: string, name: string): void {
  const next = join(folder, 'current.next')
  writeFileSync(next, name, { flush: true })
  renameSync(next, join(folder, 'current'))
  flushFolder(folder)
}

/** Leaves no key in the folder, whose vault nobody has open. */
export const overwriteStores = (folder: string): Promise<void> => removeOthers(folder, '')

/** Overwrites and removes every store that is not in force: what `destroy` left, or a rewrite that a crash cut short. */
async function removeOthers(folder: string, current: string): Promise<void> {
  for (const name of storesIn(folder)) {
    if (name === current) continue
    for (const file of readdirSync(join(folder, name))) await overwrite(join(folder, name, file))
    rmSync(join(folder, name), { recursive: true })
  }
  flushFolder(folder)
}

/** With zeros, on the disk when it resolves. */
export async function overwrite(file: string): Promise<void> {
  const opened = await open(file, 'r+')
  try {
    const zeros = Buffer.alloc(64 * 1024)
    for (let left = (await opened.stat()).size; left > 0; left -= zeros.length) await opened.write(zeros, 0, Math.min(left, zeros.length))
    await opened.sync()
  } finally {
    await opened.close()
  }
}
