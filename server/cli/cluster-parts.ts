// What commands need that work with a cluster's streams and no server: a connection, and the secret of the data folder.
import { Fault } from '@parley/core/faults.ts'
import type { Config } from '../config.ts'
import { openNats } from '../drivers/nats.ts'
import { loadSecret } from '../secret.ts'
import { streamSettings } from '../stores.ts'
import { refuseStreams } from '../upkeep/move/into-cluster.ts'
import type { MoveParts } from '../upkeep/move/move.ts'

/** Faults: CONFIG_INVALID, LOG_REFUSED, LOG_UNAVAILABLE. */
export async function withCluster<T>(config: Config, work: (parts: MoveParts) => Promise<T>): Promise<T> {
  const { data } = config
  const secret = loadSecret(data)
  const streams = streamSettings(config, secret)
  const nats = await connectionOf(config)
  try {
    return await work({ data, nats, streams, secret })
  } finally {
    await nats.close()
  }
}

/** Before there is a secret. Faults: MOVE_REFUSED, where the streams are there already. */
export async function refuseStreamsOf(config: Config): Promise<void> {
  const nats = await connectionOf(config)
  try {
    await refuseStreams(config.data, nats, config.log)
  } finally {
    await nats.close()
  }
}

function connectionOf({ log }: Config): ReturnType<typeof openNats> {
  if (log.servers.length > 0 && log.monitors.length > 0) return openNats({ ...log, password: log.secret })
  throw new Fault('CONFIG_INVALID', {
    file: 'parley.yaml',
    path: 'log',
    reason: 'name the servers and monitors of the cluster (docs/cluster.md)',
  })
}
