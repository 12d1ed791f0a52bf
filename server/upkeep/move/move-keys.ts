// The keys of conversations, and the notes of what was erased, into a cluster and out of it: the same rows on both sides, which is looked at by reading both.
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Epoch } from '@parley/core/ids.ts'
import { keysStreamOf } from '../../drivers/keys-stream.ts'
import { ErasedMeanwhile, fillKeys, keysIn } from '../../drivers/keys-transfer.ts'
import { vaultRowsIn, writeVault } from '../../drivers/vault-rows.lmdb.ts'
import { sumOf } from '../../drivers/vault-rows.ts'
import type { Progress } from '../doctor.ts'
import type { MoveParts } from './move.ts'
import type { Move } from './moving.ts'

/** Erasures during which keys are read again. */
const TRIES = 100

/** Faults: STORE_DAMAGED, where the cluster has other ones afterwards; LOG_REFUSED, LOG_UNAVAILABLE. */
export async function keysIntoCluster(
  { data, nats, streams, secret }: MoveParts,
  { epoch }: Pick<Move, 'epoch'>,
  conversations: number,
  progress: Progress,
): Promise<void> {
  const { name, replicas, owner } = streams
  const settings = { name, replicas, owner, epoch: epoch as Epoch, secret: secret.keyFor('keys') } // as it stands on the log
  const folder = join(data, 'keys')
  await fillKeys(nats, settings, vaultRowsIn(folder), rows => progress(rows, conversations))
  await compare(folder, nats, settings)
}

/** Makes the vault in `folder` anew. Faults: STORE_DAMAGED, LOG_UNAVAILABLE, STORAGE_FULL. */
export async function keysOutOfCluster(
  { nats, streams, secret }: Pick<MoveParts, 'nats' | 'streams' | 'secret'>,
  folder: string,
  progress: Progress,
): Promise<void> {
  const settings = { name: streams.name, secret: secret.keyFor('keys') }
  const { state } = await nats.manager.streams.info(keysStreamOf(streams.name))
  let rows = 0
  async function* counted() {
    for await (const row of keysIn(nats, settings)) {
      yield row
      progress(++rows, state.messages)
    }
  }
  for (let tries = 1; ; tries++) {
    try {
      await writeVault(folder, counted())
      return
    } catch (error) {
      if (!(error instanceof ErasedMeanwhile) || tries === TRIES) throw error
    }
  }
}

/** Faults: STORE_DAMAGED. */
export const compareKeys = ({ nats, streams, secret }: Pick<MoveParts, 'nats' | 'streams' | 'secret'>, folder: string): Promise<void> =>
  compare(folder, nats, { name: streams.name, secret: secret.keyFor('keys') })

async function compare(
  folder: string,
  nats: MoveParts['nats'],
  settings: { readonly name: string; readonly secret: Uint8Array },
): Promise<void> {
  const [here, there] = [await sumOf(vaultRowsIn(folder)), await sumOf(keysIn(nats, settings))]
  if (here.hash === there.hash) return
  const counts = ({ keys, erased, notes }: typeof here): string => `${keys} keys, ${erased} erased, ${notes} notes`
  const reason = `it has not the keys that were put into it: ${counts(there)}, and ${counts(here)} in ${folder}`
  throw new Fault('STORE_DAMAGED', { file: `stream ${keysStreamOf(settings.name)}`, reason })
}
