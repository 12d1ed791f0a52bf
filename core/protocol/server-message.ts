// What the server sends. As in client-message.ts the schema is the truth and the types are read off it; clients import the types alone.
import { z } from 'zod'
import { Thumb } from './client-message.ts'

/** A piece of a message. Text now; pictures and files will be further members. */
export const Part = z.discriminatedUnion('kind', [z.strictObject({ kind: z.literal('text'), text: z.string() })])
export type Part = z.infer<typeof Part>

const Locale = z.enum(['zh-CN', 'en'])
const Parts = z.array(Part)

/** A quick reply: pressing `label` says `text`. The customer may always write something else. */
export const QuickReply = z.strictObject({ label: z.string(), text: z.string() })
export type QuickReply = z.infer<typeof QuickReply>

/** What a customer sees of the log. Events that are not theirs to see (decisions) leave a hole in `seq` that `events.after/upTo` covers. */
export const VisibleEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('message'), seq: z.int(), at: z.number(), ref: z.string(), parts: Parts }),
  /** The bot's one answer to a turn. */
  z.strictObject({
    type: z.literal('reply'),
    seq: z.int(),
    at: z.number(),
    turn: z.int(),
    locale: Locale,
    parts: Parts,
    quickReplies: z.array(QuickReply).optional(),
  }),
  /** What a person of the shop wrote; `name` is what the shop calls them. */
  z.strictObject({ type: z.literal('agent_message'), seq: z.int(), at: z.number(), ref: z.string(), name: z.string(), parts: Parts }),
  /** Said by the shop outside of a turn: a person has joined or left, an effect has had its outcome. */
  z.strictObject({
    type: z.literal('notice'),
    seq: z.int(),
    at: z.number(),
    about: z.enum(['claimed', 'returned', 'closed', 'effect']),
    locale: Locale,
    parts: Parts,
  }),
])
export type VisibleEvent = z.infer<typeof VisibleEvent>

/** What the customer has said of the reply at seq `reply`; null: taken back. It stands as long as the reply does. */
export const GivenThumb = z.strictObject({ reply: z.int(), thumb: Thumb.nullable() })
export type GivenThumb = z.infer<typeof GivenThumb>

/** How far one side's messages have got with the other: the greatest seq that reached it, and that it has read. 0: none. */
export const Marks = z.strictObject({ delivered: z.int().min(0), read: z.int().min(0) })
export type Marks = z.infer<typeof Marks>

/** What a resuming client must know beside the events. */
export const ConversationState = z.strictObject({
  with: z.enum(['bot', 'queue', 'agent']),
  /** Place in line, from 1; only with `queue`. */
  position: z.int().min(1).optional(),
  /** Name of the person who has it; only with `agent`. */
  agent: z.string().optional(),
  /** How far the customer's messages have got with the shop. */
  customer: Marks,
  /** How far the shop's messages have got with the customer. */
  shop: Marks,
})
export type ConversationState = z.infer<typeof ConversationState>

export const ServerMessage = z.discriminatedUnion('type', [
  /** Answer to hello. `recovered: false` means that the client's history is not of this epoch: throw it away, what follows is the whole. */
  z.strictObject({
    type: z.literal('welcome'),
    protocol: z.int(),
    conversation: z.string(),
    epoch: z.string(),
    recovered: z.boolean(),
    heartbeatMs: z.int(),
    limits: z.strictObject({
      frameBytes: z.int(),
      textCharacters: z.int(),
      textBytes: z.int(),
      messagesPerSecond: z.number(),
      messageBurst: z.int(),
    }),
  }),
  /** The message is durable, at `seq`; of a rating, what was said stands since `seq`. */
  z.strictObject({ type: z.literal('ack'), ref: z.string(), seq: z.int() }),
  /**
   * Everything visible in (after, upTo]. A client whose own seq is below `after` has a gap: it reconnects and resumes. With `whole` something
   * was taken back: of what the client has, what is beyond `after` goes, and `events` are all that stands beyond it; what was acknowledged up to
   * `upTo` is not sent again. `thumbs`: what was said of replies in (after, upTo], with `whole` maybe more of it; a rollback takes none back.
   */
  z.strictObject({
    type: z.literal('events'),
    after: z.int(),
    upTo: z.int(),
    events: z.array(VisibleEvent),
    thumbs: z.array(GivenThumb).optional(),
    whole: z.literal(true).optional(),
  }),
  /** Who has the conversation, and how far the shop's side has got with the customer's messages. After the welcome's events and at each change. */
  z.strictObject({ type: z.literal('state'), ...ConversationState.shape }),
  /** Somebody on the other side is typing; fades after `forMs`, or 5 s. After the welcome's `state` for who was typing before. */
  z.strictObject({ type: z.literal('typing'), who: z.enum(['bot', 'agent']), name: z.string().optional(), forMs: z.int().optional() }),
  /** Something was refused. With `ref` it is that message; nothing of it was kept. `path` names the place in the frame. */
  z.strictObject({
    type: z.literal('fault'),
    code: z.string(),
    message: z.string(),
    ref: z.string().optional(),
    path: z.string().optional(),
    retryAfterMs: z.int().optional(),
  }),
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({ type: z.literal('pong') }),
])
export type ServerMessage = z.infer<typeof ServerMessage>
