// The turns of a conversation as each stood when it was decided, taken from its events: what a replay begins with.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { type Conversation, fold, unwritten } from './conversation/conversation.ts'
import type { OpenTurn } from './conversation/custody.ts'
import type { Logged } from './conversation/event.ts'
import type { ConversationKey, CustomerId } from './ids.ts'
import type { RecordedDecision } from './pipeline/decision.ts'
import type { Received } from './pipeline/turn.ts'
import type { Position } from './ports/conversation-log.ts'

/** What the log says of an open turn; of the line it says nothing. */
export type ReadTurn = Omit<Received, 'placeFor' | 'waiting'>

/** Plain data. */
export interface RecordedTurn {
  /** Milliseconds since 1970, when it was decided. */
  readonly at: number
  readonly received: ReadTurn
  readonly decision: RecordedDecision
}

/** `locale` is that of the page, or of what was decided: it counts where the conversation has none yet. */
export function readTurn(
  { shop, conversation }: ConversationKey,
  { custody, dialogue }: Conversation,
  turn: OpenTurn,
  customer: CustomerId,
  locale: Locale | null,
): ReadTurn {
  return {
    shop,
    conversation,
    customer,
    ...turn,
    locale: dialogue.locale ?? locale,
    frame: dialogue.frame,
    memory: dialogue.memory,
    isQueued: custody.owner.with === 'queue',
    // A message behind the turn that asks for it must not be taken back with the rest.
    recallTo: dialogue.lastTurn === null || custody.open.length > 1 ? null : dialogue.lastTurn.turn - 1,
  }
}

/** Every turn that was decided, in order, those of them as well that were taken back later. `events` are all of a conversation. */
export function* recordedTurns(key: ConversationKey, events: readonly Logged[], position: Position): Generator<RecordedTurn> {
  let conversation: Conversation = { ...unwritten, position }
  let folded = 0
  for (const [i, event] of events.entries()) {
    if (event.type !== 'decided') continue
    conversation = fold(conversation, events.slice(folded, i), position)
    folded = i
    const turn = conversation.custody.open.find(open => open.turn === event.turn && open.upTo === event.upTo)
    const { customer } = conversation.custody
    if (turn && customer !== null)
      yield { at: event.at, received: readTurn(key, conversation, turn, customer, event.decision.locale), decision: event.decision }
  }
}
