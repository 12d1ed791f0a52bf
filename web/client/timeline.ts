// What the page shows, as plain data: the shop's log as far as it is known, and behind it what the customer wrote that is not in the log yet.
// A pure fold: no time, wire or page. The log's order is the shop's; nothing here can put a message in twice or leave one out.
import type { StreamPosition, Thumb } from '@parley/core/protocol/client-message.ts'
import type { ConversationState, QuickReply, ServerMessage, VisibleEvent } from '@parley/core/protocol/server-message.ts'

/** `sent`: the shop has it for good, at `seq`; its event is on the way. */
export type Delivery =
  | { readonly state: 'sending' }
  | { readonly state: 'sent'; readonly seq: number }
  /** `canRetry`: the same message under the same id may go through. Else the text must be changed. */
  | { readonly state: 'failed'; readonly code: string; readonly canRetry: boolean }

export interface Outgoing {
  readonly ref: string
  readonly text: string
  /** Milliseconds since 1970, this device's clock. */
  readonly at: number
  readonly delivery: Delivery
}

/** What the customer has said of the reply at seq `reply` and the shop has not acknowledged. */
export interface Rating {
  readonly ref: string
  readonly reply: number
  /** Null: taken back. */
  readonly thumb: Thumb | null
}

export interface Timeline {
  readonly conversation: string | null
  /** Everything visible up to here is in `log`. */
  readonly position: StreamPosition | null
  /** Ascending in `seq`, none twice, none beyond `position`. */
  readonly log: readonly VisibleEvent[]
  /** In the order of writing; no `ref` of it is in `log`. */
  readonly outbox: readonly Outgoing[]
  /** What the shop has of what the customer has said of replies, by their seq. One that was taken back may be there: it shows with its reply. */
  readonly thumbs: Readonly<Record<number, Thumb | null>>
  /** One a reply. */
  readonly ratings: readonly Rating[]
  /** Who has the conversation and how far messages have got, as the shop said last; null until it has. */
  readonly state: ConversationState | null
  /** Greatest seq of the shop's that this page has shown to the customer. */
  readonly shownUpTo: number
  /** A reply of the bot is expected until then, on the monotonic clock. */
  readonly replyAwaitedUntil: number
  /** A person of the shop is typing; `name` where the shop tells it. */
  readonly typing: { readonly name: string | undefined; readonly until: number } | null
}

export type Change =
  /** `at`: when it was heard, on the monotonic clock. */
  | { readonly type: 'heard'; readonly message: ServerMessage; readonly at: number }
  | { readonly type: 'wrote'; readonly ref: string; readonly text: string; readonly at: number }
  | { readonly type: 'retried'; readonly ref: string }
  | { readonly type: 'discarded'; readonly ref: string }
  | ({ readonly type: 'rated' } & Rating)
  /** Everything that was said is gone for good, also what the shop has acknowledged. What has not reached it is for the next conversation. */
  | { readonly type: 'erased' }
  /** Everything of the shop's that is in the log was in the customer's sight. */
  | { readonly type: 'shown' }

/** What begins again with another conversation or another life of the store: sequence numbers of before mean nothing in it. */
const NOTHING_KNOWN = { log: [], thumbs: {}, ratings: [], state: null, shownUpTo: 0, replyAwaitedUntil: 0, typing: null } as const

export const emptyTimeline: Timeline = { ...NOTHING_KNOWN, conversation: null, position: null, outbox: [] }

/** How long the customer is shown that a reply is on the way, after the message was taken and after a sign of typing. */
const REPLY_AWAITED_MS = 10_000
const TYPING_MS = 5_000

/** Faults that the same message under the same id will always meet. */
const NEEDS_CHANGE: readonly string[] = ['TEXT_EMPTY', 'TEXT_TOO_LONG', 'TEXT_TOO_LARGE', 'FRAME_TOO_LARGE', 'REF_REUSED']

/** True when frames between the known position and this one are missing: it must not be folded in; connect again and resume instead. */
export const leavesGap = ({ position }: Timeline, message: ServerMessage): boolean =>
  message.type === 'events' && (position === null || message.after > position.seq)

/** True for a refusal that the message survives: it stays as it is and is sent again after a while. */
export const isPostponed = (fault: Extract<ServerMessage, { type: 'fault' }>): boolean =>
  fault.retryAfterMs !== undefined || fault.code === 'SHUTTING_DOWN'

export function change(timeline: Timeline, change: Change): Timeline {
  switch (change.type) {
    case 'heard':
      return hear(timeline, change.message, change.at)
    case 'wrote': {
      const { ref, text, at } = change
      return { ...timeline, outbox: [...timeline.outbox, { ref, text, at, delivery: { state: 'sending' } }] }
    }
    case 'retried':
      return deliver(timeline, change.ref, { state: 'sending' })
    case 'discarded':
      return { ...timeline, outbox: timeline.outbox.filter(({ ref }) => ref !== change.ref) }
    case 'rated': {
      const { ref, reply, thumb } = change
      return { ...timeline, ratings: [...timeline.ratings.filter(rating => rating.reply !== reply), { ref, reply, thumb }] }
    }
    case 'erased':
      return { ...emptyTimeline, outbox: timeline.outbox.filter(({ delivery }) => delivery.state !== 'sent') }
    case 'shown': {
      const newest = newestOfShop(timeline)?.seq ?? 0
      return newest > timeline.shownUpTo ? { ...timeline, shownUpTo: newest } : timeline
    }
  }
}

/** What the shop said last, bot, person or notice. */
export const newestOfShop = ({ log }: Timeline): VisibleEvent | undefined => log.findLast(event => event.type !== 'message')

/** How many of the shop's messages the customer has not seen, in this tab or another. */
export function unreadOf({ log, shownUpTo, state }: Timeline): number {
  const read = Math.max(shownUpTo, state?.shop.read ?? 0)
  return log.filter(event => event.type !== 'message' && event.seq > read).length
}

/** What the newest message offers to press, until the customer has said anything since. */
export function quickRepliesOf({ log, outbox }: Timeline): readonly QuickReply[] {
  const last = log.at(-1)
  const hasSpoken = outbox.some(({ delivery }) => delivery.state !== 'failed')
  return last?.type === 'reply' && !hasSpoken ? (last.quickReplies ?? []) : []
}

/**
 * The message that the customer may take back: their last, while no person has answered it and nothing further is on its way. Undefined where
 * there is none.
 */
export function recallableOf({ log, outbox }: Timeline): string | undefined {
  if (outbox.some(({ delivery }) => delivery.state !== 'failed')) return undefined
  const last = log.findLast(event => event.type === 'message' || event.type === 'agent_message')
  return last?.type === 'message' ? last.ref : undefined
}

function hear(timeline: Timeline, message: ServerMessage, at: number): Timeline {
  switch (message.type) {
    case 'welcome':
      return welcome(timeline, message)
    case 'events':
      return leavesGap(timeline, message) ? timeline : append(timeline, message, at)
    case 'ack':
      return acknowledge(withoutRating(timeline, message.ref), message.ref, message.seq, at)
    case 'fault':
      if (message.ref === undefined || isPostponed(message)) return timeline
      return deliver(withoutRating(timeline, message.ref), message.ref, {
        state: 'failed',
        code: message.code,
        canRetry: !NEEDS_CHANGE.includes(message.code),
      })
    case 'typing': {
      const until = at + (message.forMs ?? TYPING_MS)
      if (message.who === 'agent') return { ...timeline, typing: { name: message.name, until } }
      return awaitReply(timeline, Math.max(timeline.replyAwaitedUntil, until))
    }
    case 'state': {
      const { type: _, ...state } = message
      const isPersons = state.with === 'agent'
      return {
        ...timeline,
        state,
        replyAwaitedUntil: isPersons ? 0 : timeline.replyAwaitedUntil,
        typing: isPersons ? timeline.typing : null,
      }
    }
    case 'ping':
    case 'pong':
      return timeline
  }
}

function welcome(timeline: Timeline, { conversation, epoch, recovered }: Extract<ServerMessage, { type: 'welcome' }>): Timeline {
  const { position } = timeline
  const goesOn = recovered && timeline.conversation === conversation && (position === null || position.epoch === epoch)
  if (goesOn) return { ...timeline, position: position ?? { epoch, seq: 0 } }
  // The history is of another life. What that life acknowledged and never showed may be gone with it: it is sent again, which is harmless.
  const outbox = timeline.outbox.map(item => (item.delivery.state === 'sent' ? { ...item, delivery: { state: 'sending' } as const } : item))
  return { ...NOTHING_KNOWN, conversation, position: { epoch, seq: 0 }, outbox }
}

const withoutRating = (timeline: Timeline, ref: string): Timeline =>
  timeline.ratings.some(rating => rating.ref === ref)
    ? { ...timeline, ratings: timeline.ratings.filter(rating => rating.ref !== ref) }
    : timeline

/** What the customer has said of this reply, as far as this page knows. */
export const thumbOf = ({ thumbs, ratings }: Timeline, reply: number): Thumb | null => {
  const said = ratings.find(rating => rating.reply === reply)
  return said ? said.thumb : (thumbs[reply] ?? null)
}

function append(
  timeline: Timeline,
  { after, upTo, events, thumbs = [], whole }: Extract<ServerMessage, { type: 'events' }>,
  at: number,
): Timeline {
  const { position } = timeline
  if (position === null || (whole ? upTo < position.seq : upTo <= position.seq)) return timeline
  const fresh = whole ? events : events.filter(event => event.seq > position.seq)
  const refs = new Set(fresh.map(event => (event.type === 'message' ? event.ref : undefined)))
  const ahead = {
    ...timeline,
    position: { ...position, seq: upTo },
    log: [...(whole ? timeline.log.filter(event => event.seq <= after) : timeline.log), ...fresh],
    thumbs: { ...timeline.thumbs, ...Object.fromEntries(thumbs.map(({ reply, thumb }) => [reply, thumb])) },
    // What was acknowledged up to here and is not among the events was taken back: it is over, and not to be sent again.
    outbox: timeline.outbox.filter(({ ref, delivery }) => !refs.has(ref) && !(delivery.state === 'sent' && delivery.seq <= upTo)),
    typing: fresh.some(event => event.type === 'agent_message') ? null : timeline.typing,
  }
  const last = ahead.log.at(-1)
  // The first frame may end with a message that is being worked on right now.
  if ((whole || fresh.length > 0) && last?.type === 'message') return awaitReply(ahead, at + REPLY_AWAITED_MS)
  return isAnswered(ahead) ? { ...ahead, replyAwaitedUntil: 0 } : ahead
}

/** A person answers in their own time: while one has the conversation nothing is expected of the bot. */
const awaitReply = (timeline: Timeline, until: number): Timeline =>
  timeline.state?.with === 'agent' ? timeline : { ...timeline, replyAwaitedUntil: until }

function acknowledge(timeline: Timeline, ref: string, seq: number, at: number): Timeline {
  if (!timeline.outbox.some(item => item.ref === ref)) return timeline
  // Known up to there already: it is in the log, or it was taken back.
  if (timeline.position !== null && seq <= timeline.position.seq)
    return { ...timeline, outbox: timeline.outbox.filter(item => item.ref !== ref) }
  return awaitReply(deliver(timeline, ref, { state: 'sent', seq }), at + REPLY_AWAITED_MS)
}

const isAnswered = ({ log, outbox }: Timeline): boolean =>
  log.length > 0 && log.at(-1)?.type !== 'message' && !outbox.some(({ delivery }) => delivery.state === 'sent')

const deliver = (timeline: Timeline, ref: string, delivery: Delivery): Timeline => ({
  ...timeline,
  outbox: timeline.outbox.map(item => (item.ref === ref ? { ...item, delivery } : item)),
})
