// Vectors that were worked out before, by the text's hash: a training that is broken off, or made again with more sentences, does not encode a sentence twice.
// They lie in packs, files that are named by the hash of their content and never change, so threads and processes may write at once and a damaged one is
// simply none. A folder is of one encoder.
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { sha256 } from '../model-file.ts'
import type { Encode } from '../sight.ts'

export interface CachedEncoder {
  readonly encode: Encode
  /** Brings what is new onto the disk, and takes what others have brought there. */
  flush(): void
}

const KEY_BYTES = 16
/** So many new ones are written at once: what a kill takes is soon done again. */
const PACK = 256
const PACK_NAME = /^([0-9a-f]{64})\.pack$/

const keyOf = (text: string): string => sha256(text).slice(0, 2 * KEY_BYTES)

/** `size`: numbers of a vector. */
export function cacheVectors(folder: string, size: number, encode: Encode): CachedEncoder {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const vectors = new Map<string, Float32Array>()
  const fresh = new Map<string, Float32Array>()
  const read = new Set<string>()
  const record = KEY_BYTES + 4 * size

  function take(): void {
    for (const name of readdirSync(folder).sort()) {
      const hash = PACK_NAME.exec(name)?.[1]
      if (hash === undefined || read.has(name)) continue
      read.add(name)
      const pack = readFileSync(join(folder, name))
      if (pack.length % record !== 0 || sha256(pack) !== hash) continue
      for (let at = 0; at < pack.length; at += record) {
        const bytes = pack.subarray(at + KEY_BYTES, at + record)
        vectors.set(pack.toString('hex', at, at + KEY_BYTES), new Float32Array(Uint8Array.from(bytes).buffer))
      }
    }
  }

  function write(): void {
    if (fresh.size === 0) return
    const pack = Buffer.concat(
      [...fresh].flatMap(([key, vector]) => [Buffer.from(key, 'hex'), Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)]),
    )
    const name = `${sha256(pack)}.pack`
    const draft = join(folder, `${name}.${process.pid}-${threadId}`)
    const descriptor = openSync(draft, 'w', 0o600)
    try {
      for (let at = 0; at < pack.length; ) at += writeSync(descriptor, pack, at)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, join(folder, name))
    read.add(name)
    fresh.clear()
  }

  take()
  return {
    async encode(text) {
      const key = keyOf(text)
      const known = vectors.get(key)
      if (known) return known
      const vector = await encode(text)
      vectors.set(key, vector)
      fresh.set(key, vector)
      if (fresh.size >= PACK) write()
      return vector
    },
    flush() {
      write()
      take()
    },
  }
}
