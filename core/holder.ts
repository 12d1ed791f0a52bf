// Conversations in hand: folded in memory, read from the log where memory does not have them, and moved on by appends that everyone hears of, this
// node's own and those of others. Everything about one conversation that must not interleave at a node runs in its lane; between nodes the condition of
// each append decides, and whoever comes too late looks again.
import { type Conversation, fold } from './conversation/conversation.ts'
import { isUnsettled, marksAfter } from './conversation/custody.ts'
import { rewinding, visible } from './conversation/dialogue.ts'
import type { ConversationEvent, Logged } from './conversation/event.ts'
import { isFault } from './faults.ts'
import type { ConversationKey, CustomerId, Epoch, Seq } from './ids.ts'
import { createLanes } from './lanes.ts'
import type { HeardAppend } from './ports/conversation-log.ts'
import type { Conversations } from './ports/conversations.ts'
import type { Delivery, FanOut } from './ports/fan-out.ts'
import type { StreamPosition } from './protocol/client-message.ts'

export interface Holder {
  readonly epoch: Epoch
  /** Runs `step` in the conversation's lane: after all that was run there before. */
  run<T>(key: ConversationKey, step: () => Promise<T>): Promise<T>
  /**
   * As `run`, and again where another node has got on meanwhile: for every step that appends. What it does before its append is done for each try, so
   * nothing of that may be seen outside. Faults: APPEND_CONFLICT, where others get on again and again.
   */
  change<T>(key: ConversationKey, step: () => Promise<T>): Promise<T>
  /** As `run`, once this node has read as far as `position`, which another one has given; unless it is none of this log's. Faults: LOG_UNAVAILABLE. */
  runFrom<T>(key: ConversationKey, position: StreamPosition | null, step: () => Promise<T>): Promise<T>
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
  /** Called after each append of this node's, before anybody is told. */
  readonly appended: (key: ConversationKey, before: Conversation, after: Conversation, events: readonly Logged[]) => void
  /** Called when memory has gone on to what others have appended, before anybody is told. `before` is undefined where memory had nothing. */
  readonly followed: (key: ConversationKey, before: Conversation | undefined, after: Conversation, events: readonly Logged[]) => void
  /** Told of every append that nobody at this node waits for: what memory has is known to be stale by then. */
  readonly heard: (append: HeardAppend) => void
  /** Whether this node has to know how the conversation stands now: somebody listens, or it is in the queue here. */
  readonly isConcerned: (key: ConversationKey) => boolean
  readonly broke: (key: ConversationKey, error: unknown) => void
}

/** Tries of a step. Each time somebody else got on, and a lane has one step under way: this many in a row are no bad luck. */
const TRIES = 100
/** How long a client that knows more than this node is waited for. */
const CATCH_UP_MS = 2_000

export const nameOf = (key: ConversationKey): string => `${key.shop}/${key.conversation}`

export function createHolder(parts: HolderParts): Holder {
  const { conversations, fanOut, most, appended, followed, isConcerned, broke } = parts
  const { epoch } = conversations
  const lanes = createLanes()
  const cache = new Map<string, Conversation>()
  /** Of these memory has how they stood once: the log has gone on. */
  const behind = new Set<string>()

  function drop(name: string): void {
    cache.delete(name)
    behind.delete(name)
  }

  function keep(key: ConversationKey, conversation: Conversation): Conversation {
    const name = nameOf(key)
    cache.delete(name) // the youngest stands last
    cache.set(name, conversation)
    if (cache.size > most) drop(cache.keys().next().value as string) // size > 0: there is a first key
    return conversation
  }

  const run = <T>(key: ConversationKey, step: () => Promise<T>): Promise<T> => lanes.run(nameOf(key), step)

  async function load(key: ConversationKey): Promise<Conversation> {
    const held = cache.get(nameOf(key))
    if (held && behind.has(nameOf(key))) return goOn(key, held)
    return keep(key, held ?? (await conversations.open(key)))
  }

  /** From what memory has to where the log is. Readers are told of it as of an append. */
  async function goOn(key: ConversationKey, before: Conversation): Promise<Conversation> {
    behind.delete(nameOf(key)) // what is heard from here on counts anew
    try {
      const { events, position } = await conversations.read(key, before.seq)
      if (events.length === 0) return keep(key, before)
      const after = keep(key, fold(before, events, position))
      conversations.moved(key, before, after)
      followed(key, before, after, events)
      if (fanOut.isHeard(key)) fanOut.publish(key, { type: 'delivery', delivery: deliveryOf(before, after, events) })
      return after
    } catch (error) {
      drop(nameOf(key))
      throw error
    }
  }

  conversations.follow(append => {
    const { key, seq, isWithPeople } = append
    const name = nameOf(key)
    const held = cache.get(name)
    if (held && held.seq < seq) behind.add(name)
    parts.heard(append)
    // Where the lane is busy somebody may be reading it who has not seen this.
    const isDue = isWithPeople || isConcerned(key) || lanes.isBusy(name)
    if (isDue) run(key, () => follow(append)).catch(error => broke(key, error))
    else if (held && held.seq < seq) drop(name)
  })

  async function follow({ key, seq, isWithPeople }: HeardAppend): Promise<void> {
    const name = nameOf(key)
    const before = cache.get(name)
    if (before && before.seq >= seq) return
    if (!isWithPeople && !isConcerned(key)) return drop(name)
    if (before) behind.add(name)
    else fanOut.publish(key, { type: 'resync' }) // nobody here knows what its readers have
    const after = await load(key)
    if (!before) followed(key, undefined, after, [])
  }

  return {
    epoch,
    run,
    change: (key, step) =>
      run(key, async () => {
        for (let tries = 1; ; tries++)
          try {
            return await step()
          } catch (error) {
            if (!isFault(error, 'APPEND_CONFLICT') || tries === TRIES) throw error
          }
      }),
    async runFrom(key, position, step) {
      const isAhead = async (): Promise<boolean> => position?.epoch === epoch && position.seq > (await load(key)).seq
      const held = cache.get(nameOf(key))
      if (position && !(held && held.seq >= position.seq) && (await run(key, isAhead)))
        await conversations.caughtUp(key, CATCH_UP_MS, position.seq)
      return run(key, step)
    },
    load,
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
        const name = nameOf(key)
        // Another node got on, or nobody knows whether it stands: what memory has was true, and the log goes on from there.
        if (cache.has(name) && (isFault(error, 'APPEND_CONFLICT') || isFault(error, 'LOG_UNAVAILABLE'))) behind.add(name)
        else drop(name)
        throw error
      }
    },
    forget: key => drop(nameOf(key)),
  }
}

const place = (events: readonly ConversationEvent[], after: Seq): readonly Logged[] =>
  events.map((event, i) => ({ ...event, seq: after + 1 + i }))

function deliveryOf(before: Conversation, after: Conversation, events: readonly Logged[]): Delivery {
  const marks = marksAfter(after.custody, before.seq)
  const thumbs = events.flatMap(event => (event.type === 'rated' ? [{ reply: event.reply, thumb: event.thumb }] : []))
  if (after.dialogue.rolledBackAt > before.seq)
    return { after: before.seq, upTo: after.seq, marks, thumbs, ...rewinding(before.dialogue, after.dialogue) }
  return { after: before.seq, upTo: after.seq, marks, thumbs, events: events.flatMap(event => visible(event) ?? []) }
}
