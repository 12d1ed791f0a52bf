// The queue of jobs that the configuration names.
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Jobs } from '@parley/core/ports/jobs.ts'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { systemClock } from './drivers/clock.system.ts'
import { openBullmqJobs } from './drivers/jobs.bullmq.ts'
import { openLmdbJobs } from './drivers/jobs.lmdb.ts'
import type { Metrics } from './metrics.ts'
import { loadOrMakeNodeName } from './node-name.ts'
import type { Secret } from './secret.ts'

export interface OpenJobsParts {
  readonly config: Config
  readonly secret: Secret
  readonly logger: Logger
  readonly metrics: Metrics
  readonly broke: (error: unknown) => void
  /** The queue may lack what the log asks for. */
  readonly lost: () => void
}

/** Faults: DATA_IN_USE; JOBS_UNAVAILABLE, JOBS_REFUSED, CONFIG_INVALID where it is in Redis. */
export function openJobs({ config, secret, logger, metrics, broke, lost }: OpenJobsParts): Promise<Jobs> {
  const parts = {
    broke,
    failed({ id, kind, reason }: { readonly id: string; readonly kind: string; readonly reason: string }) {
      metrics.jobFailed(kind)
      logger.error({ job: id, reason }, 'a job has failed: bin/parley jobs list')
    },
  }
  const { driver, redis } = config.jobs
  if (driver === 'embedded') return openLmdbJobs(join(config.data, 'jobs'), { ...parts, clock: systemClock, random: Math.random })
  return openBullmqJobs({
    ...parts,
    redis,
    installation: secret.keyFor('jobs').toString('hex').slice(0, 12),
    node: loadOrMakeNodeName(config.data),
    examined({ version, flush }) {
      const told = { redis: redis.url, version, flush }
      if (flush === 'no') logger.warn(told, 'the Redis of the jobs does not flush: set appendfsync everysec or always')
      else logger.info(told, 'the jobs are in Redis')
    },
    overtaken: id => logger.warn({ job: id }, 'a job was taken up by another node while it ran here: this process stood still'),
    reached(reason) {
      if (reason === null) return logger.info({ redis: redis.url }, 'the Redis of the jobs is back')
      const { code, message } = new Fault('JOBS_UNAVAILABLE', { redis: redis.url, reason })
      metrics.fault(code)
      logger.error({ code }, message)
    },
    lost() {
      logger.warn('the queue may have lost jobs: they are looked for in the log')
      lost()
    },
  })
}
