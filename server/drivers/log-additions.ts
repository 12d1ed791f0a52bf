// What one append adds to a conversation, as bytes: what a segment holds of it, and what a message of a replicated log carried
// before several went in one (log-group.ts).
//   addition: first seq (f64) · records (u32) · marks (u8) · lengths of shop and conversation (u8, u8) · shop · conversation ·
//             records, each behind its length (u32)
import { asConversationId, asShopId, type ConversationKey, type Seq } from '@parley/core/ids.ts'
import type { End } from './log-ends.ts'
import { hashOf } from './log-records.ts'

/** What one append adds: its records, the first of which has the seq `first`, and the end that the conversation then has. */
export interface Addition {
  readonly key: ConversationKey
  readonly first: Seq
  readonly records: readonly Buffer[]
  readonly end: End
  /** The hash of the end behind which this process has placed the records: they follow it. Undefined for what was read. */
  readonly behind?: Uint8Array
}

const UNSETTLED = 1
const WITH_PEOPLE = 2
const OUTGOING = 4

export function sizeOfAddition({ key, records }: Addition): number {
  let size = 8 + 4 + 1 + 1 + 1 + key.shop.length + key.conversation.length
  for (const record of records) size += 4 + record.length
  return size
}

/** Gives where it ends. */
export function encodeAddition(bytes: Buffer, from: number, { key, first, records, end }: Addition): number {
  let at = bytes.writeDoubleBE(first, from)
  at = bytes.writeUInt32BE(records.length, at)
  at = bytes.writeUInt8(marksOf(end), at)
  at = bytes.writeUInt8(key.shop.length, at)
  at = bytes.writeUInt8(key.conversation.length, at)
  at += bytes.write(key.shop, at, 'latin1')
  at += bytes.write(key.conversation, at, 'latin1')
  for (const record of records) {
    at = bytes.writeUInt32BE(record.length, at)
    bytes.set(record, at)
    at += record.length
  }
  return at
}

export const marksOf = ({ isUnsettled, isWithPeople, isOutgoing }: End): number =>
  (isUnsettled ? UNSETTLED : 0) | (isWithPeople ? WITH_PEOPLE : 0) | (isOutgoing ? OUTGOING : 0)

export const marksIn = (
  marks: number,
): { readonly isUnsettled: boolean; readonly isWithPeople: boolean; readonly isOutgoing: boolean } => ({
  isUnsettled: (marks & UNSETTLED) !== 0,
  isWithPeople: (marks & WITH_PEOPLE) !== 0,
  isOutgoing: (marks & OUTGOING) !== 0,
})

/** Throws where the bytes are no additions; the records are views of them. */
export function* decodeAdditions(bytes: Buffer, from: number, to: number): Generator<Addition> {
  for (let at = from; at < to; ) {
    const first = bytes.readDoubleBE(at)
    const count = bytes.readUInt32BE(at + 8)
    const marks = bytes.readUInt8(at + 12)
    const [shopAt, conversationAt] = [at + 15, at + 15 + bytes.readUInt8(at + 13)]
    at = conversationAt + bytes.readUInt8(at + 14)
    const key = {
      shop: asShopId(bytes.toString('latin1', shopAt, conversationAt)),
      conversation: asConversationId(bytes.toString('latin1', conversationAt, at)),
    }
    const records: Buffer[] = []
    for (let i = 0; i < count; i++) {
      const recordAt = at + 4
      at = recordAt + bytes.readUInt32BE(at)
      records.push(bytes.subarray(recordAt, at))
    }
    const end: End = {
      seq: first + count - 1,
      hash: hashOf(records.at(-1)!), // an append has an event
      ...marksIn(marks),
    }
    yield { key, first, records, end }
  }
}
