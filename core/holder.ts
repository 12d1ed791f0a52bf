// Conversations in hand: folded in memory, read from the log where memory does not have them, and moved on by appends that everyone hears of.
// Everything about one conversation that must not interleave runs in its lane.
import { type Conversation, fold } from './conversation/conversation.ts'
import { isUnsettled, markOf } from './conversation/custody.ts'
import { rewinding, visible } from './conversation/dialogue.ts'
import type { ConversationEvent, Logged } from './conversation/event.ts'
import type { ConversationKey, CustomerId, Epoch, Seq } from './ids.ts'
import { createLanes } from './lanes.ts'
import type { Conversations } from './ports/conversations.ts'
import type { Delivery, FanOut } from './ports/fan-out.ts'

export interface Holder {
  readonly epoch: Epoch
  /** Runs `step` in the conversation's lane: after all that was run there before. */
  run<T>(key: ConversationKey, step: () => Promise<T>): Promise<T>
  /** The conversation as it stands. In its lane only. */
  load(key: ConversationKey): Promise<Conversation>
  /**
   * Appends, folds, and tells the readers. In the conversation's lane only. Faults: APPEND_CONFLICT: memory was stale, the next `load` reads
   * the log.
   */
  append(key: ConversationKey, customer: CustomerId, before: Conversation, events: readonly ConversationEvent[]): Promise<Conversation>
  /** Lets go of what memory has of it: it was erased. In its lane only. */
  forget(key: ConversationKey): void
}

export interface HolderParts {
  readonly conversations: Conversations
  readonly fanOut: FanOut
  /** Conversations kept folded in memory. */
  readonly most: number
  /** Called after each append, before anybody is told. */
  readonly appended: (key: ConversationKey, before: Conversation, after: Conversation, events: readonly Logged[]) => void
}

export const nameOf = (key: ConversationKey): string => `${key.shop}/${key.conversation}`

export function createHolder({ conversations, fanOut, most, appended }: HolderParts): Holder {
  const lanes = createLanes()
  const cache = new Map<string, Conversation>()

  function keep(key: ConversationKey, conversation: Conversation): Conversation {
    const name = nameOf(key)
    cache.delete(name) // the youngest stands last
    cache.set(name, conversation)
    if (cache.size > most) cache.delete(cache.keys().next().value as string) // size > 0: there is a first key
    return conversation
  }

  return {
    epoch: conversations.epoch,
    run: (key, step) => lanes.run(nameOf(key), step),
    async load(key) {
      const held = cache.get(nameOf(key))
      if (held) return keep(key, held)
      return keep(key, await conversations.open(key))
    },
    async append(key, customer, before, events) {
      const ahead = fold(before, place(events, before.seq), before.position)
      const options = { isUnsettled: isUnsettled(ahead.custody), isWithPeople: ahead.custody.owner.with !== 'bot' }
      try {
        const head = await conversations.append(key, customer, events, before.position, options)
        const after = keep(key, { ...ahead, position: head.position })
        conversations.moved(key, before, after)
        appended(key, before, after, head.events)
        fanOut.publish(key, { type: 'delivery', delivery: deliveryOf(before, after, head.events) })
        return after
      } catch (error) {
        cache.delete(nameOf(key))
        throw error
      }
    },
    forget: key => void cache.delete(nameOf(key)),
  }
}

const place = (events: readonly ConversationEvent[], after: Seq): readonly Logged[] =>
  events.map((event, i) => ({ ...event, seq: after + 1 + i }))

function deliveryOf(before: Conversation, after: Conversation, events: readonly Logged[]): Delivery {
  const marks = events.flatMap(event => markOf(event, before.custody.effects) ?? [])
  const thumbs = events.flatMap(event => (event.type === 'rated' ? [{ reply: event.reply, thumb: event.thumb }] : []))
  if (after.dialogue.rolledBackAt > before.seq)
    return { after: before.seq, upTo: after.seq, marks, thumbs, ...rewinding(before.dialogue, after.dialogue) }
  return { after: before.seq, upTo: after.seq, marks, thumbs, events: events.flatMap(event => visible(event) ?? []) }
}
