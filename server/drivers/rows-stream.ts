// A stream that holds rows: of each subject the last message, which is the row. Laid out as NATS's own key-value buckets are (one message a subject, direct
// deletion by a later message), but with a name of its own, since a change of several rows is conditional on the whole stream.
import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream'
import { Fault } from '@parley/core/faults.ts'
import { isApiError } from './log-streams.ts'
import type { Nats } from './nats.ts'

export interface RowsSettings {
  /** What all names begin with, so that several installations can share servers. */
  readonly name: string
  readonly replicas: number
  /** Whose secret seals the rows: written on the stream when it is made, and another's is refused. */
  readonly owner: string
}

export interface RowsLimits {
  /** Rows that nobody has written for so long are forgotten; for ever where none is given. */
  readonly maxAgeMs?: number
}

const OWNER = 'parley-owner'
const STREAM_NOT_FOUND = 10059
const STREAM_NAME_IN_USE = 10058

export const rowsStreamOf = (name: string, table: string): string => `${name}-rows-${table}`
/** Of all rows of a table. */
export const rowsSubject = (name: string, table: string): string => `${name}.rows.${table}`

const configOf = ({ name, replicas, owner }: RowsSettings, table: string, { maxAgeMs = 0 }: RowsLimits) =>
  ({
    name: rowsStreamOf(name, table),
    subjects: [`${rowsSubject(name, table)}.*`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: replicas,
    discard: DiscardPolicy.New,
    max_age: maxAgeMs * 1_000_000,
    max_msgs: -1,
    max_bytes: -1,
    max_msgs_per_subject: 1,
    max_msg_size: -1,
    deny_delete: true,
    deny_purge: true,
    allow_rollup_hdrs: false,
    allow_atomic: true,
    compression: StoreCompression.None,
    metadata: { [OWNER]: owner } as Readonly<Record<string, string>>,
  }) satisfies Partial<StreamConfig>

/** The table's stream as it stands, made where there is none. Faults: LOG_REFUSED, LOG_UNAVAILABLE. */
export async function openRowsStream(nats: Nats, settings: RowsSettings, table: string, limits: RowsLimits = {}): Promise<StreamInfo> {
  const wanted = configOf(settings, table, limits)
  const info = await nats.withinOpening(() => findOrMake(nats.manager, wanted))
  const refuse = (reason: string): Fault => new Fault('LOG_REFUSED', { what: `stream ${wanted.name}`, reason })
  const given = info.config as unknown as Readonly<Record<string, unknown>> // its fields by name
  for (const [field, value] of Object.entries(wanted))
    if (field !== 'metadata' && JSON.stringify(given[field] ?? false) !== JSON.stringify(value))
      throw refuse(`its ${field} is ${JSON.stringify(given[field])}, and must be ${JSON.stringify(value)}`)
  if (info.config.metadata?.[OWNER] !== settings.owner)
    throw refuse("it was made with another secret, which seals what is in it: all nodes need the same file 'secret' in their data folders")
  for (const field of ['mirror', 'sources', 'subject_transform', 'sealed', 'allow_msg_ttl', 'no_ack'] as const)
    if (given[field] !== undefined && given[field] !== false) throw refuse(`it has ${field}`)
  nats.checkHolders(info)
  return info
}

async function findOrMake(manager: JetStreamManager, wanted: ReturnType<typeof configOf>): Promise<StreamInfo> {
  try {
    return await manager.streams.info(wanted.name)
  } catch (error) {
    if (!isApiError(error, STREAM_NOT_FOUND)) throw error
  }
  try {
    return await manager.streams.add({ ...wanted })
  } catch (error) {
    if (!isApiError(error, STREAM_NAME_IN_USE)) throw error
    return manager.streams.info(wanted.name) // another node was faster
  }
}
