// How a thread that runs native code is ended from outside. onnxruntime, stopped in the midst of a run, takes the whole process down with it, so the thread is
// left to come out of it first; it goes in no more once an end is wanted.
import type { Worker } from 'node:worker_threads'

const CELL = { ending: 0, inside: 1 } as const

/** Handed to the thread. */
export type EndCells = Int32Array<SharedArrayBuffer>

export const createEndCells = (): EndCells => new Int32Array(new SharedArrayBuffer(4 * Object.keys(CELL).length))

/** In the thread: runs what must not be stopped in its midst. When an end is wanted it never settles: the thread is about to be gone. */
export async function inPeace<T>(cells: EndCells, work: () => Promise<T>): Promise<T> {
  Atomics.add(cells, CELL.inside, 1)
  try {
    return Atomics.load(cells, CELL.ending) === 1 ? await withoutEnd(cells) : await work()
  } finally {
    leave(cells)
  }
}

function leave(cells: EndCells): void {
  Atomics.sub(cells, CELL.inside, 1)
  Atomics.notify(cells, CELL.inside)
}

function withoutEnd(cells: EndCells): Promise<never> {
  leave(cells)
  return new Promise(() => {})
}

/** From outside: resolves when the thread is gone. */
export async function endInPeace(worker: Worker, cells: EndCells): Promise<void> {
  Atomics.store(cells, CELL.ending, 1)
  const gone = new Promise(resolve => worker.once('exit', resolve))
  for (let inside = Atomics.load(cells, CELL.inside); inside > 0 && worker.threadId > 0; inside = Atomics.load(cells, CELL.inside)) {
    const { async, value } = Atomics.waitAsync(cells, CELL.inside, inside)
    if (async) await Promise.race([value, gone])
  }
  await worker.terminate()
}
