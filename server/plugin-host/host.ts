// One plugin host as the engine sees it: a process that can be written to, weighed and killed. It has no environment and no terminal, and
// stands behind the walls of walls.ts; what it says is checked like anything that comes from outside.
import { spawn } from 'node:child_process'
import { closeSync, openSync, readSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { type Frames, frameOf, openFrames } from './frames.ts'
import { hostProgram } from './host-program.ts'
import { FRAME_BYTES, type FromHost, fromHost, HELD_LINE, LINE, type PyodideFiles, type ToHost } from './protocol.ts'
import { behindWalls, goesFirst } from './walls.ts'

const PAGE_BYTES = 4_096
const STDERR_KEPT = 600
/** The kernel's USER_HZ is 100 wherever Node runs. */
const TICK_OF_PROC_MS = 10

export interface Host {
  readonly pid: number | undefined
  /** Does nothing when the process is gone: `onExit` tells of that. */
  send(message: ToHost): void
  /** What a host of Python needs before its first plugin. */
  sendPyodide(files: PyodideFiles): void
  /** Resident memory in megabytes; undefined where the system does not tell (no /proc) or the process is gone. */
  residentMb(): number | undefined
  /** Processor time of all its threads so far, in steps of 10 ms; undefined as above. */
  cpuMs(): number | undefined
  /** kill -9. */
  kill(): void
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
}

/** `onExit` is called once, with how it ended in words: the signal or code and the last lines it left. `program`: what Node runs, for tests. */
export function startHost(onMessage: (message: FromHost) => void, onExit: (how: string) => void, program = hostProgram()): Host {
  const { file, args } = behindWalls([program], HELD_LINE + 1)
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
  const [statm, stat] = ['statm', 'stat'].map(name => openOf(child.pid, name))
  const ended = new Promise<void>(resolve => {
    const end = (how: string): void => {
      for (const opened of [statm, stat]) if (opened !== undefined) closeSync(opened)
      resolve()
      onExit(how)
    }
    child.once('exit', (code, signal) => end(`ended by ${signal ?? `code ${code}`}${lastWords ? `: ${lastWords.trim()}` : ''}`))
    child.on('error', error => {
      if (child.pid === undefined) return end(`could not be started: ${error.message}`)
      kill()
    })
  })
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    pid: child.pid,
    send: frames.send,
    sendPyodide: files => frames.sendFrame(frameOfPyodide(files)),
    residentMb: () => (statm === undefined || isOver() ? undefined : readResident(statm)),
    cpuMs: () => (stat === undefined || isOver() ? undefined : readProcessorTime(stat)),
    kill,
    ended,
  }
}

const pyodideFrames = new WeakMap<PyodideFiles, Buffer>()

/** The same for every host, and made once: to make JSON of that script, of more than a megabyte, holds up a busy engine for a tenth of a second. */
function frameOfPyodide(files: PyodideFiles): Buffer {
  const made = pyodideFrames.get(files) ?? frameOf({ type: 'pyodide', files } satisfies ToHost, FRAME_BYTES.toHost)
  pyodideFrames.set(files, made)
  return made
}

function openOf(pid: number | undefined, name: string): number | undefined {
  if (process.platform !== 'linux' || pid === undefined) return undefined
  return openSync(`/proc/${pid}/${name}`, 'r') // the process is there, a zombie at worst, until its exit has been read
}

function readResident(statm: number): number | undefined {
  const pages = readStart(statm)?.split(' ')[1]
  return pages === undefined ? undefined : (Number(pages) * PAGE_BYTES) / 2 ** 20
}

function readProcessorTime(stat: number): number | undefined {
  const fields = readStart(stat)
    ?.replace(/^.*\) /, '')
    .split(' ') // a title may hold blanks and brackets
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * TICK_OF_PROC_MS
}

/** The first of the file's text; undefined when the process is gone: its exit is on the way. */
function readStart(file: number): string | undefined {
  const buffer = Buffer.allocUnsafe(256)
  try {
    return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
    throw error
  }
}
