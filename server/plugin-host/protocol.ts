// Everything that crosses between the engine and a plugin host, in one place: plain data, checked by these shapes on both sides (frames.ts).
// What a plugin says crosses as text of at most 64 KiB and is believed only after read-answer.ts has checked it.
import { GRANTS, type Grant } from '@parley/plugin-sdk/grants.ts'
import { list, number, type Of, oneOf, record, text, whole, word, yesOrNo } from './shape.ts'

/** Characters of one answer, counted inside the isolate, and again outside of it before it crosses. */
export const ANSWER_LIMIT = 65_536

/** Characters of a reason, cut off where the host writes it. */
export const REASON_LIMIT = 1_000

/** Bytes of one message. One to the host holds a plugin's code at most, one from it some hundred answers of usual size. */
export const FRAME_BYTES = { toHost: 32 * 2 ** 20, fromHost: 4 * 2 ** 20 }

/** Descriptors of a host: for what it says and is told, and for what its second thread says while the first is held up. */
export const LINE = 3
export const HELD_LINE = 4

/** Characters of a plugin's code with its settings: less than a frame to the host, however they are escaped. */
export const CODE_LIMIT = 4 * 2 ** 20

/** Characters of answers or questions after which a further message is begun: each may become six bytes. */
export const MESSAGE_CHARACTERS = 2 ** 19

/** Milliseconds of one hop into an isolate, after which it begins no further call: more than a hop costs, less than what a hop on the short way may take. */
export const BATCH_MS = 2

/** Milliseconds of the machine's monotonic clock, the same in every process: `performance.now()` begins anew in each. */
export const machineClock = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000

/** What a host needs to start a plugin. */
const guest = record(
  {
    plugin: text(),
    runtime: word('typescript', 'python'),
    /** The bundle, or the Python module's text. */
    code: text(CODE_LIMIT),
    memoryMb: number,
    timeoutMs: number,
    /** For `onStart`. */
    startMs: number,
    grants: list(word(...(Object.keys(GRANTS) as Grant[]))), // its keys are the grants
    /** The values of its settings, as JSON. */
    settings: text(CODE_LIMIT),
  },
  /** Python only: the module's name and the class in it. */
  { python: record({ module: text(), className: text() }) },
)
export type Guest = Of<typeof guest>

/** Where Pyodide's own files are, and its one script. */
const pyodideFiles = record(
  {
    script: text(),
    wasmFile: text(),
    stdlibFile: text(),
    /** The module `parley_sdk`. */
    sdkFile: text(),
  },
  /** Where a started interpreter's memory may be found: python-snapshot.ts. */
  { snapshotFile: text() },
)
export type PyodideFiles = Of<typeof pyodideFiles>

/** One question put to one plugin. `deadline`, on `machineClock`: the call is not begun after it, and stopped at it. */
const call = record(
  { id: whole, plugin: text(), deadline: number },
  /** What the plugin's grants give for this turn (grants.ts), as JSON. */
  { given: text() },
)
export type Call = Of<typeof call>

/** A `Question` as JSON, and all calls that put it. */
const round = record({ question: text(), calls: list(call) })
export type Round = Of<typeof round>

/** What a plugin is asked, and what it is given with it. */
export type Asked = Pick<Round, 'question'> & Pick<Call, 'given'>

export const toHost = oneOf({
  'read-manifest': record({ code: text(CODE_LIMIT) }),
  /** Of hosts of Python, before the first `load`. */
  pyodide: record({ files: pyodideFiles }),
  load: record({ guest }),
  /** No further plugin comes: the host is `ready` when these are loaded. Its answers carry the generation. The short way (quick-lane.ts) is for hosts with a reserve. */
  'loaded-all': record({ generation: whole, hasReserve: yesOrNo }),
  ask: record({ rounds: list(round) }),
  /** Asks for a `weight`. Nothing on a turn's way does. */
  weigh: record({ plugin: text() }),
})
export type ToHost = Of<typeof toHost>

const reason = text(REASON_LIMIT)

const outcome = oneOf({
  /** What the plugin returned, as JSON text. */
  returned: record({ json: text(ANSWER_LIMIT) }),
  /** Begun and stopped at its deadline. */
  late: record({}),
  /** Never begun: its deadline had passed while others were answered. */
  skipped: record({}),
  failed: record({ reason }),
})
export type Outcome = Of<typeof outcome>

/** What a plugin has taken of its host. */
const weight = record({
  /** Processor time of the sandbox so far; it is the plugin's own where the host has no other, as at a developer's. */
  cpuMs: number,
  /** What it holds now, garbage included; of a Python plugin beyond what the interpreter takes. */
  heapMb: number,
  /** Processor time of its start: isolate and top level; of a Python plugin without the interpreter's own start. */
  startMs: number,
})
export type Weight = Of<typeof weight>

const spentReason = word('memory', 'timeout', 'crash')
export type SpentReason = Of<typeof spentReason>

const answer = record({ id: whole, outcome })
export type Answer = Of<typeof answer>

export const fromHost = oneOf({
  up: record({}),
  manifest: record({ json: text(ANSWER_LIMIT) }),
  'manifest-failed': record({ reason }),
  /** Sent before a plugin's own code runs for the first time: who is to blame if nothing comes after it. */
  loading: record({ plugin: text() }),
  'not-loaded': record({ plugin: text(), reason }),
  ready: record({}),
  /** `entry`: how often its lane was entered and left (quick-lane.ts). */
  answers: record({ generation: whole, entry: whole, answers: list(answer) }),
  /** The host can say nothing itself: at this entry into its lane the plugin has it, and has had it for long. */
  held: record({ plugin: text(), entry: whole }),
  weight: record({ plugin: text(), weight }),
  /** The plugin's isolate is spent and this host with it: out of memory, Python stopped in its midst, an interpreter that failed. */
  spent: record({ plugin: text(), reason: spentReason }),
})
export type FromHost = Of<typeof fromHost>
