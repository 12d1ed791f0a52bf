// The events of a conversation's log, in clear. How they are stored (sealed, chained) is server/conversations' and the driver's matter.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { Fault } from '../faults.ts'
import type { CustomerId, MessageRef, Seq } from '../ids.ts'
import type { RecordedDecision } from '../pipeline/decision.ts'
import type { Part } from '../protocol/server-message.ts'

/** The version that this release writes. Raise it when a body changes, and add the step from the version before to `UPCASTERS`. */
export const EVENT_VERSION = 1

interface At {
  /** Milliseconds since 1970, as the writing engine's clock had it. */
  readonly at: number
}

export type ConversationEvent =
  /** Always first, in the append of the first message. */
  | (At & { readonly type: 'opened'; readonly customer: CustomerId; readonly locale: Locale | null })
  | (At & { readonly type: 'message'; readonly ref: MessageRef; readonly parts: readonly Part[] })
  /** The one outcome of the turn that begins at `turn`; `upTo` is the last message that it took in. */
  | (At & { readonly type: 'decided'; readonly turn: Seq; readonly upTo: Seq; readonly decision: RecordedDecision })
  /** In the append of its decision, unless an effect has to run first. */
  | (At & {
      readonly type: 'reply'
      readonly turn: Seq
      readonly locale: Locale
      readonly template: string
      readonly parts: readonly Part[]
    })

/** An event at its place in the log. */
export type Logged = ConversationEvent & { readonly seq: Seq }

type Upcaster = (body: Record<string, unknown>) => Record<string, unknown>
/** `UPCASTERS[n]` makes a body of version n + 1 out of one of version n. */
const UPCASTERS: Readonly<Record<number, Readonly<Record<string, Upcaster>>>> = {}

/**
 * A stored body as this release's event. Bodies are authenticated before they come here, so they are trusted to be what some release wrote.
 * Faults: EVENT_TOO_NEW for a version from the future.
 */
export function upcast(type: string, v: number, body: Record<string, unknown>): ConversationEvent {
  if (v > EVENT_VERSION) throw new Fault('EVENT_TOO_NEW', { type, v })
  let current = body
  for (let from = v; from < EVENT_VERSION; from++) current = UPCASTERS[from]?.[type]?.(current) ?? current
  return { ...current, type } as unknown as ConversationEvent // trusted: see above
}

/** The text of a message or reply: its text parts, a line each. */
export const textOf = (parts: readonly Part[]): string => parts.map(part => part.text).join('\n')
