// One plugin host as the engine sees it: a process that can be written to, weighed and killed. It has no environment and no terminal, and
// stands behind the walls of walls.ts; what it says is checked like anything that comes from outside.
import { spawn } from 'node:child_process'
import { closeSync, openSync, readSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type Frames, openFrames } from './frames.ts'
import { FRAME_BYTES, type FromHost, fromHost, HELD_LINE, LINE, type ToHost } from './protocol.ts'
import { behindWalls, goesFirst } from './walls.ts'

const PROGRAM = fileURLToPath(new URL('./host-process.ts', import.meta.url))
const PAGE_BYTES = 4_096
const STDERR_KEPT = 600

export interface Host {
  readonly pid: number | undefined
  /** Does nothing when the process is gone: `onExit` tells of that. */
  send(message: ToHost): void
  /** Resident memory in megabytes; undefined where the system does not tell (no /proc) or the process is gone. */
  residentMb(): number | undefined
  /** kill -9. */
  kill(): void
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
}

/** `onExit` is called once, with how it ended in words: the signal or code and the last lines it left. */
export function startHost(onMessage: (message: FromHost) => void, onExit: (how: string) => void): Host {
  const { file, args } = behindWalls([PROGRAM], HELD_LINE + 1)
  const child = spawn(file, args, { env: { TZ: 'UTC' }, stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] })
  goesFirst(child.pid)
  const kill = (): void => void child.kill('SIGKILL')
  let lastWords = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-STDERR_KEPT)))
  const openLine = (at: number): Frames<ToHost> => {
    const pipe = child.stdio[at] as Duplex // both ways, as 'pipe' asks for
    pipe.on('error', kill) // one that cannot be written to
    return openFrames<FromHost, ToHost>(pipe, {
      shape: fromHost,
      takes: FRAME_BYTES.fromHost,
      sends: FRAME_BYTES.toHost,
      onMessage,
      onViolation(what) {
        lastWords = `it sent ${what}`.slice(0, STDERR_KEPT)
        kill()
      },
    })
  }
  const frames = openLine(LINE)
  openLine(HELD_LINE)
  const statm = openStatm(child.pid)
  const ended = new Promise<void>(resolve => {
    const end = (how: string): void => {
      if (statm !== undefined) closeSync(statm)
      resolve()
      onExit(how)
    }
    child.once('exit', (code, signal) => end(`ended by ${signal ?? `code ${code}`}${lastWords ? `: ${lastWords.trim()}` : ''}`))
    child.on('error', error => {
      if (child.pid === undefined) return end(`could not be started: ${error.message}`)
      kill()
    })
  })
  return {
    pid: child.pid,
    send: frames.send,
    residentMb: () => (statm === undefined || child.exitCode !== null || child.signalCode !== null ? undefined : readResident(statm)),
    kill,
    ended,
  }
}

function openStatm(pid: number | undefined): number | undefined {
  if (process.platform !== 'linux' || pid === undefined) return undefined
  return openSync(`/proc/${pid}/statm`, 'r') // the process is there, a zombie at worst, until its exit has been read
}

function readResident(statm: number): number | undefined {
  const buffer = Buffer.allocUnsafe(128)
  try {
    const length = readSync(statm, buffer, 0, buffer.length, 0)
    return (Number(buffer.toString('latin1', 0, length).split(' ')[1]) * PAGE_BYTES) / 2 ** 20
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined // gone; its exit is on the way
    throw error
  }
}
