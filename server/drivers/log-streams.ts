// The streams of a replicated log, one a shard: made where there are none, and refused where they are not as the log needs them.
import { randomBytes } from 'node:crypto'
import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream'
import { Fault } from '@parley/core/faults.ts'
import type { Epoch } from '@parley/core/ids.ts'
import { subjectsOf } from './log-message.ts'

export interface StreamSettings {
  /** What all names begin with, so that several installations can share servers. */
  readonly name: string
  readonly shards: number
  readonly replicas: number
  /** Whose keys seal what is in it: written on the streams when they are made, and another's are refused. */
  readonly owner?: string
}

/**
 * How long a server knows the id of a message, so that what is sent twice does not stand twice: longer than anybody sends it again. If it did, the second
 * one would do nothing (log-fold.ts).
 */
const DEDUPE_MS = 30_000
const EPOCH = 'parley-epoch'
const SHARDS = 'parley-shards'
export const OWNER = 'parley-owner'
/** The move that fills the streams, and has not ended. */
const FILLING = 'parley-filling'
/** The move that has taken what is in them elsewhere. */
const MOVED = 'parley-moved'

/** What streams are opened for. */
export type Purpose =
  | { readonly is: 'serve' }
  /** They are made, under this epoch, and are this move's alone until `endFilling`. */
  | { readonly is: 'fill'; readonly epoch: Epoch; readonly move: string }
  /** None is made. `move` may read what it has moved away. */
  | { readonly is: 'read'; readonly move?: string }

/** Of streams that carry the mark of another secret than this node has. */
export const WRONG_SECRET =
  'it was made with another secret than this node has: put the file `secret` from the data folder of a node that serves it in the place of this one'

/** Of streams that are there where this node has no secret at all. */
export const NO_SECRET =
  'it is there, and this node has no secret: put the file `secret` from the data folder of a node that serves it into that of this one'

export const streamOf = (name: string, shard: number): string => `${name}-log-${shard}`

/** Nothing is ever discarded, deleted, purged or rolled up: what was acknowledged stays. */
const configOf = ({ name, shards, replicas, owner }: StreamSettings, shard: number, epoch: Epoch, purpose: Purpose) =>
  ({
    name: streamOf(name, shard),
    subjects: [subjectsOf(name, shard)],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: replicas,
    discard: DiscardPolicy.New,
    max_age: 0,
    max_msgs: -1,
    max_bytes: -1,
    max_msgs_per_subject: -1,
    max_msg_size: -1,
    duplicate_window: DEDUPE_MS * 1_000_000,
    deny_delete: true,
    deny_purge: true,
    allow_rollup_hdrs: false,
    compression: StoreCompression.None,
    metadata: {
      [EPOCH]: epoch,
      [SHARDS]: String(shards),
      ...(owner !== undefined && { [OWNER]: owner }),
      ...(purpose.is === 'fill' && { [FILLING]: purpose.move }),
    } as Readonly<Record<string, string>>,
  }) satisfies Partial<StreamConfig>

export interface Streams {
  readonly epoch: Epoch
  /** By shard. */
  readonly streams: readonly StreamInfo[]
}

/**
 * The streams as they stand, made where there is none at all. The last one is made last: where it is there, all were. Nodes that start at once agree, since
 * of two that make the same stream with different epochs the server refuses one, which then takes the other's. None is made where a node has a `copy` of
 * what they held: then they are lost. Faults: LOG_REFUSED, STORE_DAMAGED.
 */
export async function openStreams(
  manager: JetStreamManager,
  settings: StreamSettings,
  copy: Epoch | undefined,
  purpose: Purpose = { is: 'serve' },
): Promise<Streams> {
  const { name, shards } = settings
  const found = await Promise.all(Array.from({ length: shards }, (_, shard) => lookUp(manager, streamOf(name, shard))))
  if (found.at(-1) || found.some(info => info && info.state.last_seq > 0)) {
    const lost = found.findIndex(info => !info)
    if (lost >= 0)
      throw new Fault('STORE_DAMAGED', { file: `stream ${streamOf(name, lost)}`, reason: 'it is gone, and others of the log are there' })
  }
  if (copy !== undefined && found.every(info => !info)) {
    const reason = 'all of them are gone, and this node has a copy of what was in them: put its folder log aside to begin a new log'
    throw new Fault('STORE_DAMAGED', { file: `streams ${name}-log-…`, reason })
  }
  if (purpose.is === 'read' && found.every(info => !info))
    throw new Fault('LOG_REFUSED', { what: `streams ${name}-log-…`, reason: 'there are none: nothing was kept there' })
  for (const info of found) if (info) refuseMoves(info, purpose)
  let epoch = found.map(epochOf).find(given => given !== undefined) ?? (purpose.is === 'fill' ? purpose.epoch : undefined)
  const streams: StreamInfo[] = []
  for (const [shard, there] of found.entries()) {
    const info = there ?? (await make(manager, settings, shard, epoch ?? (randomBytes(8).toString('hex') as Epoch), purpose)) // made here
    const given = epochOf(info)
    if (given === undefined || (epoch !== undefined && given !== epoch)) throw refused(info, 'it is of another log')
    epoch = given
    check(info, configOf(settings, shard, given, purpose))
    streams.push(info)
  }
  return { epoch: epoch!, streams } // there is a shard
}

const epochOf = (info: StreamInfo | undefined): Epoch | undefined => info?.config.metadata?.[EPOCH] as Epoch | undefined // written by configOf

async function lookUp(manager: JetStreamManager, stream: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(stream)
  } catch (error) {
    if (isApiError(error, STREAM_NOT_FOUND)) return undefined
    throw error
  }
}

async function make(
  manager: JetStreamManager,
  settings: StreamSettings,
  shard: number,
  epoch: Epoch,
  purpose: Purpose,
): Promise<StreamInfo> {
  try {
    return await manager.streams.add(configOf(settings, shard, epoch, purpose))
  } catch (error) {
    if (!isApiError(error, STREAM_NAME_IN_USE)) throw error
    return manager.streams.info(streamOf(settings.name, shard)) // another node was faster
  }
}

export const STREAM_NOT_FOUND = 10059
export const STREAM_NAME_IN_USE = 10058

export const isApiError = (error: unknown, code: number): error is JetStreamApiError =>
  error instanceof JetStreamApiError && error.code === code

/** A server fills in what it was not told, and names things of its own in the metadata; what the log needs must be there as it is. */
function check(info: StreamInfo, wanted: ReturnType<typeof configOf>): void {
  const given = info.config as unknown as Readonly<Record<string, unknown>> // its fields by name
  for (const [field, value] of Object.entries(wanted)) {
    if (field === 'metadata') continue
    if (JSON.stringify(given[field] ?? false) !== JSON.stringify(value))
      throw refused(info, `its ${field} is ${JSON.stringify(given[field])}, and must be ${JSON.stringify(value)}`)
  }
  if (info.config.metadata?.[SHARDS] !== wanted.metadata[SHARDS])
    throw refused(info, `it is one of ${info.config.metadata?.[SHARDS]} shards, and ${wanted.metadata[SHARDS]} are set`)
  if (info.config.metadata?.[OWNER] !== wanted.metadata[OWNER]) throw refused(info, WRONG_SECRET)
  // Each of these would change or hide what was appended, or acknowledge it before it is flushed.
  for (const field of ['mirror', 'sources', 'subject_transform', 'sealed', 'allow_msg_ttl', 'no_ack'] as const)
    if (given[field] !== undefined && given[field] !== false && !(field === 'sealed' && info.config.metadata?.[MOVED] !== undefined))
      throw refused(info, `it has ${field}`)
  if (given.persist_mode !== undefined && given.persist_mode !== 'default') throw refused(info, `its persist_mode is ${given.persist_mode}`)
  if (info.state.first_seq > 1) throw new Fault('STORE_DAMAGED', { file: `stream ${info.config.name}`, reason: 'its beginning is gone' })
}

/** What is being moved into streams, or was moved out of them, is nobody's to serve. */
function refuseMoves(info: StreamInfo, purpose: Purpose): void {
  const { [FILLING]: filling, [MOVED]: moved } = info.config.metadata ?? {}
  if (purpose.is === 'fill') {
    if (filling === purpose.move) return
    const there = filling === undefined ? 'it is there already' : 'another move into it was not brought to its end'
    throw refused(info, `${there}: set another log.name, or remove the streams (docs/cluster.md#moving)`)
  }
  if (filling !== undefined) throw refused(info, 'a move into it was not brought to its end: bin/parley migrate, or restore, again')
  if (moved !== undefined && !(purpose.is === 'read' && purpose.move === moved.split(' ')[0]))
    throw refused(info, `what is in it was moved to a data folder (${moved.split(' ')[1]}), and goes on there`)
}

/** What was filled is a log from here on. Done again it changes nothing. */
export const endFilling = (manager: JetStreamManager, settings: StreamSettings): Promise<void> =>
  mark(manager, settings, ({ [FILLING]: _, ...metadata }) => ({ metadata }))

/** Nothing can be put into the streams any more, by nobody, and no node serves them. For good: a server unseals nothing. `others` are sealed too. */
export async function seal(
  manager: JetStreamManager,
  settings: StreamSettings,
  { id, at }: { readonly id: string; readonly at: string },
  others: readonly string[],
): Promise<void> {
  await mark(manager, settings, metadata => ({ metadata: { ...metadata, [MOVED]: `${id} ${at}` }, sealed: true }))
  for (const name of others) {
    const { config } = await manager.streams.info(name)
    const sealed: Partial<StreamConfig> = { ...config, sealed: true }
    if (!config.sealed) await manager.streams.update(name, sealed)
  }
}

/** Whether there is any of these streams, or of the others. */
export async function areThere(manager: JetStreamManager, { name, shards }: StreamSettings, others: readonly string[]): Promise<boolean> {
  for (const each of [...Array.from({ length: shards }, (_, shard) => streamOf(name, shard)), ...others])
    if (await lookUp(manager, each)) return true
  return false
}

/** Whether this move has sealed any of the streams. */
export async function isSealed(manager: JetStreamManager, { name, shards }: StreamSettings, move: string): Promise<boolean> {
  for (let shard = 0; shard < shards; shard++)
    if ((await lookUp(manager, streamOf(name, shard)))?.config.metadata?.[MOVED]?.startsWith(`${move} `)) return true
  return false
}

/** Takes away streams that were moved to a data folder, and with them the others: gives the names of what was there. None where the log is not one that was moved. */
export async function removeMoved(
  manager: JetStreamManager,
  { name, shards }: StreamSettings,
  others: readonly string[],
): Promise<readonly string[]> {
  const found = await Promise.all(Array.from({ length: shards }, (_, shard) => lookUp(manager, streamOf(name, shard))))
  const log = found.filter(info => info !== undefined)
  if (log.length === 0 || log.some(({ config }) => config.metadata?.[MOVED] === undefined)) return []
  const removed: string[] = []
  for (const each of [...others, ...log.map(({ config }) => config.name)]) {
    if (!(await lookUp(manager, each))) continue
    await manager.streams.delete(each)
    removed.push(each)
  }
  return removed
}

/** Takes away the streams that this move was filling, and with them the others; none where there are no such. */
export async function removeFilled(
  manager: JetStreamManager,
  { name, shards }: StreamSettings,
  move: string,
  others: readonly string[],
): Promise<void> {
  const found = await Promise.all(Array.from({ length: shards }, (_, shard) => lookUp(manager, streamOf(name, shard))))
  const filled = found.filter(info => info?.config.metadata?.[FILLING] === move).map(info => info!.config.name)
  if (filled.length === 0) return
  for (const other of others) if (await lookUp(manager, other)) await manager.streams.delete(other)
  for (const stream of filled) await manager.streams.delete(stream)
}

async function mark(
  manager: JetStreamManager,
  { name, shards }: StreamSettings,
  changes: (metadata: Readonly<Record<string, string>>) => Partial<StreamConfig>,
): Promise<void> {
  for (let shard = 0; shard < shards; shard++) {
    const { config } = await manager.streams.info(streamOf(name, shard))
    if (config.sealed) continue
    await manager.streams.update(config.name, { ...config, ...changes(config.metadata ?? {}) })
  }
}

const refused = (info: StreamInfo, reason: string): Fault => new Fault('LOG_REFUSED', { what: `stream ${info.config.name}`, reason })
