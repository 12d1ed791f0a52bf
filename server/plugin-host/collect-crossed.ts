// Frees what has crossed. Each text that goes into an isolate or comes out of it lives outside of this process's heap, and V8, which sees
// only small handles to it, lets hundreds of megabytes pile up before it collects; the engine would take that for a plugin's doing.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** A collection takes some 5 ms of this process's main thread: once in tens of thousands of calls. */
const COLLECT_AFTER_BYTES = 16 * 2 ** 20
const BYTES_PER_CHARACTER = 2

// The function exists only in contexts made while the flag is set; the plugins' are made when it no longer is.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void // what the flag provides
setFlagsFromString('--no-expose-gc')

let bytes = 0

/** Counts characters that have crossed, either way. */
export function countCrossed(characters: number): void {
  bytes += characters * BYTES_PER_CHARACTER
  if (bytes < COLLECT_AFTER_BYTES) return
  bytes = 0
  collect()
}
