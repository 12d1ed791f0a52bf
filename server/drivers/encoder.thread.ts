// A sentence encoder in a thread of its own, since running one blocks its thread. Texts go one after another: one that nobody waits for any more is passed
// over, so that a turn waits for no text of a turn that is over.
import '@parley/models/without-telemetry.ts' // the thread inherits it

import { Fault } from '@parley/core/faults.ts'
import type { EncodeJob } from '@parley/models/encoder/encode-worker.ts'
import type { KeptEncoder } from '@parley/models/encoder/kept-encoder.ts'
import { Piscina } from 'piscina'

export interface EncoderThread {
  readonly hash: string
  /** Numbers of a vector. */
  readonly size: number
  /** Of a text that `normaliseText` gave. Rejects where `signal` gave it up before it was begun, where the thread failed, and after `close`. */
  encode(text: string, signal?: AbortSignal): Promise<Float32Array>
  close(): Promise<void>
}

const WORKER = new URL('../../models/encoder/encode-worker.ts', import.meta.url)

/** Resolves when it has run once. `onFailure`: the thread broke; another takes its place. Faults: ENCODER_INVALID. */
export async function openEncoderThread({ folder, hash }: KeptEncoder, onFailure: (error: unknown) => void): Promise<EncoderThread> {
  const pool = new Piscina({
    filename: WORKER.href,
    minThreads: 1,
    maxThreads: 1,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    recordTiming: false,
  })
  pool.on('error', onFailure)
  const run = (text: string): Promise<Float32Array> => pool.run({ folder, hash, text } satisfies EncodeJob)
  let last: Promise<unknown> = Promise.resolve()
  let size: number
  try {
    size = (await run('hello 你好')).length
  } catch (cause) {
    await pool.close()
    const reason = cause instanceof Error ? cause.message : 'it cannot be run'
    throw new Fault('ENCODER_INVALID', { encoder: folder, reason }, { cause })
  }
  return {
    hash,
    size,
    encode(text, signal) {
      const vector = last.then(() => {
        signal?.throwIfAborted()
        return run(text)
      })
      last = vector.catch(() => {}) // whoever asked is told
      return vector
    },
    close: () => pool.close(),
  }
}
