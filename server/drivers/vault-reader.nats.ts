// The keys that nodes share, for reading alone, beside nodes that go on making and destroying them: read once, so that what was made later is not known here.
import type { Vault } from '@parley/core/ports/vault.ts'
import { createCipher } from './cipher.ts'
import { ErasedMeanwhile, keysIn } from './keys-transfer.ts'
import { nameOf } from './log-ends.ts'
import type { Nats } from './nats.ts'
import type { FoundKey, VaultReader } from './vault-reader.lmdb.ts'

/** How often erasures may come between. */
const TRIES = 5

/** `secret` as the nodes have it. Faults: LOG_UNAVAILABLE, STORE_DAMAGED. */
export async function openNatsVaultReader(
  nats: Nats,
  settings: { readonly name: string; readonly secret: Uint8Array },
): Promise<VaultReader> {
  for (let tries = 1; ; tries++) {
    try {
      return readerOf(await foundIn(nats, settings))
    } catch (error) {
      if (!(error instanceof ErasedMeanwhile) || tries === TRIES) throw error
    }
  }
}

type Found = { readonly customer: string; readonly key: Buffer | undefined } | 'destroyed'

async function foundIn(nats: Nats, settings: { readonly name: string; readonly secret: Uint8Array }): Promise<ReadonlyMap<string, Found>> {
  const found = new Map<string, Found>()
  for await (const row of keysIn(nats, settings)) {
    if (row.kind === 'key') found.set(nameOf(row.of), { customer: row.customer, key: row.key })
    if (row.kind === 'erased') found.set(nameOf(row.of), 'destroyed')
  }
  return found
}

const readerOf = (found: ReadonlyMap<string, Found>): VaultReader & Pick<Vault, 'close'> => ({
  keyOf(key): FoundKey {
    const there = found.get(nameOf(key))
    if (!there) return { is: 'nobodys' }
    if (there === 'destroyed') return { is: 'destroyed' }
    return there.key ? { is: 'kept', cipher: createCipher(there.key) } : { is: 'damaged', customer: there.customer }
  },
  close: async () => {},
})
