// `parley jobs`: what the running server has still to do, what it has given up, to try that again, and to take a job away.
import type { Job, JobPage } from '@parley/core/ports/jobs.ts'
import { askOperator } from './operator-request.ts'

export interface JobsOptions {
  readonly url: string
}

export interface ListOptions extends JobsOptions {
  readonly kind?: string
  readonly state?: Job['state']
  readonly json?: true
}

/** Faults: SERVER_UNREACHABLE. */
export async function listJobs({ url, kind, state, json }: ListOptions): Promise<void> {
  const jobs: Job[] = []
  for (let after: string | undefined; ; ) {
    const query = new URLSearchParams({ ...(kind && { kind }), ...(state && { state }), ...(after && { after }) })
    const page = (await askOperator(url, `/jobs?${query}`)) as JobPage // our own server's answer
    jobs.push(...page.jobs)
    if (page.next === null) break
    after = page.next
  }
  if (json) return say(JSON.stringify(jobs))
  const width = Math.max(...jobs.map(job => job.id.length), 0)
  for (const job of jobs) say(lineOf(job, width))
  say(jobs.length === 1 ? '1 job' : `${jobs.length} jobs`)
}

/** Faults: SERVER_UNREACHABLE, UNKNOWN_JOB, JOB_NOT_FAILED. */
export async function retryJob(id: string, { url }: JobsOptions): Promise<void> {
  await askOperator(url, '/jobs/retry', { id })
  say(`Job ${id} begins anew.`)
}

/** Faults: SERVER_UNREACHABLE, UNKNOWN_JOB. */
export async function cancelJob(id: string, { url }: JobsOptions): Promise<void> {
  await askOperator(url, '/jobs/cancel', { id })
  say(`Job ${id} is taken away.`)
}

function lineOf({ id, state, dueAt, attempts, reason, progress }: Job, width: number): string {
  const failures = attempts === 0 ? '' : `failed ${attempts} ${attempts === 1 ? 'time' : 'times'} (${reason})`
  const done = progress === null ? '' : `${Math.round(progress * 100)} %`
  const due = new Date(dueAt).toISOString().slice(0, 19).replace('T', ' ')
  return `${state.padEnd(7)}  ${due}  ${id.padEnd(width)}  ${[done, failures].filter(part => part !== '').join(' ')}`.trimEnd()
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
