// One conversation that the console follows, as plain data: the shop's log as far as it is known, what is known beside it, and what this agent wrote
// that is not in the log yet. A pure fold, as client/timeline.ts is for the customer: nothing here can put a message in twice or leave one out.
import type { StreamPosition, Thumb } from '@parley/core/protocol/client-message.ts'
import type { DeskEvent, DeskMessage, DeskOrder, HandoffCard, TurnLabel } from '@parley/core/protocol/desk-message.ts'
import type { ConversationState } from '@parley/core/protocol/server-message.ts'
import type { Delivery, Outgoing } from '../client/timeline.ts'

/** Frames about one conversation. */
export type AboutOne = Extract<DeskMessage, { type: 'conversation' | 'events' | 'state' | 'typing' | 'labels' | 'ack' | 'fault' }>

/**
 * How far the answer to `watch` has come: it is `conversation`, then `events`, then `state`. Only with the last is what is shown what the shop
 * has, and only then may be sent: a reply to something that is not seen yet would talk past the customer or a colleague.
 */
export type Stage = 'unasked' | 'asked' | 'told' | 'caught-up' | 'synced'

export interface Typing {
  readonly who: 'bot' | 'agent' | 'customer'
  readonly name?: string
  /** On the monotonic clock. */
  readonly until: number
}

export interface Watched {
  readonly conversation: string
  readonly stage: Stage
  /** Everything up to here is in `log`. */
  readonly position: StreamPosition | null
  /** Ascending in `seq`, none twice, none beyond `position`. */
  readonly log: readonly DeskEvent[]
  /** What the customer has said of replies, by their seq. */
  readonly thumbs: Readonly<Record<number, Thumb | null>>
  /** What agents have said that turns were about. */
  readonly labels: readonly TurnLabel[]
  readonly card: HandoffCard | null
  readonly orders: readonly DeskOrder[] | null
  readonly state: ConversationState | null
  readonly typing: readonly Typing[]
  /** In the order of writing; no `ref` of it is in `log`. */
  readonly outbox: readonly Outgoing[]
}

export const unwatched = (conversation: string): Watched => ({
  conversation,
  stage: 'unasked',
  position: null,
  log: [],
  thumbs: {},
  labels: [],
  card: null,
  orders: null,
  state: null,
  typing: [],
  outbox: [],
})

const TYPING_MS = 5_000
/** Refusals that the same text will always meet. */
const NEEDS_CHANGE: readonly string[] = ['TEXT_EMPTY', 'TEXT_TOO_LONG', 'TEXT_TOO_LARGE', 'FRAME_TOO_LARGE', 'FRAME_INVALID', 'REF_REUSED']

/** True when frames between the known position and this one are missing: it must not be folded in; connect again and resume instead. */
export const leavesGap = ({ position, stage }: Watched, message: AboutOne): boolean =>
  message.type === 'events' &&
  stage !== 'unasked' &&
  stage !== 'asked' &&
  message.whole !== true &&
  (position === null || message.after > position.seq)

/** True for a refusal that the message survives: it stays as it is and is sent again after a while. */
export const isPostponed = ({ retryAfterMs, code }: Extract<DeskMessage, { type: 'fault' }>): boolean =>
  retryAfterMs !== undefined || code === 'SHUTTING_DOWN'

/** `watch` was sent. */
export const asked = (watched: Watched): Watched => ({ ...watched, stage: 'asked' })

/** `watch` was refused for now. */
export const notAnswered = (watched: Watched): Watched => (watched.stage === 'asked' ? { ...watched, stage: 'unasked' } : watched)

/** The line is gone: what is shown may be old from now on. */
export const lineLost = (watched: Watched): Watched => ({ ...watched, stage: 'unasked', typing: [] })

export const wrote = (watched: Watched, { ref, text, at }: Pick<Outgoing, 'ref' | 'text' | 'at'>): Watched => ({
  ...watched,
  outbox: [...watched.outbox, { ref, text, at, delivery: { state: 'sending' } }],
})

export const retried = (watched: Watched, ref: string): Watched => deliver(watched, ref, { state: 'sending' })

export const discarded = (watched: Watched, ref: string): Watched => ({
  ...watched,
  outbox: watched.outbox.filter(item => item.ref !== ref),
})

/** Those who are typing still. The same list when nobody has stopped. */
export const typingAt = ({ typing }: Watched, now: number): readonly Typing[] =>
  typing.every(({ until }) => until > now) ? typing : typing.filter(({ until }) => until > now)

/** `epoch`: of the welcome. `at`: when it was heard, on the monotonic clock. */
export function hear(watched: Watched, message: AboutOne, epoch: string, at: number): Watched {
  switch (message.type) {
    case 'conversation':
      return begin(watched, message, epoch)
    case 'events':
      return append(watched, message)
    case 'state': {
      const { type: _, conversation: __, ...state } = message
      const stage = watched.stage === 'caught-up' ? 'synced' : watched.stage
      return { ...watched, stage, state }
    }
    case 'typing': {
      const { who, name, forMs = TYPING_MS } = message
      const others = watched.typing.filter(other => other.who !== who)
      return { ...watched, typing: [...others, { who, ...(name !== undefined && { name }), until: at + forMs }] }
    }
    case 'labels':
      return { ...watched, labels: message.labels }
    case 'ack':
      return acknowledge(watched, message.ref, message.seq)
    case 'fault':
      if (message.ref === undefined || isPostponed(message)) return watched
      return deliver(watched, message.ref, { state: 'failed', code: message.code, canRetry: !NEEDS_CHANGE.includes(message.code) })
  }
}

function begin(watched: Watched, message: Extract<DeskMessage, { type: 'conversation' }>, epoch: string): Watched {
  const { card, orders } = message
  const { position } = watched
  // Not an answer to `watch`: the card is another one since it was handed over anew. What is followed goes on.
  if (watched.stage !== 'asked') return { ...watched, card, orders }
  const told = { ...watched, stage: 'told', card, orders } as const
  if (message.recovered && (position === null || position.epoch === epoch)) return { ...told, position: position ?? { epoch, seq: 0 } }
  // Another life of the store. What the old one acknowledged and never showed may be gone with it: it is sent again, which is harmless.
  const outbox = watched.outbox.map(item => (item.delivery.state === 'sent' ? { ...item, delivery: { state: 'sending' } as const } : item))
  return { ...told, position: { epoch, seq: 0 }, log: [], thumbs: {}, labels: [], state: null, outbox }
}

function append(watched: Watched, { after, upTo, events, thumbs = [], whole }: Extract<DeskMessage, { type: 'events' }>): Watched {
  // What comes after nothing is all that stands, too: it may answer a second `watch`, sent when the answer to the first was still on its way.
  const isAll = whole === true || after === 0
  const { position } = watched
  if (position === null || watched.stage === 'unasked' || watched.stage === 'asked') return watched
  const stage = watched.stage === 'told' ? 'caught-up' : watched.stage
  if (upTo < position.seq || (upTo === position.seq && !isAll)) return { ...watched, stage }
  const fresh = isAll ? events : events.filter(event => event.seq > position.seq)
  const refs = new Set(fresh.map(event => (event.type === 'agent_message' ? event.ref : undefined)))
  const speakers = new Set(fresh.map(speakerOf))
  return {
    ...watched,
    stage,
    position: { ...position, seq: upTo },
    log: isAll ? fresh : [...watched.log, ...fresh],
    thumbs: { ...watched.thumbs, ...Object.fromEntries(thumbs.map(({ reply, thumb }) => [reply, thumb])) },
    outbox: watched.outbox.filter(({ ref, delivery }) => {
      const isTakenBack = isAll && delivery.state === 'sent' && delivery.seq <= upTo
      return !refs.has(ref) && !isTakenBack
    }),
    typing: watched.typing.filter(({ who }) => !speakers.has(who)),
  }
}

const speakerOf = ({ type }: DeskEvent): Typing['who'] | undefined =>
  type === 'message' ? 'customer' : type === 'reply' ? 'bot' : type === 'agent_message' ? 'agent' : undefined

function acknowledge(watched: Watched, ref: string, seq: number): Watched {
  // Its event may have come before; or it was taken back, and the position is beyond it.
  const isShown = (watched.position?.seq ?? 0) >= seq
  return isShown ? discarded(watched, ref) : deliver(watched, ref, { state: 'sent', seq })
}

const deliver = (watched: Watched, ref: string, delivery: Delivery): Watched => ({
  ...watched,
  outbox: watched.outbox.map(item => (item.ref === ref ? { ...item, delivery } : item)),
})

/** The greatest seq of the customer's; 0: nothing yet. */
export const lastOfCustomer = ({ log }: Watched): number => log.findLast(({ type }) => type === 'message')?.seq ?? 0

/** Messages of the customer's that nobody of the shop has read. 0 until it is known how far that is. */
export const unreadOf = ({ log, state }: Watched): number =>
  state === null ? 0 : log.filter(({ type, seq }) => type === 'message' && seq > state.customer.read).length
