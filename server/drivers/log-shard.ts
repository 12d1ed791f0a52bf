// One shard of a replicated log: a JetStream stream, what this node says in it, and what it hears of it. What is heard is folded in the stream's order
// (log-fold.ts); what this node said itself is folded as soon as it is acknowledged, if nothing before it is missing, and not when it is heard again.
//
// Appends that come while the message before them is under way go as one, of whatever conversations they are; none waits for company. The server holds them to
// nothing: which of them stand the fold decides, here as at every node, so an append is acknowledged when it has been folded here.
//
// Whatever is said is said until it is known where it stands. An acknowledgement that was lost is asked for again, with the same id: then the server says
// that it has it. Where it has forgotten the id it takes it once more, and the second one stands behind the end that the first one has moved: it does nothing.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type ConsumerMessages, DeliverPolicy, type JetStreamClient, type StreamInfo } from '@nats-io/jetstream'
import { headers, type MsgHdrs } from '@nats-io/transport-node'
import { Fault } from '@parley/core/faults.ts'
import type { HeardAppend } from '@parley/core/ports/conversation-log.ts'
import type { Addition } from './log-additions.ts'
import type { Fold, Outcome } from './log-fold.ts'
import { groupAppends } from './log-grouping.ts'
import { additionsIn, decodeMessage, encodeMessage, type Heard, type LogMessage, prefixOf, type Said, subjectOf } from './log-message.ts'
import { isApiError } from './log-streams.ts'
import type { Asker } from './nats-asker.ts'

/** How long one sending waits for its acknowledgement before it is repeated. */
const TRY_MS = 2_000
/** How long it is tried. A new leader is elected within some ten seconds; the server knows an id for longer than this. */
const DECIDED_MS = 15_000
/** How long it is tried once the log is being closed. */
const HURRY_MS = 2_000
const PAUSE_MS = 100
const RETRY_AFTER_MS = 2_000
/** Messages that the server sends ahead. */
const AHEAD = 1_000
/** After twice this without a word from the server that sends, another is asked. */
const SILENCE_MS = 1_000

/** So often a message is asked how many wait behind it, which takes it apart. */
const TOLD_EVERY = 256

/** Another server may have what one does not: so often it is asked for again. */
const GAPS = 5

/** This very message is under way. */
const UNDER_WAY = 10158
const SHORT_MS = 5
/** The server has no room, or its limits are reached. */
const NO_ROOM = [10023, 10047, 10077]

/** Something that was said: where it stands, and what the fold made of it. */
export interface Taken {
  readonly seq: number
  readonly outcomes: readonly Outcome[]
}

export interface Shard {
  /** The place up to which the stream is folded here. */
  readonly place: number
  /** Messages that the stream is known to have and the fold has not. */
  readonly behind: number
  /** Why it is not gone on with. */
  readonly failure: Fault | undefined
  /**
   * Resolves with the place in the stream at which it stands, when it is folded here; with undefined where another append has continued the conversation
   * from that end before. Faults: LOG_UNAVAILABLE: whether it stands is not known. STORAGE_FULL, LOG_DAMAGED.
   */
  append(addition: Addition): Promise<number | undefined>
  /** Resolves when it stands in the stream and is folded here, with what the fold made of it. Faults: as above. */
  say(message: Said): Promise<Outcome>
  /** Resolves when everything up to this place is folded here. Rejects when the stream can't be followed. */
  reached(seq: number): Promise<void>
  /** What is under way and is not decided soon is given up: whether it stands is not known. */
  hurry(): void
  /** The line to the servers was broken, and is there again: hears the stream from where it is. */
  listenAgain(): void
  close(): Promise<void>
}

const closedMeanwhile = (): Fault => new Fault('LOG_UNAVAILABLE', { reason: 'the log was closed meanwhile', retryAfterMs: RETRY_AFTER_MS })

const ID = 'Nats-Msg-Id'
/** Which node says it: whoever takes over a node's work finds by it what that node has begun. */
const NODE = 'Parley-Node'

function headersOf(id: string, node: string | undefined): MsgHdrs {
  const named = headers()
  named.set(ID, id)
  if (node !== undefined) named.set(NODE, node)
  return named
}

export const notWhatWasRead = (seq: number): string => `what stands at ${seq} is not what this node has read there`

export interface ShardOptions {
  readonly name: string
  readonly shard: number
  readonly info: StreamInfo
  readonly client: JetStreamClient
  readonly asker: Asker
  readonly fold: Fold
  /** This node's name. */
  readonly node: string | undefined
  /** Told of each append that was folded and that nobody here waits for. */
  readonly heard: (append: HeardAppend) => void
  /** Told of damage, and of what ends following. */
  readonly broke: (error: unknown) => void
}

interface Came {
  readonly id: string
  readonly node: string | undefined
  readonly message: Heard
}

export function openShard({ name, shard, info, client, asker, fold, node, heard, broke }: ShardOptions): Shard {
  const stream = info.config.name
  const prefix = prefixOf(name, shard)
  const lost = (reason: string): Fault => new Fault('STORE_DAMAGED', { file: `stream ${stream}`, reason })
  const writer = randomBytes(8).toString('hex')
  let said = 0
  let place = fold.cursorOf(shard).seq
  /** Where the stream ended when the server said so last. */
  let end = info.state.last_seq
  /** Acknowledged, and something before it is not heard yet. */
  const ahead = new Map<number, Came>()
  const asked = new Map<string, (taken: Taken) => void>()
  const waiting: { readonly seq: number; resolve(): void; reject(error: unknown): void }[] = []
  /** How often in succession what comes next was missing. */
  let gaps = 0
  let failure: Fault | undefined
  let isClosed = false
  let isGivenUp = false
  /** Ends each waiting that is under way. */
  const waits = new Set<(error: Error) => void>()
  let stop = (): void => {}

  function take(seq: number, came: Came): void {
    const { id, message } = came
    const outcomes = foldIn(seq, came)
    place = seq
    for (const outcome of outcomes) if (outcome instanceof Fault) broke(outcome)
    const answer = asked.get(id)
    if (answer) {
      answer({ seq, outcomes })
      return
    }
    const isOwn = id.startsWith(`${writer}-`) || (node !== undefined && came.node === node)
    for (const [i, { key, end }] of additionsIn(message).entries()) {
      const { seq: upTo, isUnsettled, isWithPeople, isOutgoing = false } = end
      if (outcomes[i] === true) heard({ key, seq: upTo, isUnsettled, isWithPeople, isOutgoing, node: came.node, isOwn })
    }
  }

  /** What it throws is of this node's own store, and would come again with each try. */
  function foldIn(seq: number, { id, message, node: by }: Came): readonly Outcome[] {
    try {
      return fold.apply(shard, { seq, id }, message, by)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      const fault = new Fault('STORE_DAMAGED', { file: `the copy of stream ${stream}`, reason }, { cause })
      fail(fault)
      throw fault
    }
  }

  function hear(seq: number, came: Came): void {
    if (seq <= place) return
    if (seq > place + 1) {
      ahead.set(seq, came)
      return
    }
    take(seq, came)
    for (let next = ahead.get(place + 1); next; next = ahead.get(place + 1)) {
      ahead.delete(place + 1)
      take(place + 1, next)
    }
    for (let i = waiting.length - 1; i >= 0; i--) if (waiting[i]!.seq <= place) waiting.splice(i, 1)[0]?.resolve()
  }

  function fail(fault: Fault): void {
    failure = fault
    broke(fault)
    for (const { reject } of waiting.splice(0)) reject(fault)
    for (const give of waits) give(fault)
  }

  /** Hears the stream from where the fold is, and again from there when the server that sends falls silent. */
  async function follow(): Promise<void> {
    while (!isClosed && !failure) {
      try {
        await followOnce()
      } catch (error) {
        if (error instanceof Fault && !failure && ++gaps > GAPS) fail(error)
      }
      if (!isClosed && !failure) await delay(PAUSE_MS)
    }
  }

  async function followOnce(): Promise<void> {
    // What was read last is heard again: another message at its place is of another stream, which a server may come to have that has lost some.
    const read = fold.cursorOf(shard)
    let last = Math.max(0, read.seq - 1)
    const consumer = await client.consumers.get(stream, { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: last + 1 })
    const messages = await consumer.consume({ max_messages: AHEAD, expires: 4 * SILENCE_MS, idle_heartbeat: SILENCE_MS })
    stop = () => void messages.close()
    if (isClosed) stop()
    watch(messages, () => last).catch(broke)
    try {
      for await (const message of messages) {
        const { headers: given } = message
        const id = given?.get(ID) ?? ''
        if (message.seq <= last && last < read.seq) continue // a server that is behind begins where its own stream ends
        // Nothing is ever deleted: what is missing is damage that the server has not noticed.
        if (message.seq === read.seq && id !== read.id) throw lost(notWhatWasRead(read.seq))
        if (message.seq !== last + 1) throw lost(`what stood at ${last + 1} is gone`)
        if (message.seq > place) {
          // It is as if it were gone: somebody's append was in it, and whose cannot be told.
          const said = decodeMessage(message.subject.slice(prefix.length), message.data)
          if (!said) throw lost(`what stands at ${message.seq} cannot be read`)
          hear(message.seq, { id, node: given?.get(NODE) || undefined, message: said })
        }
        last = message.seq
        if (last > read.seq) gaps = 0
        if (last % TOLD_EVERY === 0) end = last + message.info.pending
        await fold.room().catch(() => delay(PAUSE_MS)) // a full disk: whoever appends is told
      }
    } finally {
      stop()
    }
  }

  /** Ends the messages where some may have been lost on their way: a line that broke says nothing of it until another one comes. */
  async function watch(messages: ConsumerMessages, last: () => number): Promise<void> {
    let lastBefore: number | undefined
    for await (const note of messages.status()) {
      if (note.type === 'heartbeats_missed' || note.type === 'reset') void messages.close()
      if (note.type !== 'heartbeat') continue
      end = note.lastStreamSequence
      // What came before it may wait in line here; by the next one it has been heard.
      if (note.lastStreamSequence > last() && lastBefore === last()) void messages.close()
      lastBefore = last()
    }
  }
  const following = follow()

  async function reached(seq: number): Promise<void> {
    if (place >= seq) return
    if (failure) throw failure
    return new Promise((resolve, reject) => waiting.push({ seq, resolve, reject }))
  }

  /** Says it until it is known where it stands. Faults: LOG_UNAVAILABLE, STORAGE_FULL, STORE_DAMAGED. */
  async function sayUntil(message: LogMessage, until: number): Promise<Taken> {
    if (isGivenUp) throw closedMeanwhile()
    await fold.room()
    const id = `${writer}-${++said}`
    const subject = prefix + subjectOf(message)
    const payload = encodeMessage(message)
    let taken: Taken | undefined
    const folded = new Promise<void>(resolve =>
      asked.set(id, given => {
        taken ??= given // where it stands twice, the first one has done what the second can't do again
        resolve()
      }),
    )
    /** Throws when neither `work` is done nor the message folded in time. */
    const within = async (work: Promise<unknown>): Promise<void> => {
      const { promise: late, reject } = Promise.withResolvers<never>()
      const timer = setTimeout(() => reject(new Error(`nothing was heard within ${DECIDED_MS} ms`)), Math.max(0, until - performance.now()))
      waits.add(reject)
      await Promise.race([work, folded, late]).finally(() => {
        clearTimeout(timer)
        waits.delete(reject)
      })
    }
    try {
      for (;;) {
        if (failure) throw failure
        try {
          const seq = await asker.publish(subject, payload, headersOf(id, node), TRY_MS)
          // Others have been heard from there: the servers have lost some, and given their places again.
          if (seq <= place && !taken) {
            fail(lost(notWhatWasRead(seq)))
            throw failure
          }
          hear(seq, { id, node, message })
          if (!taken) await within(folded)
        } catch (error) {
          if (taken || error instanceof Fault) throw error
          if (NO_ROOM.some(code => isApiError(error, code)))
            throw new Fault('STORAGE_FULL', { what: `stream ${stream}`, retryAfterMs: RETRY_AFTER_MS }, { cause: error })
          if (performance.now() > until || isGivenUp) throw error
          await within(delay(isApiError(error, UNDER_WAY) ? SHORT_MS : PAUSE_MS))
        }
        if (taken) return taken
      }
    } catch (error) {
      if (taken) return taken
      if (error instanceof Fault) throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new Fault('LOG_UNAVAILABLE', { reason, retryAfterMs: RETRY_AFTER_MS }, { cause: error })
    } finally {
      asked.delete(id)
    }
  }

  return {
    get place() {
      return place
    },
    get failure() {
      return failure
    },
    get behind() {
      return Math.max(0, end - place)
    },
    append: groupAppends(fold, shard, (group, since) => sayUntil({ kind: 'appends', ...group }, since + DECIDED_MS)),
    async say(message) {
      const { outcomes } = await sayUntil(message, performance.now() + DECIDED_MS)
      if (outcomes[0] instanceof Fault) throw outcomes[0]
      return outcomes[0]!
    },
    reached,
    hurry() {
      setTimeout(() => {
        isGivenUp = true
        for (const give of waits) give(closedMeanwhile())
      }, HURRY_MS).unref()
    },
    listenAgain: () => stop(),
    async close() {
      isClosed = true
      stop()
      await following
    },
  }
}
