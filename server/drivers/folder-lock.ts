// One engine owns a data folder. The lock is a file with the owner's process id and start time: a lock whose process is gone (kill -9, power) is
// taken over, also when the id has gone to another process meanwhile.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'

/** Gives the function that unlocks. Faults: DATA_IN_USE, naming the living owner. */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'owner.lock')
  const mine = `${process.pid} ${startOf(process.pid)}`
  for (;;) {
    try {
      writeFileSync(file, mine, { flag: 'wx' })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if (!isExisting(error)) throw error
    }
    const [pid = '', start = ''] = read(file).split(' ')
    // Our own id means a second opening in this process: as wrong as in another.
    if (pid !== '' && startOf(Number(pid)) === start && start !== '') throw new Fault('DATA_IN_USE', { folder, pid: Number(pid) })
    rmSync(file, { force: true })
  }
}

const isExisting = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST'

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // unlocked between the two calls
  }
}

/** When the process began, in the kernel's ticks; on systems without /proc whether it lives; '' when it does not. */
function startOf(pid: number): string {
  try {
    // The name in brackets may hold spaces; the start is the 20th field after it.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? ''
  } catch {
    if (process.platform === 'linux') return ''
  }
  try {
    process.kill(pid, 0)
    return 'living'
  } catch {
    return ''
  }
}
