// What the queue needs of Redis in one step, beside BullMQ's own scripts. They know its keys: a job's hash under its id, its lock, and the lists of the
// states. The package's version is pinned, and the queue's suite runs them against it.
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'

export interface JobScripts {
  takeAway(...args: string[]): Promise<number>
  takeFailed(...args: string[]): Promise<number>
  keepCalledOff(...args: string[]): Promise<number>
}

const SCRIPTS = {
  // A job that runs can't be removed by BullMQ: it is locked. Its lock becomes the mark that the run which was called off still goes on, with the life
  // that the lock had, so that nothing is left of a process that died.
  takeAway: {
    numberOfKeys: 8,
    lua: `local job, lock, calledOff = KEYS[1], KEYS[2], KEYS[3]
if redis.call('DEL', job) == 0 then return 0 end
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZREM', KEYS[5], ARGV[1])
redis.call('LREM', KEYS[6], 1, ARGV[1])
redis.call('LREM', KEYS[7], 1, ARGV[1])
redis.call('SREM', KEYS[8], ARGV[1])
if redis.call('EXISTS', lock) == 0 then return 1 end
if redis.call('EXISTS', calledOff) == 1 then redis.call('DEL', lock) else redis.call('RENAME', lock, calledOff) end
return 2`,
  },
  takeFailed: {
    numberOfKeys: 2,
    lua: `if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('DEL', KEYS[1])
return 1`,
  },
  keepCalledOff: {
    numberOfKeys: 1,
    lua: `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
  },
} as const

/** Defined once a connection. */
export function defineScripts(client: Redis): JobScripts {
  for (const [name, script] of Object.entries(SCRIPTS)) client.defineCommand(name, script)
  return client as unknown as JobScripts // ioredis makes each a method of the connection, which its types do not know
}

/** That a run which was called off still goes on. */
export const calledOffKey = (queue: Queue, id: string): string => queue.toKey(`${id}:called-off`)

/** Takes a job away in whatever state. `ran`: where its handler runs, it is to be told. */
export async function callOff(scripts: JobScripts, queue: Queue, id: string): Promise<'gone' | 'waited' | 'ran'> {
  const states = ['delayed', 'failed', 'wait', 'active', 'stalled'].map(state => queue.toKey(state))
  const outcome = await scripts.takeAway(queue.toKey(id), queue.toKey(`${id}:lock`), calledOffKey(queue, id), ...states, id)
  return outcome === 0 ? 'gone' : outcome === 1 ? 'waited' : 'ran'
}

/** Takes a job away that has failed. False where it has not, or not any more. */
export const takeFailed = async (scripts: JobScripts, queue: Queue, id: string): Promise<boolean> =>
  (await scripts.takeFailed(queue.toKey(id), queue.toKey('failed'), id)) === 1

/** The run with this lock still goes on for `ms` at least; 0: it has ended. */
export const keepCalledOff = (scripts: JobScripts, queue: Queue, id: string, token: string, ms: number): Promise<number> =>
  scripts.keepCalledOff(calledOffKey(queue, id), token, String(ms))
