// Runs a model's graph. `run` blocks the thread it is called on (onnxruntime computes there), so only worker threads and tests may call it.
import './without-telemetry.ts' // before the library, so the first import

import { Fault } from '@parley/core/faults.ts'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { ModelFile } from './model-file.ts'
import type { Vector } from './rows.ts'

export interface Session {
  /** Logits [batch × classes], row by row. */
  run(batch: readonly Vector[]): Promise<Float32Array>
}

/** One thread a session: the pool has as many workers as the machine can spare. Faults: MODEL_INVALID when onnxruntime refuses the graph. */
export async function createSession(model: ModelFile): Promise<Session> {
  const session = await load(model)
  return {
    async run(batch) {
      const classes = model.metadata.classes.length
      const logits = new Float32Array(batch.length * classes)
      const byLength = [...batch.keys()].sort((a, b) => batch[a]!.ids.length - batch[b]!.ids.length) // texts of the batch, here and below
      for (let from = 0; from < byLength.length; from += TOGETHER) {
        const part = byLength.slice(from, from + TOGETHER)
        const said = await runTogether(
          session,
          part.map(i => batch[i]!),
        )
        for (const [place, i] of part.entries()) logits.set(said.subarray(place * classes, (place + 1) * classes), i * classes)
      }
      return logits
    },
  }
}

/** Texts that the graph is given at once, of about one length: what it writes down between its steps then stays in the processor's cache. */
const TOGETHER = 16

async function runTogether(session: InferenceSession, batch: readonly Vector[]): Promise<Float32Array> {
  const longest = Math.max(1, ...batch.map(vector => vector.ids.length))
  const ids = new Int32Array(batch.length * longest)
  const values = new Float32Array(batch.length * longest)
  for (const [i, vector] of batch.entries()) {
    ids.set(vector.ids, i * longest)
    values.set(vector.values, i * longest)
  }
  const shape = [batch.length, longest]
  const { logits } = await session.run({ ids: new Tensor('int32', ids, shape), values: new Tensor('float32', values, shape) })
  return logits?.data as Float32Array // the graph declares its output as float32
}

async function load({ onnxFile }: ModelFile): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(onnxFile, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    })
  } catch (cause) {
    throw new Fault('MODEL_INVALID', { file: onnxFile, reason: 'onnxruntime refuses it' }, { cause })
  }
}
