// This node's connection to the NATS servers, which all that is shared between nodes goes over. The servers are looked at before anything is trusted to them
// (nats-servers.ts).
import { setTimeout as delay } from 'node:timers/promises'
import { type JetStreamManager, jetstreamManager, type StreamInfo } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { Fault } from '@parley/core/faults.ts'
import { LEAST_PAYLOAD, type Trusted, trustedServers } from './nats-servers.ts'

export interface NatsSettings {
  /** Where the servers take clients: host and port. */
  readonly servers: readonly string[]
  /** Where they tell of themselves (`http` in their settings): each server's. */
  readonly monitors: readonly string[]
  /** Empty: nobody is signed in. */
  readonly user?: string
  readonly password?: string | undefined
  /** How long the servers have to answer and to have a leader for every stream. */
  readonly openMs?: number
}

export interface Nats {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  /**
   * Every server that holds a part of a stream must have told of itself. One whose monitor is silent is down, and is looked at when a node starts while it is
   * up: a node must be able to start without it. Faults: LOG_REFUSED.
   */
  checkHolders(info: StreamInfo): void
  /** Repeats it while nobody answers: servers that start beside this node, or are electing. Faults: LOG_UNAVAILABLE. */
  withinOpening<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** How long one question to the servers waits. */
export const API_MS = 2_000
const OPEN_MS = 20_000
const PAUSE_MS = 250
/** A server that is halted keeps its connections: after two of these without an answer it is left for another. */
const PING_MS = 2_000

/** Faults: LOG_REFUSED, LOG_UNAVAILABLE. */
export async function openNats({ servers, monitors, user = '', password, openMs = OPEN_MS }: NatsSettings): Promise<Nats> {
  const withinOpening = <T>(work: () => Promise<T>): Promise<T> => repeatWithin(openMs, work)
  const connection = await withinOpening(() =>
    connect({
      servers: [...servers],
      ...(user !== '' && { user, pass: password ?? '' }),
      maxReconnectAttempts: -1,
      reconnectTimeWait: PAUSE_MS,
      pingInterval: PING_MS,
      timeout: API_MS,
    }),
  )
  try {
    if ((connection.info?.max_payload ?? 0) < LEAST_PAYLOAD)
      throw new Fault('LOG_REFUSED', { what: 'nats-server', reason: `its max_payload is less than ${LEAST_PAYLOAD} bytes` })
    const trusted = await withinOpening(async () => {
      const told = await trustedServers(monitors)
      if (told.names.size === 0) throw new Error('no monitoring address answers')
      return told
    })
    const manager = await withinOpening(() => jetstreamManager(connection, { timeout: API_MS }))
    return {
      connection,
      manager,
      checkHolders: info => checkHolders(info, trusted),
      withinOpening,
      close: () => connection.close(),
    }
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** Repeats it for so long while nobody answers; whoever is refused then may come again after `retryAfterMs`. Faults: LOG_UNAVAILABLE, and those of `work`. */
export async function repeatWithin<T>(ms: number, work: () => Promise<T>, retryAfterMs = PAUSE_MS): Promise<T> {
  const until = performance.now() + ms
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Fault) throw error
      if (performance.now() > until) {
        const reason = error instanceof Error ? error.message : String(error)
        throw new Fault('LOG_UNAVAILABLE', { reason, retryAfterMs }, { cause: error })
      }
    }
    await delay(PAUSE_MS)
  }
}

function checkHolders({ config, cluster }: StreamInfo, { names, silent }: Trusted): void {
  const holders = [cluster?.leader, ...(cluster?.replicas ?? []).map(({ name }) => name)].filter(name => name !== undefined)
  const strangers = holders.filter(name => !names.has(name))
  if (strangers.length <= silent) return
  const reason = `no monitor told of ${strangers[0]}, which holds it: name the monitoring address of every server`
  throw new Fault('LOG_REFUSED', { what: `stream ${config.name}`, reason })
}
