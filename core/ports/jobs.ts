// Work that must happen though the process dies: later, again, or behind whoever asked for it. The queue is a projection of the log: what is lost
// with it is derived again at the start. Drivers: server/drivers/jobs.{lmdb,memory,bullmq}.ts; one suite: test/contracts/jobs.ts.
import type { z } from 'zod'

/**
 * What a handler needs to find its work: ids and seqs. Never anything that a customer wrote: a job lies outside the conversation's key, so that an
 * erasure would not reach it. A handler reads the log.
 */
export type JobPayload = Readonly<Record<string, string | number>>

/** How the jobs of one kind are run. `firstPauseMs` doubles with each attempt; drivers shorten a pause by chance, up to a quarter. */
export interface JobKind<P extends JobPayload> {
  readonly name: string
  readonly payload: z.ZodType<P>
  /** Runs that may fail before the job has. */
  readonly attempts: number
  readonly firstPauseMs: number
  /** Runs at a time, on all nodes together. */
  readonly atOnce: number
  /** Run by the node that added it alone: what it works on lies on that node's disk, or somebody waits there for its end. */
  readonly isOfNode?: true
}

export interface NewJob<P extends JobPayload> {
  /** Unique while the job is kept, and says what it is about: `sla/demo/mJz0/12`. 1 to 400 characters, no colon, not a number alone. */
  readonly id: string
  readonly kind: JobKind<P>
  readonly payload: P
  /** Milliseconds until it is first run; none by default. */
  readonly delayMs?: number
}

export type JobState = 'waiting' | 'running' | 'failed'

export interface Job {
  readonly id: string
  readonly kind: string
  readonly payload: JobPayload
  readonly state: JobState
  /** Runs that have failed. */
  readonly attempts: number
  /** Milliseconds since 1970. */
  readonly addedAt: number
  /** When it runs, or would have. */
  readonly dueAt: number
  /** As its handler has last reported; null before, and where it does not run. */
  readonly progress: number | null
  /** Code or name of the last failure, never its words: they may quote a customer. */
  readonly reason: string | null
}

export interface JobRun<P extends JobPayload> {
  readonly id: string
  readonly payload: P
  /** From 1. */
  readonly attempt: number
  /** True when the job has failed should this run fail. */
  readonly isLast: boolean
  /** Aborted when the job is cancelled or the queue closed: what is left is not wanted, or comes again at the next start. */
  readonly signal: AbortSignal
  /** 0 to 1, for whoever lists the jobs. Not durable. */
  report(progress: number): void
}

export interface JobFilter {
  readonly id?: string
  readonly kind?: string
  readonly state?: JobState
  /** The `next` of the page before. */
  readonly after?: string
  readonly limit: number
}

export interface JobPage {
  readonly jobs: readonly Job[]
  /** Null when there is no further one. */
  readonly next: string | null
}

/**
 * Guarantees, for every driver:
 * - A job is durable when `add` resolves. Adding an id that waits or runs changes nothing; one that has failed begins anew (so it is retried by hand).
 * - A job runs at least once, never twice at a time, and again when its process died while it ran. One effect is the handler's to see to, by a key.
 *   Where nodes share the queue, one that was halted for longer than its hold on a job goes on beside the one that took it: it is told by its signal as
 *   soon as it can be, and how its run ends counts for nothing.
 * - It never runs before its time. A run that rejects is repeated after pauses until `attempts` are spent; then the job is `failed`, and kept.
 * - A job that is done is gone, and its id free again.
 * - At most `atOnce` of a kind run at a time, and the event loop turns between the beginnings of any two. What computes for long belongs in a worker:
 *   a handler shares its thread with everything else.
 */
export interface Jobs {
  add<P extends JobPayload>(job: NewJob<P>): Promise<void>
  /** Takes a job away in whatever state; a running one is told by its signal and not run again. False where there is none. */
  cancel(id: string): Promise<boolean>
  /** In no order that means anything, the same from page to page. */
  list(filter: JobFilter): Promise<JobPage>
  /** From now on jobs of this kind are run, those of before the start too. Once a kind. */
  handle<P extends JobPayload>(kind: JobKind<P>, handler: (run: JobRun<P>) => Promise<void>): void
  /**
   * Begins nothing more, aborts what runs and waits for it: it runs again at the next start, and this is no failure of it. Later calls reject
   * with Fault SHUTTING_DOWN.
   */
  close(): Promise<void>
}
