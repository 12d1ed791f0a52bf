// The stream that the keys of conversations lie in where several machines share a log: made where there is none, and refused where it is not as the keys need it. One
// row a subject. All of it is one stream, so that who makes a key and who destroys it are in one order.
//   NAME.keys.k.SHOP.CONVERSATION            whose the conversation is, and its key, sealed (keys-rows.ts)
//   NAME.keys.o.SHOP.CUSTOMER.CONVERSATION   nothing: an index of these by customer, whose name is hashed
//   NAME.keys.a.SHOP.ID                      an erasure that was asked for, sealed; empty where that came to nothing
//   NAME.keys.e.SHOP.ID                      an erasure, sealed: what it names is erased from here on
//   NAME.keys.x.SHOP.CONVERSATION            nothing: erased, and named by no erasure that is kept
//   NAME.keys.n.NODE                         how far a node has heard all this; empty where it has ended
//   NAME.keys.f, NAME.keys.w                 see keys-scrub.ts
import { DiscardPolicy, RetentionPolicy, StorageType, StoreCompression, type StreamConfig, type StreamInfo } from '@nats-io/jetstream'
import { Fault } from '@parley/core/faults.ts'
import type { Epoch } from '@parley/core/ids.ts'
import { isApiError, STREAM_NAME_IN_USE, STREAM_NOT_FOUND, WRONG_SECRET } from './log-streams.ts'
import type { Nats } from './nats.ts'

export interface KeysSettings {
  /** What all names begin with. */
  readonly name: string
  readonly replicas: number
  /** Of the log whose conversations these keys seal. */
  readonly epoch: Epoch
  /** A mark of the secret that seals the rows. */
  readonly owner: string
}

export const keysStreamOf = (name: string): string => `${name}-keys`
const EPOCH = 'parley-epoch'
const OWNER = 'parley-owner'
/** As in the log's streams (log-streams.ts). */
const DEDUPE_MS = 30_000

/** Rows may be deleted, one by one, which overwrites them; nothing else is ever discarded. */
const configOf = ({ name, replicas, owner, epoch }: KeysSettings) =>
  ({
    name: keysStreamOf(name),
    subjects: [`${name}.keys.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: replicas,
    discard: DiscardPolicy.New,
    max_age: 0,
    max_msgs: -1,
    max_bytes: -1,
    max_msgs_per_subject: 1,
    max_msg_size: -1,
    duplicate_window: DEDUPE_MS * 1_000_000,
    deny_delete: false,
    deny_purge: true,
    allow_rollup_hdrs: false,
    allow_direct: false,
    compression: StoreCompression.None,
    metadata: { [EPOCH]: epoch, [OWNER]: owner } as Readonly<Record<string, string>>,
  }) satisfies Partial<StreamConfig>

/**
 * The stream as it stands; made where there is none, unless `mayMake` says that what it held is lost. Faults: LOG_REFUSED, LOG_UNAVAILABLE, STORE_DAMAGED.
 */
export function openKeysStream(nats: Nats, settings: KeysSettings, mayMake: () => Promise<boolean>): Promise<StreamInfo> {
  return nats.withinOpening(async () => {
    const info = (await lookUp(nats, settings)) ?? (await make(nats, settings, mayMake))
    check(info, settings)
    nats.checkHolders(info)
    return info
  })
}

async function lookUp({ manager }: Nats, { name }: KeysSettings): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(keysStreamOf(name))
  } catch (error) {
    if (isApiError(error, STREAM_NOT_FOUND)) return undefined
    throw error
  }
}

async function make({ manager }: Nats, settings: KeysSettings, mayMake: () => Promise<boolean>): Promise<StreamInfo> {
  const stream = keysStreamOf(settings.name)
  if (!(await mayMake()))
    throw new Fault('STORE_DAMAGED', {
      file: `stream ${stream}`,
      reason: 'it is gone, and conversations are there that its keys have sealed: put it back from a backup',
    })
  try {
    return await manager.streams.add(configOf(settings))
  } catch (error) {
    if (!isApiError(error, STREAM_NAME_IN_USE)) throw error
    return manager.streams.info(stream) // another node was faster
  }
}

function check(info: StreamInfo, settings: KeysSettings): void {
  const refused = (reason: string): Fault => new Fault('LOG_REFUSED', { what: `stream ${info.config.name}`, reason })
  const given = info.config as unknown as Readonly<Record<string, unknown>> // its fields by name
  for (const [field, value] of Object.entries(configOf(settings))) {
    if (field === 'metadata') continue
    if (JSON.stringify(given[field] ?? false) !== JSON.stringify(value))
      throw refused(`its ${field} is ${JSON.stringify(given[field])}, and must be ${JSON.stringify(value)}`)
  }
  if (info.config.metadata?.[OWNER] !== settings.owner) throw refused(WRONG_SECRET)
  if (info.config.metadata?.[EPOCH] !== settings.epoch) throw refused('the keys in it are of another log than the streams of the log hold')
  for (const field of ['mirror', 'sources', 'subject_transform', 'sealed', 'allow_msg_ttl', 'no_ack'] as const)
    if (given[field] !== undefined && given[field] !== false) throw refused(`it has ${field}`)
  if (given.persist_mode !== undefined && given.persist_mode !== 'default') throw refused(`its persist_mode is ${given.persist_mode}`)
}
