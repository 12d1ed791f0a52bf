// A thread with one encoder, which gives the vector of one text after another. Run by server/drivers/encoder.thread.ts.
import { type Encoder, openEncoder } from './encode.ts'
import { readEncoder } from './kept-encoder.ts'

export interface EncodeJob {
  readonly folder: string
  readonly hash: string
  /** As `normaliseText` gave it. */
  readonly text: string
}

let opening: Promise<Encoder> | undefined

/** A thread has the encoder of its first job for life. */
export default async function encodeText({ folder, hash, text }: EncodeJob): Promise<Float32Array> {
  opening ??= openEncoder(readEncoder(folder, hash))
  return (await opening).encode(text)
}
