// The replicated log: NATS JetStream orders and keeps, LMDB here serves. An append goes in one message, with others that come at the same time; when most
// servers have flushed it, it is folded into this node's own copy, as into every other one, and the fold decides whether it stands (log-fold.ts). Then it is
// acknowledged, and seen. Position: the place in its stream of the conversation's last append.
import { once } from 'node:events'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { jetstream, type StreamInfo } from '@nats-io/jetstream'
import { Fault } from '@parley/core/faults.ts'
import type { ConversationKey, Epoch } from '@parley/core/ids.ts'
import { createLanes } from '@parley/core/lanes.ts'
import type { ConversationLog, Head, HeardAppend, Position } from '@parley/core/ports/conversation-log.ts'
import type { Database } from 'lmdb'
import { lockFolder } from './folder-lock.ts'
import { naming, openStore } from './lmdb-store.ts'
import { nameOf } from './log-ends.ts'
import { createFold, type PlacedEnd, type Positions } from './log-fold.ts'
import { shardOf } from './log-message.ts'
import { draftRecord, type HeadRecord, placeRecord } from './log-records.ts'
import { notWhatWasRead, openShard, type Shard } from './log-shard.ts'
import { openStreams, type Purpose, type StreamSettings, type Streams } from './log-streams.ts'
import { COPY, type HeadKey, keysIn, openLogTables } from './log-tables.ts'
import { API_MS, type Nats } from './nats.ts'
import { createAsker } from './nats-asker.ts'
import { LEAST_PAYLOAD } from './nats-servers.ts'
import { type StoreState, storeStateOf } from './store-state.ts'

export interface LogSettings extends StreamSettings {
  /** This node's name among those that share the log: it stands on what the node appends. */
  readonly node?: string
}

export interface JetStreamLog extends ConversationLog {
  storeState(): StoreState
  /** By shard, the place in its stream up to which this node's copy goes. */
  places(): readonly number[]
  /** Messages that the streams are known to have and this node's copy has not. */
  behind(): number
  /** Streams that this node does not go on with (STORE_DAMAGED): what it has of them is served, and nothing is appended. */
  lostStreams(): readonly string[]
}

export interface OpeningOptions {
  readonly purpose?: Purpose
  /** Told how many messages of how many the copy has while it catches up. */
  readonly progress?: (done: number, total: number) => void
}

/** How often it is told. */
const PROGRESS_MS = 100

/**
 * Opens the log, and this node's copy of it in `folder`; resolves when the copy has caught up with the streams. `broke` is told of damage. The
 * connection stays its owner's. Faults:
 * LOG_REFUSED, LOG_UNAVAILABLE, DATA_IN_USE, STORAGE_FULL, STORE_DAMAGED.
 */
export async function openJetStreamLog(
  folder: string,
  nats: Nats,
  settings: LogSettings,
  broke: (error: unknown) => void,
  { purpose, progress = () => {} }: OpeningOptions = {},
): Promise<JetStreamLog> {
  const unlock = await lockFolder(folder)
  const closers: (() => unknown)[] = [unlock]
  try {
    const copy = await copyIn(folder)
    const streams = await nats.withinOpening(() => openTrusted(nats, settings, copy, purpose))
    const store = await openCopy(folder, copy, streams.epoch)
    closers.push(() => store.root.close())
    return await openFollowed(folder, settings, nats, streams, store, broke, unlock, progress)
  } catch (error) {
    for (const close of closers.reverse()) await close()
    throw error
  }
}

async function openTrusted(nats: Nats, settings: StreamSettings, copy: Epoch | undefined, purpose?: Purpose): Promise<Streams> {
  const opened = await openStreams(nats.manager, settings, copy, purpose)
  for (const info of opened.streams) nats.checkHolders(info)
  return opened
}

interface Copy {
  readonly root: ReturnType<typeof openStore>
  readonly tables: ReturnType<typeof openLogTables>
  readonly positions: Positions
}

/** The epoch of the copy in `folder`; undefined where there is none. Faults: LOG_REFUSED, where it holds a log of its own. */
async function copyIn(folder: string): Promise<Epoch | undefined> {
  const file = join(folder, 'data.mdb')
  if (!existsSync(file)) return undefined
  const root = openStore(folder)
  try {
    const { meta } = openLogTables(root)
    const epoch = naming(file, () => meta.get('epoch')) as Epoch | undefined // as it was written
    if (epoch !== undefined && meta.get('kind') !== COPY)
      throw new Fault('LOG_REFUSED', { what: folder, reason: 'it holds a log of its own, which is no copy of the one in the streams' })
    return epoch
  } finally {
    await root.close()
  }
}

/** The copy of this epoch. One of another is put aside: it may be all that is left of a log that was lost. */
async function openCopy(folder: string, there: Epoch | undefined, epoch: Epoch): Promise<Copy> {
  if (there !== undefined && there !== epoch) {
    renameSync(join(folder, 'data.mdb'), join(folder, `data-${there}.mdb`))
    rmSync(join(folder, 'lock.mdb'), { force: true })
  }
  const root = openStore(folder)
  const tables = openLogTables(root)
  if (there !== epoch)
    await root.batch(() => {
      tables.meta.put('kind', COPY)
      tables.meta.put('epoch', epoch)
    })
  return { root, tables, positions: root.openDB({ name: 'positions', encoding: 'binary' }) }
}

async function openFollowed(
  folder: string,
  { name, node }: LogSettings,
  { connection, manager, withinOpening }: Nats,
  { epoch, streams }: Streams,
  { root, tables, positions }: Copy,
  broke: (error: unknown) => void,
  unlock: () => void,
  progress: (done: number, total: number) => void,
): Promise<JetStreamLog> {
  const file = join(folder, 'data.mdb')
  const fold = createFold(root, tables, positions)
  for (const [shard, info] of streams.entries()) {
    const { seq, id } = fold.cursorOf(shard)
    const lost = (reason: string): Fault => new Fault('STORE_DAMAGED', { file: `stream ${info.config.name}`, reason })
    if (seq > info.state.last_seq) throw lost(`it ends at ${info.state.last_seq}, and this node has read it up to ${seq}`)
    if (seq === 0) continue
    const there = await withinOpening(() => manager.streams.getMessage(info.config.name, { seq }))
    if (there?.header.get('Nats-Msg-Id') !== id) throw lost(notWhatWasRead(seq))
  }
  const client = jetstream(connection, { timeout: API_MS })
  const asker = createAsker(connection)
  const followers = new Set<(append: HeardAppend) => void>()
  const heard = (append: HeardAppend): void => {
    for (const follower of followers)
      try {
        follower(append)
      } catch (error) {
        broke(error)
      }
  }
  const shards: Shard[] = streams.map((info, shard) => openShard({ name, shard, info, client, asker, fold, node, heard, broke }))
  const closeShards = async (): Promise<void> => void (await Promise.all(shards.map(shard => shard.close())))
  let closing: Promise<void> | undefined
  const listenAgain = async (): Promise<void> => {
    for await (const { type } of connection.status()) if (type === 'reconnect' && !closing) for (const shard of shards) shard.listenAgain()
  }
  listenAgain().catch(broke)
  const applied = (): number => streams.reduce((sum, _, shard) => sum + fold.cursorOf(shard).seq, 0)
  const total = streams.reduce((sum, { state }) => sum + state.last_seq, 0)
  const telling = setInterval(() => progress(applied(), total), PROGRESS_MS)
  try {
    await Promise.all(streams.map((info, shard) => shards[shard]!.reached(info.state.last_seq)))
    await fold.stored()
  } catch (error) {
    await closeShards()
    throw error
  } finally {
    clearInterval(telling)
  }

  const lanes = createLanes()
  const underWay = new Set<Promise<unknown>>()
  const refuseClosed = (): void => {
    if (closing) throw new Error('the log is closed')
  }
  const view = ({ seq, position }: Pick<PlacedEnd, 'seq' | 'position'>): Head => ({ seq, position: String(position) as Position }) // this driver's, see the top
  const shardFor = (key: ConversationKey): Shard => shards[shardOf(key, shards.length)]! // one of them
  function under<T>(work: Promise<T>): Promise<T> {
    const ended: Promise<unknown> = work.catch(() => {}).then(() => underWay.delete(ended))
    underWay.add(ended)
    return work
  }

  /** In the conversation's lane: of those that this node appends to it one is under way. */
  async function decide(
    key: ConversationKey,
    drafts: readonly ReturnType<typeof draftRecord>[],
    expected: Position,
    options: Marks,
  ): Promise<Head> {
    const conflict = (): Fault => new Fault('APPEND_CONFLICT', { conversation: key.conversation })
    const before = fold.endOf(key)
    if (expected !== view(before).position) throw conflict()
    const end = { ...drafts.reduce<HeadRecord>((last, draft) => placeRecord(draft, last), before), ...options }
    const records = drafts.map(({ bytes }) => bytes)
    const taken = await shardFor(key).append({ key, first: before.seq + 1, records, end, behind: before.hash })
    if (taken === undefined) throw conflict()
    return view({ seq: end.seq, position: taken })
  }

  /**
   * Where the stream ends, as its leader has it: that knows all that was acknowledged. Asked again while it does not answer, or has not heard of the others
   * for so long that they may follow another one.
   */
  async function endOf(stream: string, signal: AbortSignal): Promise<number> {
    for (;;) {
      const [told] = await Promise.race([Promise.allSettled([manager.streams.info(stream)]), delay(ASK_AGAIN_MS, [undefined])])
      if (told?.status === 'fulfilled' && isFollowed(told.value)) return told.value.state.last_seq
      await delay(told ? PAUSE_MS : 0, undefined, { signal })
    }
  }

  /** What is listed is all that was seen before. */
  async function* listed(table: Database<Buffer, HeadKey>): AsyncGenerator<ConversationKey> {
    refuseClosed()
    await fold.stored()
    yield* keysIn(table, file, refuseClosed)
  }

  return {
    epoch,
    async append(key, envelopes, expected, options) {
      refuseClosed()
      if (envelopes.length === 0) throw new Error('an append needs an event')
      const drafts = envelopes.map(draftRecord) // copies
      const size = drafts.reduce((sum, { bytes }) => sum + bytes.length, 0)
      if (size > LEAST_PAYLOAD - OVERHEAD) throw new Error(`an append of ${size} bytes is larger than one message`)
      const { isUnsettled, isWithPeople, isOutgoing = false } = options
      const mine = { ...key }
      return under(lanes.run(nameOf(key), () => decide(mine, drafts, expected, { isUnsettled, isWithPeople, isOutgoing })))
    },
    async read(key, after) {
      refuseClosed()
      return naming(file, () => fold.read(key, after))
    },
    async head(key) {
      refuseClosed()
      return naming(file, () => view(fold.endOf(key)))
    },
    unsettled: () => listed(tables.unsettled),
    withPeople: () => listed(tables.withPeople),
    async *outgoing() {
      for await (const key of listed(tables.outgoing)) {
        const first = tables.outgoing.get([key.shop, key.conversation])
        if (first) yield { key, from: first.readDoubleBE() }
      }
    },
    async outgoingFrom(key) {
      refuseClosed()
      await fold.stored()
      return naming(file, () => tables.outgoing.get([key.shop, key.conversation])?.readDoubleBE())
    },
    async delivered(key, upTo) {
      refuseClosed()
      if (fold.endOf(key).seq !== upTo) return false
      await fold.stored()
      if (!tables.outgoing.doesExist([key.shop, key.conversation])) return true
      return (await under(shardFor(key).say({ kind: 'delivered', key: { ...key }, upTo }))) === true
    },
    follow(listener) {
      followers.add(listener)
      return () => followers.delete(listener)
    },
    async lastNode(key) {
      refuseClosed()
      return naming(file, () => fold.endOf(key).node)
    },
    async caughtUp(key, withinMs, known = 0) {
      refuseClosed()
      const shard = shardOf(key, shards.length)
      const { name: stream } = streams[shard]!.config // one of them
      const late = new AbortController()
      const isLate = once(late.signal, 'abort').then(() => {
        const reason = `this node has not read as far as ${stream} goes`
        throw new Fault('LOG_UNAVAILABLE', { reason, retryAfterMs: withinMs })
      })
      const timer = setTimeout(() => late.abort(), withinMs)
      const caughtUp = async (): Promise<void> => {
        await shards[shard]!.reached(await endOf(stream, late.signal))
        // A server that was just elected has not applied all that it has, and one that is cut off may not know it yet: both tell an end of before. What this
        // node says itself stands behind all that was acknowledged.
        if (fold.endOf(key).seq < known) await under(shards[shard]!.say({ kind: 'look', key: { ...key } }))
      }
      await Promise.race([caughtUp(), isLate]).finally(() => clearTimeout(timer))
    },
    conversations: () => listed(tables.heads),
    async clearMarks(key) {
      refuseClosed()
      await fold.stored()
      const row: HeadKey = [key.shop, key.conversation]
      if (!tables.unsettled.doesExist(row) && !tables.withPeople.doesExist(row)) return
      await under(shardFor(key).say({ kind: 'clear', key: { ...key } }))
      await fold.stored()
    },
    storeState() {
      refuseClosed()
      return storeStateOf(root, [...Object.values(tables), positions])
    },
    places: () => shards.map(({ place }) => place),
    behind: () => shards.reduce((sum, { behind }) => sum + behind, 0),
    lostStreams: () => streams.flatMap(({ config }, shard) => (shards[shard]?.failure ? [config.name] : [])),
    close() {
      const end = async (): Promise<void> => {
        for (const shard of shards) shard.hurry()
        await Promise.all(underWay)
        await closeShards()
        await fold.stored().catch(() => {}) // what is not stored is read from the streams again
        await root.close()
        unlock()
      }
      closing ??= end()
      return closing
    },
  }
}

interface Marks {
  readonly isUnsettled: boolean
  readonly isWithPeople: boolean
  readonly isOutgoing: boolean
}

/** How long the end of a stream is waited for before it is asked for again, and after a refusal. */
const ASK_AGAIN_MS = 500
const PAUSE_MS = 50

/** What a message has beside the records: its own fields, the lengths of records, headers. */
const OVERHEAD = 64 * 1024

/** Nobody else is elected sooner after those who follow have heard of their leader last. */
const ELECTED_MS = 3_000

function isFollowed({ cluster }: StreamInfo): boolean {
  const replicas = cluster?.replicas ?? []
  const heard = replicas.filter(({ active }) => active < ELECTED_MS * 1e6) // nanoseconds
  return heard.length + 1 > (replicas.length + 1) / 2
}
