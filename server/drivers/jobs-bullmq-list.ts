// Lists what the queue in Redis holds. BullMQ's lists have no order that outlasts a change, so the ids are read at one moment and put in an order of
// their own; a page begins after the last id of the page before, and what each job is by then is read with the page.
import type { Job, JobFilter, JobPage, JobState } from '@parley/core/ports/jobs.ts'
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'

/** Most jobs whose rows are asked for in one go. */
const AT_ONCE = 500
/** BullMQ's due times carry the order within a millisecond in their last bits. */
const PARTS_OF_MS = 4_096
const LISTS: Readonly<Record<JobState, readonly string[]>> = {
  waiting: ['wait', 'delayed', 'paused'],
  running: ['active'],
  failed: ['failed'],
}
const SETS = ['delayed', 'failed']

interface Place {
  readonly queue: Queue
  readonly id: string
}

/** `progressHere` has the progress of what runs in this process; undefined where it does not. */
export async function listJobs(
  client: Redis,
  queues: readonly Queue[],
  { id, state, after, limit }: JobFilter,
  progressHere: (queue: string, id: string) => number | null | undefined,
): Promise<JobPage> {
  const places = id === undefined ? await placesIn(client, queues, state) : queues.map(queue => ({ queue, id }))
  const rest = after === undefined ? places : places.filter(place => cursorOf(place) > after)
  const jobs: Job[] = []
  let last: Place | undefined
  for (let from = 0; from < rest.length; ) {
    const page = rest.slice(from, from + Math.min(AT_ONCE, limit - jobs.length + 1))
    from += page.length
    for (const [i, job] of (await read(client, page, progressHere)).entries()) {
      if (!job || (state !== undefined && job.state !== state)) continue
      if (jobs.length === limit) return { jobs, next: last ? cursorOf(last) : null }
      jobs.push(job)
      last = page[i]
    }
  }
  return { jobs, next: null }
}

/** No id and no name of a queue has a colon. */
const cursorOf = ({ queue, id }: Place): string => `${id}:${queue.name}`

async function placesIn(client: Redis, queues: readonly Queue[], state: JobState | undefined): Promise<readonly Place[]> {
  const lists = state === undefined ? Object.values(LISTS).flat() : [...LISTS[state], ...LISTS.running] // one that was running is perhaps not any more
  const wanted = queues.flatMap(queue => [...new Set(lists)].map(list => ({ queue, list })))
  if (wanted.length === 0) return []
  const moment = client.multi()
  for (const { queue, list } of wanted) {
    const key = queue.toKey(list)
    if (SETS.includes(list)) moment.zrange(key, 0, -1)
    else moment.lrange(key, 0, -1)
  }
  const places = resultsOf(await moment.exec()).flatMap((ids, i) => (ids as string[]).map(id => ({ queue: wanted[i]!.queue, id })))
  return places.sort((a, b) => (cursorOf(a) < cursorOf(b) ? -1 : 1))
}

const FIELDS = ['name', 'data', 'timestamp', 'opts', 'atm', 'progress', 'failedReason', 'processedOn'] as const

async function read(
  client: Redis,
  places: readonly Place[],
  progressHere: (queue: string, id: string) => number | null | undefined,
): Promise<readonly (Job | undefined)[]> {
  const asked = client.pipeline()
  for (const { queue, id } of places)
    asked
      .hmget(queue.toKey(id), ...FIELDS)
      .zscore(queue.toKey('delayed'), id)
      .zscore(queue.toKey('failed'), id)
      .exists(queue.toKey(`${id}:lock`))
  const results = resultsOf(await asked.exec())
  return places.map(({ queue, id }, i) => {
    const [row, delayed, failed, isLocked] = results.slice(4 * i, 4 * i + 4) as [(string | null)[], string | null, string | null, number]
    const [name, data, timestamp, opts, attempts, progress, reason, processedOn] = row
    if (!name || !data) return undefined
    const addedAt = Number(timestamp)
    const here = progressHere(queue.name, id)
    const state = failed !== null ? 'failed' : isLocked === 1 ? 'running' : 'waiting'
    const dueAt = delayed !== null ? Math.floor(Number(delayed) / PARTS_OF_MS) : addedAt + (JSON.parse(opts ?? '{}').delay ?? 0)
    return {
      id,
      kind: name,
      payload: JSON.parse(data),
      state,
      attempts: Number(attempts ?? 0),
      addedAt,
      dueAt: state === 'failed' && processedOn ? Number(processedOn) : dueAt,
      progress: state === 'running' ? (here === undefined ? progressIn(progress) : here) : null,
      reason: reason ?? null,
    }
  })
}

/** BullMQ says 0 of a job that has reported nothing; what has is kept as `{"at": …}`. */
function progressIn(text: string | null | undefined): number | null {
  const progress: unknown = text ? JSON.parse(text) : 0
  return typeof progress === 'object' && progress !== null && 'at' in progress ? Number(progress.at) : null
}

function resultsOf(results: [Error | null, unknown][] | null): readonly unknown[] {
  if (!results) throw new Error('Connection is closed.')
  return results.map(([error, result]) => {
    if (error) throw error
    return result
  })
}
