// The hash chain of a conversation: each event's hash covers the one before it, its seq and all that is stored of it. Whoever reads can tell
// that nothing was changed, left out or put in since it was written.
import { createHash, hash } from 'node:crypto'
import type { ConversationKey, Seq } from '../ids.ts'
import type { Envelope } from '../ports/conversation-log.ts'

/** The hash before the first event. It binds the chain to its conversation, so that a whole log cannot pass for another's. */
export const genesisHash = ({ shop, conversation }: ConversationKey): Uint8Array =>
  createHash('sha256').update(`parley conversation 1\n${shop}\n${conversation}`).digest()

/**
 * SHA-256 over the previous hash, then numbers and lengths before their fields, so that no two envelopes give the same bytes. Put together and
 * hashed in one call: a call for each part costs twice as much.
 */
export function chainHash(previous: Uint8Array, seq: Seq, { v, type, at, body }: Envelope): Uint8Array {
  const name = Buffer.from(type)
  const bytes = Buffer.allocUnsafe(previous.length + FIXED + name.length + body.length)
  bytes.set(previous, 0)
  let end = bytes.writeDoubleBE(seq, previous.length)
  end = bytes.writeDoubleBE(at, end)
  end = bytes.writeUInt32BE(v, end)
  end = bytes.writeUInt32BE(name.length, end)
  end = bytes.writeDoubleBE(body.length, end)
  bytes.set(name, end)
  bytes.set(body, end + name.length)
  return hash('sha256', bytes, 'buffer')
}

/** seq, at, v, length of the type, length of the body. */
const FIXED = 8 + 8 + 4 + 4 + 8
