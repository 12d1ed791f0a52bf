// Asks all parts of a cluster how they stand, from any machine that has the settings. It changes nothing, and what does not answer is a finding and no fault.
import { Fault, isFault } from '@parley/core/faults.ts'
import type { Config } from '../config.ts'
import { examineRedis } from '../drivers/jobs-redis.ts'
import { streamOf } from '../drivers/log-streams.ts'
import { openNats } from '../drivers/nats.ts'
import { type NatsState, natsState } from '../drivers/nats-state.ts'
import { dropRow, nodesStreamOf, type SeenNode, watchNodes } from '../drivers/node-rows.ts'
import type { RedisSettings } from '../jobs/jobs-settings.ts'
import type { ClusterState, NodeState, RedisView } from './cluster-state.ts'

/** How long NATS may take to take a connection: that it does not is a finding. */
const OPEN_MS = 4_000

type Settings = Pick<Config, 'log' | 'jobs'>

/** Faults: CONFIG_INVALID, where the log is not on NATS or a file that the settings name can't be read. */
export async function lookAtCluster({ log, jobs }: Settings, now: () => number): Promise<ClusterState> {
  refuseAlone(log)
  const [nats, redis] = await Promise.all([natsState(log.monitors, log.name), jobs.driver === 'bullmq' ? viewOf(jobs.redis) : null])
  return { name: log.name, nodes: await nodesOf(log, nats), at: now(), ...nats, redis }
}

/** Takes away what a node has left that died and will not come back. Faults: CONFIG_INVALID, LOG_REFUSED, LOG_UNAVAILABLE, UNKNOWN_NODE, NODE_ALIVE. */
export async function forgetNode({ log }: Pick<Config, 'log'>, node: string): Promise<void> {
  refuseAlone(log)
  const nats = await openNats({ ...log, password: log.secret, openMs: OPEN_MS })
  try {
    const settings = await rowsOf(log)
    if ((await watchNodes(nats, settings)).some(seen => seen.node === node && seen.isAlive)) throw new Fault('NODE_ALIVE', { node })
    if (!(await dropRow(nats, settings, node))) throw new Fault('UNKNOWN_NODE', { node })
  } finally {
    await nats.close()
  }
}

function refuseAlone({ driver }: Config['log']): void {
  if (driver === 'nats') return
  throw new Fault('CONFIG_INVALID', {
    file: 'parley.yaml',
    path: 'log.driver',
    reason: 'it is no cluster: the log lies in the data folder',
  })
}

/** This machine need not have the secret: whose the rows are stands on them. */
async function rowsOf(log: Config['log'], state?: NatsState) {
  const { streams } = state ?? (await natsState(log.monitors, log.name))
  const owner = streams.find(({ name }) => name === nodesStreamOf(log.name))?.owner
  return { name: log.name, replicas: log.replicas, owner: owner ?? undefined }
}

/** Null where nobody can say. */
async function nodesOf(log: Config['log'], state: NatsState): Promise<readonly NodeState[] | null> {
  const rows = state.streams.find(({ name }) => name === nodesStreamOf(log.name))
  if (!rows) return state.servers.some(({ name }) => name !== null) ? [] : null
  if (!rows.isWhole) return null
  let nats: Awaited<ReturnType<typeof openNats>> | undefined
  try {
    nats = await openNats({ ...log, password: log.secret, openMs: OPEN_MS })
    const seen = await watchNodes(nats, await rowsOf(log, state))
    return seen.map(node => stateOf(node, log, state)).sort((a, b) => a.node.localeCompare(b.node))
  } catch (error) {
    if (!isFault(error, 'LOG_REFUSED') && !isFault(error, 'LOG_UNAVAILABLE')) throw error
    return null
  } finally {
    await nats?.close()
  }
}

function stateOf(
  { node, version, url, state, isAlive, startedAt, renewedAt, turns, upTo, inForce }: SeenNode,
  { name }: Config['log'],
  nats: NatsState,
): NodeState {
  const ends = new Map(nats.streams.map(stream => [stream.name, stream.end]))
  const behind =
    upTo.length === 0 ? null : upTo.reduce((sum, place, shard) => sum + Math.max(0, (ends.get(streamOf(name, shard)) ?? 0) - place), 0)
  return { node, version, url, state, isAlive, startedAt, renewedAt, turns, behind, inForce }
}

async function viewOf(settings: RedisSettings): Promise<RedisView> {
  const { url } = settings
  try {
    return { url, ...(await examineRedis(settings)) }
  } catch (error) {
    if (!isFault(error, 'JOBS_UNAVAILABLE') && !isFault(error, 'JOBS_REFUSED')) throw error
    return { url, unfit: error.details.reason }
  }
}
