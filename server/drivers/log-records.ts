// How an event and the end of a conversation lie in the store: explicit bytes, so that what is read is what was hashed.
//   record: hash (32) · at (f64) · v (u32) · length of type (u16) · type · body
//   head:   hash (32) · seq (f64)
import { chainHash } from '@parley/core/conversation/chain.ts'
import type { Seq } from '@parley/core/ids.ts'
import type { Envelope, StoredEnvelope } from '@parley/core/ports/conversation-log.ts'

const HASH = 32
const FIXED = HASH + 8 + 4 + 2

/** A record to which only its place is missing. Its envelope's body lies in its bytes, so that it is copied once. */
export interface Draft {
  readonly bytes: Buffer
  readonly envelope: Envelope
}

/** Throws where the envelope cannot be stored. */
export function draftRecord({ at, v, type, body }: Envelope): Draft {
  const name = Buffer.from(type)
  const bytes = Buffer.allocUnsafe(FIXED + name.length + body.length)
  bytes.writeDoubleBE(at, HASH)
  bytes.writeUInt32BE(v, HASH + 8)
  bytes.writeUInt16BE(name.length, HASH + 12)
  bytes.set(name, FIXED)
  bytes.set(body, FIXED + name.length)
  return { bytes, envelope: { at, v, type, body: bytes.subarray(FIXED + name.length) } }
}

/** Puts the record behind the end that is given, and gives the new one. */
export function placeRecord({ bytes, envelope }: Draft, end: HeadRecord): HeadRecord {
  const seq = end.seq + 1
  const hash = chainHash(end.hash, seq, envelope)
  bytes.set(hash, 0)
  return { seq, hash }
}

/** The hash that a record carries. */
export const hashOf = (record: Uint8Array): Uint8Array => record.subarray(0, HASH)

/** The record's own copy of the bytes; undefined where they are no record. */
export function decodeRecord(bytes: Uint8Array, seq: Seq): StoredEnvelope | undefined {
  const record = Buffer.from(bytes) // a copy: the store's memory is its own
  if (record.length < FIXED) return undefined
  const bodyAt = FIXED + record.readUInt16BE(HASH + 12)
  if (record.length < bodyAt) return undefined
  return {
    seq,
    hash: record.subarray(0, HASH),
    at: record.readDoubleBE(HASH),
    v: record.readUInt32BE(HASH + 8),
    type: record.toString('utf8', FIXED, bodyAt),
    body: record.subarray(bodyAt),
  }
}

export interface HeadRecord {
  readonly seq: Seq
  readonly hash: Uint8Array
}

export function encodeHead({ seq, hash }: HeadRecord): Buffer {
  const head = Buffer.allocUnsafe(HASH + 8)
  head.set(hash, 0)
  head.writeDoubleBE(seq, HASH)
  return head
}

/** Throws where the bytes are no head record. */
export function decodeHead(bytes: Uint8Array): HeadRecord {
  const head = Buffer.from(bytes)
  const seq = head.length === HASH + 8 ? head.readDoubleBE(HASH) : 0
  // A bit may make 5.5 of 5, and a place that no event can have would be looked for without end.
  if (!Number.isSafeInteger(seq) || seq < 1) throw new Error('the end of a conversation is no head record')
  return { seq, hash: head.subarray(0, HASH) }
}
