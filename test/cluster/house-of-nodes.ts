// Parley on several machines, small: three NATS servers, a Redis and any number of real Parley processes on loopback, each with a data folder of its own
// and the same secret. A test kills and halts any of them, and afterwards opens the log as a node of its own that has seen nothing yet.
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { createSessionTokens } from '@parley/server/accounts/session-tokens.ts'
import { DESK_COOKIE } from '@parley/server/accounts/sessions.ts'
import { readConfig } from '@parley/server/config.ts'
import { createConversations, type KeptConversations } from '@parley/server/conversations.ts'
import { streamOf } from '@parley/server/drivers/log-streams.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { openStores, type Stores } from '@parley/server/stores.ts'
import { type RunningServer, startServer, temporaryFolder } from '../e2e/running-server.ts'
import { type NatsCluster, type NatsSettings, noNats, startNatsCluster } from './nats-cluster.ts'
import { noRedis, type RedisServer, startRedisServer } from './redis-server.ts'

/** Why there is no such house: what tests say that are skipped for it. */
export const noHouse: string | false = noNats || noRedis

export interface ParleyNode {
  readonly name: string
  readonly data: string
  /** The same after each start; empty before the first. */
  readonly url: string
  readonly pid: number | undefined
  readonly isUp: boolean
  /** All that it has written to standard error, of every start. */
  said(): string
  /** Starts it, again after an end. Resolves when it serves. */
  start(): Promise<void>
  /** Sends the signal and waits for the end; SIGSTOP, SIGCONT and SIGUSR2 end nothing. */
  signal(signal: NodeJS.Signals): Promise<void>
}

export interface HouseOfNodes {
  readonly nats: NatsCluster
  readonly redis: RedisServer
  readonly nodes: readonly ParleyNode[]
  readonly shards: number
  /** Urls of all nodes. */
  urls(): readonly string[]
  /** The NATS server that leads a shard, when one does. */
  leaderOf(shard: number): Promise<string>
  /** Resolves when every stream has a leader, and every copy of it is where the leader is: from then on any one server may be lost. */
  isWhole(): Promise<void>
  /** Makes agents of the demo shop; resolves with the cookies of their sessions. Before any node runs, where they are kept on the nodes' disks. */
  makeAgents(names: readonly string[]): Promise<readonly string[]>
  /** Tokens of a visitor, without asking a node. */
  readonly secret: ReturnType<typeof loadOrMakeSecret>
  /** Opens the log from the streams alone, as a new node does; or from this folder of data, whose node has ended. */
  withStores<T>(data: string | undefined, work: (conversations: KeptConversations, stores: Stores) => Promise<T>): Promise<T>
  remove(): Promise<void>
}

export interface HouseSettings {
  readonly nodes: number
  readonly shards?: number
  readonly nats?: NatsSettings
  /** Socket processes of each node; none where it says nothing. */
  readonly sockets?: readonly number[]
  /** Further environment of each node. */
  readonly env?: Readonly<Record<string, string>>
  /** Further settings of parley.yaml. */
  readonly config?: Readonly<Record<string, unknown>>
}

const PAUSE_MS = 250
const ENDS_NOTHING: readonly NodeJS.Signals[] = ['SIGSTOP', 'SIGCONT', 'SIGUSR2']

/** The nodes are not started. */
export async function openHouse({
  nodes: count,
  shards = 3,
  nats: natsSettings,
  sockets = [],
  env = {},
  config = {},
}: HouseSettings): Promise<HouseOfNodes> {
  const [nats, redis] = await Promise.all([startNatsCluster(natsSettings), startRedisServer()])
  const folder = temporaryFolder()
  const file = join(folder.path, 'parley.yaml')
  const log = { driver: 'nats', servers: nats.urls, monitors: nats.monitors, shards, replicas: nats.servers.length }
  // No plugins and no mesh: a node starts in a second or two, and a turn costs little.
  const shop = { id: 'demo', plugins: [], mesh: 'none' }
  const deadlines = { voters: 5_000, turn: 60_000 }
  writeFileSync(file, JSON.stringify({ log, jobs: { driver: 'bullmq', redis: { url: redis.url } }, deadlines, shops: [shop], ...config }))
  const nodes = Array.from({ length: count }, (_, i) =>
    createNode(`node-${i + 1}`, join(folder.path, `node-${i + 1}`), { ...env, PARLEY_CONFIG: file }, sockets[i] ?? 0),
  )
  const { data: first } = nodes[0]! // there is one
  const secret = loadOrMakeSecret(first)
  const withSecret = (data: string): string => {
    mkdirSync(data, { recursive: true })
    if (data !== first) cpSync(join(first, 'secret'), join(data, 'secret'))
    return data
  }
  for (const { data } of nodes) withSecret(data)
  let fresh = 0
  let connection: NatsConnection | undefined

  /** One that has only what is in the streams, and what no stream has. */
  function freshFolder(): string {
    const data = withSecret(join(folder.path, `look-${++fresh}`))
    const keys = join(first, 'keys')
    if (existsSync(keys) && !nodes[0]?.isUp) cpSync(keys, join(data, 'keys'), { recursive: true, filter: file => !file.endsWith('.lock') })
    return data
  }

  async function withStores<T>(
    data: string | undefined,
    work: (conversations: KeptConversations, stores: Stores) => Promise<T>,
  ): Promise<T> {
    const opened: { close(): Promise<void> }[] = []
    const broken: unknown[] = []
    const folder = data ?? freshFolder()
    try {
      const stores = await openStores({
        config: readConfig({ PARLEY_CONFIG: file, PARLEY_DATA: folder }),
        secret,
        broke: error => broken.push(error),
        keep: part => opened.push(part),
      })
      const conversations = createConversations(stores.log, stores.vault)
      opened.push(conversations)
      const result = await work(conversations, stores)
      if (broken.length > 0) throw new AggregateError(broken, 'the stores are damaged')
      return result
    } finally {
      for (const part of opened.reverse()) await part.close()
    }
  }

  /** Asks until there is an answer. */
  async function asked<T>(question: (manager: JetStreamManager) => Promise<T | undefined>): Promise<T> {
    connection ??= await connect({ servers: [...nats.urls], maxReconnectAttempts: -1, reconnectTimeWait: PAUSE_MS, pingInterval: 2_000 })
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: 1_000 })
    for (;;) {
      let isDeaf = false
      const answer = await question(manager).catch(() => {
        isDeaf = true
        return undefined
      })
      if (answer !== undefined) return answer
      await Promise.all([isDeaf && connection.reconnect(), delay(PAUSE_MS)]) // an election, or a server that is cut off
    }
  }

  return {
    nats,
    redis,
    nodes,
    shards,
    secret,
    urls: () => nodes.map(({ url }) => url),
    leaderOf: shard => asked(async manager => (await manager.streams.info(streamOf('parley', shard))).cluster?.leader),
    isWhole: () =>
      asked(async manager => {
        for await (const { cluster } of manager.streams.list()) {
          const replicas = cluster?.replicas ?? []
          if (cluster?.leader === undefined || replicas.length < nats.servers.length - 1) return undefined
          if (replicas.some(({ current, offline }) => !current || offline)) return undefined
        }
        return true
      }).then(() => {}),
    makeAgents: names =>
      withStores(first, async (_, { accounts }) => {
        const tokens = createSessionTokens(secret.keyFor('desk-sessions'), 'desk')
        const cookies: string[] = []
        for (const name of names)
          cookies.push(`${DESK_COOKIE}=${await tokens.issue(await accounts.add('demo', name, 'a long enough secret of tests'))}`)
        return cookies
      }),
    withStores,
    async remove() {
      await Promise.all(nodes.map(node => node.signal('SIGKILL')))
      await connection?.close()
      await Promise.all([nats.remove(), redis.remove()])
      folder.remove()
    },
  }
}

function createNode(name: string, data: string, env: Readonly<Record<string, string>>, sockets: number): ParleyNode {
  let server: RunningServer | undefined
  let url = ''
  let before = ''
  const end = (): void => void server?.process.kill('SIGKILL')
  return {
    name,
    data,
    get url() {
      return url
    },
    get pid() {
      return server?.process.pid
    },
    get isUp() {
      return server !== undefined
    },
    said: () => before + (server?.stderr() ?? ''),
    async start() {
      server = await startServer(data, {
        port: url === '' ? 0 : Number(new URL(url).port),
        sockets,
        env: { PARLEY_TURN_AWAY_MS: '0', ...env },
      })
      url = server.url
      process.once('exit', end) // no test leaves one behind
    },
    async signal(signal) {
      if (!server) return
      if (ENDS_NOTHING.includes(signal)) return void server.process.kill(signal)
      const ending = server
      server = undefined
      before += ending.stderr()
      process.off('exit', end)
      if (ending.process.exitCode === null && ending.process.signalCode === null) await ending.stop(signal)
    },
  }
}
