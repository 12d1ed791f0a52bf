// The vault for reading alone, of a folder that no engine has open: destroying a key overwrites the whole store, and whoever reads it at that
// moment reads zeros. A key that is missing is said to be missing; it is never made.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { ConversationKey } from '@parley/core/ids.ts'
import type { Cipher } from '@parley/core/ports/vault.ts'
import { createCipher } from './cipher.ts'
import { openStoreToRead } from './lmdb-store.ts'
import { findConversation, KEY_BYTES, openVaultTables, storeInForce } from './vault.lmdb.ts'

export type FoundKey =
  | { readonly is: 'kept'; readonly cipher: Cipher }
  | { readonly is: 'destroyed' }
  | { readonly is: 'nobodys' }
  | { readonly is: 'missing' | 'damaged'; readonly customer: string }

export interface VaultReader {
  keyOf(key: ConversationKey): FoundKey
  close(): Promise<void>
}

/** Faults: CONFIG_INVALID when there are no keys in `folder`. A folder of which a part is lost is refused with an Error, as by the vault. */
export function openVaultReader(folder: string): VaultReader {
  const file = existsSync(folder) ? join(folder, storeInForce(folder), 'data.mdb') : folder
  if (!existsSync(file))
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'there are no keys: without them the log cannot be read' })
  const root = openStoreToRead(join(file, '..'))
  const tables = openVaultTables(root)
  return {
    keyOf({ shop, conversation }) {
      const found = findConversation(tables, [shop, conversation])
      if (found.is === 'nobodys') return { is: 'nobodys' }
      if (found.is === 'erased') return { is: 'destroyed' }
      const { customer, key } = found
      if (key === undefined) return { is: 'missing', customer }
      return key.length === KEY_BYTES ? { is: 'kept', cipher: createCipher(Buffer.from(key)) } : { is: 'damaged', customer } // the store's memory is its own
    },
    close: () => root.close(),
  }
}
