// What an agent wrote and the shop has not acknowledged, kept over a reload: one outbox a conversation, under the name of shop and agent, so that
// nobody who signs in after them in the same tab sends it.
import { createOutbox, type Outbox } from '../client/outbox.ts'
import type { Shelf } from '../client/world.ts'

export interface Unsent {
  of(conversation: string): Outbox
  /** Conversations that have something unsent. */
  conversations(): readonly string[]
  clear(): void
}

/** Without the dot that parts the pieces of a key. */
const keyPart = (text: string): string => encodeURIComponent(text).replaceAll('.', '%2E')

export function createUnsent(shelf: Shelf, shop: string, agent: string): Unsent {
  const owner = `desk.${keyPart(shop)}.${keyPart(agent)}.`
  const of = (conversation: string): Outbox => createOutbox(shelf, owner + conversation)
  function conversations(): readonly string[] {
    const start = `parley.${owner}`
    const found = shelf.keys().flatMap(key => (key.startsWith(start) ? [key.slice(start.length).split('.')[0] ?? ''] : []))
    return [...new Set(found)]
  }
  return { of, conversations, clear: () => conversations().forEach(conversation => of(conversation).clear()) }
}
