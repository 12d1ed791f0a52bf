// Puts a log that lies in a folder into the streams of a replicated one, conversation by conversation, many at once: same events, same seqs, same hashes, same
// marks. What is there already is looked at and gone on from, so that it may be ended at any moment and run again.
import { jetstream } from '@nats-io/jetstream'
import { Fault, isFault } from '@parley/core/faults.ts'
import type { ConversationKey, Seq } from '@parley/core/ids.ts'
import type { ConversationLog, StoredEnvelope } from '@parley/core/ports/conversation-log.ts'
import { encodeMessage, type LogMessage, prefixOf, shardOf, subjectOf } from '../../drivers/log-message.ts'
import type { LogReader, MarksRead } from '../../drivers/log-reader.lmdb.ts'
import type { StreamSettings } from '../../drivers/log-streams.ts'
import { API_MS, type Nats } from '../../drivers/nats.ts'

/** Conversations under way at once: a round through the servers costs as much for one as for many. */
const AT_ONCE = 256
/** What one append carries at most. */
const MOST_BYTES = 512 * 1024

export interface FillParts {
  readonly from: LogReader
  readonly into: ConversationLog
  /** Makes the conversation one that is damaged at `seq`, in the streams too. */
  readonly damage: (key: ConversationKey, seq: Seq) => Promise<void>
  /** Told how many events of the log are there by now. */
  readonly progress: (events: number) => void
}

/** Faults: LOG_REFUSED, where the streams have something else of a conversation; LOG_UNAVAILABLE, STORAGE_FULL, STORE_DAMAGED. */
export async function fillStreams({ from, into, damage, progress }: FillParts): Promise<void> {
  const keys = from.conversations()[Symbol.iterator]()
  let events = 0
  const work = async (): Promise<void> => {
    for (let next = keys.next(); !next.done; next = keys.next()) {
      const found = readOf(from, next.value)
      await fill(into, next.value, found, from.marksOf(next.value), damage)
      events += found.events.length
      progress(events)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

/** What is whole of a conversation, and where it is damaged. */
export interface Found {
  readonly events: readonly StoredEnvelope[]
  readonly damagedAt?: Seq
}

export function readOf(log: LogReader, key: ConversationKey): Found {
  try {
    return { events: log.read(key) }
  } catch (error) {
    if (!isFault(error, 'LOG_DAMAGED')) throw error
    const { seq } = error.details
    const events = log.readSoundPart(key, seq)
    return { events, damagedAt: events.length + 1 } // what stands behind the first that does not follow is nobody's to read
  }
}

async function fill(
  into: ConversationLog,
  key: ConversationKey,
  { events, damagedAt }: Found,
  marks: MarksRead,
  damage: FillParts['damage'],
): Promise<void> {
  try {
    let { seq, position } = await into.head(key)
    await refuseOther(into, key, events, seq)
    for (const part of partsOf(events.slice(seq), marks.outgoingFrom)) {
      const isOutgoing = marks.outgoingFrom !== undefined && part[0]!.seq >= marks.outgoingFrom // no part is empty
      ;({ seq, position } = await into.append(key, part, position, { ...marks, isOutgoing }))
    }
    if (damagedAt !== undefined) await damage(key, damagedAt)
  } catch (error) {
    if (damagedAt === undefined || !isFault(error, 'LOG_DAMAGED')) throw error // else it was made so already
  }
}

/** What is there of it has to be the beginning of what is moved. */
async function refuseOther(into: ConversationLog, key: ConversationKey, events: readonly StoredEnvelope[], seq: Seq): Promise<void> {
  if (seq === 0) return
  const [last] = await into.read(key, seq - 1)
  const mine = events[seq - 1]
  if (last && mine && Buffer.compare(last.hash, mine.hash) === 0) return
  throw new Fault('LOG_REFUSED', {
    what: 'the streams',
    reason: `they have another conversation ${key.conversation} than the one that is moved`,
  })
}

/** Cut where the outbox begins, and where it would be too much for one append. */
function* partsOf(events: readonly StoredEnvelope[], outgoingFrom: Seq | undefined): Generator<readonly StoredEnvelope[]> {
  let part: StoredEnvelope[] = []
  let bytes = 0
  for (const event of events) {
    if (part.length > 0 && (event.seq === outgoingFrom || bytes + event.body.length > MOST_BYTES)) {
      yield part
      part = []
      bytes = 0
    }
    part.push(event)
    bytes += event.body.length
  }
  if (part.length > 0) yield part
}

/** Says an event in the streams that no record can be read of: every node finds the conversation damaged at its place. */
export function damageInStreams({ connection }: Nats, { name, shards }: StreamSettings): FillParts['damage'] {
  const client = jetstream(connection, { timeout: API_MS })
  return async (key, seq) => {
    const nothing = Buffer.alloc(0)
    const end = { seq, hash: nothing, isUnsettled: false, isWithPeople: false }
    const message: LogMessage = { kind: 'appends', after: 0, additions: [{ key, first: seq, records: [nothing], end }] }
    const msgID = `damaged-${key.shop}-${key.conversation}`
    await client.publish(prefixOf(name, shardOf(key, shards)) + subjectOf(message), encodeMessage(message), { msgID, retries: 5 })
  }
}
