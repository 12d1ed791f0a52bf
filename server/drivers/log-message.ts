// What is said in a replicated log, and where: each message on a subject that names the conversation, so that a server can hold an append to the end that
// its writer knows. What else changes how a conversation stands comes in the same order, on subjects of its own.
//   NAME.log.SHARD.append.SHOP.CONVERSATION     an addition (log-additions.ts)
//   NAME.log.SHARD.clear.SHOP.CONVERSATION      nothing
//   NAME.log.SHARD.delivered.SHOP.CONVERSATION  the seq up to which (f64)
import { crc32 } from 'node:zlib'
import { asConversationId, asShopId, type ConversationKey, isId, type Seq } from '@parley/core/ids.ts'
import { type Addition, decodeAdditions, encodeAddition, sizeOfAddition } from './log-additions.ts'
import { nameOf } from './log-ends.ts'

export type LogMessage =
  | { readonly kind: 'append'; readonly key: ConversationKey; readonly addition: Addition }
  /** It was erased: neither unsettled nor with people any more. */
  | { readonly kind: 'clear'; readonly key: ConversationKey }
  /** What goes out of it has gone out, unless it goes on behind `upTo`. */
  | { readonly kind: 'delivered'; readonly key: ConversationKey; readonly upTo: Seq }

/** A message that is not as anybody wrote it. */
export interface Unreadable {
  readonly kind: 'unreadable'
  readonly key: ConversationKey
}

/** The same in every process of every release: what a conversation's shard is must not change while its log lives. */
export const shardOf = (key: ConversationKey, shards: number): number => crc32(nameOf(key)) % shards

/** All subjects of a shard. */
export const subjectsOf = (name: string, shard: number): string => `${name}.log.${shard}.>`

export const subjectOf = (name: string, shard: number, { kind, key }: LogMessage): string =>
  `${name}.log.${shard}.${kind}.${key.shop}.${key.conversation}`

export function encodeMessage(message: LogMessage): Buffer {
  if (message.kind === 'clear') return Buffer.alloc(0)
  if (message.kind === 'delivered') {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeDoubleBE(message.upTo)
    return bytes
  }
  const bytes = Buffer.allocUnsafe(sizeOfAddition(message.addition))
  encodeAddition(bytes, 0, message.addition)
  return bytes
}

/** Undefined for a subject that is none of the log's. */
export function decodeMessage(subject: string, payload: Uint8Array): LogMessage | Unreadable | undefined {
  const [kind, shop = '', conversation = ''] = subject.split('.').slice(-3)
  if (!isId(shop) || !isId(conversation)) return undefined
  const key = { shop: asShopId(shop), conversation: asConversationId(conversation) }
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  if (kind === 'clear') return { kind, key }
  if (kind === 'delivered') return bytes.length === 8 ? { kind, key, upTo: bytes.readDoubleBE() } : { kind: 'unreadable', key }
  if (kind !== 'append') return undefined
  const addition = additionIn(bytes)
  return addition && nameOf(addition.key) === nameOf(key) ? { kind, key, addition } : { kind: 'unreadable', key }
}

function additionIn(bytes: Buffer): Addition | undefined {
  try {
    const [addition, ...more] = decodeAdditions(bytes, 0, bytes.length)
    return more.length === 0 ? addition : undefined
  } catch {
    return undefined // it is damaged: there is no other way in which it would throw
  }
}
