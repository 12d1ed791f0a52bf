// Whole engines, one a node, on one log and one fan-out of real servers: for tests of what several nodes are to one conversation.
import { randomBytes } from 'node:crypto'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { ConversationKey } from '@parley/core/ids.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Nodes } from '@parley/core/ports/nodes.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import type { JetStreamLog } from '@parley/server/drivers/conversation-log.jetstream.ts'
import { createNatsFanOut, type NatsFanOut } from '@parley/server/drivers/fan-out.nats.ts'
import { createAlone } from '@parley/server/drivers/nodes.alone.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { createTestHouse, type HouseOptions, type TestHouse } from '../core/house.ts'
import { replicatedLog } from './log-under-test.ts'
import type { NatsCluster } from './nats-cluster.ts'

export interface EngineNode extends TestHouse {
  readonly name: string
  readonly log: JetStreamLog
  readonly fanOut: NatsFanOut
  readonly connection: NatsConnection
  /** How often a conversation was read out of the log and opened with its key. */
  readonly reads: readonly string[]
}

export interface EngineNodes {
  /** What all subjects of this log and fan-out begin with. */
  readonly subjects: string
  readonly nodes: readonly EngineNode[]
  /** Resolves when every node has gone on to all that was acknowledged of the conversation. */
  caughtUp(key: ConversationKey): Promise<void>
  remove(): Promise<void>
}

export interface NodesOptions extends HouseOptions {
  readonly count?: number
  /** The servers of a node, instead of the cluster's. */
  readonly serversOf?: (node: number) => readonly string[] | undefined
  /** Is waited for when a node has read a conversation and nobody has it yet. */
  readonly opened?: (node: number) => Promise<void>
}

/** Where many tests run at once a voter may be late, and the bot would hand over what it has understood. */
const PATIENT = { voters: 30_000, mesh: 30_000, effect: 30_000, turn: 60_000 }

/** None of them dies here. */
const allAlive = (self: string): Nodes => ({ ...createAlone(self), isDead: () => false })

export async function openEngines(
  cluster: NatsCluster,
  { count = 3, serversOf, opened, ...options }: NodesOptions = {},
): Promise<EngineNodes> {
  const under = replicatedLog(cluster, 2)
  const vault = createMemoryVault()
  const secret = randomBytes(32)
  const clock = options.clock ?? { ...systemClock, pass() {} }
  const nodes = await Promise.all(
    Array.from({ length: count }, async (_, i): Promise<EngineNode> => {
      const name = `n-${i + 1}`
      const servers = serversOf?.(i) ?? [cluster.urls[i % cluster.urls.length]!] // there is a server
      const log = await under.open(undefined, { node: name, servers })
      const connection = await connect({ servers: [...servers], maxReconnectAttempts: -1, reconnectTimeWait: 50 })
      const fanOut = createNatsFanOut(connection, { name: under.settings.name, secret }, error => house.bugs.push(error))
      const reads: string[] = []
      const around = ({ conversations }: { readonly conversations: Conversations }): Conversations => ({
        ...conversations,
        async open(key) {
          reads.push(key.conversation)
          const conversation = await conversations.open(key)
          await opened?.(i)
          return conversation
        },
        read(key, after) {
          reads.push(key.conversation)
          return conversations.read(key, after)
        },
      })
      const house: TestHouse = createTestHouse({ deadlines: PATIENT, nodes: allAlive(name), ...options, log, vault, fanOut, clock, around })
      return { ...house, name, log, fanOut, connection, reads }
    }),
  )
  return {
    subjects: under.settings.name,
    nodes,
    async caughtUp(key) {
      for (const { log, engine } of nodes) {
        await log.caughtUp(key, 10_000)
        await engine.state(key) // behind all that was heard before
      }
    },
    async remove() {
      await Promise.all(nodes.map(({ engine }) => engine.drain()))
      await Promise.all(nodes.map(({ fanOut }) => fanOut.close()))
      await under.remove()
      for (const { connection } of nodes) await connection.close()
    },
  }
}
