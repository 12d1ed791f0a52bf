// The timeline as the page lists it: one row a bubble, each with a key that stays the same from the first keystroke's echo to the log.
import type { VisibleEvent } from '@parley/core/protocol/server-message.ts'
import type { Timeline } from './timeline.ts'

export type Row =
  | { readonly who: 'shop'; readonly key: string; readonly text: string; readonly at: number; readonly locale: 'zh-CN' | 'en' }
  | {
      readonly who: 'customer'
      readonly key: string
      readonly text: string
      readonly at: number
      readonly ref: string
      readonly state: 'sending' | 'sent' | 'failed'
      /** Only for `failed`: whether sending it again, unchanged, may help. */
      readonly canRetry: boolean
    }

export const rowsOf = ({ log, outbox }: Timeline): readonly Row[] => [
  ...log.flatMap(event => rowOf(event) ?? []),
  ...outbox.map(({ ref, text, at, delivery }): Row => {
    const canRetry = delivery.state === 'failed' && delivery.canRetry
    return { who: 'customer', key: `m${ref}`, ref, text, at, state: delivery.state, canRetry }
  }),
]

/** Undefined for a sort of event that this page does not know yet. */
function rowOf(event: VisibleEvent): Row | undefined {
  switch (event.type) {
    case 'message':
      return { who: 'customer', key: `m${event.ref}`, ref: event.ref, text: textOf(event), at: event.at, state: 'sent', canRetry: false }
    case 'reply':
      return { who: 'shop', key: `r${event.seq}`, text: textOf(event), at: event.at, locale: event.locale }
    default:
      return undefined
  }
}

const textOf = ({ parts }: VisibleEvent): string => parts.flatMap(part => (part.kind === 'text' ? [part.text] : [])).join('\n')
