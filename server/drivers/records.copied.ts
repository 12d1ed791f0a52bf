// Shared records with a copy on this node's disk. The node itself reads what it has in memory; the copy is for other processes, which read the folder as if
// the records were this node's own: reports, trainings, commands. What lay in the folder before the node shared anything becomes everybody's, where there is
// nothing yet; else it is put aside.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordStore, SharedRecordStore } from '../records.ts'
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
      const rows = allIn(own)
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
    const wanted = new Map(allIn(shared).map(row => [JSON.stringify(row[0]), row]))
    const others = allIn(to).filter(([names]) => !wanted.has(JSON.stringify(names)))
    const differing = [...wanted.values()].filter(([names, value]) => JSON.stringify(to.get(names)) !== JSON.stringify(value))
    if (others.length === 0 && differing.length === 0) return
    await to.change(within => {
      for (const [names] of others) within.remove(names)
      for (const [names, value] of differing) within.put(names, value)
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
          for (const { names, text } of rows) {
            const key = names as unknown as K // a row of these records was put under a key of theirs
            if (text === undefined) within.remove(key)
            else within.put(key, JSON.parse(text))
          }
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

/** Every row: each key begins with no name. What a table lists of its own keys are whole keys, with what was put there, which is an object. */
const allIn = <K extends readonly string[]>(records: Pick<RecordStore<K>, 'list'>): readonly (readonly [K, object])[] =>
  records.list([] as unknown as K).map(([names, value]) => [names as unknown as K, value as object] as const)
