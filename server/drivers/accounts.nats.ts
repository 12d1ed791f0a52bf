// Agents' accounts of a cluster: records that the nodes and the command line share (records.nats.ts). Names are no rows of their own: an account is added
// only where nothing has changed since its name was looked for.
import { Fault } from '@parley/core/faults.ts'
import { Account, type ActiveAccount } from '../accounts/account.ts'
import type { AccountRows } from '../accounts/account-rows.ts'
import { foldName } from '../accounts/agent-name.ts'
import type { RecordStore } from '../records.ts'
import type { NatsRecords } from './records.nats.ts'

export type AccountKey = readonly [kind: 'account', ...names: string[]]

/** How long a node that is cut off goes on believing what it has: whoever was removed meanwhile could sign in there. */
const TRUSTED_MS = 15_000
const RETRY_AFTER_MS = 5_000

export function createNatsAccounts(records: NatsRecords<AccountKey>): AccountRows {
  function refuseOld(): void {
    const age = records.ageMs()
    if (age <= TRUSTED_MS) return
    const reason = `for ${Math.round(age / 1_000)} s this node has not known who may sign in`
    throw new Fault('LOG_UNAVAILABLE', { reason, retryAfterMs: RETRY_AFTER_MS })
  }
  return {
    named(shop, folded) {
      refuseOld()
      return namedIn(records, shop, folded)
    },
    get(shop, id) {
      refuseOld()
      const value = records.get(['account', shop, id])
      return value === undefined ? undefined : Account.parse(value)
    },
    list(shop) {
      refuseOld()
      const order = (account: Account): string => `${account.shop}/${foldName(account.name)}`
      return allIn(records, shop).sort((a, b) => (order(a) < order(b) ? -1 : 1))
    },
    add: account =>
      records.change(within => {
        if (namedIn(within, account.shop, foldName(account.name))) return false
        within.put(['account', account.shop, account.id], account)
        return true
      }),
    change: (shop, id, next) =>
      records.change(within => {
        const value = within.get(['account', shop, id])
        const before = value === undefined ? undefined : Account.parse(value)
        if (before?.state !== 'active') return undefined
        const after = next(before)
        within.put(['account', shop, id], after)
        return after
      }),
    close: () => records.close(),
  }
}

type Reads = Pick<RecordStore<AccountKey>, 'list'>

const allIn = (records: Reads, shop?: string): Account[] =>
  records.list(shop === undefined ? ['account'] : ['account', shop]).map(([, value]) => Account.parse(value))

const namedIn = (records: Reads, shop: string, folded: string): ActiveAccount | undefined =>
  allIn(records, shop).find((account): account is ActiveAccount => account.state === 'active' && foldName(account.name) === folded)

/** Puts accounts of another store as they are, removed ones too. May be done again. */
export const importAccounts = (records: RecordStore<AccountKey>, accounts: readonly Account[]): Promise<void> =>
  records.change(within => {
    for (const account of accounts) within.put(['account', account.shop, account.id], account)
  })
