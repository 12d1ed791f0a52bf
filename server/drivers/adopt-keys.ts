// Brings keys that lie in a data folder to those that nodes share, and leaves none behind: releases before kept them there, also where the log was on NATS.
import { existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { flushFolder } from './flush-folder.ts'
import { lockFolder } from './folder-lock.ts'
import { fillKeys } from './keys-transfer.ts'
import type { Nats } from './nats.ts'
import { placeFile } from './place-file.ts'
import { overwriteStores } from './vault.lmdb.ts'
import { vaultRowsIn } from './vault-rows.lmdb.ts'

/** `folder` is a vault of the log that `settings` name. Goes on where a crash has cut it short. Faults: DATA_IN_USE, LOG_REFUSED, LOG_UNAVAILABLE, STORE_DAMAGED. */
export async function adoptKeys(folder: string, nats: Nats, settings: Parameters<typeof fillKeys>[1]): Promise<void> {
  if (!existsSync(join(folder, 'current')) && !existsSync(join(folder, 'moved'))) return
  const unlock = await lockFolder(folder)
  try {
    const moved = join(folder, 'moved')
    if (!existsSync(moved)) {
      await fillKeys(nats, settings, vaultRowsIn(folder), () => {})
      placeFile(moved, '') // from here on what is in the folder need not be whole
    }
    await overwriteStores(folder)
  } finally {
    unlock()
  }
  rmSync(folder, { recursive: true })
  flushFolder(dirname(folder))
}
