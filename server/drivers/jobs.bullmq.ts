// The queue in Redis, by BullMQ, for several nodes: one of its queues for each kind of job. Its own ways are kept wherever the port allows; what it lacks
// is here: an id that has failed begins anew, a job that runs can be taken away, and a failure is kept without its words.
// docs/decisions/0051-jobs-on-bullmq.md says why it is so.
import { Fault, isFault } from '@parley/core/faults.ts'
import type { JobKind, JobPayload, Jobs } from '@parley/core/ports/jobs.ts'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { refuseId } from '../jobs/job-id.ts'
import type { RedisSettings } from '../jobs/jobs-settings.ts'
import { listJobs } from './jobs-bullmq-list.ts'
import { createRunner, type Runner } from './jobs-bullmq-runner.ts'
import { callOff, defineScripts, takeFailed } from './jobs-bullmq-scripts.ts'
import { examineRedis, lifeOf, nameOfRedis, type RedisState, redisOptions } from './jobs-redis.ts'

export interface BullmqJobsParts {
  readonly redis: RedisSettings
  /** Of one installation, the same on each of its nodes: what stands before the names of its keys. */
  readonly installation: string
  /** This node's own name, the same after a restart. */
  readonly node: string
  readonly broke: (error: unknown) => void
  /** What Redis said of itself at the start. */
  readonly examined?: (state: RedisState) => void
  /** The tries of a job are spent. */
  readonly failed?: (job: { readonly id: string; readonly kind: string; readonly reason: string }) => void
  /** A job ran on here when another node had it already: this process was halted, or its loop was blocked, for longer than `lockMs`. */
  readonly overtaken?: (id: string) => void
  /** Redis is away, with the reason; or is back: null. */
  readonly reached?: (reason: string | null) => void
  /** What was added may be gone: Redis was started anew, or could not be told. Whoever knows what is to be done is to add it again. */
  readonly lost?: () => void
  /** How long a job is a node's without a word of it. Another one takes it after this and up to half as much. */
  readonly lockMs?: number
}

/** Longer than any pause of a healthy node, and no longer than an effect may wait for another one. */
const LOCK_MS = 10_000
/** Most that an order waits for Redis, so that a restart of it is bridged. */
const COMMAND_MS = 5_000
/** Between two looks whether it takes orders again. */
const CATCH_UP_MS = 1_000
/** Longest pause between two tries to reach it. */
const RECONNECT_MS = 1_000
/** The events that BullMQ writes down for whoever listens; nobody does. */
const EVENTS = { events: { maxLen: 100 } }

/** Faults: JOBS_UNAVAILABLE, JOBS_REFUSED, CONFIG_INVALID. */
export async function openBullmqJobs(parts: BullmqJobsParts): Promise<Jobs> {
  const state = await examineRedis(parts.redis)
  parts.examined?.(state)
  const { node, broke, lockMs = LOCK_MS, reached = () => {}, lost = () => {} } = parts
  const prefix = `${parts.redis.prefix}-${parts.installation}`
  const options = { ...redisOptions(parts.redis), retryStrategy: (times: number) => Math.min(50 * times, RECONNECT_MS) }
  const orders = new Redis({ ...options, commandTimeout: COMMAND_MS })
  /** A run's end waits for Redis as long as it must: a time limit would make a failure of it. */
  const runs = new Redis(options)
  const ear = new Redis(options)
  const scripts = defineScripts(orders)
  const KINDS = `${prefix}:kinds`
  const EAR = `${prefix}:called-off`
  const queues = new Map<string, Queue>()
  const runners = new Map<string, Runner>()
  let names: readonly string[] = []
  let closing: Promise<void> | undefined

  const refuseClosed = (): void => {
    if (closing) throw new Fault('SHUTTING_DOWN', {})
  }
  /** Jobs of a node are in a queue of its own. */
  const nameOf = (kind: Pick<JobKind<JobPayload>, 'name' | 'isOfNode'>): string => (kind.isOfNode ? `${kind.name}@${node}` : kind.name)
  const kindIn = (name: string): string => name.split('@')[0]! // split gives one part at least
  const register = (name: string): Promise<unknown> => orders.sadd(KINDS, name)

  function queueNamed(name: string): Queue {
    const known = queues.get(name)
    if (known) return known
    const queue = new Queue(name, { connection: orders, prefix, streams: EVENTS })
    queue.on('error', () => {}) // told by the connection
    queues.set(name, queue)
    return queue
  }

  let life = await lifeOf(orders)
  let isAway = false
  /** An order was refused or not answered: what it wanted is not there, or may not be. */
  let isBehind = false
  orders.on('error', error => {
    if (!isAway && !closing) reached(error.message || 'no answer')
    isAway = true
  })
  orders.on('ready', () => void cameBack().catch(error => broke(faultOf(error))))
  async function cameBack(): Promise<void> {
    const now = await lifeOf(orders)
    if (isAway) reached(null)
    isAway = false
    const isAnother = now !== life
    life = now
    if (!isAnother) return
    await Promise.all([...[...queues.keys()].map(register), ...[...runners.values()].map(runner => runner.limit())])
    if (!closing) lost()
  }
  /** Looks until Redis takes something again: who was refused, or not answered, does not always ask twice. */
  function catchUp(): void {
    if (isBehind || closing) return
    isBehind = true
    const look = async (): Promise<void> => {
      if (closing) return
      try {
        await orders.set(`${prefix}:probe`, 1, 'PX', CATCH_UP_MS) // only what it has room for
        isBehind = false
        lost()
      } catch {
        setTimeout(look, CATCH_UP_MS).unref()
      }
    }
    setTimeout(look, CATCH_UP_MS).unref()
  }

  /** With the faults of a Redis that is away or full. */
  async function order<T>(run: () => Promise<T>): Promise<T> {
    refuseClosed()
    try {
      return await run()
    } catch (error) {
      const fault = faultOf(error)
      if (isFault(fault)) catchUp()
      throw fault
    }
  }
  function faultOf(error: unknown): unknown {
    const { message = '' } = error as Error // ioredis throws nothing else
    if (/^OOM /.test(message)) return new Fault('STORAGE_FULL', { what: 'jobs into Redis', retryAfterMs: 5_000 }, { cause: error })
    if (/timed out|Connection is closed|ECONN|EPIPE|ENOENT|writable/.test(message))
      return new Fault('JOBS_UNAVAILABLE', { redis: nameOfRedis(parts.redis), reason: message }, { cause: error })
    return error
  }

  const allNames = async (): Promise<readonly string[]> => {
    names = (await orders.smembers(KINDS)).sort()
    return names
  }
  /** The queue that has the job. */
  async function holderOf(id: string): Promise<Queue | undefined> {
    const look = async (among: readonly string[]): Promise<string | undefined> => {
      const found = await Promise.all(among.map(name => orders.exists(queueNamed(name).toKey(id))))
      return among[found.indexOf(1)]
    }
    const before = names
    const found = (await look(before)) ?? (await look((await allNames()).filter(name => !before.includes(name))))
    return found === undefined ? undefined : queueNamed(found)
  }

  await ear.subscribe(EAR)
  ear.on('error', () => {})
  runs.on('error', () => {})
  ear.on('message', (_, message) => {
    const [name, id] = JSON.parse(message) as [string, string] // as `cancel` sends it
    runners.get(name)?.callOff(id)
  })

  return {
    async add({ id, kind, payload, delayMs = 0 }) {
      refuseClosed()
      refuseId(id)
      const name = nameOf(kind)
      await order(async () => {
        const queue = queueNamed(name)
        const add = (): Promise<unknown> =>
          queue.add(kind.name, payload, {
            jobId: id,
            delay: Math.ceil(delayMs),
            attempts: kind.attempts,
            backoff: { type: 'exponential', delay: kind.firstPauseMs, jitter: 0.25 },
            removeOnComplete: true,
            removeOnFail: false,
            stackTraceLimit: 0,
          })
        if (!names.includes(name)) {
          await register(name)
          names = [...names, name]
        }
        // In one go: of an id that is there, BullMQ takes no notice.
        const [hadFailed] = await Promise.all([orders.zscore(queue.toKey('failed'), id), add()])
        if (hadFailed !== null && (await takeFailed(scripts, queue, id))) await add()
      })
    },
    cancel: id =>
      order(async () => {
        const queue = await holderOf(id)
        if (!queue) return false
        const outcome = await callOff(scripts, queue, id)
        if (outcome === 'ran') {
          runners.get(queue.name)?.callOff(id)
          await orders.publish(EAR, JSON.stringify([queue.name, id]))
        }
        return outcome !== 'gone'
      }),
    list: filter =>
      order(async () => {
        const wanted = (await allNames()).filter(name => filter.kind === undefined || kindIn(name) === filter.kind)
        return listJobs(orders, wanted.map(queueNamed), filter, (queue, id) => runners.get(queue)?.progressOf(id))
      }),
    handle(kind, handler) {
      refuseClosed()
      const name = nameOf(kind)
      if (runners.has(name)) throw new Error(`jobs of kind ${kind.name} have a handler already`)
      const queue = queueNamed(name)
      const runner = createRunner({
        queue,
        connection: runs,
        scripts: defineScripts(runs),
        prefix,
        atOnce: kind.atOnce,
        lockMs,
        isClosing: () => closing !== undefined,
        run: async run => handler({ ...run, payload: kind.payload.parse(run.payload) }),
        broke: error => broke(faultOf(error)),
        failed: (id, reason) => parts.failed?.({ id, kind: kind.name, reason }),
        overtaken: id => parts.overtaken?.(id),
      })
      runners.set(name, runner)
      runner.limit().catch(error => broke(faultOf(error)))
    },
    close() {
      const end = async (): Promise<void> => {
        await Promise.all([...runners.values()].map(runner => runner.close()))
        for (const client of [ear, runs, orders]) client.disconnect()
      }
      closing ??= Promise.resolve().then(end)
      return closing
    },
  }
}
