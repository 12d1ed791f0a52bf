// A replicated log on real servers, with streams of its own.
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { type JetStreamLog, type LogSettings, openJetStreamLog } from '@parley/server/drivers/conversation-log.jetstream.ts'
import { streamOf } from '@parley/server/drivers/log-streams.ts'
import { type NatsSettings, openNats } from '@parley/server/drivers/nats.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import type { NatsCluster } from './nats-cluster.ts'

export type JetStreamSettings = NatsSettings & LogSettings

/** A log with a connection of its own, as a node has it. */
export async function openNodeLog(folder: string, settings: JetStreamSettings, broke: (error: unknown) => void): Promise<JetStreamLog> {
  const nats = await openNats(settings)
  try {
    const log = await openJetStreamLog(folder, nats, settings, broke)
    return { ...log, close: () => log.close().finally(() => nats.close()) }
  } catch (error) {
    await nats.close()
    throw error
  }
}

let made = 0

export interface ReplicatedLog {
  readonly settings: JetStreamSettings
  /** What the nodes have said of damage. */
  readonly broken: unknown[]
  /** A node of its own, or one that was there before: with the copy in its folder. */
  open(folder?: string, changes?: Partial<JetStreamSettings>): Promise<JetStreamLog>
  /** A folder for one node's copy. */
  folder(): string
  /** Closes what is open, and removes streams and folders. */
  remove(): Promise<void>
}

export function replicatedLog({ urls, monitors, servers }: NatsCluster, shards = 2): ReplicatedLog {
  const settings = { servers: urls, monitors, name: `test${++made}`, shards, replicas: servers.length }
  const folders: ReturnType<typeof temporaryFolder>[] = []
  const logs: JetStreamLog[] = []
  const broken: unknown[] = []
  const folder = (): string => {
    const next = temporaryFolder()
    folders.push(next)
    return next.path
  }
  return {
    settings,
    broken,
    folder,
    async open(path = folder(), changes = {}) {
      const log = await openNodeLog(path, { ...settings, ...changes }, error => broken.push(error))
      logs.push(log)
      return log
    },
    async remove() {
      for (const log of logs) await log.close()
      const connection = await connect({ servers: [...urls] })
      const manager = await jetstreamManager(connection)
      for (let shard = 0; shard < shards; shard++) await manager.streams.delete(streamOf(settings.name, shard)).catch(() => {})
      await connection.close()
      for (const each of folders) each.remove()
    },
  }
}
