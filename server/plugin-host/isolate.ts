// A TypeScript plugin in an isolate of its own. Nothing of this process is handed in: text goes in, text comes out.
// The isolate's own limits on time and memory stop what they can; for the rest the engine kills this whole process (supervisor.ts).
import { setFlagsFromString } from 'node:v8'
import { GRANTS } from '@parley/plugin-sdk/grants.ts'
import ivm from 'isolated-vm'
import { keepBuffersPlain } from './bound-memory.ts'
import { EXPORTS } from './exports-name.ts'
import { createRandomRow, guardGlobals } from './grants.ts'
import { describeFailure, hardenGlobals, makeAnswerer, makeRunner, PRISTINE } from './prelude.ts'
import { ANSWER_LIMIT, BATCH_MS, type Guest, type Weight } from './protocol.ts'

// The middle one of V8's compilers: it sets to work on what hardens the globals, in every isolate anew, and that is never run again. It took
// 0.3 MB of each and half the processor time of its start.
setFlagsFromString('--no-maglev')
// Otherwise an isolate lets 8 MB of garbage gather between two collections, of a heap that holds one: fifty of them, under full load, came to
// 300 MB and to the end of their host. Processor time of a call is the same.
setFlagsFromString('--optimize-for-size')

const LOAD_TIMEOUT_MS = 1_000
const BEFORE = '(function(){'

/** What the call queue needs of a plugin, whatever language it is written in. */
export interface Runner {
  /** Puts a list of questions (JSON) to the plugin; gives a JSON list of outcomes, which the plugin may have tampered with. Rejects when `timeoutMs` is over (`isTimeout`) or the isolate is gone. */
  run(questions: string, timeoutMs: number): Promise<unknown>
  /** The same on this thread, which is held up by it. Undefined of what must not be stopped. */
  readonly runHere?: (questions: string, timeoutMs: number) => unknown
  /** After a timeout: how far it came. */
  collect(): Promise<unknown>
  /** After a timeout, behind whatever is next: gives back what it had gathered until then. Never rejects. */
  tidy(): Promise<void>
  weigh(): Promise<Weight>
  /** True when its memory ran out: the isolate is gone. */
  isGone(): boolean
  /** True of an interpreter: stopped in its midst, or failed, it is unfit for further calls. */
  readonly isLostWhenStopped: boolean
}

export const isTimeout = (error: unknown): boolean => error instanceof Error && error.message.includes('timed out')

/** `onLost` is called when V8 has lost control of the isolate: only the end of this process helps then. Rejects when the plugin does not load. */
export async function startTypescript(guest: Guest, onLost: (message: string) => void): Promise<Runner> {
  const before = sandboxCpuMs()
  const { isolate, context, prepare } = await openIsolate(guest.memoryMb, guest.grants, onLost)
  const bundle = await compileBundle(isolate, context, guest.code)
  const runner: ivm.Reference = await prepare.apply(undefined, [bundle.derefInto(), guest.settings], {
    timeout: LOAD_TIMEOUT_MS,
    result: { reference: true },
  })
  const start = await runner.get('start', { reference: true })
  await withinStartMs(guest, 'onStart', start.apply(undefined, [], { timeout: guest.startMs }))
  return { ...(await runnerOf(isolate, runner, sandboxCpuMs() - before)), isLostWhenStopped: false }
}

/** What was run in a plugin's start, or an error in words that its author understands. */
export async function withinStartMs<T>({ startMs }: Guest, hook: string, run: Promise<T>): Promise<T> {
  try {
    return await run
  } catch (error) {
    if (isTimeout(error)) throw new Error(`${hook} took longer than limits.startMs, ${startMs} ms`)
    throw error
  }
}

/** The manifest that the bundle's default export carries, as JSON text: evaluated in an isolate that is thrown away. Rejects with what is wrong. */
export async function readManifest(code: string, memoryMb: number, onLost: (message: string) => void): Promise<string> {
  const { isolate, context } = await openIsolate(memoryMb, Object.keys(GRANTS), onLost) // which it has is not known yet, and no grant gives anything here
  try {
    const bundle = await compileBundle(isolate, context, code)
    const read = await context.eval(`(bundle, limit) => (${String(describeExports)})(bundle(), limit)`, { reference: true })
    const json: unknown = await read.apply(undefined, [bundle.derefInto(), ANSWER_LIMIT], { timeout: LOAD_TIMEOUT_MS })
    if (typeof json !== 'string') throw new Error('its manifest is not plain data')
    return json
  } finally {
    if (!isolate.isDisposed) isolate.dispose()
  }
}

/**
 * Processor time of this process's threads but the one that talks to the engine: of all its plugins together. An isolate's own `cpuTime` goes
 * on while the machine lets its thread wait.
 */
export function sandboxCpuMs(): number {
  const all = process.cpuUsage()
  const own = process.threadCpuUsage()
  return (all.user + all.system - own.user - own.system) / 1_000
}

/** Takes `run` and `collect` of a `makeRunner` out of its isolate. */
export async function runnerOf(
  isolate: ivm.Isolate,
  runner: ivm.Reference,
  startMs: number,
): Promise<Required<Omit<Runner, 'isLostWhenStopped'>>> {
  const [run, collect] = await Promise.all([runner.get('run', { reference: true }), runner.get('collect', { reference: true })])
  return {
    run: (questions, timeoutMs) => run.apply(undefined, [questions], { timeout: timeoutMs }),
    runHere: (questions, timeoutMs) => run.applySync(undefined, [questions], { timeout: timeoutMs }),
    collect: () => collect.apply(undefined, [], { timeout: LOAD_TIMEOUT_MS }),
    tidy: () => collectGarbage(isolate).catch(() => {}), // the isolate is gone, and its memory with it
    weigh: async () => ({
      cpuMs: sandboxCpuMs(),
      heapMb: (await isolate.getHeapStatistics()).used_heap_size / 2 ** 20,
      startMs,
    }),
    isGone: () => isolate.isDisposed,
  }
}

/** Holds no more than an isolate that has made some calls. */
const TIDY_BYTES = 4 * 2 ** 20

/**
 * V8 collects when more is asked for, and a plugin that was stopped asks for nothing until its next call, which may never come: 27 that gather had left
 * 190 MB in their host. The collector's function is in contexts alone that are made while the flag is set: in a host at work no other is made.
 */
async function collectGarbage(isolate: ivm.Isolate): Promise<void> {
  if ((await isolate.getHeapStatistics()).used_heap_size < TIDY_BYTES) return
  setFlagsFromString('--expose-gc')
  const making = isolate.createContext()
  const context = await making.finally(() => setFlagsFromString('--no-expose-gc'))
  await context.eval('typeof gc === "function" && void gc()', { timeout: LOAD_TIMEOUT_MS })
  context.release()
}

async function openIsolate(memoryMb: number, grants: readonly string[], onLost: (message: string) => void) {
  const isolate = new ivm.Isolate({ memoryLimit: memoryMb, onCatastrophicError: onLost })
  const context = await isolate.createContext()
  const prepare = await context.eval(
    `(() => {
      ${String(makeAnswerer)}
      ${String(describeFailure)}
      ${String(makeRunner)}
      const pristine = ${PRISTINE}
      const guard = (${String(guardGlobals)})(${JSON.stringify(grants)}, ${String(createRandomRow)});
      (${String(keepBuffersPlain)})();
      (${String(hardenGlobals)})()
      return (bundle, settings) => {
        const { start, answer } = makeAnswerer(pristine, bundle, pristine.parse(settings), guard)
        return { ...makeRunner(pristine, answer, describeFailure, ${ANSWER_LIMIT}, ${BATCH_MS}), start }
      }
    })()`,
    { reference: true },
  )
  return { isolate, context, prepare }
}

/** The function that runs the bundle, from its first line each time, and gives its exports. */
async function compileBundle(isolate: ivm.Isolate, context: ivm.Context, code: string): Promise<ivm.Reference> {
  const options = { filename: 'file:///plugin.js' }
  const alone = await isolate.compileScript(code, options) // what is a script by itself cannot end the function around it
  alone.release()
  const script = await isolate.compileScript(
    `${BEFORE}${code}
;return ${EXPORTS}})`,
    { ...options, columnOffset: -BEFORE.length },
  )
  return script.run(context, { timeout: LOAD_TIMEOUT_MS, reference: true })
}

/** Runs inside the isolate. */
function describeExports(
  exports: { readonly default?: Readonly<Record<string, unknown>> & { readonly manifest?: { readonly effects?: object } } },
  limit: number,
): string {
  const plugin = exports.default
  if (typeof plugin !== 'object' || plugin === null) throw new Error('it has no default export made by definePlugin')
  if (typeof plugin.onTurn !== 'function') throw new Error('it has no onTurn')
  if (plugin.onStart !== undefined && typeof plugin.onStart !== 'function') throw new Error('its onStart is no function')
  for (const hook of Object.keys(plugin.manifest?.effects ?? {}).length > 0 ? ['onAction', 'undo'] : [])
    if (typeof plugin[hook] !== 'function') throw new Error(`its manifest lists effects, and it has no ${hook}`)
  const json = JSON.stringify(plugin.manifest)
  if (typeof json !== 'string') throw new Error('it has no manifest')
  if (json.length > limit) throw new Error('its manifest is too large')
  return json
}
