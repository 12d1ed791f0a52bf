// What the server sends. As in client-message.ts the schema is the truth and the types are read off it; clients import the types alone.
import { z } from 'zod'

/** A piece of a message. Text now; pictures and files will be further members. */
export const Part = z.discriminatedUnion('kind', [z.strictObject({ kind: z.literal('text'), text: z.string() })])
export type Part = z.infer<typeof Part>

/** What a customer sees of the log. Events that are not theirs to see (decisions) leave a hole in `seq` that `events.after/upTo` covers. */
export const VisibleEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('message'), seq: z.int(), at: z.number(), ref: z.string(), parts: z.array(Part) }),
  z.strictObject({
    type: z.literal('reply'),
    seq: z.int(),
    at: z.number(),
    turn: z.int(),
    locale: z.enum(['zh-CN', 'en']),
    parts: z.array(Part),
  }),
])
export type VisibleEvent = z.infer<typeof VisibleEvent>

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
  /** The message is durable, at `seq`. */
  z.strictObject({ type: z.literal('ack'), ref: z.string(), seq: z.int() }),
  /** Everything visible in (after, upTo]. A client whose own seq is below `after` has a gap: it reconnects and resumes. */
  z.strictObject({ type: z.literal('events'), after: z.int(), upTo: z.int(), events: z.array(VisibleEvent) }),
  /** Somebody on the other side is typing; fades after 5 s. */
  z.strictObject({ type: z.literal('typing'), who: z.enum(['bot', 'agent', 'customer']) }),
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
