// The secret that a node begins with: its own, or one made now. Where others have made the streams already it would be of no use, and is not made.
import { Fault } from '@parley/core/faults.ts'
import type { Config } from './config.ts'
import { isApiError, NO_SECRET, STREAM_NOT_FOUND, streamOf } from './drivers/log-streams.ts'
import { openNats } from './drivers/nats.ts'
import { hasSecret, loadOrMakeSecret, type Secret } from './secret.ts'

/** Faults: CONFIG_INVALID; LOG_REFUSED, LOG_UNAVAILABLE, where there is none and nobody can say whether one may be made. */
export async function openSecret({ data, log }: Config): Promise<Secret> {
  if (log.driver === 'nats' && !hasSecret(data)) await refuseStranger({ data, log })
  return loadOrMakeSecret(data)
}

async function refuseStranger({ log }: Pick<Config, 'data' | 'log'>): Promise<void> {
  const nats = await openNats({ ...log, password: log.secret })
  try {
    const stream = streamOf(log.name, 0)
    const isThere = await nats.withinOpening(async () => {
      try {
        return (await nats.manager.streams.info(stream)) !== undefined
      } catch (error) {
        if (isApiError(error, STREAM_NOT_FOUND)) return false
        throw error
      }
    })
    if (isThere) throw new Fault('LOG_REFUSED', { what: `stream ${stream}`, reason: NO_SECRET })
  } finally {
    await nats.close()
  }
}
