// Which conversations a canary decides: a function of its version and the conversation's id, so that a conversation keeps its ensemble over turns,
// connections and restarts, a greater share takes none away, and two canaries take conversations that have nothing to do with each other.
import { createHash } from 'node:crypto'

/** `share` from 0 to 1. A turn outside of a conversation, whose id is empty, is never a canary's. */
export const isCanarys = (conversation: string, { hash, share }: { readonly hash: string; readonly share: number }): boolean =>
  conversation !== '' && placeOf(conversation, hash) < share

/** From 0 to below 1, evenly over conversations. */
const placeOf = (conversation: string, hash: string): number =>
  createHash('sha256').update(`${hash}\n${conversation}`).digest().readUIntBE(0, 6) / 2 ** 48
