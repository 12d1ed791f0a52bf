// Reads every row of the stores beside the log, so that a damaged page is met now and not by a server. What is in the log is proved by its hashes and
// seals (examine.ts); here a row is proved by its sum, where it carries one.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, isFault } from '@parley/core/faults.ts'
import { naming, openStoreToRead } from '../drivers/lmdb-store.ts'
import { withoutSum } from '../drivers/summed-text.ts'
import { storeInForce } from '../drivers/vault.lmdb.ts'
import { ENSEMBLES_FOLDER, ensembleFiles, findEnsembleStore } from '../ensemble-store/open-ensemble-store.ts'
import { hashOf } from '../ensemble-store/parse-once.ts'
import { Standing } from '../ensemble-store/standing.ts'
import { LABELS_FOLDER } from '../label-store/label-store.ts'
import { findPluginStore, PLUGINS_FOLDER } from '../plugin-store/open-plugin-store.ts'

/** Tables whose rows are JSON with a sum. */
const SUMMED = ['agents', 'jobs', 'records']

/** `reads` is told of each file before it is opened: LMDB may end the process at what it finds there. Faults: STORE_DAMAGED. */
export async function walkStores(data: string, areKeysOurs: boolean, reads: (file: string) => Promise<void>): Promise<void> {
  const keys = join(data, 'keys')
  const folders = ['accounts', 'jobs', LABELS_FOLDER, PLUGINS_FOLDER, ENSEMBLES_FOLDER].map(name => join(data, name))
  if (areKeysOurs && existsSync(keys)) folders.push(join(keys, storeInForce(keys)))
  for (const folder of folders) {
    const file = join(folder, 'data.mdb')
    if (!existsSync(file)) continue
    await reads(file)
    await walk(folder, file)
  }
  await walkBundles(data)
  await walkEnsembles(data)
}

async function walk(folder: string, file: string): Promise<void> {
  const root = openStoreToRead(folder)
  try {
    naming(file, () => {
      for (const name of [...root.getKeys()].map(String)) {
        const table = root.openDB<Buffer>({ name, encoding: 'binary' })
        for (const { value } of table.getRange())
          if (SUMMED.includes(name) && withoutSum(String(value)) === undefined)
            throw new Fault('STORE_DAMAGED', { file, reason: `a row of the table ${name} is not as it was written` })
      }
    })
  } finally {
    await root.close()
  }
}

/** That a version can be put in force, or back in force, is part of what was kept. */
async function walkBundles(data: string): Promise<void> {
  const store = findPluginStore(data)
  try {
    const installed = store?.list().flatMap(({ inForce, earlier }) => [inForce, ...earlier]) ?? []
    for (const release of [...installed, ...(store?.shadows().map(shadow => shadow.release) ?? [])]) {
      try {
        store?.bundleOf(release)
      } catch (fault) {
        if (!isFault(fault, 'BUNDLE_INVALID')) throw fault
        throw new Fault('STORE_DAMAGED', { file: join(data, PLUGINS_FOLDER), reason: fault.message }, { cause: fault })
      }
    }
  } finally {
    await store?.close()
  }
}

/** Every version is as it was kept, and those that are named are there. Whether this release can read one is another matter. */
async function walkEnsembles(data: string): Promise<void> {
  const folder = join(data, ENSEMBLES_FOLDER)
  const damaged = (name: string, reason: string): Fault => new Fault('STORE_DAMAGED', { file: join(folder, name), reason })
  const files = ensembleFiles(folder)
  for (const name of files)
    if (!name.startsWith(hashOf(readFileSync(join(folder, name), 'utf8')))) throw damaged(name, 'it is not as it was kept')
  const store = findEnsembleStore(data)
  try {
    for (const [, value] of store?.records.list(['ensemble']) ?? []) {
      const { inForce, earlier, canary, shadow } = Standing.parse(value)
      for (const hash of [inForce, ...earlier, canary?.hash, shadow?.hash])
        if (hash && !files.includes(`${hash}.yaml`)) throw damaged(`${hash}.yaml`, 'it is named and not there')
    }
  } finally {
    await store?.close()
  }
}
