// The second thread of a host (quick-lane.ts). It runs nothing of a plugin; it looks whether the first is held up by one, and tells the engine by a
// line of its own which it is: the others' calls are put elsewhere then, and whoever takes the process down is known.
import { writeSync } from 'node:fs'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { frameOf } from './frames.ts'
import { FRAME_BYTES, type FromHost, HELD_LINE } from './protocol.ts'
import { CELL } from './quick-lane.ts'

/** Somebody who is in the lane at two looks in a row holds it up: it is more than he may have, stopped in time. */
const LOOK_MS = 10
/** Looks at an empty lane, after which it waits to be woken. */
const IDLE_LOOKS = 20

const { cells } = workerData as { readonly cells: Int32Array<SharedArrayBuffer> } // as quick-lane.ts starts it
const port = parentPort! // it is a worker
let names: readonly string[] = []
let seen = -1
let idleLooks = 0

const tell = (entry: number): void => {
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) names = next.message as readonly string[] // nothing else is sent
  const message: FromHost = { type: 'held', plugin: names[Atomics.load(cells, CELL.name)]!, entry: entry >>> 0 } // whoever enters has a name
  writeSync(HELD_LINE, frameOf(message, FRAME_BYTES.fromHost))
}

port.postMessage('up')
for (;;) {
  const entry = Atomics.load(cells, CELL.entry)
  const isSame = entry === seen
  if (isSame && entry % 2 !== 0) tell(entry)
  idleLooks = isSame ? idleLooks + 1 : 0
  seen = entry
  if (idleLooks < IDLE_LOOKS || entry % 2 !== 0) {
    Atomics.wait(cells, CELL.never, 0, LOOK_MS)
    continue
  }
  Atomics.store(cells, CELL.sleeps, 1)
  if (Atomics.load(cells, CELL.entry) === entry) Atomics.wait(cells, CELL.sleeps, 1)
  Atomics.store(cells, CELL.sleeps, 0)
  idleLooks = 0
}
