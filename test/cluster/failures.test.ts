// Two nodes append to the same conversations while servers and nodes are killed and halted. Afterwards every acknowledged append is there, once, at every node.
// The table in docs/reliability.md is what this prints.
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import type { ConversationLog } from '@parley/core/ports/conversation-log.ts'
import { shardOf } from '@parley/server/drivers/log-message.ts'
import { streamOf } from '@parley/server/drivers/log-streams.ts'
import { NODE_FLAGS } from '../e2e/running-server.ts'
import { replicatedLog } from './log-under-test.ts'
import { type NatsCluster, noNats, startNatsCluster } from './nats-cluster.ts'

const ROUNDS = process.env.PARLEY_TEST_FULL ? 20 : 1
const SHARDS = 2
const CONVERSATIONS = 6
const WRITERS = 4
/** Appends that each node has acknowledged between two faults. */
const ENOUGH = 40
const WRITER = fileURLToPath(new URL('log-writer.ts', import.meta.url))

const keyOf = (conversation: string) => ({ shop: asShopId('demo'), conversation: asConversationId(conversation) })

/** A writing node, killed and started again over one folder. */
class Node {
  readonly name: string
  readonly folder: string
  readonly settings: object
  /** By conversation, in the order in which they were acknowledged, with when. */
  readonly acknowledged: { readonly conversation: string; readonly text: string; readonly at: number }[] = []
  readonly unknown: string[] = []
  readonly broke: string[] = []
  private child: ChildProcessByStdio<null, Readable, Readable> | undefined
  private readonly waiting = new Set<() => void>()

  constructor(name: string, folder: string, settings: object) {
    this.name = name
    this.folder = folder
    this.settings = settings
  }

  async start(): Promise<void> {
    const args = [WRITER, this.folder, JSON.stringify(this.settings), this.name, String(WRITERS), String(CONVERSATIONS)]
    const child = spawn(process.execPath, [...NODE_FLAGS, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child = child
    let said = ''
    child.stderr.on('data', chunk => (said += chunk))
    const opened = new Promise<void>((resolve, reject) => {
      createInterface(child.stdout).on('line', line => {
        const [what, conversation = '', text = ''] = line.split(' ')
        if (what === 'open') resolve()
        if (what === 'ack') this.acknowledged.push({ conversation, text, at: performance.now() })
        if (what === 'unknown') this.unknown.push(text)
        if (what === 'broke') this.broke.push(line)
        for (const look of this.waiting) look()
      })
      child.once('exit', () => reject(new Error(`node ${this.name} ended: ${said}`)))
    })
    opened.catch(() => {}) // one that is killed later
    await opened
  }

  /** Resolves when so many more have been acknowledged in conversations of this shard. */
  async acknowledges(count: number, shard?: number): Promise<void> {
    const from = this.acknowledged.length
    await new Promise<void>(resolve => {
      const look = (): void => {
        const since = this.acknowledged.slice(from)
        const wanted = since.filter(({ conversation }) => shard === undefined || shardOf(keyOf(conversation), SHARDS) === shard)
        if (wanted.length < count) return
        this.waiting.delete(look)
        resolve()
      }
      this.waiting.add(look)
    })
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await once(child, 'exit')
  }
}

/** What is done to the cluster, until it is whole again. */
type Strike = (cluster: NatsCluster, nodes: readonly [Node, Node], leader: () => Promise<string>) => Promise<void>

const STOPPED_LEADER = "SIGSTOP of a stream's leader, which wakes up behind another"
const FLIPPED = 'a flipped bit in every file of blocks of one server, while it is down'
const ALL_SERVERS = 'kill -9 of all servers'

const STRIKES: Readonly<Record<string, Strike>> = {
  async "kill -9 of a stream's leader"(cluster, nodes, leader) {
    const name = await leader()
    const server = cluster.servers.find(each => each.name === name)!
    await server.signal('SIGKILL')
    await Promise.all(nodes.map(node => node.acknowledges(ENOUGH, 0)))
    await server.start()
  },
  async 'kill -9 of a node'(_, [first, second]) {
    await first.signal('SIGKILL')
    await second.acknowledges(ENOUGH)
    await first.start()
  },
  async 'SIGSTOP of a node, while another goes on'(_, [first, second]) {
    await first.signal('SIGSTOP')
    await second.acknowledges(5 * ENOUGH)
    await first.signal('SIGCONT')
  },
  async [STOPPED_LEADER](cluster, nodes, leader) {
    const name = await leader()
    const server = cluster.servers.find(each => each.name === name)!
    await server.signal('SIGSTOP')
    await Promise.all(nodes.map(node => node.acknowledges(ENOUGH, 0)))
    await server.signal('SIGCONT')
  },
  async [FLIPPED](cluster, nodes, leader) {
    const name = await leader()
    const server = cluster.servers.find(each => each.name !== name)!
    await server.signal('SIGKILL')
    const files = globSync('jetstream/**/streams/*/msgs/*.blk', { cwd: server.folder }).map(file => join(server.folder, file))
    assert.ok(files.length >= SHARDS, `${files.length} files`)
    for (const file of files) {
      const bytes = readFileSync(file)
      bytes[Math.floor(bytes.length / 2)]! ^= 1
      writeFileSync(file, bytes)
    }
    await Promise.all(nodes.map(node => node.acknowledges(ENOUGH)))
    await server.start()
  },
  async [ALL_SERVERS](cluster) {
    await Promise.all(cluster.servers.map(server => server.signal('SIGKILL')))
    await Promise.all(cluster.servers.map(server => server.start()))
  },
}

async function textsAt(log: ConversationLog): Promise<ReadonlyMap<string, readonly string[]>> {
  const texts = new Map<string, string[]>()
  for await (const key of log.conversations())
    texts.set(
      key.conversation,
      (await log.read(key, 0)).map(({ body }) => Buffer.from(body).toString()),
    )
  return texts
}

const cluster = noNats ? undefined : await startNatsCluster()
after(() => cluster?.remove())

/** Those that take longest, some ten seconds a round: with the long counts alone. */
const LONG = [STOPPED_LEADER, FLIPPED, ALL_SERVERS]
const played = Object.entries(STRIKES).filter(([title]) => process.env.PARLEY_TEST_FULL || !LONG.includes(title))

for (const [title, strike] of played)
  test(`[LOG1] [LOG2] [LOG12] [LOG13] ${title}: nothing acknowledged is lost or doubled`, {
    skip: noNats,
    timeout: ROUNDS * 120_000,
  }, async t => {
    const under = replicatedLog(cluster!, SHARDS) // there is one where it is not skipped
    const connection = await connect({ servers: [...cluster!.urls], maxReconnectAttempts: -1 })
    const manager = await jetstreamManager(connection)
    const leader = async () => (await manager.streams.info(streamOf(under.settings.name, 0))).cluster?.leader ?? ''
    const nodes = [new Node('one', under.folder(), under.settings), new Node('two', under.folder(), under.settings)] as const
    try {
      for (const node of nodes) await node.start()
      for (let round = 0; round < ROUNDS; round++) {
        await Promise.all(nodes.map(node => node.acknowledges(ENOUGH)))
        await strike(cluster!, nodes, leader)
      }
      await Promise.all(nodes.map(node => node.acknowledges(ENOUGH, 0)))
      await Promise.all(nodes.map(node => node.signal('SIGTERM')))
      const all = nodes.flatMap(node => node.acknowledged)
      const logs = [await under.open(nodes[0].folder), await under.open(nodes[1].folder), await under.open()]
      const [first, ...others] = await Promise.all(logs.map(textsAt))
      for (const other of others) assert.deepEqual(other, first, 'every node has the same')
      const lost = all.filter(({ conversation, text }) => !first?.get(conversation)?.includes(text))
      const stored = [...first!.values()].flat()
      assert.deepEqual(lost, [])
      assert.equal(new Set(stored).size, stored.length, 'nothing stands twice')
      assert.deepEqual(
        nodes.flatMap(({ broke }) => broke),
        [],
      )
      const times = all.map(({ at }) => at).sort((a, b) => a - b)
      const longest = Math.max(...times.slice(1).map((at, i) => at - times[i]!))
      t.diagnostic(
        `${title}: ${ROUNDS} rounds, ${all.length} acknowledged, 0 lost, 0 doubled, ${nodes.flatMap(node => node.unknown).length} of unknown outcome, ` +
          `at most ${(longest / 1000).toFixed(1)} s without one acknowledged`,
      )
    } finally {
      for (const node of nodes) await node.signal('SIGKILL')
      await under.remove()
      await connection.close()
    }
  })
