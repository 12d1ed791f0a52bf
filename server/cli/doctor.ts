// `parley doctor`: says whether every conversation is as it was written, whether the Redis of the jobs may be trusted with them, and which walls stand
// around plugins. Exit status 1 when a conversation is not, or Redis may not.
import { resolve } from 'node:path'
import { isFault } from '@parley/core/faults.ts'
import { readConfig } from '../config.ts'
import { examineRedis } from '../drivers/jobs-redis.ts'
import type { RedisSettings } from '../jobs/jobs-settings.ts'
import { surveyWalls, WALLS, type Wall } from '../plugin-host/walls.ts'
import { lookOver } from '../upkeep/doctor.ts'
import type { Findings } from '../upkeep/examine.ts'
import { progressBar } from './progress-bar.ts'

/** `folder`: a backup, or another data folder than the configuration names. Faults: CONFIG_INVALID, STORE_DAMAGED. */
export async function doctor(folder: string | undefined, options: { readonly json?: true }): Promise<void> {
  const config = folder === undefined ? readConfig(process.env) : undefined // what lies elsewhere is no matter of this installation
  const data = config?.data ?? resolve(folder!) // one of the two
  const bar = progressBar('Checking')
  const findings = await lookOver(data, { progress: bar.show, areKeysShared: config?.log.driver === 'nats' }).finally(bar.end)
  const jobs = config?.jobs.driver === 'bullmq' ? await jobsFinding(config.jobs.redis) : undefined
  const walls = config && surveyWalls()
  const report = [reportOf(findings), ...(jobs ? [jobs.report] : []), ...(walls ? [reportOfWalls(walls)] : [])].join('\n')
  process.stdout.write(options.json ? `${JSON.stringify({ data, ...findings, jobs, walls })}\n` : `${report}\n`)
  if (!isSound(findings) || jobs?.fault !== undefined) process.exitCode = 1
}

const FLUSHES = {
  always: 'flushes each job before it is acknowledged',
  everysec: 'flushes once a second: a loss of power may take the last one, which is found in the log',
  no: 'does not flush: a loss of power may take half a minute; set appendfsync everysec or always',
}

async function jobsFinding(redis: RedisSettings): Promise<{ readonly report: string; readonly fault?: string }> {
  try {
    const { version, flush } = await examineRedis(redis)
    return { report: `The jobs are in Redis ${version} at ${redis.url}; it ${flush ? FLUSHES[flush] : 'does not say how it flushes'}.` }
  } catch (error) {
    if (!isFault(error)) throw error
    return { report: `${error.code}: ${error.message}`, fault: error.code }
  }
}

export const isSound = ({ damaged, lost }: Findings): boolean => damaged.length === 0 && lost === null

export function reportOf({ conversations, events, erased, sealsOpened, damaged, lost }: Findings): string {
  const lines = damaged.map(({ shop, conversation, seq, reason }) => `damaged  ${shop}/${conversation}  seq ${seq}: ${reason}`)
  if (erased > 0) lines.push(`Of ${erased} the key is destroyed: they were erased. Their chains are whole, and nobody can read them.`)
  if (!sealsOpened)
    lines.push('A server is running here: the chains were followed, the seals not opened. Stop it, or check a backup, for both.')
  if (lost !== null) lines.push(`The store has a hole (${lost}): conversations whose end was lost with it are not counted here.`)
  const what = `${conversations} ${conversations === 1 ? 'conversation' : 'conversations'}`
  return [
    ...lines,
    damaged.length === 0
      ? `${what} with ${events} events: all is as it was written.`
      : `${damaged.length} of ${what} ${damaged.length === 1 ? 'is' : 'are'} damaged; the rest, with ${events} events, is as it was written.`,
  ].join('\n')
}

export function reportOfWalls(walls: readonly Wall[]): string {
  const missing = walls.filter(wall => wall.missing !== undefined)
  const count = missing.length === 0 ? 'all stand' : `${missing.length} of ${walls.length} missing`
  return [
    `Walls around plugin hosts: ${count}.`,
    ...walls.map(
      ({ name, missing: reason }) => `  ${reason === undefined ? 'up     ' : 'missing'}  ${name.padEnd(11)}  ${reason ?? WALLS[name]}`,
    ),
  ].join('\n')
}
