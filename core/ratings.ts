// Takes what customers say of replies into the log.
import { ratingOf } from './conversation/thumbs.ts'
import { Fault } from './faults.ts'
import type { Holder } from './holder.ts'
import type { ConversationKey, CustomerId, Seq } from './ids.ts'
import type { Clock } from './ports/clock.ts'
import type { Thumb } from './protocol/client-message.ts'

export interface Ratings {
  /**
   * The customer says of the bot's reply at seq `reply` that it helped, that it did not, or, with null, nothing any more. Resolves with the seq since which that
   * stands, when it is durable; said again, nothing is stored. Faults: UNKNOWN_CONVERSATION, RATING_INVALID (no reply that stands, or changed too often).
   */
  rate(key: ConversationKey, customer: CustomerId, rating: { readonly reply: Seq; readonly thumb: Thumb | null }): Promise<Seq>
}

export interface RatingParts {
  readonly holder: Holder
  readonly clock: Clock
  /** After it is kept. */
  readonly rated: (key: ConversationKey, thumb: Thumb | null) => void
}

export const createRatings = ({ holder, clock, rated }: RatingParts): Ratings => ({
  rate: (key, customer, { reply, thumb }) =>
    holder.change(key, async () => {
      const before = await holder.load(key)
      const owner = before.custody.customer
      if (owner !== null && owner !== customer) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
      const rating = ratingOf(before, { reply, thumb, at: clock.now() })
      if (typeof rating === 'number') return rating
      const { seq } = await holder.append(key, customer, before, [rating])
      rated(key, thumb)
      return seq
    }),
})
