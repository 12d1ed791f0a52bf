// An event of the log as a webhook tells it. What people wrote is in it only where the webhook asks for text; names, numbers and outcomes always are.
import { type Logged, textOf } from '../conversation/event.ts'
import type { ConversationKey, Seq } from '../ids.ts'

export const WEBHOOK_EVENTS = [
  'conversation.opened',
  'conversation.rolled_back',
  'conversation.erased',
  'message.received',
  'turn.decided',
  'turn.superseded',
  'reply.sent',
  'reply.rated',
  'notice.sent',
  'agent_message.sent',
  'handoff.queued',
  'handoff.overdue',
  'handoff.claimed',
  'handoff.released',
  'effect.done',
  'effect.refused',
  'effect.failed',
] as const
export type WebhookEventType = (typeof WEBHOOK_EVENTS)[number]

export interface WebhookEvent {
  readonly type: WebhookEventType
  /** When it happened, as ISO 8601. */
  readonly timestamp: string
  readonly shop: string
  readonly conversation: string
  readonly seq: Seq
  /** The same moment in milliseconds since 1970. */
  readonly at: number
  readonly data: Readonly<Record<string, unknown>>
}

export function typeOf(event: Logged): WebhookEventType {
  switch (event.type) {
    case 'opened':
      return 'conversation.opened'
    case 'message':
      return 'message.received'
    case 'decided':
      return 'turn.decided'
    case 'superseded':
      return 'turn.superseded'
    case 'reply':
      return 'reply.sent'
    case 'rated':
      return 'reply.rated'
    case 'notice':
      return 'notice.sent'
    case 'agent_message':
      return 'agent_message.sent'
    case 'rolled_back':
      return 'conversation.rolled_back'
    case 'effect':
      return `effect.${event.state}`
    default:
      return `handoff.${event.type}`
  }
}

export const webhookEvent = (key: ConversationKey, event: Logged, includeText: boolean): WebhookEvent => ({
  type: typeOf(event),
  timestamp: new Date(event.at).toISOString(),
  ...key,
  seq: event.seq,
  at: event.at,
  data: dataOf(event, includeText),
})

/** All that is told of a conversation that is erased. `seq` 0: it is none of its events. */
export const erasedEvent = (key: ConversationKey, at: number): WebhookEvent => ({
  type: 'conversation.erased',
  timestamp: new Date(at).toISOString(),
  ...key,
  seq: 0,
  at,
  data: {},
})

function dataOf(event: Logged, includeText: boolean): Record<string, unknown> {
  const text = (words: string): { text?: string } => (includeText ? { text: words } : {})
  switch (event.type) {
    case 'opened':
      return { customer: event.customer, locale: event.locale }
    case 'message':
      return { ref: event.ref, masked: event.isMasked ?? false, ...text(textOf(event.parts)) }
    case 'decided': {
      const { action, disposition, confidence, template } = event.decision
      return { turn: event.turn, upTo: event.upTo, action, disposition, confidence, template }
    }
    case 'superseded':
      return { turn: event.turn, upTo: event.upTo, by: event.by }
    case 'reply':
      return { turn: event.turn, locale: event.locale, template: event.template, ...text(textOf(event.parts)) }
    case 'rated':
      return { reply: event.reply, turn: event.turn, thumb: event.thumb }
    case 'notice':
      return { about: event.about, locale: event.locale, template: event.template, ...text(textOf(event.parts)) }
    case 'agent_message':
      return { agent: { ...event.agent }, ref: event.ref, ...text(textOf(event.parts)) }
    case 'rolled_back':
      return { toSeq: event.toSeq, by: event.by, ...(event.agent && { agent: { ...event.agent } }), ...text(event.reason) }
    case 'effect': {
      const [, , turn, name, verb] = event.key.split('/')
      return { key: event.key, turn: Number(turn), name, verb, result: { ...event.result } }
    }
    case 'queued': {
      const { reason, action, urgency, locale } = event.wait
      return { turn: event.turn, reason, action, urgency, locale }
    }
    case 'overdue':
      return {}
    case 'claimed':
      return { agent: { ...event.agent } }
    case 'released':
      return { agent: { ...event.agent }, to: event.to, ...text(event.note) }
  }
}
