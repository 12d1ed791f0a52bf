// Everything that crosses between the engine and a plugin host: plain data, in one place. What a plugin says crosses as text of at most
// 64 KiB and is believed only after read-answer.ts has checked it.
import type { Grant } from '@parley/plugin-sdk/grants.ts'
import type { Runtime } from '@parley/plugin-sdk/manifest.ts'

/** What a host needs to start a plugin. */
export interface Guest {
  readonly plugin: string
  readonly runtime: Runtime
  /** The bundle, or the Python module's text. */
  readonly code: string
  readonly memoryMb: number
  readonly timeoutMs: number
  readonly grants: readonly Grant[]
  /** The values of its settings, as JSON. */
  readonly settings: string
  /** Python only: the module's name and the class in it. */
  readonly python?: { readonly module: string; readonly className: string }
}

/** One turn put to one plugin. */
export interface Call {
  readonly id: number
  readonly plugin: string
  /** A `Question` as JSON. */
  readonly question: string
  /** What its grants give for this turn (grants.ts), as JSON. */
  readonly given?: string
  /** On `machineClock`: the call is not begun after this, and stopped at it. */
  readonly deadline: number
}

export type ToHost =
  | { readonly type: 'read-manifest'; readonly code: string }
  /** `pyodide`: where Pyodide's own files are and its one script; Python hosts only. */
  | { readonly type: 'load'; readonly guests: readonly Guest[]; readonly pyodide?: PyodideFiles }
  | { readonly type: 'calls'; readonly calls: readonly Call[] }
  /** Asks for a `weight`. Nothing on a turn's way does. */
  | { readonly type: 'weigh'; readonly plugin: string }

export interface PyodideFiles {
  readonly script: string
  readonly wasmFile: string
  readonly stdlibFile: string
  /** The module `parley_sdk`. */
  readonly sdkFile: string
}

export type Outcome =
  /** What the plugin returned, as JSON text. */
  | { readonly type: 'returned'; readonly json: string }
  /** Begun and stopped at its deadline. */
  | { readonly type: 'late' }
  /** Never begun: its deadline had passed while others were answered. */
  | { readonly type: 'skipped' }
  | { readonly type: 'failed'; readonly reason: string }

export type FromHost =
  | { readonly type: 'up' }
  | { readonly type: 'manifest'; readonly json: string }
  | { readonly type: 'manifest-failed'; readonly reason: string }
  /** Sent before a plugin's own code runs for the first time: who is to blame if nothing comes after it. */
  | { readonly type: 'loading'; readonly plugin: string }
  | { readonly type: 'not-loaded'; readonly plugin: string; readonly reason: string }
  | { readonly type: 'ready' }
  | { readonly type: 'answers'; readonly answers: readonly { readonly id: number; readonly outcome: Outcome }[] }
  | { readonly type: 'weight'; readonly plugin: string; readonly weight: Weight }
  /** The plugin's isolate is spent and this host with it: out of memory, Python stopped in its midst, an interpreter that failed. */
  | { readonly type: 'spent'; readonly plugin: string; readonly reason: SpentReason }

/** What a plugin has taken of its host. */
export interface Weight {
  /** Processor time of the sandbox so far; it is the plugin's own where the host has no other, as at a developer's. */
  readonly cpuMs: number
  /** What it holds now, garbage included; of a Python plugin beyond what the interpreter takes. */
  readonly heapMb: number
  /** Processor time of its start: isolate and top level; of a Python plugin without the interpreter's own start. */
  readonly startMs: number
}

export type SpentReason = 'memory' | 'timeout' | 'crash'

/** Milliseconds of the machine's monotonic clock, the same in every process: `performance.now()` begins anew in each. */
export const machineClock = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000

/** Characters of one answer, counted inside the isolate, before it crosses. */
export const ANSWER_LIMIT = 65_536

/** Milliseconds of one hop into an isolate, after which it begins no further call: far more than a hop costs, far less than a limit. */
export const BATCH_MS = 10
