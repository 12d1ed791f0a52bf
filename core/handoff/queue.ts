// The queue of every shop: who waits for a person, in which order, and who is in whose hands. A projection of the log: it is filled at the start from
// the conversations that were with people, and moved by each append. What customers and agents are told of it is coalesced.
import type { Conversation } from '../conversation/conversation.ts'
import type { ConversationId, ConversationKey, ShopId } from '../ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { QueueItem } from '../protocol/desk-message.ts'
import type { Owner, Wait } from './owner.ts'

export interface QueueRow {
  readonly key: ConversationKey
  readonly owner: Exclude<Owner, { with: 'bot' }>
  readonly preview: string
}

export interface QueueView {
  readonly version: number
  readonly items: readonly QueueItem[]
}

export interface Queue {
  update(key: ConversationKey, conversation: Conversation): void
  /** Takes it out: it was erased. */
  remove(key: ConversationKey): void
  /** True of one that waits or is in somebody's hands. */
  has(key: ConversationKey): boolean
  /** The place in line, from 1, that a conversation has, or would get if it were queued now with this urgency. */
  placeFor(key: ConversationKey, urgency: number): number
  /** Undefined unless it waits. */
  placeOf(key: ConversationKey): number | undefined
  /** How many wait. */
  waiting(shop: ShopId): number
  view(shop: ShopId): QueueView
  /** Called with every later view of the shop, at most once in `EVERY_MS`, until the function it returns is called. */
  subscribe(shop: ShopId, listener: (view: QueueView) => void): () => void
}

export interface QueueParts {
  readonly clock: Clock
  readonly labelOf: (shop: ShopId, action: string) => QueueItem['label']
  /** Told when the place in line of a waiting conversation has changed; coalesced as the views are. */
  readonly moved: (key: ConversationKey, place: number) => void
}

/** What is told of the queue is told at most this often. */
const EVERY_MS = 1_000
/** From here on a conversation goes before all that are less urgent. */
const PRESSING = 0.95
const PREVIEW = 80

interface ShopQueue {
  readonly rows: Map<ConversationId, QueueRow>
  /** The rows that wait, in line. Kept so, since every handover and every change of a place asks for one. */
  readonly line: QueueRow[]
  readonly listeners: Set<(view: QueueView) => void>
  readonly places: Map<ConversationId, number>
  version: number
  /** When it was last told of, on the monotonic clock. */
  toldAt: number
  isTellingDue: boolean
}

export function createQueue({ clock, labelOf, moved }: QueueParts): Queue {
  const shops = new Map<ShopId, ShopQueue>()

  function of(shop: ShopId): ShopQueue {
    const found = shops.get(shop) ?? {
      rows: new Map(),
      line: [],
      listeners: new Set(),
      places: new Map(),
      version: 0,
      toldAt: Number.NEGATIVE_INFINITY,
      isTellingDue: false,
    }
    shops.set(shop, found)
    return found
  }

  function tellSoon(shop: ShopId, queue: ShopQueue): void {
    queue.version++
    if (queue.isTellingDue) return
    queue.isTellingDue = true
    // The first change after a quiet while is told at once, what follows it within the time together.
    clock.after(Math.max(0, queue.toldAt + EVERY_MS - clock.monotonic()), () => {
      queue.isTellingDue = false
      queue.toldAt = clock.monotonic()
      for (const [i, { key }] of queue.line.entries()) {
        if (queue.places.get(key.conversation) === i + 1) continue
        queue.places.set(key.conversation, i + 1)
        moved(key, i + 1)
      }
      const now = view(shop)
      for (const listener of queue.listeners) listener(now)
    })
  }

  function view(shop: ShopId): QueueView {
    const queue = of(shop)
    const { line } = queue
    const held = [...queue.rows.values()].filter(row => row.owner.with === 'agent').sort((a, b) => a.owner.since - b.owner.since)
    const items = [...line.map((row, i) => itemOf(row, i + 1)), ...held.map(row => itemOf(row, undefined))]
    return { version: queue.version, items }
  }

  function itemOf({ key, owner, preview }: QueueRow, position: number | undefined): QueueItem {
    const wait: Wait = owner.wait ?? { reason: 'asked', action: 'HUMAN_AGENT', urgency: 0, locale: 'en' }
    return {
      conversation: key.conversation,
      since: owner.since,
      with: owner.with,
      ...(position !== undefined && { position }),
      ...(owner.with === 'queue' && owner.isOverdue && { overdue: true as const }),
      ...(owner.with === 'agent' && { agent: { ...owner.agent } }),
      reason: wait.reason,
      action: wait.action,
      label: labelOf(key.shop, wait.action),
      urgency: wait.urgency,
      ...(wait.mood !== undefined && { mood: wait.mood }),
      ...(wait.trend !== undefined && { trend: wait.trend }),
      locale: wait.locale,
      preview,
    }
  }

  function takeOutOfLine(queue: ShopQueue, { conversation }: ConversationKey): void {
    const before = queue.rows.get(conversation)
    if (before?.owner.with === 'queue') queue.line.splice(indexIn(queue.line, before), 1)
  }

  function remove(key: ConversationKey): void {
    const queue = of(key.shop)
    takeOutOfLine(queue, key)
    queue.places.delete(key.conversation)
    if (queue.rows.delete(key.conversation)) tellSoon(key.shop, queue)
  }

  return {
    update(key, conversation) {
      const queue = of(key.shop)
      const { owner } = conversation.custody
      if (owner.with === 'bot') return remove(key)
      takeOutOfLine(queue, key)
      if (owner.with === 'agent') queue.places.delete(key.conversation)
      const row = { key, owner, preview: previewOf(conversation) }
      queue.rows.set(key.conversation, row)
      if (owner.with === 'queue') queue.line.splice(indexIn(queue.line, row), 0, row)
      tellSoon(key.shop, queue)
    },
    remove,
    has: key => of(key.shop).rows.has(key.conversation),
    placeFor(key, urgency) {
      const queue = of(key.shop)
      const own = queue.rows.get(key.conversation)
      if (own?.owner.with === 'queue') return indexIn(queue.line, own) + 1
      return urgency >= PRESSING ? 1 + firstWhere(queue.line, row => rank(row) < 1) : 1 + queue.line.length
    },
    placeOf(key) {
      const queue = of(key.shop)
      const own = queue.rows.get(key.conversation)
      if (own?.owner.with !== 'queue') return undefined
      const place = indexIn(queue.line, own) + 1
      // Whoever asks between two tellings learns a place that the others have not: the next telling must not take it for old news.
      if (queue.places.get(key.conversation) !== place) queue.places.delete(key.conversation)
      return place
    },
    waiting: shop => of(shop).line.length,
    view,
    subscribe(shop, listener) {
      const queue = of(shop)
      queue.listeners.add(listener)
      return () => queue.listeners.delete(listener)
    },
  }
}

const rank = ({ owner }: QueueRow): number => ((owner.wait?.urgency ?? 0) >= PRESSING ? 1 : 0)

/** Pressing ones first, then who came first; ids decide between two of one millisecond. */
const inLine = (a: QueueRow, b: QueueRow): number =>
  rank(b) - rank(a) ||
  a.owner.since - b.owner.since ||
  (a.key.conversation < b.key.conversation ? -1 : a.key.conversation > b.key.conversation ? 1 : 0)

/** Where the row stands in line, or would. */
const indexIn = (line: readonly QueueRow[], row: QueueRow): number => firstWhere(line, other => inLine(other, row) >= 0)

/** The first that `isBehind` holds for, where it holds for all behind it too; the length where it holds for none. */
function firstWhere(line: readonly QueueRow[], isBehind: (row: QueueRow) => boolean): number {
  let low = 0
  let high = line.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBehind(line[middle]!))
      high = middle // low <= middle < high
    else low = middle + 1
  }
  return low
}

function previewOf({ dialogue }: Conversation): string {
  for (let node = dialogue.entries; node; node = node.before) {
    if (node.event.type !== 'message') continue
    const text = node.event.parts.map(part => part.text).join(' ')
    return [...text].length > PREVIEW ? `${[...text].slice(0, PREVIEW - 1).join('')}…` : text
  }
  return ''
}
