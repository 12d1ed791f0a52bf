// What an agent's console and the server say to each other at /v1/desk/socket. The same socket layer as the customer's (limits, heartbeat, close
// codes); one connection carries the queue of a shop and any number of conversations that the agent watches. docs/desk-protocol.md tells it in prose.
import { z } from 'zod'
import { Id, StreamPosition } from './client-message.ts'
import { ConversationState, GivenThumb, VisibleEvent } from './server-message.ts'
import { PROTOCOL } from './version.ts'

/** From the console. Who the agent is comes from the session's cookie at the upgrade. */
export const DeskRequest = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), protocol: z.literal(PROTOCOL) }),
  /** Opens a conversation to be followed; answered with `conversation`, then `events`, then `state`. Also to resume after a lost line. */
  z.strictObject({ type: z.literal('watch'), conversation: Id, resumeAfter: StreamPosition.nullable() }),
  z.strictObject({ type: z.literal('unwatch'), conversation: Id }),
  /** Takes a waiting conversation. Of any number who ask, one gets `done`; the others the fault ALREADY_CLAIMED, which names the one. */
  z.strictObject({ type: z.literal('claim'), conversation: Id }),
  /** As the customer's: `ref` is the console's own id, sending it again is harmless. Faults: NOT_OWNER. */
  z.strictObject({ type: z.literal('say'), conversation: Id, ref: Id, text: z.string() }),
  z.strictObject({ type: z.literal('typing'), conversation: Id }),
  z.strictObject({ type: z.literal('seen'), conversation: Id, state: z.enum(['delivered', 'read']), seq: z.int().min(1) }),
  /** Gives it back to the bot or to the queue, or ends it (the bot answers what comes next). `note` is for colleagues, never for the customer. */
  z.strictObject({
    type: z.literal('release'),
    conversation: Id,
    to: z.enum(['bot', 'queue', 'closed']),
    note: z.string().max(2_000).optional(),
  }),
  /** What a rollback to after `toSeq` would do; answered with `preview`. Faults: NOT_OWNER, ROLLBACK_INVALID. */
  z.strictObject({ type: z.literal('preview'), conversation: Id, toSeq: z.int().min(0) }),
  /** Puts the dialogue back as it was after `toSeq`. Who has the conversation may, and a supervisor. Faults: as `preview`. */
  z.strictObject({ type: z.literal('rollback'), conversation: Id, toSeq: z.int().min(0), reason: z.string().max(500) }),
  /** The actions of the shop's catalogue; answered with `actions`. */
  z.strictObject({ type: z.literal('actions') }),
  /**
   * What a turn of the bot's was about, as this agent says; null takes it back. Of any conversation of the shop; the last word of each agent counts. Answered
   * with `labels`. Faults: LABEL_INVALID.
   */
  z.strictObject({ type: z.literal('label'), conversation: Id, turn: z.int().min(1), action: z.string().max(64).nullable() }),
  /** Erases the customer of this conversation for good. Only who has it, and where the customer asked. Faults: NOT_OWNER, ERASURE_NOT_ASKED. */
  z.strictObject({ type: z.literal('erase'), conversation: Id }),
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({ type: z.literal('pong') }),
])
export type DeskRequest = z.infer<typeof DeskRequest>

/** Why a person is wanted. `asked`: the customer did; `always`: the action is always a person's; `doubt`: no answer was worth its risk. */
export const HandoffReason = z.enum(['asked', 'always', 'doubt', 'risk', 'offered', 'trouble', 'effect', 'transferred'])
export type HandoffReason = z.infer<typeof HandoffReason>

/** What the catalogue calls an action. */
const ActionLabel = z.strictObject({ 'zh-CN': z.string(), en: z.string() })

/** What an agent has said that a turn was about. */
export const TurnLabel = z.strictObject({
  turn: z.int(),
  by: z.string(),
  /** It is what the agent of this console said. */
  isMine: z.boolean(),
  action: z.string(),
  label: ActionLabel,
})
export type TurnLabel = z.infer<typeof TurnLabel>

/** An action of the shop's catalogue. */
export const NamedAction = z.strictObject({ action: z.string(), label: ActionLabel })
export type NamedAction = z.infer<typeof NamedAction>

/** One row of the queue. */
export const QueueItem = z.strictObject({
  conversation: Id,
  /** Milliseconds since 1970 when it entered the queue, or was claimed. */
  since: z.number(),
  with: z.enum(['queue', 'agent']),
  /** Place in line; only with `queue`. */
  position: z.int().min(1).optional(),
  /** It has waited longer than the shop promises; only with `queue`. */
  overdue: z.literal(true).optional(),
  agent: z.strictObject({ id: z.string(), name: z.string() }).optional(),
  reason: HandoffReason,
  action: z.string(),
  /** What the catalogue calls the action. */
  label: ActionLabel,
  /** 0 (whenever) to 1 (now). */
  urgency: z.number(),
  /** -1 (furious) to 1 (delighted); absent where nobody could tell. */
  mood: z.number().optional(),
  /** How the mood has moved over the last turns, -1 (growing angry) to 1; absent at the first one. */
  trend: z.number().optional(),
  locale: z.enum(['zh-CN', 'en']),
  /** The beginning of the customer's last message. */
  preview: z.string(),
})
export type QueueItem = z.infer<typeof QueueItem>

/** Why the bot handed over: what an agent reads before the first word. */
export const HandoffCard = z.strictObject({
  reason: HandoffReason,
  at: z.number(),
  action: z.string(),
  label: ActionLabel,
  confidence: z.number(),
  /** The likeliest actions with their probabilities, best first, at most five. */
  ranking: z.array(z.strictObject({ action: z.string(), probability: z.number() })),
  votes: z.array(
    z.strictObject({
      voter: z.string(),
      abstained: z.boolean(),
      reason: z.string().optional(),
      /** What it added to the score of `action`. */
      share: z.number().optional(),
      votes: z.array(z.strictObject({ action: z.string(), confidence: z.number(), evidence: z.string().optional() })),
    }),
  ),
  /**
   * What else added to the score of `action`: `prior`, and the signals of the turn and its conversation that the ensemble has weights for (`mood`,
   * `urgency`, …); and the score. All shares together are exactly the score. Absent where nothing was fused.
   */
  fused: z.strictObject({ beside: z.array(z.strictObject({ what: z.string(), share: z.number() })), score: z.number() }).optional(),
  /** The customer's mood over the last turns, oldest first, -1 to 1. */
  moods: z.array(z.number()),
  /** How it has moved, -1 (growing angry) to 1; absent at the first turn. */
  trend: z.number().optional(),
  /** How much the turn presses by its words, 0 to 1; absent where no voter said. */
  urgency: z.number().optional(),
  risks: z.array(z.string()),
  /** What the bot tried, oldest first. */
  tried: z.array(z.strictObject({ turn: z.int(), action: z.string(), disposition: z.string(), template: z.string() })),
  /** What is known: the order it is about, how many pieces. */
  slots: z.record(z.string(), z.string()),
  /** What the catalogue calls every action that the card names. */
  labels: z.record(z.string(), ActionLabel),
  /** Effects that ran or run, with what came of them. */
  effects: z.array(
    z.strictObject({ name: z.string(), state: z.string(), result: z.record(z.string(), z.string()), reason: z.string().optional() }),
  ),
})
export type HandoffCard = z.infer<typeof HandoffCard>

/** An order of the customer's, as the mesh gave it; shown beside the chat. */
export const DeskOrder = z.strictObject({
  number: z.string(),
  placedOn: z.string(),
  status: z.string(),
  items: z.array(z.strictObject({ name: z.string(), quantity: z.number() })),
  total: z.string(),
})
export type DeskOrder = z.infer<typeof DeskOrder>

/** What an agent sees and a customer does not. */
export const DeskMark = z.strictObject({
  type: z.literal('mark'),
  seq: z.int(),
  at: z.number(),
  about: z.enum(['queued', 'overdue', 'claimed', 'returned', 'closed', 'recalled', 'rollback', 'effect']),
  /** The agent's name, where it is an agent's doing. */
  by: z.string().optional(),
  /** A colleague's note. */
  note: z.string().optional(),
  /** What became of an effect. `failed`: nobody knows whether it was done; `stands`: it was to be undone and could not be, `result` is what stands. */
  effect: z
    .strictObject({
      name: z.string(),
      what: z.enum(['done', 'refused', 'failed', 'undone', 'stands']),
      result: z.record(z.string(), z.string()),
      reason: z.string().optional(),
    })
    .optional(),
})
export type DeskMark = z.infer<typeof DeskMark>

/** A plugin that is not asked now. `host-deaths`, `timeouts`: for a while, since it keeps costing those; `unusable`: until it is mended. */
export const PluginOff = z.strictObject({ plugin: z.string(), why: z.enum(['host-deaths', 'timeouts', 'unusable']) })
export type PluginOff = z.infer<typeof PluginOff>

export const DeskEvent = z.discriminatedUnion('type', [...VisibleEvent.options, DeskMark])
export type DeskEvent = z.infer<typeof DeskEvent>

/** An effect that a rollback is about, with what came of it. */
export const RollbackEffect = z.strictObject({ name: z.string(), result: z.record(z.string(), z.string()) })
export type RollbackEffect = z.infer<typeof RollbackEffect>

/** To the console. */
export const DeskMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('welcome'),
    protocol: z.int(),
    epoch: z.string(),
    heartbeatMs: z.int(),
    /** A supervisor may also roll back what others have in hand. */
    agent: z.strictObject({ id: z.string(), name: z.string(), isSupervisor: z.boolean() }),
    shop: z.strictObject({ id: z.string(), name: z.string() }),
  }),
  /**
   * The whole queue of the shop with what people have in hand, most pressing first. After the welcome, at changes (at most some a second) and
   * every few seconds anyway, so that a console which missed one is right again; `version` rises with each change.
   */
  z.strictObject({ type: z.literal('queue'), version: z.int(), items: z.array(QueueItem) }),
  /** Answer to watch. `card` is null where the bot never handed over; `orders` null where the shop has no source or it did not answer. */
  z.strictObject({
    type: z.literal('conversation'),
    conversation: Id,
    recovered: z.boolean(),
    card: HandoffCard.nullable(),
    orders: z.array(DeskOrder).nullable(),
  }),
  /** As the customer's `events`, `whole` included, with the marks between. */
  z.strictObject({
    type: z.literal('events'),
    conversation: Id,
    after: z.int(),
    upTo: z.int(),
    events: z.array(DeskEvent),
    thumbs: z.array(GivenThumb).optional(),
    whole: z.literal(true).optional(),
  }),
  z.strictObject({ type: z.literal('state'), conversation: Id, ...ConversationState.shape }),
  /** As the customer's; `name` with `agent`. */
  z.strictObject({
    type: z.literal('typing'),
    conversation: Id,
    who: z.enum(['bot', 'agent', 'customer']),
    name: z.string().optional(),
    forMs: z.int().optional(),
  }),
  /** The message is durable, at `seq`. */
  z.strictObject({ type: z.literal('ack'), conversation: Id, ref: z.string(), seq: z.int() }),
  /** A claim, release, rollback or erasure is durable. */
  z.strictObject({ type: z.literal('done'), what: z.enum(['claim', 'release', 'rollback', 'erase']), conversation: Id }),
  /** Answer to preview, as it stands now. */
  z.strictObject({
    type: z.literal('preview'),
    conversation: Id,
    toSeq: z.int(),
    /** What the customer will not see any more, oldest first. */
    goes: z.array(VisibleEvent),
    /** What an earlier rollback took away and comes back, oldest first. */
    returns: z.array(VisibleEvent),
    undoes: z.array(RollbackEffect),
    /** Told of again, undone, and not done a second time. */
    staysUndone: z.array(RollbackEffect),
  }),
  /** Answer to `actions`, in the catalogue's order. */
  z.strictObject({ type: z.literal('actions'), actions: z.array(NamedAction) }),
  /** All that agents have said of the conversation's turns: after the answer to watch where there is any, and the answer to `label`. */
  z.strictObject({ type: z.literal('labels'), conversation: Id, labels: z.array(TurnLabel) }),
  /** To a supervisor: the shop's plugins that are off, after the welcome and within seconds of a change; empty where none is any more. */
  z.strictObject({ type: z.literal('plugins'), off: z.array(PluginOff) }),
  z.strictObject({
    type: z.literal('fault'),
    code: z.string(),
    message: z.string(),
    conversation: Id.optional(),
    ref: z.string().optional(),
    path: z.string().optional(),
    retryAfterMs: z.int().optional(),
  }),
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({ type: z.literal('pong') }),
])
export type DeskMessage = z.infer<typeof DeskMessage>
