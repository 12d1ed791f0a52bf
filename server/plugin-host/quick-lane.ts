// The short way into an isolate. A change of threads there and back costs more than what most plugins do, so those that have proved quick are
// run one after another on this process's own thread. What that thread cannot do while a plugin has it, tell the engine whose call it is in, a
// second thread does in its place (watch-lane.ts); without it nobody takes the short way.
import { Worker } from 'node:worker_threads'

/** After which a call on the short way is stopped, to be begun again on the long one: what it may delay those behind it. */
export const STOPPED_MS = 5

/** Of all calls on the short way before this process looks again at what has come: what many that just keep within their time may delay the others. */
const LANE_MS = 5

/** A call of a quick plugin takes less, and so many in a row have: it is a small part of any limit, and far more than a hop costs. */
const QUICK_MS = 1
const PROVEN_CALLS = 16
/** Twice as many after each that had to be stopped. */
const MOST_PROVEN_CALLS = 256

/** A source beside a source, a script beside a script (host-program.ts). */
const WATCH = import.meta.url.endsWith('.ts') ? 'watch-lane.ts' : 'watch-lane.mjs'

/** Of the memory that is shared with the second thread. */
export const CELL = {
  /** How often the lane was entered and left, together: odd while somebody is in it. Begins anew after 2^32. */
  entry: 0,
  /** Which of the names is in it. */
  name: 1,
  /** 1 while the second thread waits to be woken. */
  sleeps: 2,
  /** Waited upon by the second thread, and by nobody changed. */
  never: 3,
} as const

export interface QuickLane {
  /** Before that nobody enters it. */
  open(): void
  /** A plugin's own pass. */
  passOf(plugin: string): LanePass
  /** `entry` as it is. */
  entry(): number
}

export interface LanePass {
  /** True when its call may take the short way now: it must `leave` then. */
  enters(): boolean
  leave(): void
  /** What calls took, on whichever way. */
  took(calls: number, ms: number): void
  /** One had to be stopped. */
  wasStopped(): void
}

export function createQuickLane(): QuickLane {
  const cells = new Int32Array(new SharedArrayBuffer(4 * Object.keys(CELL).length))
  const names: string[] = []
  let isOpen = false
  let watch: 'none' | 'starting' | 'up' | 'down' = 'none'
  let worker: Worker | undefined
  let spentMs = 0
  let isCounting = false
  let enteredAt = 0

  const count = (): void => {
    isCounting = true
    setImmediate(() => {
      isCounting = false
      spentMs = 0
    })
  }

  const startWatch = (): void => {
    watch = 'starting'
    worker = new Worker(new URL(WATCH, import.meta.url), {
      workerData: { cells },
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
    })
    worker.postMessage(names)
    worker.once('message', () => (watch = 'up'))
    worker.once('error', () => (watch = 'down')).once('exit', () => (watch = 'down'))
    worker.unref()
  }

  const passOf = (plugin: string): LanePass => {
    const name = names.push(plugin) - 1
    worker?.postMessage(names)
    let quickCalls = 0
    let needed = PROVEN_CALLS
    return {
      enters() {
        if (!isOpen || quickCalls < needed || spentMs >= LANE_MS) return false
        if (watch === 'none') startWatch()
        if (watch !== 'up') return false
        if (!isCounting) count()
        Atomics.store(cells, CELL.name, name)
        Atomics.add(cells, CELL.entry, 1)
        if (Atomics.load(cells, CELL.sleeps) === 1) {
          Atomics.store(cells, CELL.sleeps, 0)
          Atomics.notify(cells, CELL.sleeps)
        }
        enteredAt = performance.now()
        return true
      },
      leave() {
        spentMs += performance.now() - enteredAt
        Atomics.add(cells, CELL.entry, 1)
      },
      took(calls, ms) {
        quickCalls = ms <= QUICK_MS * calls ? quickCalls + calls : 0
      },
      wasStopped() {
        quickCalls = 0
        needed = Math.min(2 * needed, MOST_PROVEN_CALLS)
      },
    }
  }

  return {
    open: () => {
      isOpen = true
    },
    passOf,
    entry: () => Atomics.load(cells, CELL.entry) >>> 0,
  }
}
