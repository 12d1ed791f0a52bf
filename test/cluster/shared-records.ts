// Records that nodes share, on real servers, in streams of their own.
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { type Nats, type NatsSettings, openNats } from '@parley/server/drivers/nats.ts'
import { type NatsRecords, type NatsRecordsOptions, openNatsRecords } from '@parley/server/drivers/records.nats.ts'
import { rowsStreamOf } from '@parley/server/drivers/rows-stream.ts'
import type { NatsCluster } from './nats-cluster.ts'

let made = 0

export interface SharedRecords<K extends readonly string[]> {
  readonly stream: string
  /** What the nodes have said of damage. */
  readonly broken: unknown[]
  /** A node with a connection of its own. */
  open(
    changes?: Partial<NatsSettings & { readonly owner: string; readonly key: Buffer } & Pick<NatsRecordsOptions, 'written'>>,
  ): Promise<NatsRecords<K> & { readonly nats: Nats }>
  /** Closes what is open, and removes the stream. */
  remove(): Promise<void>
}

export function sharedRecords<K extends readonly string[]>({ urls, monitors, servers }: NatsCluster, isWatched = false): SharedRecords<K> {
  const table = `t${++made}`
  const settings = { name: 'shared', replicas: servers.length, owner: 'ours', table, key: Buffer.alloc(32, 7), isWatched }
  const closers: (() => Promise<void>)[] = []
  const broken: unknown[] = []
  const stream = rowsStreamOf(settings.name, table)
  return {
    stream,
    broken,
    async open(changes = {}) {
      const nats = await openNats({ servers: urls, monitors, ...changes })
      closers.push(() => nats.close())
      const records = await openNatsRecords<K>(nats, { ...settings, ...changes, broke: error => broken.push(error) })
      closers.push(() => records.close())
      return { ...records, nats }
    },
    async remove() {
      for (const close of closers.reverse()) await close()
      const connection = await connect({ servers: [...urls] })
      await (await jetstreamManager(connection)).streams.delete(stream).catch(() => {})
      await connection.close()
    },
  }
}
