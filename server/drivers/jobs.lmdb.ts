// The embedded queue's rows in an LMDB store of their own. Changes that come while a commit is being flushed share the next one, as the log's appends
// do: a commit costs a flush, and a burst of jobs must not cost one each.
import { dirname } from 'node:path'
import type { Jobs } from '@parley/core/ports/jobs.ts'
import type { Database } from 'lmdb'
import { createEmbeddedJobs, type EmbeddedJobsParts } from '../jobs/embedded-jobs.ts'
import type { JobRow, JobRows, JobTable } from '../jobs/job-rows.ts'
import { flushFolder } from './flush-folder.ts'
import { lockFolder } from './folder-lock.ts'
import { commit, openStore } from './lmdb-store.ts'
import { withoutSum, withSum } from './summed-text.ts'

/** Changes that one flush may hold. */
const BATCH = 512

type DueKey = [kind: string, dueAt: number, id: string]

/** Opens the queue in `folder`, making it where there is none. Faults: DATA_IN_USE. */
export async function openLmdbJobs(folder: string, parts: Omit<EmbeddedJobsParts, 'rows'>): Promise<Jobs> {
  const unlock = await lockFolder(folder)
  try {
    return createEmbeddedJobs({ ...parts, rows: openRows(folder, unlock) })
  } catch (error) {
    unlock()
    throw error
  }
}

function openRows(folder: string, unlock: () => void): JobRows {
  const root = openStore(folder)
  /** Id to the row. */
  const jobs: Database<string, string> = root.openDB({ name: 'jobs', encoding: 'string' })
  /** What waits, in the order in which it is due. */
  const waiting: Database<Buffer, DueKey> = root.openDB({ name: 'waiting', encoding: 'binary' })
  for (const made of [folder, dirname(folder)]) flushFolder(made)

  const get = (id: string): JobRow | undefined => {
    const row = jobs.get(id)
    return row === undefined ? undefined : rowIn(row)
  }
  const dueKey = ({ kind, dueAt, id }: JobRow): DueKey => [kind, dueAt, id]
  const remove = (id: string): void => {
    const before = get(id)
    if (!before) return
    jobs.remove(id)
    waiting.remove(dueKey(before))
  }
  const table: JobTable = {
    get,
    put(row) {
      remove(row.id)
      jobs.put(row.id, withSum(JSON.stringify(row)))
      if (!row.isFailed) waiting.put(dueKey(row), Buffer.alloc(1))
    },
    remove,
  }

  interface Pending {
    /** Within the transaction; gives what to tell the caller once it is durable. */
    readonly run: () => () => void
    readonly reject: (error: unknown) => void
  }
  const pending: Pending[] = []
  let writing: Promise<void> | undefined

  async function writeBatches(): Promise<void> {
    while (pending.length > 0) {
      const batch = pending.splice(0, BATCH)
      try {
        for (const tell of await commit(root, 'the jobs', () => batch.map(({ run }) => run()))) tell()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    writing = undefined // in the step that found nothing left: a change after it starts a new writer
  }

  return {
    change: step =>
      new Promise((resolve, reject) => {
        const run = (): (() => void) => {
          const outcome = step(table)
          return () => resolve(outcome)
        }
        pending.push({ run, reject })
        writing ??= Promise.resolve().then(writeBatches)
      }),
    get,
    due(kind, from, upTo, limit) {
      root.resetReadTxn() // reads see one moment until the turn of the loop ends: in an older one a job that is done would still be due
      return [...waiting.getKeys({ start: [kind, from, ''], end: [kind, upTo, '\uffff'], limit })].flatMap(([, , id]) => get(id) ?? [])
    },
    page: (after, limit) =>
      [...jobs.getRange({ limit, ...(after !== '' && { start: after, exclusiveStart: true }) })].flatMap(({ value }) => rowIn(value) ?? []),
    async close() {
      await writing
      await root.close()
      unlock()
    },
  }
}

/** A damaged row is a lost job: the log knows what is to be done, and the next start adds it again. */
function rowIn(row: string): JobRow | undefined {
  const text = withoutSum(row)
  return text === undefined ? undefined : (JSON.parse(text) as JobRow) // as `put` wrote it
}
