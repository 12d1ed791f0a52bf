// Snapshots as plain files, one a stretch, without a flush: a folder that may be deleted at any time.
//   snapshots/VERSION/SHOP/CONVERSATION/FROM     seq (f64) · hash at FROM (32) · hash at seq (32) · the sealed text
// Files and no LMDB store: a store that is not flushed can be torn by a loss of power, and LMDB ends the process that reads a torn page. A torn file
// is noticed by its length or its seal, and costs a reading of the log.
import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConversationKey } from '@parley/core/ids.ts'
import type { Snapshots, StoredStretch } from '@parley/core/ports/snapshots.ts'

const HASH = 32
const HEADER = 8 + 2 * HASH
/** As many digits as the largest seq, so that names sort as numbers do. */
const DIGITS = 16

/** For snapshots of this version of the folds; those of any other are removed. The folder is made when there is something to keep. */
export async function openFileSnapshots(folder: string, version: string): Promise<Snapshots> {
  for (const name of await entriesOf(folder)) if (name !== version) await rm(join(folder, name), { recursive: true, force: true })
  const folderOf = ({ shop, conversation }: ConversationKey): string => join(folder, version, shop, conversation)

  /** The names of the stretches, in order. */
  const namesIn = async (path: string): Promise<string[]> => (await entriesOf(path)).filter(name => /^\d{16}$/.test(name)).sort()

  function stretchIn(file: Buffer, name: string): StoredStretch | undefined {
    if (file.length < HEADER) return undefined
    return {
      from: Number(name),
      seq: file.readDoubleBE(0),
      fromHash: file.subarray(8, 8 + HASH),
      hash: file.subarray(8 + HASH, HEADER),
      sealed: file.subarray(HEADER),
    }
  }

  return {
    async read(key) {
      const path = folderOf(key)
      // A customer waits: reading them here, as LMDB reads the log, takes less than handing each to another thread and back, most of all when all are busy.
      return (await namesIn(path)).flatMap(name => stretchIn(readFileSync(join(path, name)), name) ?? [])
    },
    async last(key) {
      const path = folderOf(key)
      const name = (await namesIn(path)).at(-1)
      return name === undefined ? undefined : stretchIn(await readFile(join(path, name)), name)
    },
    async put(key, { from, seq, fromHash, hash, sealed }) {
      const header = Buffer.alloc(8)
      header.writeDoubleBE(seq)
      const path = folderOf(key)
      const file = join(path, String(from).padStart(DIGITS, '0'))
      await mkdir(path, { recursive: true, mode: 0o700 })
      try {
        await writeFile(`${file}.new`, Buffer.concat([header, fromHash, hash, sealed]), { mode: 0o600 })
        await rename(`${file}.new`, file) // whole or not at all, whenever the process is killed
      } catch (error) {
        await rm(`${file}.new`, { force: true }) // what a full disk took of it
        throw error
      }
    },
    forget: key => rm(folderOf(key), { recursive: true, force: true }),
  }
}

const entriesOf = (path: string): Promise<string[]> =>
  readdir(path).catch(error => {
    if (error.code === 'ENOENT') return [] // nothing was kept yet
    throw error
  })
