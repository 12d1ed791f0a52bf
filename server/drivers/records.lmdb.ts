// Records in an LMDB store. No folder lock: the command line writes here while the engine runs, and LMDB lets one writer at a time
// through, of whatever process. Nothing is kept in memory.
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Database } from 'lmdb'
import type { RecordStore, Records } from '../records.ts'
import { isNoRoom, RETRY_AFTER_MS } from './disk-room.ts'
import { flushFolder } from './flush-folder.ts'
import { commit, openStore } from './lmdb-store.ts'
import { withoutSum, withSum } from './summed-text.ts'

/** Opens the store in `folder`, making it, for its owner's eyes only, where there is none. `what` is what a fault calls the records. */
export function openLmdbRecords<K extends readonly string[]>(folder: string, what: string): RecordStore<K> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const root = openStore(folder)
  const rows: Database<string, string[]> = root.openDB({ name: 'records', encoding: 'string' })
  for (const made of [folder, dirname(folder)]) flushFolder(made)
  let closing: Promise<void> | undefined

  const valueIn = (row: string): unknown => {
    const text = withoutSum(row)
    if (text === undefined)
      throw new Fault('STORE_DAMAGED', { file: join(folder, 'data.mdb'), reason: 'a record is not as it was written' })
    return JSON.parse(text)
  }
  const reads: Records<K> = {
    get(key) {
      const row = rows.get([...key])
      return row === undefined ? undefined : valueIn(row)
    },
    list: prefix =>
      [...rows.getRange({ start: [...prefix], end: [...prefix, '\uffff'] })].map(
        // A key of one name comes back as that name.
        ({ key, value }) => [[key].flat().slice(prefix.length), valueIn(value)] as const,
      ),
  }
  /** Reads see the state of one moment until the turn of the event loop ends; this begins a new moment. */
  const fresh = (): Records<K> => {
    root.resetReadTxn()
    return reads
  }
  return {
    get: key => fresh().get(key),
    list: prefix => fresh().list(prefix),
    async change(work) {
      let refused: { readonly why: unknown } | undefined
      try {
        return await commit(root, what, () => {
          try {
            return work({
              ...reads,
              put: (key: K, value) => void rows.put([...key], withSum(JSON.stringify(value))),
              remove: (key: K) => void rows.remove([...key]),
            })
          } catch (why) {
            refused = { why }
            throw why // takes back what was put
          }
        })
      } catch (error) {
        const why = refused ? refused.why : error
        throw isNoRoom(why) ? new Fault('STORAGE_FULL', { what: folder, retryAfterMs: RETRY_AFTER_MS }, { cause: why }) : why
      }
    },
    close: () => (closing ??= root.close()),
  }
}
