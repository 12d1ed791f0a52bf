// Runs an encoder: text to tokens to a vector. One text at a time, never a batch: in a batch the last bits of a vector, and with 8-bit graphs far more,
// depend on the texts beside it, and a vote must depend on its own text alone. Training, command line and live path all come here.
import '../without-telemetry.ts' // before the library, so the first import

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { Fault, isFault } from '@parley/core/faults.ts'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { TOKENIZER, TOKENIZER_CONFIG } from './export-folder.ts'
import type { KeptEncoder } from './kept-encoder.ts'

export interface Encoder {
  readonly hash: string
  /** Numbers of a vector. */
  readonly size: number
  /** The vector of a text that `normaliseText` gave. The same numbers for the same text on the same kind of processor. */
  encode(text: string): Promise<Float32Array>
  close(): Promise<void>
}

/** As with features: what a customer wants is said by then. In UTF-16 units. */
const LONGEST_TEXT = 1_000
const PROBE = 'hello 你好'

/** Loads and runs it once. `run` blocks the thread it is called on. Faults: ENCODER_INVALID. */
export async function openEncoder(kept: KeptEncoder): Promise<Encoder> {
  const invalid = (reason: string, cause?: unknown): Fault => new Fault('ENCODER_INVALID', { encoder: kept.folder, reason }, { cause })
  const tokenise = await guarded(() => tokeniserOf(kept), `its ${TOKENIZER} cannot be used`)
  const session = await guarded(() => load(join(kept.folder, kept.onnx)), 'onnxruntime refuses its graph')
  const strange = session.inputNames.filter(name => !(name in INPUTS))
  if (strange.length > 0) throw invalid(`its graph wants ${strange.join(', ')}; known are ${Object.keys(INPUTS).join(', ')}`)
  const { pooling, isNormalised, prefix } = kept.settings
  const encode = async (text: string): Promise<Float32Array> => {
    const ids = tokenise(prefix + text.slice(0, LONGEST_TEXT))
    const feeds = Object.fromEntries(session.inputNames.map(name => [name, INPUTS[name]!(ids)])) // all are known
    const vector = pooled(await session.run(feeds), pooling)
    return isNormalised ? normalised(vector) : vector
  }
  const { length: size } = await guarded(() => encode(PROBE), 'it cannot be run')
  return { hash: kept.hash, size, encode, close: () => session.release() }

  async function guarded<T>(work: () => T | Promise<T>, reason: string): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw isFault(cause) ? cause : invalid(reason, cause)
    }
  }

  function pooled(outputs: InferenceSession.ReturnType, pool: KeptEncoder['settings']['pooling']): Float32Array {
    const tokens = outputs.last_hidden_state ?? outputs.token_embeddings ?? Object.values(outputs).find(({ dims }) => dims.length === 3)
    const output = tokens ?? outputs.sentence_embedding
    if (output?.type !== 'float32' || (output.dims.length !== 3 && output.dims.length !== 2))
      throw invalid(`its graph gives ${session.outputNames.join(', ')}, none of which is a vector a token`)
    const data = output.data as Float32Array // of that type
    const length = output.dims.at(-1)! // there are two or three
    const count = data.length / length
    if (pool === 'cls' || count === 1) return data.slice(0, length)
    const mean = new Float32Array(length)
    for (let i = 0; i < length; i++) {
      let sum = 0
      for (let token = 0; token < count; token++) sum += data[token * length + i]! // within the data
      mean[i] = sum / count
    }
    return mean
  }
}

const row = (ids: readonly number[], value: (id: number, i: number) => number): Tensor =>
  new Tensor(
    'int64',
    BigInt64Array.from(ids, (id, i) => BigInt(value(id, i))),
    [1, ids.length],
  )

/** What a BERT is asked with. */
const INPUTS: Readonly<Record<string, (ids: readonly number[]) => Tensor>> = {
  input_ids: ids => row(ids, id => id),
  attention_mask: ids => row(ids, () => 1),
  token_type_ids: ids => row(ids, () => 0),
  position_ids: ids => row(ids, (_, i) => i),
}

const load = (file: string): Promise<InferenceSession> =>
  InferenceSession.create(file, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  })

/** Text to ids, cut to the longest that is wanted: what stands before and after a text ([CLS], [SEP]) stays. */
function tokeniserOf({ folder, settings: { longest } }: KeptEncoder): (text: string) => readonly number[] {
  const json = (name: string): object => JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const tokeniser = new Tokenizer(json(TOKENIZER), configIn(json))
  const bare = tokeniser.encode(PROBE, { add_special_tokens: false }).ids
  const dressed = tokeniser.encode(PROBE).ids
  const before = dressed.indexOf(bare[0]!) // a text that is no blank has tokens
  const after = dressed.length - before - bare.length
  return text => {
    const { ids } = tokeniser.encode(text)
    return ids.length <= longest ? ids : [...ids.slice(0, longest - after), ...ids.slice(ids.length - after)]
  }
}

/** The tokenizer's own file says all but a few old habits, so this one may be absent. */
function configIn(json: (name: string) => object): object {
  try {
    return json(TOKENIZER_CONFIG)
  } catch {
    return {}
  }
}

function normalised(vector: Float32Array): Float32Array {
  let squares = 0
  for (const value of vector) squares += value * value
  const length = Math.sqrt(squares) || 1
  return vector.map(value => value / length)
}
