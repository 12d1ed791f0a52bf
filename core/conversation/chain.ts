// The hash chain of a conversation: each event's hash covers the one before it, its seq and all that is stored of it. Whoever reads can tell
// that nothing was changed, left out or put in since it was written.
import { createHash } from 'node:crypto'
import type { ConversationKey, Seq } from '../ids.ts'
import type { Envelope } from '../ports/conversation-log.ts'

/** The hash before the first event. It binds the chain to its conversation, so that a whole log cannot pass for another's. */
export const genesisHash = ({ shop, conversation }: ConversationKey): Uint8Array =>
  createHash('sha256').update(`parley conversation 1\n${shop}\n${conversation}`).digest()

/** SHA-256 over the previous hash, then numbers and lengths before their fields, so that no two envelopes give the same bytes. */
export function chainHash(previous: Uint8Array, seq: Seq, { v, type, at, body }: Envelope): Uint8Array {
  const name = new TextEncoder().encode(type)
  const head = new DataView(new ArrayBuffer(32))
  head.setFloat64(0, seq)
  head.setFloat64(8, at)
  head.setUint32(16, v)
  head.setUint32(20, name.length)
  head.setFloat64(24, body.length)
  return createHash('sha256').update(previous).update(new Uint8Array(head.buffer)).update(name).update(body).digest()
}
