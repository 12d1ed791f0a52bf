// One engine owns a data folder. Each process that wants it makes a file of its own, named for its id and start, and then looks who else is there:
// of two that come at once the later one sees the earlier, so never do both go on. A file whose process is gone (kill -9, power) is cleared
// away; nobody else can own its name, so clearing it takes nothing from a newcomer.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'

const OWNER = /^owner-(\d+)-(\w*)\.lock$/

/** Gives the function that unlocks. Faults: DATA_IN_USE, naming the living owner. */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true })
  const mine = `owner-${process.pid}-${startOf(process.pid)}.lock`
  const unlock = (): void => rmSync(join(folder, mine), { force: true })
  try {
    writeFileSync(join(folder, mine), '', { flag: 'wx' })
  } catch (error) {
    // A second opening in this process: as wrong as in another.
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw new Fault('DATA_IN_USE', { folder, pid: process.pid })
    throw error
  }
  for (const name of readdirSync(folder)) {
    const [, pid, start] = OWNER.exec(name) ?? []
    if (pid === undefined || name === mine) continue
    if (startOf(Number(pid)) === start) {
      unlock()
      throw new Fault('DATA_IN_USE', { folder, pid: Number(pid) })
    }
    rmSync(join(folder, name), { force: true })
  }
  return unlock
}

/** Boot and tick at which the process began; without /proc whether it lives; `gone` when it does not. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return isLiving(pid) ? 'living' : 'gone'
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    // The name in brackets may hold spaces; the start is the 20th field after it.
    const start = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? ''
    return `${boot}${start}`
  } catch {
    return 'gone' // no such process
  }
}

function isLiving(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' // somebody else's, and living
  }
}
