// Shared records with a copy on this node's disk. The node itself reads what it has in memory; the copy is for other processes, which read the folder as if
// the records were this node's own: reports, trainings, commands. What lay in the folder before the node shared anything becomes everybody's, where there is
// nothing yet; else it is put aside.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SharedRecordStore } from '../records.ts'
import { openLmdbRecords } from './records.lmdb.ts'
import type { NatsRecords } from './records.nats.ts'
import type { Row } from './row-seal.ts'

/** Says that the records are a copy. */
export const MARK = 'copy-of-shared'

/** `what` is what faults call the records; `open` opens the shared ones. Faults: those of `open`, STORE_DAMAGED, STORAGE_FULL. */
export async function copyRecords<K extends readonly string[]>(
  folder: string,
  what: string,
  open: (written: (row: Row) => void) => Promise<NatsRecords<K>>,
  broke: (error: unknown) => void,
): Promise<SharedRecordStore<K>> {
  const file = join(folder, 'data.mdb')
  const isCopy = existsSync(join(folder, MARK))
  let waiting: Row[] = []
  let copying: Promise<void> | undefined
  const shared = await open(row => {
    waiting.push(row)
    copying ??= copyOn()
  })
  let copy: ReturnType<typeof openLmdbRecords<K>> | undefined
  try {
    // Where nobody has anything, also a copy may be all that is left: of servers that are gone, or in a backup.
    if ((shared.isNew || !isCopy) && existsSync(file)) {
      const own = openLmdbRecords<K>(folder, what)
      const rows = own.list([] as unknown as K).map(([names, value]) => [names as unknown as K, value as object] as const) // all of them
      if (shared.isNew && rows.length > 0)
        await shared.change(within => {
          for (const [names, value] of rows) within.put(names, value)
        })
      await own.close()
      if (!shared.isNew && rows.length > 0) {
        renameSync(file, join(folder, 'data-own.mdb'))
        rmSync(join(folder, 'lock.mdb'), { force: true })
      }
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(join(folder, MARK), '')
    copy = openLmdbRecords<K>(folder, what)
    await makeAlike(copy)
  } catch (error) {
    await copy?.close()
    await shared.close()
    throw error
  }

  async function makeAlike(to: ReturnType<typeof openLmdbRecords<K>>): Promise<void> {
    waiting = []
    const wanted = new Map(shared.list([] as unknown as K).map(([names, value]) => [JSON.stringify(names), { names, value }]))
    const others = to.list([] as unknown as K).filter(([names]) => !wanted.has(JSON.stringify(names)))
    const differing = [...wanted.values()].filter(
      ({ names, value }) => JSON.stringify(to.get(names as unknown as K)) !== JSON.stringify(value),
    )
    if (others.length === 0 && differing.length === 0) return
    await to.change(within => {
      for (const [names] of others) within.remove(names as unknown as K)
      for (const { names, value } of differing) within.put(names as unknown as K, value as object)
    })
  }

  /** What was written, in its order, many rows at a time. A copy that can't be written is behind, and is made alike at the next start. */
  async function copyOn(): Promise<void> {
    try {
      for (;;) {
        await new Promise(resolve => setImmediate(resolve))
        if (waiting.length === 0 || !copy) return // what came before it is open is in what it is made alike to
        const rows = waiting
        waiting = []
        await copy.change(within => {
          for (const { names, text } of rows)
            if (text === undefined) within.remove(names as unknown as K)
            else within.put(names as unknown as K, JSON.parse(text))
        })
      }
    } catch (error) {
      broke(error)
    } finally {
      copying = undefined
    }
  }

  return {
    ...shared,
    async close() {
      await shared.close()
      await copying
      await copy.close()
    },
  }
}
