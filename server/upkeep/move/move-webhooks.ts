// How far webhooks have come, and what came of their last deliveries, into a cluster and out of it. Lost, it would cost repetitions: it is moved, and in no backup.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Epoch } from '@parley/core/ids.ts'
import { openLmdbWebhookStore } from '../../drivers/webhook-store.lmdb.ts'
import { openSharedWebhookStore } from '../../shared-records.ts'
import type { WebhookStore } from '../../webhooks/webhook-store.ts'
import type { MoveParts } from './move.ts'
import type { Move } from './moving.ts'

/** Faults: LOG_REFUSED, LOG_UNAVAILABLE, STORE_DAMAGED. */
export async function webhooksIntoCluster(parts: MoveParts, move: Pick<Move, 'epoch'>): Promise<void> {
  const folder = join(parts.data, 'webhooks')
  if (!existsSync(join(folder, 'data.mdb'))) return
  const kept = await within(await openLmdbWebhookStore(folder), store => store.all())
  await within(await shared(parts, move), store => store.take(kept))
}

/** Makes the store in `folder` anew. Faults: as above; STORAGE_FULL. */
export async function webhooksOutOfCluster(parts: MoveParts, move: Pick<Move, 'epoch'>, folder: string): Promise<void> {
  const kept = await within(await shared(parts, move), store => store.all())
  rmSync(folder, { recursive: true, force: true })
  await within(await openLmdbWebhookStore(folder), store => store.take(kept))
}

async function shared({ nats, streams, secret }: MoveParts, { epoch }: Pick<Move, 'epoch'>): Promise<WebhookStore> {
  const broke = (error: unknown): void => {
    throw error instanceof Fault ? error : new Error('the rows of webhooks could not be read', { cause: error })
  }
  return openSharedWebhookStore({ nats, log: streams, secret, broke }, streams.node, epoch as Epoch) // as it stands on the log
}

async function within<T>(store: WebhookStore, work: (store: WebhookStore) => Promise<T>): Promise<T> {
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
