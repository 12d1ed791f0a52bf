// The rows of the nodes that share a log: a key-value bucket with one row a node, which that node alone writes and renews. What the servers have taken of it
// is said again on a subject that every node hears; a renewal that was refused, or never came to most of the servers, is heard by nobody.
import { setTimeout as delay } from 'node:timers/promises'
import type { KvEntry } from '@nats-io/kv'
import { z } from 'zod'
import type { Nats } from './nats.ts'
import { type Bucket, openBucket, streamOfBucket } from './nats-buckets.ts'

/** How long a node lives by a renewal: by its own clock from when it sent it, by others' from when they heard it. */
export const LEASE_MS = 1_500
export const RENEW_MS = 500
/** A row that nobody renews is dropped after a day. */
const KEPT_MS = 24 * 60 * 60 * 1_000

/** Lenient: a node of another release may write more. */
export const NodeRow = z.looseObject({
  node: z.string(),
  /** Of one process: two that have the same name can be told apart. */
  instance: z.string(),
  version: z.string(),
  /** `joining`: it looks whether it may. `leaving`: it takes nothing over any more. */
  state: z.enum(['joining', 'starting', 'serving', 'leaving']).catch('serving'),
  /** Where it listens; null until it does. */
  url: z.string().nullable().catch(null),
  jobs: z.enum(['embedded', 'bullmq']).catch('bullmq'),
  shops: z.array(z.string()).readonly().catch([]),
  /** Milliseconds since 1970, by its own clock: for people to read. */
  startedAt: z.number().catch(0),
  renewedAt: z.number().catch(0),
  /** Undecided turns. */
  turns: z.number().nullable().catch(null),
  /** By shard, the place in the log up to which its copy goes. */
  upTo: z.array(z.number()).readonly().catch([]),
  /** What it works with, by names that are the same on all nodes: `parley cluster status` compares them. */
  inForce: z.record(z.string(), z.string()).readonly().catch({}),
})
export type NodeRow = z.infer<typeof NodeRow>
/** What a node tells with each renewal, for people to read. */
export type NodeFigures = Pick<NodeRow, 'turns' | 'upTo' | 'inForce'>

export interface RowsSettings {
  /** What all names begin with. */
  readonly name: string
  readonly replicas: number
  readonly owner?: string | undefined
}

const bucketOf = (name: string): string => `${name}-nodes`
export const nodesStreamOf = (name: string): string => streamOfBucket(bucketOf(name))
/** Where renewals are heard, with the node's name behind it. */
const heardAt = (name: string): string => `${name}.nodes.heard`

/** Faults: LOG_REFUSED, LOG_UNAVAILABLE. */
export const openRows = (nats: Nats, { name, replicas, owner }: RowsSettings): Promise<Bucket> =>
  openBucket(nats, { bucket: bucketOf(name), replicas, owner, ttlMs: KEPT_MS, republish: heardAt(name) })

/** Undefined where it is none, or was given up. */
export function rowIn(entry: Pick<KvEntry, 'operation' | 'string'> | null): NodeRow | undefined {
  return entry?.operation === 'PUT' ? rowFrom(entry.string()) : undefined
}

export const encodeRow = (row: NodeRow): string => JSON.stringify(row)

function rowFrom(text: string): NodeRow | undefined {
  try {
    return NodeRow.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** As they stand now. */
export async function listRows(nats: Nats, { kv }: Bucket, name: string): Promise<readonly NodeRow[]> {
  const info = await nats.manager.streams.info(streamOfBucket(bucketOf(name)), { subjects_filter: '>' })
  const nodes = Object.keys(info.state.subjects ?? {}).map(subject => subject.split('.').at(-1) ?? '')
  const rows = await Promise.all(nodes.map(async node => rowIn(await kv.get(node))))
  return rows.filter(row => row !== undefined)
}

export interface RowsListener {
  renewed(row: NodeRow): void
  gone(node: string): void
}

/** Calls the listener for whatever the servers take from now on, until the function that it resolves with is called. */
export async function hearRows({ connection }: Nats, name: string, { renewed, gone }: RowsListener): Promise<() => void> {
  const subscription = connection.subscribe(`${heardAt(name)}.*`, {
    callback: (error, message) => {
      if (error) return // the connection is closed
      if (message.headers?.has(OPERATION)) return gone(message.subject.split('.').at(-1) ?? '')
      const row = rowFrom(message.string())
      if (row) renewed(row)
    },
  })
  await connection.flush()
  return () => subscription.unsubscribe()
}

/** Of a deletion. */
const OPERATION = 'KV-Operation'

/** Takes the row of a node away that will not come back; false where there is none. */
export async function dropRow(nats: Nats, settings: RowsSettings, node: string): Promise<boolean> {
  const { kv } = await openRows(nats, settings)
  if (!rowIn(await kv.get(node))) return false
  await kv.delete(node)
  return true
}

export interface SeenNode extends NodeRow {
  readonly isAlive: boolean
}

/** For who has no row: all nodes of the last day, and whether each renews its lease. Takes as long as a lease does. Faults: LOG_REFUSED, LOG_UNAVAILABLE. */
export async function watchNodes(nats: Nats, settings: RowsSettings): Promise<readonly SeenNode[]> {
  const bucket = await openRows(nats, settings)
  const alive = new Set<string>()
  const left = new Set<string>()
  const stop = await hearRows(nats, settings.name, { renewed: ({ node }) => alive.add(node), gone: node => left.add(node) })
  await delay(LEASE_MS)
  stop()
  const rows = await nats.withinOpening(() => listRows(nats, bucket, settings.name))
  return rows.map(row => ({ ...row, isAlive: alive.has(row.node) && !left.has(row.node) }))
}
