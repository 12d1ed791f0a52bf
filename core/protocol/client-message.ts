// What a client sends, written once; the types are read off it. docs/protocol.md tells it in prose, and a test holds the two together.
import { z } from 'zod'
import { PROTOCOL } from './version.ts'

export { PROTOCOL }

export const Id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -')

/** Up to where a client knows a conversation: the store's life and the last sequence it covers. */
export const StreamPosition = z.strictObject({ epoch: Id, seq: z.int().min(0) })
export type StreamPosition = z.infer<typeof StreamPosition>

/** What a customer says of a reply. */
export const Thumb = z.enum(['up', 'down'])
export type Thumb = z.infer<typeof Thumb>

export const ClientMessage = z.discriminatedUnion('type', [
  /** First frame. `resumeAfter: null` asks for the whole dialogue. */
  z.strictObject({
    type: z.literal('hello'),
    protocol: z.literal(PROTOCOL),
    token: z.string().min(1).max(4_096),
    conversation: Id,
    resumeAfter: StreamPosition.nullable(),
    /** The locale of the page, used where a text's own language does not tell. */
    locale: z.enum(['zh-CN', 'en']).optional(),
  }),
  /** A message. `ref` is the client's own id; sending the same one again is harmless and answered with the same seq. */
  z.strictObject({ type: z.literal('say'), ref: Id, text: z.string() }),
  /** Takes the customer's last message back, with all that followed; answered with `events` that are the whole. Sending it again is harmless. */
  z.strictObject({ type: z.literal('recall'), ref: Id }),
  /**
   * What the customer says of the bot's reply at seq `reply`: that it helped, that it did not, or, with null, nothing any more. The last word counts;
   * saying it again is harmless. Answered with ack of the same `ref`, or a fault.
   */
  z.strictObject({ type: z.literal('rate'), ref: Id, reply: z.int().min(1), thumb: Thumb.nullable() }),
  /** The customer is typing; fades after 5 s. */
  z.strictObject({ type: z.literal('typing') }),
  /** Everything of the shop's up to `seq` has arrived at the customer's device, or was shown to the customer. Told to the agent's console. */
  z.strictObject({ type: z.literal('seen'), state: z.enum(['delivered', 'read']), seq: z.int().min(1) }),
  /** Heartbeat; answered with pong. */
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({ type: z.literal('pong') }),
])
export type ClientMessage = z.infer<typeof ClientMessage>
export type Hello = Extract<ClientMessage, { type: 'hello' }>
