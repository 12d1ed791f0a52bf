// The queue of jobs for the operator of this machine: what waits, runs or has failed; to try again, and to take away.
import { Fault } from '@parley/core/faults.ts'
import type { Job, JobKind, Jobs } from '@parley/core/ports/jobs.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { checked, operatorGate } from './operator-gate.ts'

export interface JobRouteParts {
  readonly jobs: Jobs
  /** By name: a retry adds the job anew, as its kind is now. */
  readonly jobKinds: ReadonlyMap<string, JobKind<Job['payload']>>
  readonly operatorKey: string
}

const List = z.strictObject({
  kind: z.string().optional(),
  state: z.enum(['waiting', 'running', 'failed']).optional(),
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
})
const One = z.strictObject({ id: z.string() })

export function registerJobRoutes(http: FastifyInstance, { jobs, jobKinds, operatorKey }: JobRouteParts): void {
  const admit = operatorGate(operatorKey)

  http.get('/v1/operator/jobs', async request => {
    admit(request)
    const { limit, ...filter } = checked(List, request.query)
    return jobs.list({ limit, ...defined(filter) })
  })
  http.post('/v1/operator/jobs/retry', async request => {
    admit(request)
    const { id } = checked(One, request.body)
    const [job] = (await jobs.list({ id, limit: 1 })).jobs
    const kind = job && jobKinds.get(job.kind)
    if (!job || !kind) throw new Fault('UNKNOWN_JOB', { id })
    if (job.state !== 'failed') throw new Fault('JOB_NOT_FAILED', { id, state: job.state })
    await jobs.add({ id, kind, payload: job.payload })
    return { id }
  })
  http.post('/v1/operator/jobs/cancel', async request => {
    admit(request)
    const { id } = checked(One, request.body)
    if (!(await jobs.cancel(id))) throw new Fault('UNKNOWN_JOB', { id })
    return { id }
  })
}

/** Without what was not given. */
const defined = <T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never // the same keys, without undefined
