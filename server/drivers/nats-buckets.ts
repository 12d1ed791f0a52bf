// Key-value buckets on the NATS servers: small tables that nodes share. A bucket is a stream, so what is said of the log's streams holds here too: it is made
// where there is none, refused where it is not as it must be, and every server that holds a part of it must be one that flushes.
//
// `get` of a bucket asks the server that leads it, and is never answered by one that is behind (`allow_direct` is off). `watch` of the client has a heartbeat of
// five seconds that nothing sets: a server that dies with the watch's consumer leaves it blind for twice that. What must know sooner has the bucket republish.
import { JetStreamApiError, jetstream, StorageType, type StreamInfo } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import { Fault } from '@parley/core/faults.ts'
import { API_MS, type Nats } from './nats.ts'

export interface BucketSettings {
  /** Of the bucket: letters, digits, `_` and `-`. */
  readonly bucket: string
  readonly replicas: number
  /** Whose secret seals what is in it: written on the bucket when it is made, and another's is refused. */
  readonly owner?: string | undefined
  /** Values kept of each key; the last one alone by default. */
  readonly history?: number
  /** Rows that were not written for so long are dropped; never, by default. */
  readonly ttlMs?: number
  /** Subject under which whatever the bucket has taken is said again, with the key behind it: `heard` gives `heard.KEY`. */
  readonly republish?: string
}

export interface Bucket {
  readonly kv: KV
  readonly info: StreamInfo
}

const OWNER = 'parley-owner'

export const streamOfBucket = (bucket: string): string => `KV_${bucket}`

/** Faults: LOG_REFUSED, LOG_UNAVAILABLE. */
export function openBucket(nats: Nats, settings: BucketSettings): Promise<Bucket> {
  const { bucket, replicas, owner, history = 1, ttlMs = 0, republish } = settings
  return nats.withinOpening(async () => {
    // Of nodes that make it at once all but the first find it there, or are refused for what their server fills in.
    const kv = await new Kvm(jetstream(nats.connection, { timeout: API_MS }))
      .create(bucket, {
        replicas,
        history,
        storage: StorageType.File,
        allow_direct: false,
        ...(ttlMs > 0 && { ttl: ttlMs }),
        ...(owner !== undefined && { metadata: { [OWNER]: owner } }),
        ...(republish !== undefined && { republish: { src: `$KV.${bucket}.>`, dest: `${republish}.>` } }),
      })
      .catch(error => {
        if (error instanceof JetStreamApiError && error.code === STREAM_NAME_IN_USE) throw new Error('it was made meanwhile')
        throw error
      })
    const info = await nats.manager.streams.info(streamOfBucket(bucket))
    check(info, settings)
    nats.checkHolders(info)
    return { kv, info }
  })
}

const STREAM_NAME_IN_USE = 10058

function check({ config }: StreamInfo, { bucket, replicas, owner, history = 1, ttlMs = 0, republish }: BucketSettings): void {
  const wanted = {
    storage: StorageType.File,
    num_replicas: replicas,
    max_msgs_per_subject: history,
    max_age: ttlMs * 1_000_000,
    max_msgs: -1,
    max_bytes: -1,
    allow_direct: false,
    sealed: false,
    subjects: [`$KV.${bucket}.>`],
  }
  const given = config as unknown as Readonly<Record<string, unknown>> // its fields by name
  const refused = (reason: string): Fault => new Fault('LOG_REFUSED', { what: `bucket ${bucket}`, reason })
  for (const [field, value] of Object.entries(wanted))
    if (JSON.stringify(given[field] ?? false) !== JSON.stringify(value))
      throw refused(`its ${field} is ${JSON.stringify(given[field])}, and must be ${JSON.stringify(value)}`)
  const told = config.republish?.dest.replace(/\.>$/, '')
  if (told !== republish) throw refused(`it republishes to ${told ?? 'nobody'}, and must to ${republish ?? 'nobody'}`)
  for (const field of ['mirror', 'sources', 'subject_transform', 'no_ack'] as const)
    if (given[field] !== undefined && given[field] !== false) throw refused(`it has ${field}`)
  if (given.persist_mode !== undefined && given.persist_mode !== 'default') throw refused(`its persist_mode is ${given.persist_mode}`)
  if (config.metadata?.[OWNER] !== owner) throw refused('nodes with another data/secret have made it')
}
