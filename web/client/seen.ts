// Tells the shop how far its messages have got: arrived at this device, and shown to the customer. Only ever forward, a few words at a time, and
// again after a reconnect unless the shop shows that it knows.
import { newestOfShop, type Timeline } from './timeline.ts'
import type { World } from './world.ts'

export interface Seen {
  /** The timeline has changed, or the line is open. */
  changed(): void
  /** The line is gone, and with it perhaps what was told last. */
  lineLost(): void
}

export interface SeenParts {
  readonly world: Pick<World, 'clock'>
  timeline(): Timeline
  isConnected(): boolean
  send(message: { readonly type: 'seen'; readonly state: 'delivered' | 'read'; readonly seq: number }): void
}

/** Marks that rise within this time go as one, and the shop's own marks come in before the first. */
const GATHER_MS = 250

export function createSeen({ world, timeline, isConnected, send }: SeenParts): Seen {
  let told = { delivered: 0, read: 0 }
  let cancelTimer: (() => void) | undefined

  const marks = (): typeof told => ({ delivered: newestOfShop(timeline())?.seq ?? 0, read: timeline().shownUpTo })
  const isNews = (state: 'delivered' | 'read', seq: number): boolean => seq > Math.max(told[state], timeline().state?.shop[state] ?? 0)

  function tell(): void {
    cancelTimer = undefined
    const { delivered, read } = marks()
    if (isNews('delivered', delivered)) send({ type: 'seen', state: 'delivered', seq: delivered })
    if (isNews('read', read)) send({ type: 'seen', state: 'read', seq: read })
    told = { delivered: Math.max(told.delivered, delivered), read: Math.max(told.read, read) }
  }

  return {
    changed() {
      const { delivered, read } = marks()
      if (cancelTimer || !isConnected() || !(isNews('delivered', delivered) || isNews('read', read))) return
      cancelTimer = world.clock.after(GATHER_MS, tell)
    },
    lineLost() {
      cancelTimer?.()
      cancelTimer = undefined
      told = { delivered: 0, read: 0 }
    },
  }
}
