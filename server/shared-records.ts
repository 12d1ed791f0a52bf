// What beside the log is one for all nodes of a cluster, and lies in each data folder otherwise: records (drivers/records.nats.ts).
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Epoch } from '@parley/core/ids.ts'
import { type Accounts, createAccounts } from './accounts/accounts.ts'
import type { Config } from './config.ts'
import { openLmdbAccounts } from './drivers/accounts.lmdb.ts'
import { type AccountKey, createNatsAccounts } from './drivers/accounts.nats.ts'
import { type Nats, openNats } from './drivers/nats.ts'
import { openBucket } from './drivers/nats-buckets.ts'
import { copyRecords, MARK } from './drivers/records.copied.ts'
import { openLmdbRecords } from './drivers/records.lmdb.ts'
import { type NatsRecords, type NatsRecordsOptions, openNatsRecords } from './drivers/records.nats.ts'
import { CURSOR_TTL_MS, createNatsWebhookStore, type WebhookKey } from './drivers/webhook-store.nats.ts'
import { openSecret } from './open-secret.ts'
import { type SharedRecordStore, unshared } from './records.ts'
import type { Secret } from './secret.ts'
import type { WebhookStore } from './webhooks/webhook-store.ts'

export interface SharedParts {
  readonly nats: Nats
  readonly log: Pick<Config['log'], 'name' | 'replicas'>
  readonly secret: Secret
  /** Told of damage. */
  readonly broke: (error: unknown) => void
}

/** Whose secret it is, for marks that others may read. */
export const ownerOf = (secret: Secret): string => secret.keyFor('log').toString('hex').slice(0, 16)

/** Faults: LOG_REFUSED, LOG_UNAVAILABLE, STORE_DAMAGED. */
export const openSharedRecords = <K extends readonly string[]>(
  { nats, log: { name, replicas }, secret, broke }: SharedParts,
  table: string,
  options: Pick<NatsRecordsOptions, 'isWatched' | 'written'> = {},
): Promise<NatsRecords<K>> =>
  openNatsRecords<K>(nats, { name, replicas, owner: ownerOf(secret), table, key: secret.keyFor('rows'), broke, ...options })

/** What is shared beside accounts and webhooks, by the folder that it has in a data folder, and what faults call it. */
const TABLES = { labels: 'the labels', ensembles: 'the records of ensembles', knowledge: 'the records of articles' } as const
export type Table = keyof typeof TABLES
export type OpenRecords = <K extends readonly string[]>(table: Table) => Promise<SharedRecordStore<K>>

export const openOwnRecords =
  (data: string): OpenRecords =>
  async <K extends readonly string[]>(table: Table) => {
    rmSync(join(data, table, MARK), { force: true }) // what was a copy is this folder's own from now on
    return unshared(openLmdbRecords<K>(join(data, table), TABLES[table]))
  }

/** Each with a copy in the data folder, which other processes of this node read. */
export const openCopiedRecords =
  (parts: SharedParts, data: string): OpenRecords =>
  <K extends readonly string[]>(table: Table) =>
    copyRecords<K>(join(data, table), TABLES[table], written => openSharedRecords<K>(parts, table, { written }), parts.broke)

/** Those of one table, wherever they are kept, whether or not anybody serves. Faults: those of `openSharedRecords`, CONFIG_INVALID. */
export const openRecords = <K extends readonly string[]>(config: Config, table: Table): Promise<SharedRecordStore<K>> =>
  config.log.driver === 'embedded' ? openOwnRecords(config.data)<K>(table) : connected(config, parts => openSharedRecords<K>(parts, table))

/** Opens one thing over a connection of its own, which is closed with it. */
async function connected<T extends { close(): Promise<void> }>(config: Config, open: (parts: SharedParts) => Promise<T>): Promise<T> {
  const secret = await openSecret(config)
  const nats = await openNats({ ...config.log, password: config.log.secret })
  try {
    const opened = await open({ nats, log: config.log, secret, broke: () => {} }) // a node that serves tells of damage
    return { ...opened, close: () => opened.close().finally(() => nats.close()) }
  } catch (error) {
    await nats.close()
    throw error
  }
}

export const openSharedAccounts = async (parts: SharedParts): Promise<Accounts> =>
  createAccounts(createNatsAccounts(await openSharedRecords<AccountKey>(parts, 'accounts', { isWatched: true })))

export const openOwnAccounts = (data: string): Accounts => createAccounts(openLmdbAccounts(join(data, 'accounts')))

export const cursorsBucketOf = (name: string): string => `${name}-webhook-cursors`

export async function openSharedWebhookStore(parts: SharedParts, node: string, epoch: Epoch): Promise<WebhookStore> {
  const { nats, log, secret, broke } = parts
  const bucket = cursorsBucketOf(log.name)
  const { kv } = await openBucket(nats, { bucket, replicas: log.replicas, owner: ownerOf(secret), ttlMs: CURSOR_TTL_MS })
  const records = await openSharedRecords<WebhookKey>(parts, 'webhooks')
  return createNatsWebhookStore({ cursors: kv, records, node, epoch, broke })
}

/** The accounts alone, wherever they are kept, whether or not anybody serves. Faults: those of `openSharedAccounts`, CONFIG_INVALID. */
export const openAccounts = async (config: Config): Promise<Accounts> =>
  config.log.driver === 'embedded' ? openOwnAccounts(config.data) : connected(config, openSharedAccounts)
