// The stores that the settings name: of one machine in its data folder, of several over the NATS servers that keep the log. The one switch is `log.driver`.
import { join } from 'node:path'
import type { FanOut } from '@parley/core/ports/fan-out.ts'
import type { Vault } from '@parley/core/ports/vault.ts'
import { type Accounts, createAccounts } from './accounts/accounts.ts'
import type { Config } from './config.ts'
import { openLmdbAccounts } from './drivers/accounts.lmdb.ts'
import { type JetStreamLog, openJetStreamLog } from './drivers/conversation-log.jetstream.ts'
import { type LmdbLog, openLmdbLog } from './drivers/conversation-log.lmdb.ts'
import { createLocalFanOut } from './drivers/fan-out.local.ts'
import { openNats } from './drivers/nats.ts'
import { openLmdbVault } from './drivers/vault.lmdb.ts'
import { openLmdbWebhookStore } from './drivers/webhook-store.lmdb.ts'
import { loadOrMakeNodeName } from './node-name.ts'
import type { Secret } from './secret.ts'
import type { WebhookStore } from './webhooks/webhook-store.ts'

export interface Stores {
  readonly log: LmdbLog | JetStreamLog
  readonly vault: Vault
  readonly accounts: Accounts
  readonly webhookStore: WebhookStore
  readonly fanOut: FanOut
}

export interface StoresParts {
  readonly config: Config
  readonly secret: Secret
  /** Told of damage, and of bugs. */
  readonly broke: (error: unknown) => void
  /** Is given each part as it is opened: they are closed in the other order. */
  readonly keep: (part: { close(): Promise<void> }) => void
}

/** Faults: LOG_REFUSED, LOG_UNAVAILABLE, DATA_IN_USE, STORAGE_FULL, STORE_DAMAGED. */
export async function openStores({ config, secret, broke, keep }: StoresParts): Promise<Stores> {
  const { data } = config
  const kept = <T extends { close(): Promise<void> }>(part: T): T => {
    keep(part)
    return part
  }
  return {
    log: await openLog(config, secret, broke, kept),
    vault: kept(await openLmdbVault(join(data, 'keys'))),
    accounts: kept(createAccounts(openLmdbAccounts(join(data, 'accounts')))),
    webhookStore: kept(await openLmdbWebhookStore(join(data, 'webhooks'))),
    fanOut: createLocalFanOut(broke),
  }
}

/** One engine serves a log, on whatever driver: keys and accounts are in its data folder. */
async function openLog(
  { data, log }: Config,
  secret: Secret,
  broke: (error: unknown) => void,
  kept: <T extends { close(): Promise<void> }>(part: T) => T,
): Promise<LmdbLog | JetStreamLog> {
  const folder = join(data, 'log')
  if (log.driver === 'embedded') return kept(await openLmdbLog(folder))
  const nats = kept(await openNats({ ...log, password: log.secret }))
  const owner = secret.keyFor('log').toString('hex').slice(0, 16)
  return kept(await openJetStreamLog(folder, nats, { ...log, owner, node: loadOrMakeNodeName(data) }, broke))
}
