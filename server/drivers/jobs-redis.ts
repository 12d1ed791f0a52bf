// The Redis of the queue of jobs: how it is reached, and whether it may be trusted with jobs. It is asked once at the start, and by `parley doctor`.
import { readFileSync } from 'node:fs'
import { Fault } from '@parley/core/faults.ts'
import { Redis, type RedisOptions } from 'ioredis'
import type { RedisSettings } from '../jobs/jobs-settings.ts'

/** What it says of itself. `flush` is null where it does not tell: a hosted one hides its settings. */
export interface RedisState {
  readonly version: string
  readonly flush: 'always' | 'everysec' | 'no' | null
}

/** BullMQ asks for it: before it, its scripts and blocking reads do not have what they stand on. */
const LEAST = [6, 2] as const
const CONNECT_MS = 5_000

/** As it may be shown: an address holds no password here. */
export const nameOfRedis = ({ url }: Pick<RedisSettings, 'url'>): string => url

/** Faults: CONFIG_INVALID, where a file that it names can't be read. */
export function redisOptions({ url, user, secret, secretFile, secretEnv, caFile }: RedisSettings): RedisOptions {
  const address = new URL(url)
  const place =
    address.protocol === 'unix:'
      ? { path: address.pathname }
      : { host: address.hostname.replace(/^\[|\]$/g, ''), port: Number(address.port || 6379), db: Number(address.pathname.slice(1) || 0) }
  // A variable that is named is meant: without it the server would say something else than what is wrong.
  if (secretEnv !== undefined && !secret)
    throw new Fault('CONFIG_INVALID', { file: 'environment', path: 'jobs.redis.secretEnv', reason: `there is no ${secretEnv}` })
  const password = secretFile === undefined ? secret : textOf(secretFile, 'secretFile').trim()
  return {
    ...place,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(address.protocol === 'rediss:' && { tls: caFile === undefined ? {} : { ca: textOf(caFile, 'caFile') } }),
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: null, // BullMQ's blocking reads outlast any number of retries
  }
}

function textOf(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Fault('CONFIG_INVALID', { file, path: `jobs.redis.${setting}`, reason: (error as Error).message }, { cause: error }) // readFileSync throws nothing else
  }
}

/** Faults: JOBS_UNAVAILABLE; JOBS_REFUSED, where jobs would be lost in it. */
export async function examineRedis(config: RedisSettings): Promise<RedisState> {
  const redis = nameOfRedis(config)
  const client = new Redis({ ...redisOptions(config), lazyConnect: true, commandTimeout: CONNECT_MS, retryStrategy: () => null })
  let why: Error | undefined
  client.on('error', error => {
    why = error
  })
  try {
    await client.connect()
    const told = factsIn(await client.info())
    const reason = whyUnfit(told)
    if (reason !== undefined) throw new Fault('JOBS_REFUSED', { redis, reason })
    return { version: told.get('redis_version')!, flush: await flushOf(client) } // else it would be unfit
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('JOBS_UNAVAILABLE', { redis, reason: (why ?? (error as Error)).message }, { cause: error })
  } finally {
    client.disconnect()
  }
}

/** Undefined where it may have them. */
export function whyUnfit(told: ReadonlyMap<string, string>): string | undefined {
  const version = told.get('redis_version') ?? '0'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])) return `it is ${version}; ${LEAST.join('.')} or later is needed`
  if (told.get('role') !== 'master') return 'it is a replica: it takes no jobs'
  const policy = told.get('maxmemory_policy')
  if (policy !== 'noeviction') return `maxmemory-policy is ${policy}: it would throw jobs away when it is full; set noeviction`
  if (told.get('aof_enabled') !== '1') return 'appendonly is off: a job would not outlast its end; set appendonly yes'
  return undefined
}

const factsIn = (info: string): Map<string, string> =>
  new Map(
    info.split('\r\n').flatMap(line => (line.includes(':') ? [[line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]] : [])),
  )

/** `CONFIG` is often forbidden to whoever is not its operator. */
async function flushOf(client: Redis): Promise<RedisState['flush']> {
  const [, flush] = await client.config('GET', 'appendfsync').then(
    told => told as string[],
    () => [],
  )
  return flush === 'always' || flush === 'everysec' || flush === 'no' ? flush : null
}

/** The name of this life of the server: another one after each of its starts. */
export const lifeOf = async (client: Redis): Promise<string> => factsIn(await client.info('server')).get('run_id') ?? ''
