// The appends that go into a shard as one message, whatever conversations they are of, as bytes. What says whose they are and where they begin has a sum of
// its own: where that is whole, a record that is damaged is its own conversation's matter, as its hash does not follow.
//   group: sum of the head (CRC-32, u32) · length of the head (u32) · head · the records of all additions
//   head:  how far its writer had read the stream when it was put together (f64) · of each addition: first seq (f64) · marks (u8) · lengths of shop and conversation (u8, u8) · shop · conversation · records (u32) ·
//          length of each (u32)
import { crc32 } from 'node:zlib'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { type Addition, marksIn, marksOf } from './log-additions.ts'
import { hashOf } from './log-records.ts'

const AHEAD = 8
const READ = 8

export interface Group {
  /** The place up to which its writer had folded the stream: whoever has an append there that the writer didn't know has another stream. */
  readonly after: number
  readonly additions: readonly Addition[]
}

const sizeOfHead = ({ key, records }: Addition): number =>
  8 + 1 + 1 + 1 + key.shop.length + key.conversation.length + 4 + 4 * records.length

/** What it takes in a group, beside the group's own sixteen bytes. */
export const sizeInGroup = (addition: Addition): number => addition.records.reduce((sum, { length }) => sum + length, sizeOfHead(addition))

export function encodeGroup({ after, additions }: Group): Buffer {
  const bytes = Buffer.allocUnsafe(additions.reduce((sum, addition) => sum + sizeInGroup(addition), AHEAD + READ))
  let at = bytes.writeDoubleBE(after, AHEAD)
  for (const { key, first, records, end } of additions) {
    at = bytes.writeDoubleBE(first, at)
    at = bytes.writeUInt8(marksOf(end), at)
    at = bytes.writeUInt8(key.shop.length, at)
    at = bytes.writeUInt8(key.conversation.length, at)
    at += bytes.write(key.shop, at, 'latin1')
    at += bytes.write(key.conversation, at, 'latin1')
    at = bytes.writeUInt32BE(records.length, at)
    for (const { length } of records) at = bytes.writeUInt32BE(length, at)
  }
  bytes.writeUInt32BE(at - AHEAD, 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, at)), 0)
  for (const { records } of additions)
    for (const record of records) {
      bytes.set(record, at)
      at += record.length
    }
  return bytes
}

/** Undefined where nobody can say whose they are. The records are views of the bytes. */
export function decodeGroup(bytes: Buffer): Group | undefined {
  if (bytes.length < AHEAD) return undefined
  const headEnd = AHEAD + bytes.readUInt32BE(4)
  if (headEnd > bytes.length || bytes.readUInt32BE(0) !== crc32(bytes.subarray(4, headEnd))) return undefined
  const additions: Addition[] = []
  let recordAt = headEnd
  for (let at = AHEAD + READ; at < headEnd; ) {
    const first = bytes.readDoubleBE(at)
    const marks = bytes.readUInt8(at + 8)
    const [shopAt, conversationAt] = [at + 11, at + 11 + bytes.readUInt8(at + 9)]
    at = conversationAt + bytes.readUInt8(at + 10)
    const key = {
      shop: asShopId(bytes.toString('latin1', shopAt, conversationAt)),
      conversation: asConversationId(bytes.toString('latin1', conversationAt, at)),
    }
    const count = bytes.readUInt32BE(at)
    at += 4
    const records: Buffer[] = []
    for (let i = 0; i < count; i++, at += 4) {
      const from = recordAt
      recordAt += bytes.readUInt32BE(at)
      records.push(bytes.subarray(from, recordAt))
    }
    additions.push({ key, first, records, end: { seq: first + count - 1, hash: hashOf(records.at(-1)!), ...marksIn(marks) } }) // an append has an event
  }
  return recordAt === bytes.length ? { after: bytes.readDoubleBE(AHEAD), additions } : undefined
}
