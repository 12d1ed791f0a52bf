// Who may sign in, into a cluster and out of it: removed ones too, since conversations name them.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Account } from '../../accounts/account.ts'
import { openLmdbAccounts, writeLmdbAccounts } from '../../drivers/accounts.lmdb.ts'
import { type AccountKey, createNatsAccounts, importAccounts } from '../../drivers/accounts.nats.ts'
import type { NatsRecords } from '../../drivers/records.nats.ts'
import { openSharedRecords } from '../../shared-records.ts'
import type { MoveParts } from './move.ts'

type Parts = Pick<MoveParts, 'nats' | 'streams' | 'secret'>

/** Faults: LOG_REFUSED, LOG_UNAVAILABLE, STORE_DAMAGED. */
export async function accountsIntoCluster({ data, ...parts }: Parts & Pick<MoveParts, 'data'>): Promise<void> {
  const here = await ownAccounts(join(data, 'accounts'))
  await withShared(parts, async records => {
    await importAccounts(records, here)
    compare(here, createNatsAccounts(records).list(), 'the cluster')
  })
}

/** Makes the store in `folder` anew. Faults: as above; STORAGE_FULL. */
export async function accountsOutOfCluster(parts: Parts, folder: string): Promise<void> {
  const there = await withShared(parts, async records => createNatsAccounts(records).list())
  rmSync(folder, { recursive: true, force: true })
  await writeLmdbAccounts(folder, there)
  compare(there, await ownAccounts(folder), folder)
}

async function ownAccounts(folder: string): Promise<readonly Account[]> {
  if (!existsSync(join(folder, 'data.mdb'))) return []
  const rows = openLmdbAccounts(folder)
  try {
    return rows.list()
  } finally {
    await rows.close()
  }
}

async function withShared<T>({ nats, streams, secret }: Parts, work: (records: NatsRecords<AccountKey>) => Promise<T>): Promise<T> {
  const broken: unknown[] = []
  const records = await openSharedRecords<AccountKey>({ nats, log: streams, secret, broke: error => broken.push(error) }, 'accounts')
  try {
    const result = await work(records)
    if (broken.length > 0) throw broken[0]
    return result
  } finally {
    await records.close()
  }
}

function compare(wanted: readonly Account[], got: readonly Account[], file: string): void {
  const textOf = (accounts: readonly Account[]): string => JSON.stringify(accounts.map(account => JSON.stringify(account)).sort())
  if (textOf(wanted) !== textOf(got)) throw new Fault('STORE_DAMAGED', { file, reason: 'it has other accounts than were put into it' })
}
