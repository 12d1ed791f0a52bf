// One engine owns a data folder. Each process that wants it makes a file of its own, named for its id and start, and then looks who else is there:
// of two that come at once the later one sees the earlier, so never do both go on. A file whose process is gone (kill -9, power) is cleared
// away; nobody else can own its name, so clearing it takes nothing from a newcomer.
// In two containers both are process 1, and neither is in the other's /proc. So on Linux each listens on a socket in the folder as well: the kernel
// connects whoever sees the file to whoever listens, and refuses when that process has ended, however it ended.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'

const OWNER = /^owner-(\d+)-(\w*)\.(lock|sock)$/

/** Gives the function that unlocks. Faults: DATA_IN_USE, naming the living owner by its id, which counts in its own container. */
export async function lockFolder(folder: string): Promise<() => void> {
  mkdirSync(folder, { recursive: true })
  const unlockFile = lockByFile(folder)
  if (process.platform !== 'linux') return unlockFile
  try {
    const unlockSocket = await lockBySocket(folder)
    return () => {
      unlockSocket()
      unlockFile()
    }
  } catch (error) {
    unlockFile()
    throw error
  }
}

function lockByFile(folder: string): () => void {
  const mine = `owner-${process.pid}-${startOf(process.pid)}.lock`
  const unlock = (): void => rmSync(join(folder, mine), { force: true })
  try {
    writeFileSync(join(folder, mine), '', { flag: 'wx' })
  } catch (error) {
    // A second opening in this process: as wrong as in another.
    if (codeOf(error) === 'EEXIST') throw new Fault('DATA_IN_USE', { folder, pid: process.pid })
    throw error
  }
  for (const { name, pid, start } of ownersIn(folder, 'lock')) {
    if (name === mine) continue
    if (startOf(pid) === start) {
      unlock()
      throw new Fault('DATA_IN_USE', { folder, pid })
    }
    rmSync(join(folder, name), { force: true })
  }
  return unlock
}

async function lockBySocket(folder: string): Promise<() => void> {
  // The address of a socket holds 107 bytes and a folder's path may be longer; through its descriptor it is short.
  const descriptor = openSync(folder, 'r')
  const address = (name: string): string => `/proc/self/fd/${descriptor}/${name}`
  try {
    const mine = `owner-${process.pid}-${randomBytes(8).toString('hex')}.sock`
    const server = createServer(socket => socket.destroy()).unref()
    try {
      // Under its own name only once it listens: until then it would be taken for one that has ended, and cleared away.
      server.listen(address(`${mine}.new`))
      await once(server, 'listening')
      renameSync(join(folder, `${mine}.new`), join(folder, mine))
    } catch (error) {
      server.close()
      // A file system without sockets: the files by process id are all there is.
      if (['EOPNOTSUPP', 'EPERM', 'EINVAL', 'ENOSYS'].includes(codeOf(error) ?? '')) return () => {}
      throw error
    }
    const unlock = (): void => {
      rmSync(join(folder, mine), { force: true })
      server.close()
    }
    for (const { name, pid } of ownersIn(folder, 'sock')) {
      if (name === mine) continue
      if (await isListening(address(name))) {
        unlock()
        throw new Fault('DATA_IN_USE', { folder, pid })
      }
      rmSync(join(folder, name), { force: true })
    }
    return unlock
  } finally {
    closeSync(descriptor)
  }
}

const ownersIn = (
  folder: string,
  kind: 'lock' | 'sock',
): readonly { readonly name: string; readonly pid: number; readonly start: string }[] =>
  readdirSync(folder).flatMap(name => {
    const [, pid, start = '', ending] = OWNER.exec(name) ?? []
    return pid !== undefined && ending === kind ? [{ name, pid: Number(pid), start }] : []
  })

/** Only a refusal says that nobody is there; whoever may not connect, or must wait, has found a living owner. */
async function isListening(address: string): Promise<boolean> {
  const socket = connect(address)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    return codeOf(error) !== 'ECONNREFUSED' && codeOf(error) !== 'ENOENT'
  } finally {
    socket.destroy()
  }
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
    return codeOf(error) === 'EPERM' // somebody else's, and living
  }
}

const codeOf = (error: unknown): string | undefined => (error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined) // of Node's own errors
