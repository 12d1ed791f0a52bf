// A conversation as the console lists it: one row a bubble or a line, each with a key that stays the same from the first keystroke's echo to the log.
import type { Thumb } from '@parley/core/protocol/client-message.ts'
import type { DeskEvent, DeskMark, TurnLabel } from '@parley/core/protocol/desk-message.ts'
import type { Watched } from './watched.ts'

export type Row =
  | { readonly who: 'customer' | 'notice'; readonly key: string; readonly seq: number; readonly text: string; readonly at: number }
  | {
      readonly who: 'bot'
      readonly key: string
      readonly seq: number
      readonly text: string
      readonly at: number
      readonly turn: number
      /** What the customer has said of it. */
      readonly thumb: Thumb | null
      /** What agents have said that its turn was about. */
      readonly labels: readonly TurnLabel[]
    }
  | {
      readonly who: 'agent'
      readonly key: string
      /** Undefined until it is in the log. */
      readonly seq: number | undefined
      readonly text: string
      readonly at: number
      readonly name: string
      readonly isMine: boolean
      readonly ref: string
      readonly state: 'sending' | 'sent' | 'delivered' | 'read' | 'failed'
      /** Only for `failed`: why, and whether sending it again, unchanged, may help. */
      readonly code: string
      readonly canRetry: boolean
    }
  /** What happened to the conversation, for an agent's eyes. */
  | {
      readonly who: 'mark'
      readonly key: string
      readonly at: number
      readonly about: DeskMark['about']
      readonly by: string | undefined
      readonly note: string | undefined
      readonly effect: DeskMark['effect']
    }

export function rowsOf(watched: Watched, myName: string): readonly Row[] {
  const { log, outbox } = watched
  return [
    ...log.flatMap(event => rowOf(event, watched, myName) ?? []),
    ...outbox.map(
      ({ ref, text, at, delivery }): Row => ({
        who: 'agent',
        key: `a${ref}`,
        seq: undefined,
        text,
        at,
        name: myName,
        isMine: true,
        ref,
        state: delivery.state,
        code: delivery.state === 'failed' ? delivery.code : '',
        canRetry: delivery.state === 'failed' && delivery.canRetry,
      }),
    ),
  ]
}

/** Undefined for a sort of event that this page does not know yet. */
function rowOf(event: DeskEvent, { state, thumbs, labels }: Watched, myName: string): Row | undefined {
  const { seq, at } = event
  switch (event.type) {
    case 'message':
      return { who: 'customer', key: `m${seq}`, seq, at, text: textOf(event) }
    case 'reply':
      return {
        who: 'bot',
        key: `r${seq}`,
        seq,
        at,
        text: textOf(event),
        turn: event.turn,
        thumb: thumbs[seq] ?? null,
        labels: labels.filter(({ turn }) => turn === event.turn),
      }
    case 'notice':
      return { who: 'notice', key: `n${seq}`, seq, at, text: textOf(event) }
    case 'agent_message': {
      const shop = state?.shop ?? { delivered: 0, read: 0 }
      const reached = seq <= shop.read ? 'read' : seq <= shop.delivered ? 'delivered' : 'sent'
      const { ref, name } = event
      return {
        who: 'agent',
        key: `a${ref}`,
        seq,
        at,
        text: textOf(event),
        name,
        isMine: name === myName,
        ref,
        state: reached,
        code: '',
        canRetry: false,
      }
    }
    case 'mark':
      return { who: 'mark', key: `k${seq}`, at, about: event.about, by: event.by, note: event.note, effect: event.effect }
    default:
      return undefined
  }
}

export const textOf = ({ parts }: Exclude<DeskEvent, DeskMark>): string =>
  parts.flatMap(part => (part.kind === 'text' ? [part.text] : [])).join('\n')
