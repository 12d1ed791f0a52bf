// The fan-out between nodes holds to the contract, each node with a line to another one of three real servers; and what the contract does not say: what is
// on the wire, who may say something, what a broken line leaves.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { createNatsFanOut, type NatsFanOut } from '@parley/server/drivers/fan-out.nats.ts'
import { fanOutContract, keyOf, listenAs, marks } from '../contracts/fan-out.ts'
import { openLine } from './line.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'

if (noNats) test('fan-out between nodes', { skip: noNats }, () => {})
else {
  const cluster = await startNatsCluster()
  after(() => cluster.remove())
  const secret = randomBytes(32)
  let names = 0

  interface Node {
    readonly connection: NatsConnection
    readonly fanOut: NatsFanOut
  }
  const broken: unknown[] = []
  async function openNode(name: string, server: string, key: Uint8Array = secret): Promise<Node> {
    const connection = await connect({ servers: [server], maxReconnectAttempts: -1, reconnectTimeWait: 50 })
    return { connection, fanOut: createNatsFanOut(connection, { name, secret: key }, error => broken.push(error)) }
  }
  async function closeNodes(nodes: readonly Node[]): Promise<void> {
    for (const { fanOut, connection } of nodes) {
      await fanOut.close()
      await connection.close()
    }
    assert.deepEqual(broken, [])
  }

  /** What was subscribed to is known to every server, and what was said has come: a probe goes from each node to each other one and back. */
  async function settled(nodes: readonly Node[]): Promise<void> {
    for (let round = 0; round < 2; round++)
      for (const { connection: from } of nodes)
        for (const { connection: to } of nodes) {
          const probe = `probe.${++names}`
          const subscription = to.subscribe(probe, { callback: (_error, message) => void message.respond() })
          await to.flush()
          for (;;)
            try {
              await from.request(probe, '', { timeout: 1_000 })
              break
            } catch {} // the server of `from` does not know yet who listens there
          subscription.unsubscribe()
        }
  }

  async function isBackOn(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) if (type === 'reconnect') return
  }

  fanOutContract('nats', async count => {
    const name = `fan${++names}`
    const nodes = await Promise.all(Array.from({ length: count }, (_, i) => openNode(name, cluster.urls[i % 3]!)))
    return {
      nodes: nodes.map(({ fanOut }) => fanOut),
      broken,
      settled: () => settled(nodes),
      remove: () => closeNodes(nodes),
    }
  })

  test('[FAN4] nothing on the wire says who types, and only a node of this installation is heard, in the conversation that it spoke in', async () => {
    const name = `fan${++names}`
    const nodes = [await openNode(name, cluster.urls[0]!), await openNode(name, cluster.urls[1]!)]
    const stranger = await openNode(name, cluster.urls[2]!, randomBytes(32))
    const tap = await connect({ servers: [cluster.urls[2]!] })
    const taken: { subject: string; data: Uint8Array }[] = []
    tap.subscribe(`${name}.>`, { callback: (_error, { subject, data }) => void taken.push({ subject, data: new Uint8Array(data) }) })
    await tap.flush()
    const heard = listenAs(nodes[1]!.fanOut)
    nodes[1]!.fanOut.subscribe(keyOf('c'), () => {})
    nodes[1]!.fanOut.subscribe(keyOf('d'), () => {})
    const all = [...nodes, stranger, { connection: tap }] as readonly Node[]
    await settled(all)
    nodes[0]!.fanOut.tell(keyOf('c'), { typing: [{ who: 'agent', name: 'Chen Xiaoming', forMs: 5_000 }] })
    stranger.fanOut.tell(keyOf('c'), marks(99))
    await settled(all)
    const [spoken] = taken.filter(({ subject, data }) => subject === `${name}.sign.demo.c` && data.length > 150)
    assert.ok(spoken, 'it was on the wire')
    for (const { data } of taken) assert.doesNotMatch(Buffer.from(data).toString('latin1'), /Chen|agent|typing|marks/)
    const changed = Uint8Array.from(spoken.data)
    changed[changed.length - 20]! ^= 1
    tap.publish(`${name}.sign.demo.d`, spoken.data) // another conversation's
    tap.publish(`${name}.sign.demo.c`, changed)
    tap.publish(`${name}.sign.demo.c`, 'nonsense')
    tap.publish(`${name}.sign.demo.c`, Uint8Array.from([2, ...spoken.data.slice(1)])) // of a release that is not out yet
    await settled(all)
    assert.deepEqual(heard, ['c - agent Chen Xiaoming 5000'])
    await tap.close()
    await closeNodes([...nodes, stranger])
  })

  test('[FAN5] a node subscribes to a conversation while it has listeners there, and to nothing of the others', async () => {
    const name = `fan${++names}`
    const { connection, fanOut } = await openNode(name, cluster.urls[0]!)
    const subjects = async (): Promise<string[]> => {
      await connection.flush()
      const told = (await (await fetch(`${cluster.monitors[0]}/connz?subs=1&limit=1000`)).json()) as {
        connections: { subscriptions_list?: string[] }[]
      }
      return told.connections
        .flatMap(({ subscriptions_list = [] }) => subscriptions_list.filter(subject => subject.startsWith(`${name}.`)))
        .sort()
    }
    assert.deepEqual(await subjects(), [])
    const ends = Array.from({ length: 50 }, (_, i) => fanOut.subscribe(keyOf(`c${i % 10}`), () => {}))
    assert.equal((await subjects()).length, 10)
    for (const end of ends.slice(0, 45)) end()
    assert.deepEqual(
      await subjects(),
      [5, 6, 7, 8, 9].map(i => `${name}.sign.demo.c${i}`),
    )
    for (const end of ends) end()
    assert.deepEqual(await subjects(), [])
    await closeNodes([{ connection, fanOut }])
  })

  test('[FAN6] after a broken line both sides know again what the other does', async () => {
    const name = `fan${++names}`
    const line = await openLine(cluster.urls[0]!)
    const nodes = [await openNode(name, line.url), await openNode(name, cluster.urls[1]!)]
    const known = [new Map([['c', marks(1)]]), new Map([['c', marks(2)]])]
    const heard = nodes.map(({ fanOut }, i) => listenAs(fanOut, known[i]))
    for (const { fanOut } of nodes) fanOut.subscribe(keyOf('c'), () => {})
    await settled(nodes)
    for (const each of heard) each.length = 0
    line.deafen()
    nodes[1]!.fanOut.tell(keyOf('c'), marks(3)) // lost
    await nodes[1]!.connection.flush()
    known[0]!.set('c', marks(4))
    known[1]!.set('c', marks(5))
    const isBack = isBackOn(nodes[0]!.connection)
    line.cut()
    await isBack
    await settled(nodes)
    await closeNodes(nodes)
    await line.close()
    assert.deepEqual(heard, [['c 5'], ['c 4']])
  })
}
