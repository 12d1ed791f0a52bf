// What the customer wrote and the shop has not acknowledged, kept over a reload. One entry on the shelf per message: two tabs never write over
// each other's. Both may send the same message; it has one id, so that is harmless.
import type { Shelf } from './world.ts'

export interface Unsent {
  readonly ref: string
  readonly text: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface Outbox {
  /** In the order of writing. */
  all(): readonly Unsent[]
  keep(unsent: Unsent): void
  remove(ref: string): void
  clear(): void
}

export function createOutbox(shelf: Shelf, shop: string): Outbox {
  const prefix = `parley.${shop}.unsent.`
  const keys = (): readonly string[] => shelf.keys().filter(key => key.startsWith(prefix))
  const kept = (): readonly Kept[] => keys().flatMap(key => read(key.slice(prefix.length), shelf.read(key)) ?? [])
  return {
    all: () => [...kept()].sort((a, b) => a.order - b.order).map(({ ref, text, at }) => ({ ref, text, at })),
    keep({ ref, text, at }) {
      // Not by `at`: a clock may jump back between two visits, and two messages share a millisecond.
      const order = Math.max(0, ...kept().map(entry => entry.order)) + 1
      shelf.write(prefix + ref, JSON.stringify({ text, at, order }))
    },
    remove: ref => shelf.remove(prefix + ref),
    clear: () => keys().forEach(shelf.remove),
  }
}

interface Kept extends Unsent {
  /** Greater than that of every entry that was there when it was written. */
  readonly order: number
}

/** Undefined for what this release cannot read. */
function read(ref: string, entry: string | undefined): Kept | undefined {
  try {
    const value: unknown = JSON.parse(entry ?? 'null')
    if (typeof value !== 'object' || value === null || !('text' in value) || typeof value.text !== 'string') return undefined
    const { at, order } = value as { at?: unknown; order?: unknown } // an object, as was just seen
    return { ref, text: value.text, at: Number(at) || 0, order: Number(order) || 0 }
  } catch {
    return undefined // damaged: nothing in it can be sent
  }
}
