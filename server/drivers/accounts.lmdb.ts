// Agents' accounts in an LMDB store of their own. No folder lock: the command line writes here while the engine runs, and LMDB lets one writer at a
// time through, of whatever process. Nothing is kept in memory, so what another process has written is seen by the next read.
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { AgentId } from '@parley/core/ids.ts'
import type { Database } from 'lmdb'
import { Account, type ActiveAccount } from '../accounts/account.ts'
import type { AccountRows } from '../accounts/account-rows.ts'
import { foldName } from '../accounts/agent-name.ts'
import { flushFolder } from './flush-folder.ts'
import { commit, naming, openStore } from './lmdb-store.ts'
import { withoutSum, withSum } from './summed-text.ts'

type RowKey = [shop: string, id: string]

/** Opens the store in `folder`, making it, for its owner's eyes only, where there is none. */
export function openLmdbAccounts(folder: string): AccountRows {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'data.mdb')
  const root = openStore(folder)
  /** [shop, id] to the account. */
  const agents: Database<string, RowKey> = root.openDB({ name: 'agents', encoding: 'string' })
  /** [shop, folded name] to the id; only of those who are not removed. */
  const names: Database<AgentId, RowKey> = root.openDB({ name: 'names', encoding: 'string' })
  for (const made of [folder, dirname(folder)]) flushFolder(made)
  let closing: Promise<void> | undefined

  const damaged = (reason: string): Fault => new Fault('STORE_DAMAGED', { file, reason })
  const accountIn = (row: string): Account => {
    const text = withoutSum(row)
    if (text === undefined) throw damaged('an account is not as it was written')
    return Account.parse(JSON.parse(text))
  }
  const read = (row: string | undefined): Account | undefined => (row === undefined ? undefined : accountIn(row))
  const put = (account: Account): void => void agents.put([account.shop, account.id], withSum(JSON.stringify(account)))
  function active(shop: string, id: AgentId | undefined): ActiveAccount | undefined {
    const account = id === undefined ? undefined : read(agents.get([shop, id]))
    return account?.state === 'active' ? account : undefined
  }
  // A row's sum says nothing of its key, nor of a row that is gone: the two tables prove each other, and there are few of them.
  function refuseLostRows(): void {
    let named = 0
    for (const { key, value } of agents.getRange()) {
      const account = accountIn(value)
      if (key[0] !== account.shop || key[1] !== account.id) throw damaged('an account stands in the place of another')
      if (account.state !== 'active') continue
      named++
      if (names.get([account.shop, foldName(account.name)]) !== account.id) throw damaged('the name of an account is lost')
    }
    if (names.getKeysCount() !== named) throw damaged('an account is lost')
  }
  naming(file, refuseLostRows)
  /** Reads see the state of one moment until the turn of the event loop ends; this begins a new moment. */
  const fresh = (): void => root.resetReadTxn()

  return {
    named(shop, folded) {
      fresh()
      return active(shop, names.get([shop, folded]))
    },
    get(shop, id) {
      fresh()
      return read(agents.get([shop, id]))
    },
    list(shop) {
      fresh()
      const rows = shop === undefined ? agents.getRange() : agents.getRange({ start: [shop, ''], end: [shop, '\uffff'] })
      const accounts = [...rows].map(({ value }) => accountIn(value))
      const order = (account: Account): string => `${account.shop}/${foldName(account.name)}`
      return accounts.sort((a, b) => (order(a) < order(b) ? -1 : 1))
    },
    add: account =>
      commit(root, 'the accounts', () => {
        const key: RowKey = [account.shop, foldName(account.name)]
        if (names.doesExist(key)) return false
        put(account)
        names.put(key, account.id)
        return true
      }),
    change: (shop, id, next) =>
      commit(root, 'the accounts', () => {
        const before = active(shop, id)
        if (!before) return undefined
        const after = next(before)
        put(after)
        if (after.state === 'removed') names.remove([shop, foldName(before.name)])
        return after
      }),
    close: () => (closing ??= root.close()),
  }
}

/** Puts accounts of another store, as they are, into a new one in `folder`. Faults: STORAGE_FULL. */
export async function writeLmdbAccounts(folder: string, accounts: readonly Account[]): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const root = openStore(folder)
  try {
    const agents: Database<string, RowKey> = root.openDB({ name: 'agents', encoding: 'string' })
    const names: Database<AgentId, RowKey> = root.openDB({ name: 'names', encoding: 'string' })
    await commit(root, 'the accounts', () => {
      for (const account of accounts) {
        agents.put([account.shop, account.id], withSum(JSON.stringify(account)))
        if (account.state === 'active') names.put([account.shop, foldName(account.name)], account.id)
      }
    })
  } finally {
    await root.close()
  }
  flushFolder(folder)
}
