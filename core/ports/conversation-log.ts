// The durable, ordered log of every conversation. Drivers: server/drivers/conversation-log.{lmdb,memory,jetstream}.ts; one suite: test/contracts/conversation-log.ts.
import type { ConversationKey, Epoch, Seq } from '../ids.ts'

declare const position: unique symbol
/**
 * Where a conversation's log ends, in the driver's own terms. Opaque: JetStream's expected sequence is the stream's number and not ours,
 * so nothing outside the driver may compute with it. It is compared for equality only, by the driver.
 */
export type Position = string & { readonly [position]: true }

/**
 * One event as it is stored. The driver looks at nothing in it: `body` is ciphertext (server/vault), `type` and `at` stay readable for counts.
 * `v` is the version of the event's body; core/conversation/event.ts has the upcasters.
 */
export interface Envelope {
  readonly v: number
  readonly type: string
  /** Milliseconds since 1970, wall clock of the writer. */
  readonly at: number
  readonly body: Uint8Array
}

/** An envelope at its place. `hash` = SHA-256(previous hash, seq, envelope): see core/conversation/chain.ts. */
export interface StoredEnvelope extends Envelope {
  readonly seq: Seq
  readonly hash: Uint8Array
}

/** The end of a conversation. An unknown conversation has seq 0 and a position that a first append may expect. */
export interface Head {
  readonly seq: Seq
  readonly position: Position
}

/** An append to a log that several nodes share, as a node hears of it. */
export interface HeardAppend {
  readonly key: ConversationKey
  /** Where the conversation ends after it. */
  readonly seq: Seq
  readonly isUnsettled: boolean
  readonly isWithPeople: boolean
  readonly isOutgoing: boolean
  /** The name of the node that made it; undefined where none was given. */
  readonly node: string | undefined
  /** This node made it, and gave up waiting before it was known to stand: its writer was told that nobody knows. */
  readonly isOwn: boolean
}

/**
 * Guarantees, for every driver:
 * - `append` is atomic (all events or none), gapless (seqs follow the head) and conditional: if the conversation is not at `expected`, it
 *   rejects with Fault APPEND_CONFLICT and stores nothing. Of any number of appends that expect the same position exactly one succeeds.
 * - It resolves only when the events would survive a kill -9 and a loss of power, and every later `read` or `head` on this node sees them.
 * - `read` returns the events with seq > after, in order, and verifies the hash chain from the first event it returns on (the stored hash
 *   before it is its anchor); damage is Fault LOG_DAMAGED, never a shorter answer.
 * - The driver copies: the caller may reuse its arrays after the promise has settled, and owns what it is given.
 */
export interface ConversationLog {
  /** The name of this store's life: new when it is created or rebuilt, the same after a restart. A replicated log has one at all its nodes. */
  readonly epoch: Epoch
  append(key: ConversationKey, events: readonly Envelope[], expected: Position, options: AppendOptions): Promise<Head>
  read(key: ConversationKey, after: Seq): Promise<readonly StoredEnvelope[]>
  head(key: ConversationKey): Promise<Head>
  /** Conversations whose last append said `isUnsettled`, in no order: what a restart has to finish. */
  unsettled(): AsyncIterable<ConversationKey>
  /** Conversations whose last append said `isWithPeople`, in no order: the queue and what agents have in hand. */
  withPeople(): AsyncIterable<ConversationKey>
  /** Takes a conversation out of `unsettled` and `withPeople`, whatever its last append said: it was erased, and nobody finishes it. */
  clearMarks(key: ConversationKey): Promise<void>
  /**
   * The outbox: conversations with events of `isOutgoing` appends that nobody has said to be delivered, in no order, each with the seq of the first.
   */
  outgoing(): AsyncIterable<{ readonly key: ConversationKey; readonly from: Seq }>
  /** Of one conversation: its first event in the outbox; undefined where it is not in there. */
  outgoingFrom(key: ConversationKey): Promise<Seq | undefined>
  /** Takes a conversation out of the outbox, durably, unless it goes on behind `upTo`: then false. */
  delivered(key: ConversationKey, upTo: Seq): Promise<boolean>
  /**
   * Calls `listener` for each append that nobody at this node waits for: another node has made it, or this one has and gave up waiting. In the order of
   * each conversation, in the step in which reading here sees it, until the function that it returns is called. Never, where one engine has the log.
   */
  follow(listener: (append: HeardAppend) => void): () => void
  /** The name of the node that made the conversation's last append, as far as this node has read; undefined where none was given, or one engine has the log. */
  lastNode(key: ConversationKey): Promise<string | undefined>
  /**
   * Resolves when reading here sees of this conversation all that was acknowledged anywhere before the call: at once, where one engine has the log.
   * `known` is a seq that somebody says they have seen: where reading does not see it then, the servers have to agree on where the log ends, since one
   * alone may tell an end of before. Faults: LOG_UNAVAILABLE, where it does not within `withinMs`; STORE_DAMAGED.
   */
  caughtUp(key: ConversationKey, withinMs: number, known?: Seq): Promise<void>
  /** Every conversation with at least one event, ordered by shop and id. */
  conversations(): AsyncIterable<ConversationKey>
  /** Waits for appends under way, then lets the store go. Later calls reject. */
  close(): Promise<void>
}

export interface AppendOptions {
  /** True when, after this append, the conversation has a turn without a decision or an effect under way. */
  readonly isUnsettled: boolean
  /** True when, after this append, it waits for a person or a person has it. */
  readonly isWithPeople: boolean
  /** True when somebody outside is to be told of these events: the conversation is put into the outbox in the same step. */
  readonly isOutgoing?: boolean
}
