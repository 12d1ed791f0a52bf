// A segment: a file that takes batches of appends one behind the other, each with one write that is on the disk when it ends. It is written over from
// its beginning when what it holds is no longer needed, so that after its first pass a write changes bytes and nothing else of the file: one flush,
// where a store of pages needs two.
//   batch:    magic (u32) · CRC-32 of all that follows (u32) · epoch (8) · generation (f64) · its place (f64) · length of the additions (u32) ·
//             additions (log-additions.ts) · zeros up to the next sector
// A generation is one pass over one segment; no two passes have the same.
import { closeSync, constants, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { Fault } from '@parley/core/faults.ts'
import type { Epoch } from '@parley/core/ids.ts'
import { hasNoRoom, isNoRoom, RETRY_AFTER_MS } from './disk-room.ts'
import { type Addition, decodeAdditions, encodeAddition, sizeOfAddition } from './log-additions.ts'

const MAGIC = 0x50_4c_53_31
const HEADER = 4 + 4 + 8 + 8 + 8 + 4
/** Batches begin at multiples of it: a torn write leaves whole sectors of before, and a batch is found again behind one that is damaged. */
const SECTOR = 512
/** By how much the file grows: filled with zeros beforehand, since a flush that grows a file costs a second one. */
const CHUNK = 1024 * 1024

export interface Segment {
  /** Empties the segment for the generation that is given, without touching the file: the next write goes to its beginning. */
  rewind(generation: number): void
  /** On the disk, as a whole, when it resolves; when it rejects nothing of it will be found. One at a time. Faults: STORAGE_FULL. */
  write(additions: readonly Addition[]): Promise<void>
  /** Has the file hold nothing but the generation that is given. */
  clear(generation: number): Promise<void>
  close(): Promise<void>
}

/** Opens the file, making it where there is none. Its first write needs a `rewind` before. */
export async function openSegment(file: string, epoch: Epoch): Promise<Segment> {
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT | (constants.O_DSYNC ?? 0), 0o600)
  let { size } = await handle.stat()
  let scratch = Buffer.alloc(CHUNK)
  let generation = 0
  let place = 0
  let broken: unknown

  async function put(bytes: Uint8Array, at: number): Promise<void> {
    const { bytesWritten } = await handle.write(bytes, 0, bytes.length, at).catch(error => {
      throw isNoRoom(error) ? full(error) : error
    })
    if (bytesWritten !== bytes.length) {
      const cause = new Error(`${file}: ${bytesWritten} of ${bytes.length} bytes were written`)
      throw hasNoRoom(dirname(file)) ? full(cause) : cause
    }
    if (constants.O_DSYNC === undefined) await handle.datasync()
  }

  async function grow(end: number): Promise<void> {
    const wanted = Math.ceil(end / CHUNK) * CHUNK
    await put(Buffer.alloc(wanted - size), size)
    size = wanted
  }

  function rewind(next: number): void {
    generation = next
    place = 0
  }

  async function write(additions: readonly Addition[]): Promise<void> {
    if (broken) throw broken
    const length = sizeOf(additions)
    if (length > scratch.length) scratch = Buffer.alloc(length)
    encodeBatch(scratch, length, additions, { epoch, generation, place })
    if (place + length > size) await grow(place + length)
    try {
      await put(scratch.subarray(0, length), place)
    } catch (error) {
      // It may be there all the same, and must not be found: what was refused is not stored.
      await put(Buffer.alloc(SECTOR), place).catch(() => (broken = error))
      throw error
    }
    place += length
  }

  return {
    rewind,
    write,
    async clear(next) {
      rewind(next)
      if (size > 0) await write([])
    },
    close: () => handle.close(),
  }
}

const full = (cause: unknown): Fault => new Fault('STORAGE_FULL', { what: 'the log', retryAfterMs: RETRY_AFTER_MS }, { cause })

/** How many bytes the batch takes, in whole sectors. */
function sizeOf(additions: readonly Addition[]): number {
  const size = additions.reduce((sum, addition) => sum + sizeOfAddition(addition), HEADER)
  return Math.ceil(size / SECTOR) * SECTOR
}

interface Place {
  readonly epoch: Epoch
  readonly generation: number
  readonly place: number
}

function encodeBatch(batch: Buffer, length: number, additions: readonly Addition[], { epoch, generation, place }: Place): void {
  let at = HEADER
  for (const addition of additions) at = encodeAddition(batch, at, addition)
  batch.fill(0, at, length)
  batch.writeUInt32BE(MAGIC, 0)
  batch.write(epoch, 8, 'hex')
  batch.writeDoubleBE(generation, 16)
  batch.writeDoubleBE(place, 24)
  batch.writeUInt32BE(at - HEADER, 32)
  batch.writeUInt32BE(crc32(batch.subarray(8, at)), 4)
}

export interface SegmentContent {
  /** Changes with each pass. */
  readonly beginning: Buffer
  /** 0 where there is none. */
  readonly generation: number
  /** Of the batches from the beginning on, as far as they follow one another. */
  readonly additions: readonly Addition[]
  /**
   * Of whole batches that stand behind one that is not. What stands there is left of an earlier pass and stored long ago, or was torn by the end of
   * the process before it was acknowledged. Were it not stored, then what is in between was acknowledged, and is damaged.
   */
  readonly beyond: readonly Addition[]
}

/** What the file holds, also while it is written to. A file of another store's life holds nothing. */
export function readSegment(file: string, epoch: Epoch): SegmentContent {
  const beginning = beginningOf(file)
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
  const additions: Addition[] = []
  const beyond: Addition[] = []
  const generation = batchAt(bytes, 0, epoch)?.generation ?? 0
  let isInOrder = true
  for (let place = 0; place < bytes.length; ) {
    const batch = batchAt(bytes, place, epoch)
    isInOrder &&= batch?.generation === generation
    if (batch) for (const addition of batch.additions()) (isInOrder ? additions : beyond).push(addition)
    place += batch?.length ?? SECTOR
  }
  return { beginning, generation, additions, beyond }
}

/** The header of the first batch. */
export function beginningOf(file: string): Buffer {
  if (!existsSync(file)) return Buffer.alloc(0)
  const descriptor = openSync(file, 'r')
  try {
    const header = Buffer.alloc(HEADER)
    return header.subarray(0, readSync(descriptor, header, 0, HEADER, 0))
  } finally {
    closeSync(descriptor)
  }
}

interface Batch {
  readonly generation: number
  /** In the file, with the zeros behind it. */
  readonly length: number
  additions(): Iterable<Addition>
}

/** The batch that begins there, if a whole one does. */
function batchAt(bytes: Buffer, place: number, epoch: Epoch): Batch | undefined {
  if (place + HEADER > bytes.length || bytes.readUInt32BE(place) !== MAGIC) return undefined
  const end = place + HEADER + bytes.readUInt32BE(place + 32)
  if (end > bytes.length || bytes.readDoubleBE(place + 24) !== place) return undefined
  if (bytes.toString('hex', place + 8, place + 16) !== epoch) return undefined
  if (bytes.readUInt32BE(place + 4) !== crc32(bytes.subarray(place + 8, end))) return undefined
  return {
    generation: bytes.readDoubleBE(place + 16),
    length: Math.ceil((end - place) / SECTOR) * SECTOR,
    additions: () => decodeAdditions(bytes, place + HEADER, end),
  }
}
