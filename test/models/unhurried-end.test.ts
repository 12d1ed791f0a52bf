// A thread is ended outside of native code.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { createEndCells, endInPeace } from '@parley/models/train/unhurried-end.ts'

/** Goes into peace again and again, says what happens, and comes out of the first only when it is let go. */
const SOURCE = `
const { parentPort, workerData } = require('node:worker_threads')
const { end, letGo, module } = workerData
import(module).then(async ({ inPeace }) => {
  for (let n = 1; ; n++) await inPeace(end, async () => {
    parentPort.postMessage('in ' + n)
    Atomics.wait(letGo, 0, 0)
    letGo[1] = n
  })
})`

test('a thread that is to end comes out of what must not be stopped first, and goes into no more of it', async () => {
  const end = createEndCells()
  const letGo = new Int32Array(new SharedArrayBuffer(8))
  const module = import.meta.resolve('@parley/models/train/unhurried-end.ts')
  const worker = new Worker(SOURCE, { eval: true, workerData: { end, letGo, module } })
  const said: unknown[] = []
  worker.on('message', message => said.push(message))
  await once(worker, 'message')
  let isEnded = false
  const ended = endInPeace(worker, end).then(() => {
    isEnded = true
  })
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(isEnded, false)
  Atomics.store(letGo, 0, 1)
  Atomics.notify(letGo, 0)
  await ended
  assert.equal(letGo[1], 1, 'it had done what it was at')
  assert.deepEqual(said, ['in 1'])
  await endInPeace(worker, end) // which is gone
})
