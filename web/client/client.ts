// The customer's side of a conversation, without a page: joins line, outbox and timeline, and tells a listener whenever something changed.
import type { Thumb } from '@parley/core/protocol/client-message.ts'
import type { QuickReply, ServerMessage } from '@parley/core/protocol/server-message.ts'
import { PROTOCOL } from '@parley/core/protocol/version.ts'
import { type ConnectionState, createConnection } from './connection.ts'
import { createOutbox } from './outbox.ts'
import { createSeen } from './seen.ts'
import { createSender } from './sender.ts'
import {
  type Change,
  change,
  emptyTimeline,
  isPostponed,
  leavesGap,
  quickRepliesOf,
  recallableOf,
  type Timeline,
  unreadOf,
} from './timeline.ts'
import { createVisitors } from './visitors.ts'
import type { World } from './world.ts'

export type ClientLocale = 'zh-CN' | 'en'

export interface ClientView {
  readonly timeline: Timeline
  readonly connection: ConnectionState
  /** The bot is expected to answer, or says that it is about to. */
  readonly isReplyAwaited: boolean
  /** A person of the shop is typing. */
  readonly typist: { readonly name: string | undefined } | undefined
  readonly quickReplies: readonly QuickReply[]
  /** Messages of the shop's that the customer has not seen. */
  readonly unread: number
  readonly shopName: string | undefined
  /** The shop would not take the last message back: a person has answered, say, or too much was asked at once. Until something else is written. */
  readonly isRecallRefused: boolean
}

export interface Client {
  /** Connects, and sends what an earlier visit left unsent. */
  start(): void
  /** False when too much is unsent already; the text is then not taken. */
  say(text: string): boolean
  /** The customer is typing. May be called for every key: it is told to the shop at most every three seconds. */
  typing(): void
  /** Sends a failed message again, under the same id. */
  retry(ref: string): void
  /** Takes a failed message out and gives its text back. */
  discard(ref: string): string | undefined
  /** Takes the customer's last message back. False, and nothing is done, where there is no connection or another message is the last. */
  recall(ref: string): boolean
  /** The customer says of the bot's reply at seq `reply` that it helped, that it did not, or, with null, nothing any more; sent when there is a line. */
  rate(reply: number, thumb: Thumb | null): void
  /** Forgets the visitor, the conversation and what is unsent, and begins anew. */
  startAnew(): void
  /** Whether the customer has the newest message before their eyes: the page is visible and scrolled to its end. */
  setInSight(isInSight: boolean): void
  /** The device woke up, the page is visible or the network is back. */
  wake(): void
  /** Another tab wrote to the shelf: follows it when it has begun a new conversation. */
  shelfChanged(): void
  setLocale(locale: ClientLocale): void
  readonly view: ClientView
}

/** Most messages that wait to be sent. */
const MOST_UNSENT = 50
const TYPING_EVERY_MS = 3_000
/** Pause after a refusal that does not say for how long. */
const UNTOLD_PAUSE_MS = 1_000

/** `scope` names this conversation on the shelf. `identity` is the retailer's token that says who the customer is. */
export function createClient(
  world: World,
  scope: string,
  startLocale: ClientLocale,
  changed: (view: ClientView) => void,
  identity?: string,
): Client {
  const { clock } = world
  const outbox = createOutbox(world.shelf, scope)
  const visitors = createVisitors(world, scope, identity)
  let timeline = emptyTimeline
  let locale = startLocale
  let toldTypingAt = Number.NEGATIVE_INFINITY
  let isInSight = false
  /** The message that was asked to be taken back and still stands. */
  let recalling: string | undefined
  let isRecallRefused = false
  /** Their refs are for this page's answers alone: what was said is known by the reply. */
  let ratings = 0
  /** Refs of ratings that wait for their answer on this line. */
  const sentRatings = new Set<string>()
  let cancelAwaited = (): void => {}
  let cancelTyping = (): void => {}

  const connection = createConnection({
    world,
    visitors,
    hello: ({ token, conversation }) => ({
      type: 'hello',
      protocol: PROTOCOL,
      token,
      conversation,
      resumeAfter: timeline.conversation === conversation ? timeline.position : null,
      locale,
    }),
    heard: hear,
    changed(state) {
      if (state.name === 'connected') {
        sender.pump()
        sendRatings()
        seen.changed()
      } else {
        sender.lineLost()
        sentRatings.clear()
        seen.lineLost()
      }
      tell()
    },
  })
  const sender = createSender({
    world,
    outbox: () => timeline.outbox,
    isConnected: () => connection.state.name === 'connected',
    send: connection.send,
    stuck: connection.giveUp,
  })
  const seen = createSeen({
    world,
    timeline: () => timeline,
    isConnected: () => connection.state.name === 'connected',
    send: connection.send,
  })

  const view = (): ClientView => ({
    isRecallRefused,
    timeline,
    connection: connection.state,
    isReplyAwaited: connection.state.name === 'connected' && clock.monotonic() < timeline.replyAwaitedUntil,
    typist:
      connection.state.name === 'connected' && timeline.typing && clock.monotonic() < timeline.typing.until
        ? { name: timeline.typing.name }
        : undefined,
    quickReplies: quickRepliesOf(timeline),
    unread: unreadOf(timeline),
    shopName: visitors.shopName(),
  })
  const tell = (): void => changed(view())

  function apply(next: Change): void {
    const before = timeline
    timeline = change(timeline, next)
    if (isInSight) timeline = change(timeline, { type: 'shown' })
    if (timeline === before) return
    if (timeline.replyAwaitedUntil !== before.replyAwaitedUntil) {
      cancelAwaited()
      if (timeline.replyAwaitedUntil > 0) cancelAwaited = clock.after(timeline.replyAwaitedUntil - clock.monotonic(), tell)
    }
    if (timeline.typing !== before.typing) {
      cancelTyping()
      if (timeline.typing) cancelTyping = clock.after(timeline.typing.until - clock.monotonic(), tell)
    }
    seen.changed()
    tell()
  }

  /** Saying one again is harmless: whatever was not answered on the line of before is sent on this one. */
  function sendRatings(): void {
    if (connection.state.name !== 'connected') return
    for (const { ref, reply, thumb } of timeline.ratings) {
      if (sentRatings.has(ref)) continue
      sentRatings.add(ref)
      connection.send({ type: 'rate', ref, reply, thumb })
    }
  }

  function hear(heard: ServerMessage): void {
    // The line ends behind it, and the next one is of another conversation: what is under way is said there.
    if (heard.type === 'fault' && heard.code === 'CONVERSATION_ERASED') return apply({ type: 'erased' })
    if (leavesGap(timeline, heard)) return connection.giveUp()
    // A frame that the server could not read has no id in its answer; only one message is ever under way.
    const isOfUnderWay =
      heard.type === 'fault' && heard.ref === undefined && heard.code.startsWith('FRAME_') && sender.underWay !== undefined
    const message = isOfUnderWay ? { ...heard, ref: sender.underWay } : heard
    apply({ type: 'heard', message, at: clock.monotonic() })
    if (message.type === 'events') for (const event of message.events) if (event.type === 'message') outbox.remove(event.ref)
    if (message.type === 'ack') {
      outbox.remove(message.ref)
      sender.answered(message.ref)
    }
    if (message.type === 'events' && message.whole) recalling = undefined
    if (message.type === 'fault' && message.ref !== undefined && message.ref === recalling) {
      recalling = undefined
      isRecallRefused = true
      tell()
    }
    if (message.type === 'fault' && message.ref !== undefined && isPostponed(message) && sentRatings.delete(message.ref))
      clock.after(message.retryAfterMs ?? UNTOLD_PAUSE_MS, sendRatings)
    if (message.type === 'fault' && message.ref !== undefined) {
      if (isPostponed(message)) sender.pause(message.ref, message.retryAfterMs ?? UNTOLD_PAUSE_MS)
      else sender.answered(message.ref)
    }
  }

  return {
    start() {
      for (const { ref, text, at } of outbox.all()) apply({ type: 'wrote', ref, text, at })
      connection.connect()
    },
    say(text) {
      if (timeline.outbox.length >= MOST_UNSENT) return false
      isRecallRefused = false
      const unsent = { ref: world.newRef(), text, at: clock.now() }
      outbox.keep(unsent)
      apply({ type: 'wrote', ...unsent })
      sender.pump()
      return true
    },
    typing() {
      if (clock.monotonic() - toldTypingAt < TYPING_EVERY_MS) return
      toldTypingAt = clock.monotonic()
      connection.send({ type: 'typing' })
    },
    retry(ref) {
      apply({ type: 'retried', ref })
      sender.pump()
    },
    discard(ref) {
      const text = timeline.outbox.find(item => item.ref === ref)?.text
      outbox.remove(ref)
      apply({ type: 'discarded', ref })
      return text
    },
    recall(ref) {
      if (connection.state.name !== 'connected' || recallableOf(timeline) !== ref) return false
      connection.send({ type: 'recall', ref })
      recalling = ref
      isRecallRefused = false
      return true
    },
    rate(reply, thumb) {
      apply({ type: 'rated', ref: `rating${++ratings}`, reply, thumb })
      sendRatings()
    },
    startAnew() {
      outbox.clear()
      visitors.forgetVisitor()
      timeline = emptyTimeline
      isRecallRefused = false
      connection.connect()
    },
    setInSight(next) {
      isInSight = next
      if (next) apply({ type: 'shown' })
    },
    wake: connection.wake,
    shelfChanged() {
      const kept = visitors.keptConversation()
      if (kept === undefined || timeline.conversation === null || kept === timeline.conversation) return
      visitors.forgetToken()
      connection.connect()
    },
    setLocale(next) {
      if (next === locale) return
      locale = next
      if (connection.state.name === 'connected') connection.connect() // the locale is said in the hello
    },
    get view() {
      return view()
    },
  }
}
