import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noNats, startNatsCluster } from './nats-cluster.ts'

interface Varz {
  readonly server_name: string
  readonly jetstream: {
    readonly config: { readonly sync_always?: boolean }
    readonly meta: { readonly leader: string; readonly cluster_size: number }
  }
}

test('three servers make one cluster, which flushes every append, and a killed one comes back into it', { skip: noNats }, async () => {
  const cluster = await startNatsCluster()
  try {
    const told = (monitor: string): Promise<Varz> => fetch(`${monitor}/varz`).then(response => response.json() as Promise<Varz>)
    const all = await Promise.all(cluster.monitors.map(told))
    assert.deepEqual(
      all.map(({ server_name, jetstream }) => [server_name, jetstream.config.sync_always, jetstream.meta.cluster_size]),
      ['n1', 'n2', 'n3'].map(name => [name, true, 3]),
    )
    assert.equal(new Set(all.map(({ jetstream }) => jetstream.meta.leader)).size, 1)
    const follower = cluster.servers.find(({ name }) => name !== all[0]?.jetstream.meta.leader)!
    await follower.signal('SIGKILL')
    await assert.rejects(told(follower.monitor))
    await follower.start()
    assert.equal((await told(follower.monitor)).jetstream.meta.leader, all[0]?.jetstream.meta.leader)
  } finally {
    await cluster.remove()
  }
})
