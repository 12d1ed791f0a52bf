// What is said in a replicated log, and where. Appends of several conversations go in one message (log-group.ts), and the fold decides which of them stand
// (log-fold.ts); what else changes how a conversation stands comes in the same order, on subjects that name it.
//   NAME.log.SHARD.appends                      a group of additions
//   NAME.log.SHARD.clear.SHOP.CONVERSATION      nothing
//   NAME.log.SHARD.delivered.SHOP.CONVERSATION  the seq up to which (f64)
//   NAME.log.SHARD.look.SHOP.CONVERSATION       nothing, and it changes nothing: whoever hears it back has heard all that was acknowledged before
//   NAME.log.SHARD.append.SHOP.CONVERSATION     an addition (log-additions.ts), which the server held to the end that its writer knew: what streams have from
//                                               before there were groups. Nobody says it any more
import { crc32 } from 'node:zlib'
import { asConversationId, asShopId, type ConversationKey, isId, type Seq } from '@parley/core/ids.ts'
import { type Addition, decodeAdditions } from './log-additions.ts'
import { nameOf } from './log-ends.ts'
import { decodeGroup, encodeGroup, type Group } from './log-group.ts'

/** What is said of one conversation. */
export type Said =
  /** It was erased: neither unsettled nor with people any more. */
  | { readonly kind: 'clear'; readonly key: ConversationKey }
  /** What goes out of it has gone out, unless it goes on behind `upTo`. */
  | { readonly kind: 'delivered'; readonly key: ConversationKey; readonly upTo: Seq }
  /** Its sayer wants to know where the stream ends. */
  | { readonly kind: 'look'; readonly key: ConversationKey }

export type LogMessage = Said | ({ readonly kind: 'appends' } & Group)

export type Heard =
  | LogMessage
  /** The server has held it to the conversation's end: it follows, or is damaged. */
  | { readonly kind: 'append'; readonly key: ConversationKey; readonly addition: Addition }
  /** As nobody wrote it. */
  | { readonly kind: 'unreadable'; readonly key: ConversationKey }
  /** None of the log's: it stands in the stream, and says nothing. */
  | { readonly kind: 'none' }

/** What it adds to conversations, where it stands. */
export const additionsIn = (message: Heard): readonly Addition[] =>
  message.kind === 'appends' ? message.additions : message.kind === 'append' ? [message.addition] : []

/** The same in every process of every release: what a conversation's shard is must not change while its log lives. */
export const shardOf = (key: ConversationKey, shards: number): number => crc32(nameOf(key)) % shards

/** What a shard's subjects begin with. */
export const prefixOf = (name: string, shard: number): string => `${name}.log.${shard}.`

/** All subjects of a shard. */
export const subjectsOf = (name: string, shard: number): string => `${prefixOf(name, shard)}>`

/** The subject behind the shard's prefix. */
export const subjectOf = (message: LogMessage): string =>
  message.kind === 'appends' ? message.kind : `${message.kind}.${message.key.shop}.${message.key.conversation}`

export function encodeMessage(message: LogMessage): Buffer {
  if (message.kind === 'appends') return encodeGroup(message)
  if (message.kind !== 'delivered') return Buffer.alloc(0)
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(message.upTo)
  return bytes
}

/** `subject` is what stands behind the shard's prefix. Undefined for what is not as anybody wrote it, where nobody can tell whose it is. */
export function decodeMessage(subject: string, payload: Uint8Array): Heard | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const [kind, shop = '', conversation = ''] = subject.split('.')
  if (kind === 'appends') {
    const group = readable(() => decodeGroup(bytes))
    return group && { kind, ...group }
  }
  if (!isId(shop) || !isId(conversation)) return { kind: 'none' }
  const key = { shop: asShopId(shop), conversation: asConversationId(conversation) }
  if (kind === 'clear') return { kind, key }
  if (kind === 'delivered') return bytes.length === 8 ? { kind, key, upTo: bytes.readDoubleBE() } : { kind: 'unreadable', key }
  if (kind !== 'append') return { kind: 'none' }
  const [addition, ...more] = readable(() => [...decodeAdditions(bytes, 0, bytes.length)]) ?? []
  return addition && more.length === 0 && nameOf(addition.key) === nameOf(key) ? { kind, key, addition } : { kind: 'unreadable', key }
}

/** What it throws says that the bytes are damaged: there is no other way in which it would. */
function readable<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch {
    return undefined
  }
}
