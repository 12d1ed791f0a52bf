// What a customer says of the bot's replies: that one helped, or that it did not. The last word on a reply counts. Custody: a rollback takes none of it back,
// and of a reply that was taken back nobody sees it.
import { Fault } from '../faults.ts'
import type { Seq } from '../ids.ts'
import type { Thumb } from '../protocol/client-message.ts'
import type { GivenThumb } from '../protocol/server-message.ts'
import type { Conversation } from './conversation.ts'
import type { ConversationEvent, Logged } from './event.ts'

/** By the seq of the reply. */
export type Thumbs = Readonly<Record<Seq, Said>>

interface Said {
  /** The event that said it last. */
  readonly seq: Seq
  /** Null: it was taken back. */
  readonly thumb: Thumb | null
  /** How often something was said of the reply. */
  readonly times: number
}

type Rated = Extract<ConversationEvent, { type: 'rated' }>

/** How often a customer may change their mind about one reply: the log keeps each time. */
export const MOST_RATINGS = 20

export const withThumb = (thumbs: Thumbs, { seq, reply, thumb }: Extract<Logged, { type: 'rated' }>): Thumbs => ({
  ...thumbs,
  [reply]: { seq, thumb, times: (thumbs[reply]?.times ?? 0) + 1 },
})

/** What a reader who has everything up to `after` lacks, in the order of the replies. */
export const thumbsAfter = (thumbs: Thumbs, after: Seq): readonly GivenThumb[] =>
  Object.entries(thumbs).flatMap(([reply, { seq, thumb }]) => (seq > after ? [{ reply: Number(reply), thumb }] : []))

/**
 * What is to be appended for the customer to have said `thumb` of the reply at seq `reply`; or since which seq that stands already. Faults: RATING_INVALID
 * where no reply of the bot stands there, or where it was rated too often.
 */
export function ratingOf(
  { dialogue, custody }: Pick<Conversation, 'dialogue' | 'custody'>,
  { reply, thumb, at }: Pick<Rated, 'reply' | 'thumb' | 'at'>,
): Rated | Seq {
  let node = dialogue.entries
  while (node && node.seq > reply) node = node.before
  if (node?.seq !== reply || node.event.type !== 'reply')
    throw new Fault('RATING_INVALID', { reason: 'there is no such reply, or it was taken back' })
  const said = custody.thumbs[reply]
  if ((said?.thumb ?? null) === thumb) return said?.seq ?? reply
  if (said && said.times >= MOST_RATINGS) throw new Fault('RATING_INVALID', { reason: `it was changed ${MOST_RATINGS} times` })
  return { type: 'rated', at, reply, turn: node.event.turn, thumb }
}
