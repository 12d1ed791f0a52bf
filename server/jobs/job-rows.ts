// Where the embedded queue keeps its jobs. Which of them run is not kept: a job whose process died waits, as before it began.
import type { JobPayload } from '@parley/core/ports/jobs.ts'

export interface JobRow {
  readonly id: string
  readonly kind: string
  readonly payload: JobPayload
  readonly addedAt: number
  readonly dueAt: number
  readonly attempts: number
  readonly isFailed: boolean
  readonly reason: string | null
}

export interface JobTable {
  get(id: string): JobRow | undefined
  /** In place of the row of this id, if there is one. */
  put(row: JobRow): void
  remove(id: string): void
}

export interface JobRows {
  /** Runs `step` alone; all that it puts and removes is durable, or nothing of it, when the promise settles. */
  change<T>(step: (table: JobTable) => T): Promise<T>
  get(id: string): JobRow | undefined
  /** Rows of a kind that wait and are due in `from` to `upTo`, the earliest first. */
  due(kind: string, from: number, upTo: number, limit: number): readonly JobRow[]
  /** Rows with an id after this one, in order of their ids. */
  page(after: string, limit: number): readonly JobRow[]
  close(): Promise<void>
}
