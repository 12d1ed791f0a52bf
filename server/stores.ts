// The stores that the settings name: of one machine in its data folder, of several over the NATS servers that keep the log. The one switch is `log.driver`.
import { join } from 'node:path'
import type { Fault } from '@parley/core/faults.ts'
import type { NodeChange } from '@parley/core/nodes/judge.ts'
import type { FanOut } from '@parley/core/ports/fan-out.ts'
import type { Vault } from '@parley/core/ports/vault.ts'
import type { Accounts } from './accounts/accounts.ts'
import type { Config } from './config.ts'
import { adoptKeys } from './drivers/adopt-keys.ts'
import { type JetStreamLog, openJetStreamLog } from './drivers/conversation-log.jetstream.ts'
import { type LmdbLog, openLmdbLog } from './drivers/conversation-log.lmdb.ts'
import { createLocalFanOut } from './drivers/fan-out.local.ts'
import { createNatsFanOut } from './drivers/fan-out.nats.ts'
import { openNats } from './drivers/nats.ts'
import { createAlone } from './drivers/nodes.alone.ts'
import { type OpenNodes, openNatsNodes } from './drivers/nodes.nats.ts'
import { openLmdbVault } from './drivers/vault.lmdb.ts'
import { openNatsVault } from './drivers/vault.nats.ts'
import { openLmdbWebhookStore } from './drivers/webhook-store.lmdb.ts'
import { loadOrMakeNodeName } from './node-name.ts'
import { releaseHere } from './project.ts'
import type { Secret } from './secret.ts'
import {
  type OpenRecords,
  openCopiedRecords,
  openOwnAccounts,
  openOwnRecords,
  openSharedAccounts,
  openSharedWebhookStore,
  ownerOf,
} from './shared-records.ts'
import type { WebhookStore } from './webhooks/webhook-store.ts'

export interface Stores {
  readonly log: LmdbLog | JetStreamLog
  readonly vault: Vault
  readonly accounts: Accounts
  readonly webhookStore: WebhookStore
  readonly fanOut: FanOut
  readonly nodes: OpenNodes
  /** This node's copy of a log that others keep; of one of its own it lacks nothing. */
  readonly copy: Pick<JetStreamLog, 'behind' | 'places'>
  /** Opens what else the nodes of a cluster share. */
  readonly records: OpenRecords
}

export interface StoresParts {
  readonly config: Config
  readonly secret: Secret
  /** Told of damage, and of bugs. */
  readonly broke: (error: unknown) => void
  /** Told of the nodes that share the stores. */
  /** Told every few seconds at the start how many messages were read of how many, where that takes long. */
  readonly catchingUp?: (read: number, of: number) => void
  readonly nodesChanged?: (change: NodeChange) => void
  /** Another process has this node's name: this one has to end. */
  readonly ousted?: (fault: Fault) => void
  /** Is given each part as it is opened: they are closed in the other order. */
  readonly keep: (part: { close(): Promise<void> }) => void
}

/** Faults: LOG_REFUSED, LOG_UNAVAILABLE, NODE_NAME_TAKEN, JOBS_NOT_SHARED, DATA_IN_USE, STORAGE_FULL, STORE_DAMAGED. */
export async function openStores(parts: StoresParts): Promise<Stores> {
  const kept = <T extends { close(): Promise<void> }>(part: T): T => {
    parts.keep(part)
    return part
  }
  return (parts.config.log.driver === 'nats' ? openShared : openEmbedded)(parts, kept)
}

type Keep = <T extends { close(): Promise<void> }>(part: T) => T

async function openEmbedded({ config: { data }, broke }: StoresParts, kept: Keep): Promise<Stores> {
  return {
    log: kept(await openLmdbLog(join(data, 'log'))),
    vault: kept(await openLmdbVault(join(data, 'keys'))),
    accounts: kept(openOwnAccounts(data)),
    webhookStore: kept(await openLmdbWebhookStore(join(data, 'webhooks'))),
    fanOut: createLocalFanOut(broke),
    nodes: createAlone(),
    copy: { behind: () => 0, places: () => [] },
    records: openOwnRecords(data),
  }
}

/** What several nodes share, over one connection. */
async function openShared(
  { config, secret, broke, catchingUp, nodesChanged = () => {}, ousted = broke }: StoresParts,
  kept: Keep,
): Promise<Stores> {
  const { data, log: settings } = config
  const nats = kept(await openNats({ ...settings, password: settings.secret }))
  const streams = streamSettings({ data, log: settings }, secret)
  const log = kept(await openJetStreamLog(join(data, 'log'), nats, streams, broke, catchingUp && { progress: catchingUp }))
  const shared = { nats, log: settings, secret, broke }
  const keys = { ...streams, epoch: log.epoch, secret: secret.keyFor('keys'), mayMake: () => isEmpty(log) }
  if (!(await isEmpty(log))) await adoptKeys(join(data, 'keys'), nats, keys)
  const about = { version: releaseHere(), jobs: config.jobs.driver, shops: config.shops.map(({ id }) => id) }
  return {
    log,
    copy: log,
    vault: kept(await openNatsVault(join(data, 'erased'), nats, keys, broke)),
    accounts: kept(await openSharedAccounts(shared)),
    webhookStore: kept(await openSharedWebhookStore(shared, streams.node, log.epoch)),
    fanOut: kept(createNatsFanOut(nats.connection, { name: settings.name, secret: secret.keyFor('signs') }, broke)),
    nodes: kept(await openNatsNodes(nats, { ...streams, about, changed: nodesChanged, ousted })),
    records: openCopiedRecords(shared, data),
  }
}

async function isEmpty(log: Pick<JetStreamLog, 'conversations'>): Promise<boolean> {
  for await (const _ of log.conversations()) return false
  return true
}

/** Of the replicated log, as this node names and owns it. */
export const streamSettings = ({ data, log }: Pick<Config, 'data' | 'log'>, secret: Secret) => ({
  ...log,
  owner: ownerOf(secret),
  node: loadOrMakeNodeName(data),
})
