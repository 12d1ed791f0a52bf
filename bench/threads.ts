// Whose the processor time was: that of each group of a server's threads, read from /proc. The kernel counts it in nanoseconds, so a short run and
// a busy machine tell as much as a long one on a quiet machine.
import { readdirSync, readFileSync } from 'node:fs'

/** Groups of threads, in the order in which they are told. */
export const GROUPS = [
  'engine main thread',
  'model threads',
  'demo shop thread',
  'log flush threads',
  'V8 helper threads',
  'plugin host TypeScript',
  'plugin host Python',
  'other processes',
] as const
export type Group = (typeof GROUPS)[number]

/** Milliseconds on a processor since the start, by group: of the process `pid` and its children. */
export function cpuByGroup(pid: number): Readonly<Record<Group, number>> {
  const spent = Object.fromEntries(GROUPS.map(group => [group, 0])) as Record<Group, number> // every group has an entry
  for (const thread of threadsOf(pid)) spent[groupOf(thread, pid)] += thread.ms
  for (const child of childrenOf(pid)) {
    const threads = threadsOf(child)
    // server/plugin-host names its processes by their runtime; the kernel keeps 15 characters.
    const name = threads.find(({ id }) => id === child)?.name
    const group =
      name === 'parley-typescri' ? 'plugin host TypeScript' : name === 'parley-python' ? 'plugin host Python' : 'other processes'
    for (const { ms } of threads) spent[group] += ms
  }
  return spent
}

/** Milliseconds on a processor since the start, of the process and its children, all threads together. */
export const processorMs = (pid: number): number => Object.values(cpuByGroup(pid)).reduce((sum, ms) => sum + ms, 0)

interface Thread {
  readonly id: number
  readonly name: string
  readonly ms: number
}

function groupOf({ id, name }: Thread, pid: number): Group {
  if (id === pid) return 'engine main thread'
  if (name === 'WorkerThread') return 'model threads'
  if (name === 'demo-shop') return 'demo shop thread'
  if (name === 'libuv-worker') return 'log flush threads'
  return 'V8 helper threads'
}

function threadsOf(pid: number): readonly Thread[] {
  return ended(() =>
    readdirSync(`/proc/${pid}/task`).flatMap(id =>
      ended(() => {
        const task = `/proc/${pid}/task/${id}`
        const ms = Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6
        return [{ id: Number(id), name: readFileSync(`${task}/comm`, 'utf8').trim(), ms }]
      }),
    ),
  )
}

const childrenOf = (pid: number): readonly number[] =>
  ended(() =>
    readdirSync(`/proc/${pid}/task`).flatMap(id =>
      ended(() => readFileSync(`/proc/${pid}/task/${id}/children`, 'utf8').split(' ').filter(Boolean).map(Number)),
    ),
  )

/** Threads and processes end while they are looked at; such a one has nothing to tell. */
function ended<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException // what the file system throws
    if (code === 'ENOENT' || code === 'ESRCH') return []
    throw error
  }
}
