// The queue in memory, for tests: everything of the contract but durability. It ends with the process.
import type { Jobs } from '@parley/core/ports/jobs.ts'
import { createEmbeddedJobs, type EmbeddedJobsParts } from '../jobs/embedded-jobs.ts'
import type { JobRow } from '../jobs/job-rows.ts'

export function createMemoryJobs(parts: Omit<EmbeddedJobsParts, 'rows'>): Jobs {
  const kept = new Map<string, JobRow>()
  const table = {
    get: (id: string) => kept.get(id),
    put: (row: JobRow) => void kept.set(row.id, structuredClone(row)),
    remove: (id: string) => void kept.delete(id),
  }
  return createEmbeddedJobs({
    ...parts,
    rows: {
      change: async step => step(table),
      get: table.get,
      due: (kind, from, upTo, limit) =>
        [...kept.values()]
          .filter(row => row.kind === kind && !row.isFailed && from <= row.dueAt && row.dueAt <= upTo)
          .sort((a, b) => a.dueAt - b.dueAt)
          .slice(0, limit),
      page: (after, limit) =>
        [...kept.values()]
          .filter(row => row.id > after)
          .sort((a, b) => (a.id < b.id ? -1 : 1))
          .slice(0, limit),
      close: async () => {},
    },
  })
}
