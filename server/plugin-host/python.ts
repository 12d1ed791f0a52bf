// A Python plugin: Pyodide inside an isolate of its own, behind the same wall as a TypeScript plugin. Run plainly in Node, Pyodide is no
// sandbox (from Python one reaches the host's `process` in one line); inside an isolate there is nothing to reach.
import { readFile } from 'node:fs/promises'
import ivm from 'isolated-vm'
import { INTERPRETER_BROKEN } from './call-queue.ts'
import { createRandomRow, type Given, GUARD_PYTHON } from './grants.ts'
import { type Runner, runnerOf, sandboxCpuMs, withinStartMs } from './isolate.ts'
import { describeFailure, makeRunner, PRISTINE, type Pristine } from './prelude.ts'
import { ANSWER_LIMIT, BATCH_MS, type Guest, type PyodideFiles } from './protocol.ts'
import { startInterpreter } from './python-prelude.ts'
import { LOAD_CLASS } from './python-source.ts'

/** For the JavaScript half of the interpreter; what Python itself allocates is WebAssembly memory, bounded by the plugin's own limit. */
const SCRIPT_MEMORY_MB = 128
/** What the interpreter takes before the plugin's first line. */
const INTERPRETER_MB = 40
const LOAD_TIMEOUT_MS = 5_000
const MB = 2 ** 20

/** Rejects when the module does not load, with Python's own message. Takes about two seconds. */
export async function startPython(guest: Guest, files: PyodideFiles, onLost: (message: string) => void): Promise<Runner> {
  const { module, className } = guest.python!
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
  await context.global.set('parleyHeapBytes', (guest.memoryMb + INTERPRETER_MB) * MB)
  const start = await context.eval(`(wasm, stdlib) => (${String(startInterpreter)})(wasm, stdlib, ${String(createRandomRow)})`, {
    reference: true,
  })
  // Copied in, so that the isolate holds no handle of this process.
  const copied = [wasm, stdlib].map(buffer => new ivm.ExternalCopy(buffer).copyInto({ release: true }))
  await start.apply(undefined, copied)
  const script = await isolate.compileScript(files.script, { filename: 'file:///pyodide.js' })
  await script.run(context)
  script.release()
  await context.eval('globalThis.parleyStart()', { promise: true })
  const load = await context.eval('globalThis.parleyRunPython', { reference: true })
  const source = `${GUARD_PYTHON}\n${LOAD_CLASS}`
  const before = sandboxCpuMs()
  const call = await load.apply(undefined, [source, sdk, guest.code, module, className, guest.settings, JSON.stringify(guest.grants)], {
    timeout: LOAD_TIMEOUT_MS,
    result: { reference: true },
  })
  if (call.typeof === 'string') throw new Error(String(await call.copy()))
  const started = call.apply(undefined, ['', '', '', '', '', '', '', 'on_start', ''], { timeout: guest.startMs })
  const failure: unknown = await withinStartMs(guest, 'on_start', started)
  if (failure !== '') throw new Error(String(failure))
  const startMs = sandboxCpuMs() - before
  const runner = await prepare.apply(undefined, [call.derefInto()], { result: { reference: true } })
  // Stopped in its midst, the interpreter's own state is torn.
  const heapBytes = await context.eval('globalThis.parleyHeapBytesTaken', { reference: true })
  const base = await runnerOf(isolate, runner, startMs)
  return {
    ...base,
    weigh: async () => {
      const taken = Number(await heapBytes.apply(undefined, [])) / MB
      return { ...(await base.weigh()), heapMb: Math.max(0, taken - INTERPRETER_MB) }
    },
    isLostWhenStopped: true,
  }
}

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

const readBuffer = async (file: string): Promise<ArrayBuffer> => toArrayBuffer(await readFile(file))

/** A buffer of its own: Node's small buffers share one. */
const toArrayBuffer = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer
