// The whole server with its log on three NATS servers: a conversation goes on while a server of them is killed, while Parley is killed, and when its copy is lost.
import assert from 'node:assert/strict'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import type { VisibleEvent } from '@parley/core/protocol/server-message.ts'
import type { ClusterState } from '@parley/server/cluster/cluster-state.ts'
import { shardOf } from '@parley/server/drivers/log-message.ts'
import { streamOf } from '@parley/server/drivers/log-streams.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { parley } from '../e2e/parley-command.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from '../e2e/running-server.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'

const SHARDS = 4

test('[KEY4] [LOG1] [LOG12] [LOG13] a conversation on three NATS servers survives the loss of one, of Parley and of its copy', {
  skip: noNats,
}, async () => {
  const cluster = await startNatsCluster()
  const data = temporaryFolder()
  const config = join(data.path, 'parley.yaml')
  const log = { driver: 'nats', servers: cluster.urls, monitors: cluster.monitors, shards: SHARDS }
  writeFileSync(config, JSON.stringify({ log, deadlines: { voters: 5_000, turn: 60_000 }, shops: [{ id: 'demo', plugins: [] }] }))
  const start = () => startServer(join(data.path, 'data'), { env: { PARLEY_CONFIG: config, PARLEY_TURN_AWAY_MS: '0' } })
  const connection = await connect({ servers: [...cluster.urls], maxReconnectAttempts: -1 })
  let server = await start()
  try {
    const visitor = await fetchVisitor(server.url)
    /** Says it on a line of its own; gives all that is visible once the reply to it is. */
    const ask = async (ref: string, text: string): Promise<readonly VisibleEvent[]> => {
      const line = await joinConversation(server.url, await fetchVisitor(server.url, visitor.refresh))
      const seen: VisibleEvent[] = []
      await line.next('welcome')
      line.send({ type: 'say', ref, text })
      const { seq } = await line.next('ack', frame => frame.ref === ref)
      while (!seen.some(event => event.type === 'reply' && event.seq > seq)) seen.push(...(await line.next('events')).events)
      line.socket.terminate()
      return seen
    }
    await ask('one', '你好')
    const key = { shop: asShopId('demo'), conversation: asConversationId(visitor.conversation) }
    const info = await (await jetstreamManager(connection)).streams.info(streamOf('parley', shardOf(key, SHARDS)))
    const leader = cluster.servers.find(({ name }) => name === info.cluster?.leader)!
    await leader.signal('SIGKILL')
    await ask('two', '你好') // another server leads
    await server.stop('SIGKILL')
    assert.ok(existsSync(join(data.path, 'data/log/data.mdb')))
    rmSync(join(data.path, 'data/log'), { recursive: true })
    server = await start()
    await leader.start()
    const events = await ask('three', '你好')
    assert.deepEqual(
      events.map(({ type }) => type),
      Array.from({ length: 3 }, () => ['message', 'reply']).flat(),
    )
    const looked = await parley(['doctor', '--json'], { env: { PARLEY_CONFIG: config, PARLEY_DATA: join(data.path, 'data') } })
    const { conversations, damaged, sealsOpened } = JSON.parse(looked.stdout)
    assert.deepEqual([looked.status, conversations, damaged, sealsOpened], [0, 1, [], true], looked.stderr)
    // A node without the secret makes none, and one with another may not write into these streams.
    const other = join(data.path, 'other')
    const refused = () => startServer(other, { env: { PARLEY_CONFIG: config } })
    await assert.rejects(refused(), /this node has no secret: put the file `secret` from the data folder of a node.*LOG_REFUSED/)
    assert.ok(!existsSync(join(other, 'secret')))
    loadOrMakeSecret(other)
    await assert.rejects(refused(), /made with another secret than this node has: put the file `secret`.*LOG_REFUSED/)
    assert.ok(!existsSync(join(data.path, 'data/keys')), 'no key is on the disk of a node')
    // From elsewhere, without the secret: the one that serves is known by its row.
    const status = await parley(['cluster', 'status', '--json'], { env: { PARLEY_CONFIG: config, PARLEY_DATA: join(data.path, 'none') } })
    const told = JSON.parse(status.stdout) as ClusterState & { readonly status: string } // our own command's
    assert.deepEqual([status.status, told.status], [0, 'whole'], status.stdout)
    assert.deepEqual(
      told.nodes?.map(({ state, behind, turns, url }) => [state, behind, turns, url]),
      [['serving', 0, 0, server.url]],
    )
    for (const what of ['settings', 'ensemble of demo', 'models of demo', 'plugins of demo', 'articles of demo'])
      assert.match(told.nodes?.[0]?.inForce[what] ?? '', /./, what)
    const line = await joinConversation(server.url, await fetchVisitor(server.url, visitor.refresh))
    await line.next('welcome')
    const stopped = server.stop('SIGTERM')
    assert.equal(await line.closed, CLOSE.GO_ELSEWHERE)
    assert.deepEqual(await stopped, [0, null])
  } finally {
    if (server.process.signalCode === null && server.process.exitCode === null) await server.stop('SIGTERM')
    await connection.close()
    await cluster.remove()
    data.remove()
  }
})
