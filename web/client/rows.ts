// The timeline as the page lists it: one row a bubble, each with a key that stays the same from the first keystroke's echo to the log.
import type { Thumb } from '@parley/core/protocol/client-message.ts'
import type { VisibleEvent } from '@parley/core/protocol/server-message.ts'
import { recallableOf, type Timeline, thumbOf } from './timeline.ts'

/** `delivered` and `read` are by the shop's side. */
export type MessageState = 'sending' | 'sent' | 'delivered' | 'read' | 'failed'

interface Said {
  readonly key: string
  readonly text: string
  readonly at: number
}

export type Row =
  /** The bot. `isFirst`: nobody of the same name spoke right before. */
  | (Said & {
      readonly who: 'shop'
      readonly locale: 'zh-CN' | 'en'
      readonly isFirst: boolean
      /** Its seq: what it is rated by. */
      readonly reply: number
      /** What the customer has said of it. */
      readonly thumb: Thumb | null
      /** The last of the bot's. */
      readonly isNewest: boolean
    })
  /** A person of the shop. */
  | (Said & { readonly who: 'person'; readonly name: string; readonly isFirst: boolean })
  /** What happened, said by nobody: a person joined. */
  | (Said & { readonly who: 'notice'; readonly locale: 'zh-CN' | 'en' })
  | (Said & {
      readonly who: 'customer'
      readonly ref: string
      readonly state: MessageState
      /** Only for `failed`: whether sending it again, unchanged, may help. */
      readonly canRetry: boolean
      /** Whether it may be taken back. */
      readonly canRecall: boolean
    })

export function rowsOf(timeline: Timeline): readonly Row[] {
  const { log, outbox, state } = timeline
  const marks = marksOf(log, state)
  const recallable = recallableOf(timeline)
  const newest = log.findLast(({ type }) => type === 'reply')?.seq
  return [
    ...log.flatMap((event, i): Row | readonly Row[] => {
      if (event.type === 'reply') return replyOf(event, log[i - 1], thumbOf(timeline, event.seq), event.seq === newest)
      return rowOf(event, log[i - 1], marks, recallable) ?? []
    }),
    ...outbox.map(({ ref, text, at, delivery }): Row => {
      const canRetry = delivery.state === 'failed' && delivery.canRetry
      const shown = delivery.state === 'sent' ? gotTo(delivery.seq, marks) : delivery.state
      return { who: 'customer', key: `m${ref}`, ref, text, at, state: shown, canRetry, canRecall: false }
    }),
  ]
}

type Reply = Extract<VisibleEvent, { type: 'reply' }>

interface Marks {
  readonly delivered: number
  readonly read: number
}

/**
 * How far the customer's messages have got. The server tells it where a person has the conversation; of the bot it tells nothing at each turn, since
 * everybody knows: it has what is stored at once, and has read what it has replied to.
 */
function marksOf(log: Timeline['log'], state: Timeline['state']): Marks {
  const replied = log.findLast(({ type }) => type === 'reply')?.seq ?? 0
  const { delivered, read } = state?.customer ?? { delivered: 0, read: 0 }
  const isWithBot = state !== null && state.with !== 'agent'
  return { delivered: isWithBot ? Number.POSITIVE_INFINITY : Math.max(delivered, replied), read: Math.max(read, replied) }
}

const replyOf = (event: Reply, before: VisibleEvent | undefined, thumb: Thumb | null, isNewest: boolean): Row => ({
  who: 'shop',
  key: `r${event.seq}`,
  text: textOf(event),
  at: event.at,
  locale: event.locale,
  isFirst: before?.type !== 'reply',
  reply: event.seq,
  thumb,
  isNewest,
})

/** Undefined for a sort of event that this page does not know yet. */
function rowOf(
  event: Exclude<VisibleEvent, Reply>,
  before: VisibleEvent | undefined,
  marks: Marks,
  recallable: string | undefined,
): Row | undefined {
  const said = { text: textOf(event), at: event.at }
  switch (event.type) {
    case 'message':
      return {
        ...said,
        who: 'customer',
        key: `m${event.ref}`,
        ref: event.ref,
        state: gotTo(event.seq, marks),
        canRetry: false,
        canRecall: event.ref === recallable,
      }
    case 'agent_message': {
      const isFirst = before?.type !== 'agent_message' || before.name !== event.name
      return { ...said, who: 'person', key: `a${event.seq}`, name: event.name, isFirst }
    }
    case 'notice':
      return { ...said, who: 'notice', key: `n${event.seq}`, locale: event.locale }
    default:
      return undefined
  }
}

const gotTo = (seq: number, { delivered, read }: Marks): MessageState => (seq <= read ? 'read' : seq <= delivered ? 'delivered' : 'sent')

export const textOf = ({ parts }: Pick<VisibleEvent, 'parts'>): string =>
  (parts ?? []).flatMap(part => (part.kind === 'text' ? [part.text] : [])).join('\n')
