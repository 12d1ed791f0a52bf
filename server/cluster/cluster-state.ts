// How a cluster stands as a whole, and what is wrong with it in words: judged from what its parts tell.
import type { ServerState, StreamState } from '../drivers/nats-state.ts'

export interface NodeState {
  readonly node: string
  readonly version: string
  /** Null until it listens. */
  readonly url: string | null
  readonly state: 'joining' | 'starting' | 'serving' | 'leaving'
  /** It has renewed its lease while it was looked at. */
  readonly isAlive: boolean
  readonly startedAt: number
  readonly renewedAt: number
  /** Undecided turns, and messages of the log that its copy lacks; null where it does not tell. */
  readonly turns: number | null
  readonly behind: number | null
  /** What it works with, by a name that is the same on all nodes; for people to compare. */
  readonly inForce: Readonly<Record<string, string>>
}

export type RedisView =
  | { readonly url: string; readonly version: string; readonly flush: 'always' | 'everysec' | 'no' | null }
  /** It can't be reached, or would lose jobs. */
  | { readonly url: string; readonly unfit: string }

export interface ClusterState {
  /** What the names of streams begin with. */
  readonly name: string
  readonly at: number
  /** Null where nobody can say: NATS has to be asked. */
  readonly nodes: readonly NodeState[] | null
  readonly servers: readonly ServerState[]
  readonly streams: readonly StreamState[]
  /** Null where the jobs lie in the data folder. */
  readonly redis: RedisView | null
}

export interface Verdict {
  readonly status: 'whole' | 'degraded' | 'down'
  /** What is wrong, the worst first. */
  readonly reasons: readonly string[]
}

/** A copy or a replica lacks this much for a moment under load. */
const MOST_BEHIND = 1_000

export function verdictOf(state: ClusterState): Verdict {
  const down = whyDown(state)
  const reasons = [...down, ...whyDegraded(state)]
  return { status: down.length > 0 ? 'down' : reasons.length > 0 ? 'degraded' : 'whole', reasons }
}

function whyDown({ servers, streams, nodes }: ClusterState): string[] {
  if (servers.every(({ name }) => name === null)) return ['no NATS server answers']
  const stopped = streams.filter(({ isWhole }) => !isWhole)
  return [
    ...(stopped.length > 0 ? [`${countOf(stopped.length, 'stream has', 'streams have')} no leader or no quorum: ${some(stopped)}`] : []),
    ...(streams.length === 0 ? ['there is no stream: no node has ever started'] : []),
    ...(nodes && !nodes.some(({ isAlive, state }) => isAlive && state === 'serving') ? ['no node serves'] : []),
  ]
}

function whyDegraded({ servers, streams, nodes, redis }: ClusterState): string[] {
  const isSilent = servers.filter(({ name, unfit }) => name === null && unfit === null)
  const behind = streams.flatMap(({ name, holders }) =>
    holders.flatMap(({ server, behind }) =>
      behind !== null && behind > MOST_BEHIND ? [`${server} lacks ${behind} messages of ${name}`] : [],
    ),
  )
  const known = servers.flatMap(({ name }) => name ?? [])
  const fewer = streams.filter(({ isWhole, replicas, holders }) => isWhole && holders.length < replicas)
  return [
    ...isSilent.map(({ monitor }) => `nobody answers at ${monitor}`),
    ...servers.flatMap(({ name, monitor, unfit }) => (unfit === null ? [] : [`${name ?? monitor}: ${unfit}`])),
    ...servers.flatMap(({ name, peers }) => {
      const missing = known.filter(other => other !== name && !peers.includes(other))
      return name !== null && missing.length > 0 ? [`${name} has no route to ${missing.join(', ')}`] : []
    }),
    ...(fewer.length > 0 ? [`${countOf(fewer.length, 'stream has', 'streams have')} fewer replicas than it must: ${some(fewer)}`] : []),
    ...behind,
    ...(nodes ?? []).flatMap(whyNode),
    ...differencesOf(nodes ?? []).map(
      ({ what, values }) => `nodes differ in ${what}: ${values.map(([value, of]) => `${value} on ${of.join(', ')}`).join('; ')}`,
    ),
    ...(redis && 'unfit' in redis ? [`Redis at ${redis.url}: ${redis.unfit}`] : []),
  ]
}

function whyNode({ node, isAlive, state, behind }: NodeState): string[] {
  if (!isAlive) return [`${node} has lost its lease and has not said goodbye`]
  if (state !== 'serving') return [`${node} is ${state}`]
  return behind !== null && behind > MOST_BEHIND ? [`${node} lacks ${behind} messages of the log`] : []
}

export interface Difference {
  readonly what: string
  /** Each value with the nodes that have it. */
  readonly values: readonly (readonly [value: string, nodes: readonly string[]])[]
}

/** What living nodes have that is not the same on all of them: their version, and what is in force. */
export function differencesOf(nodes: readonly NodeState[]): readonly Difference[] {
  const alive = nodes.filter(({ isAlive }) => isAlive)
  const told = alive.map(({ node, version, inForce }) => ({ node, all: { version, ...inForce } as Readonly<Record<string, string>> }))
  const names = [...new Set(told.flatMap(({ all }) => Object.keys(all)))]
  return names.flatMap(what => {
    const values = new Map<string, string[]>()
    for (const { node, all } of told) {
      const value = all[what] ?? 'none'
      values.set(value, [...(values.get(value) ?? []), node])
    }
    return values.size > 1 ? [{ what, values: [...values] }] : []
  })
}

const countOf = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`

function some(streams: readonly StreamState[]): string {
  const names = streams.map(({ name }) => name)
  return names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
}
