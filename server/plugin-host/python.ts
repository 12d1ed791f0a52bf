// A Python plugin: Pyodide inside an isolate of its own, behind the same wall as a TypeScript plugin. Run plainly in Node, Pyodide is no
// sandbox (from Python one reaches the host's `process` in one line); inside an isolate there is nothing to reach.
import { open, readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import ivm from 'isolated-vm'
import { boundWebAssembly, keepBuffersPlain } from './bound-memory.ts'
import { INTERPRETER_BROKEN } from './call-queue.ts'
import { createRandomRow, type Given } from './grants.ts'
import { type Runner, runnerOf, sandboxCpuMs, withinStartMs } from './isolate.ts'
import { describeFailure, makeRunner, PRISTINE, type Pristine } from './prelude.ts'
import { ANSWER_LIMIT, BATCH_MS, type Guest, type PyodideFiles } from './protocol.ts'
import { startInterpreter } from './python-prelude.ts'
import { PREPARE } from './python-source.ts'

// A snapshot holds nothing compiled: left to the first call, compiling the interpreter costs that call some 20 ms of its limit.
setFlagsFromString('--no-wasm-lazy-compilation')

/** For the JavaScript half of the interpreter; what Python itself allocates is WebAssembly memory, bounded by the plugin's own limit. */
const SCRIPT_MEMORY_MB = 128
/** What the interpreter takes before the plugin's first line. */
const INTERPRETER_MB = 40
/** Of the interpreter's table of functions, which has some 14,000 when it has started. */
const TABLE_ENTRIES = 32_768
const LOAD_TIMEOUT_MS = 5_000
const MB = 2 ** 20

/** Rejects when the module does not load, with Python's own message. Takes three seconds of processor time, or one with a snapshot. */
export async function startPython(guest: Guest, files: PyodideFiles, onLost: (message: string) => void): Promise<Runner> {
  const { module, className } = guest.python!
  const snapshot = files.snapshotFile === undefined ? undefined : await readSnapshot(files.snapshotFile)
  const { isolate, context, prepare, sdk } = await openInterpreter({
    files,
    memoryMb: guest.memoryMb,
    snapshot,
    isForSnapshot: false,
    onLost,
  })
  const load = await context.eval('globalThis.parleyLoad', { reference: true })
  const before = sandboxCpuMs()
  const call = await load.apply(undefined, [sdk, guest.code, module, className, guest.settings, JSON.stringify(guest.grants)], {
    timeout: LOAD_TIMEOUT_MS,
    result: { reference: true },
  })
  if (call.typeof === 'string') throw new Error(String(await call.copy()))
  const run = async (hook: 'on_start' | 'keep', timeout: number): Promise<void> => {
    const failure: unknown = await call.apply(undefined, ['', '', '', '', '', '', '', hook, ''], { timeout })
    if (failure !== '') throw new Error(String(failure))
  }
  await withinStartMs(guest, 'on_start', run('on_start', guest.startMs))
  await run('keep', LOAD_TIMEOUT_MS)
  const startMs = sandboxCpuMs() - before
  const runner = await prepare.apply(undefined, [call.derefInto()], { result: { reference: true } })
  // Stopped in its midst, the interpreter's own state is torn.
  const heapBytes = await context.eval('globalThis.parleyHeapBytesTaken', { reference: true })
  const { runHere: _, ...base } = await runnerOf(isolate, runner, startMs)
  return {
    ...base,
    weigh: async () => {
      const taken = Number(await heapBytes.apply(undefined, [])) / MB
      return { ...(await base.weigh()), heapMb: Math.max(0, taken - INTERPRETER_MB) }
    },
    isLostWhenStopped: true,
  }
}

/** The memory of an interpreter that is ready for a plugin of any kind: what `readSnapshot` wants to find. */
export async function takeSnapshot(files: PyodideFiles): Promise<Uint8Array> {
  const onLost = (message: string): never => {
    throw new Error(message)
  }
  const { isolate, context } = await openInterpreter({ files, memoryMb: 0, snapshot: undefined, isForSnapshot: true, onLost })
  const bytes: unknown = await context.eval('globalThis.parleySnapshot()', { copy: true })
  isolate.dispose()
  if (!(bytes instanceof ArrayBuffer)) throw new Error('Pyodide gave no snapshot')
  return new Uint8Array(bytes)
}

interface InterpreterOptions {
  readonly files: PyodideFiles
  /** What the plugin may take beyond the interpreter itself. */
  readonly memoryMb: number
  readonly snapshot: ArrayBuffer | undefined
  readonly isForSnapshot: boolean
  readonly onLost: (message: string) => void
}

async function openInterpreter({ files, memoryMb, snapshot, isForSnapshot, onLost }: InterpreterOptions) {
  const isolate = new ivm.Isolate({ memoryLimit: SCRIPT_MEMORY_MB, onCatastrophicError: onLost })
  const context = await isolate.createContext()
  const [wasm, stdlib, sdk] = await Promise.all([readBuffer(files.wasmFile), readBuffer(files.stdlibFile), readFile(files.sdkFile, 'utf8')])
  const prepare = await context.eval(
    `(() => {
      ${String(makePythonAnswerer)}
      ${String(describeFailure)}
      ${String(makeRunner)}
      const pristine = ${PRISTINE}
      return call => makeRunner(pristine, makePythonAnswerer(call, globalThis.parleyGive, ${JSON.stringify(INTERPRETER_BROKEN)}, pristine), describeFailure, ${ANSWER_LIMIT}, ${BATCH_MS})
    })()`,
    { reference: true },
  )
  const begin = await context.eval(`(wasm, stdlib) => (${String(startInterpreter)})(wasm, stdlib, ${String(createRandomRow)})`, {
    reference: true,
  })
  await begin.apply(undefined, [wasm, stdlib].map(moveIn))
  const script = await isolate.compileScript(files.script, { filename: 'file:///pyodide.js' })
  await script.run(context)
  script.release()
  const start = await context.eval('(snapshot, ...rest) => globalThis.parleyStart(snapshot && new Uint8Array(snapshot), ...rest)', {
    reference: true,
  })
  await start.apply(undefined, [snapshot && moveIn(snapshot), PREPARE, isForSnapshot], { result: { promise: true } })
  await context.eval(
    `(${String(keepBuffersPlain)})(); (${String(boundWebAssembly)})(${(memoryMb + INTERPRETER_MB) * MB}, ${TABLE_ENTRIES})`,
  )
  return { isolate, context, prepare, sdk }
}

/** Moved, so that the isolate holds no handle of this process and nothing is copied. */
const moveIn = (buffer: ArrayBuffer): ivm.Copy<ArrayBuffer> =>
  new ivm.ExternalCopy(buffer, { transferOut: true }).copyInto({ release: true, transferIn: true })

/** Runs inside the isolate. Python answers with JSON, or with `!` and its error; what is thrown here is thrown by the interpreter. */
function makePythonAnswerer(
  call: (...turn: readonly string[]) => string,
  give: (given: Given) => void,
  interpreterBroken: string,
  { stringify }: Pristine,
): (turn: unknown, given: Given) => string {
  return (turn, given) => {
    const { text, original, language, locale } = turn as Readonly<Record<'text' | 'original' | 'language' | 'locale', string>> // a Question, unless a hook is given
    const seed = given.seed?.reduce((all, part) => all * 2n ** 32n + BigInt(part), 0n) ?? ''
    let said: string
    give(given)
    try {
      said = given.hook
        ? call('', '', '', '', String(seed), '', '', given.hook, stringify(turn))
        : call(text, original, language, locale, String(seed), given.memory ?? '', given.answers ? stringify(given.answers) : '', '', '')
    } catch (error) {
      throw interpreterBroken + String(error)
    }
    if (typeof said !== 'string') throw interpreterBroken // once it has failed, it answers nothing to every call
    if (said[0] === '!') throw said.slice(1)
    return said
  }
}

/** Read to where it stays: each copy of tens of megabytes costs as many page faults. */
async function readBuffer(file: string): Promise<ArrayBuffer> {
  await using handle = await open(file)
  const buffer = new ArrayBuffer((await handle.stat()).size)
  const bytes = new Uint8Array(buffer)
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, at)
    if (bytesRead === 0) throw new Error(`${file} became shorter while it was read`)
    at += bytesRead
  }
  return buffer
}

/** Undefined where there is none: it is an interpreter's faster start, and no more. */
async function readSnapshot(file: string): Promise<ArrayBuffer | undefined> {
  try {
    return await readBuffer(file)
  } catch {
    return undefined
  }
}
