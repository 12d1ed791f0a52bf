// `parley cluster status` on real servers: what it says of a cluster that is whole, lacks something, or is down, and by which exit status.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { reportOf, spanOf } from '@parley/server/cli/cluster-report.ts'
import { type ClusterState, differencesOf, type NodeState, verdictOf } from '@parley/server/cluster/cluster-state.ts'
import { openNats } from '@parley/server/drivers/nats.ts'
import { openNatsNodes } from '@parley/server/drivers/nodes.nats.ts'
import { parley } from '../e2e/parley-command.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { openNodeLog } from './log-under-test.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'
import { noRedis, startRedisServer } from './redis-server.ts'

test('a cluster is whole, degraded by a server, a node or a difference, down without a quorum; a node that died is forgotten', {
  skip: noNats || noRedis,
}, async t => {
  const ends: (() => unknown)[] = []
  t.after(async () => {
    for (const end of ends.reverse()) await end()
  })
  const folder = temporaryFolder()
  ends.push(folder.remove)
  const redis = await startRedisServer({ 'maxmemory-policy': 'noeviction' })
  ends.push(() => redis.remove())
  const cluster = await startNatsCluster()
  ends.push(() => cluster.remove())
  const settings = { servers: cluster.urls, monitors: cluster.monitors, name: 'house', shards: 2, replicas: 3 }
  const config = join(folder.path, 'parley.yaml')
  const log = { driver: 'nats', servers: cluster.urls, monitors: cluster.monitors, name: settings.name, shards: settings.shards }
  writeFileSync(config, JSON.stringify({ log, jobs: { driver: 'bullmq', redis: { url: redis.url } } }))
  const run = (...words: readonly string[]) =>
    parley(['cluster', ...words], { env: { PARLEY_CONFIG: config, PARLEY_DATA: join(folder.path, 'data') } })

  const before = await run('status')
  assert.deepEqual([before.status, /there is no stream: no node has ever started/.test(before.stdout)], [2, true], before.stdout)

  const copy = await openNodeLog(join(folder.path, 'log'), settings, () => {})
  ends.push(() => copy.close())
  const nodeNamed = async (node: string, version = '1.2.3') => {
    const nats = await openNats({ servers: cluster.urls, monitors: cluster.monitors })
    ends.push(() => nats.close())
    const about = { version, jobs: 'bullmq', shops: ['demo'] } as const
    const nodes = await openNatsNodes(nats, { ...settings, node, about, changed: () => {}, ousted: () => {} })
    nodes.report(() => ({ turns: 2, upTo: copy.places(), inForce: { 'ensemble of demo': 'default' } }))
    nodes.tell({ state: 'serving', url: 'http://10.0.0.1:8080' })
    return { nats, nodes }
  }
  const [one, two] = await Promise.all(['n-00000000000a', 'n-00000000000b'].map(name => nodeNamed(name)))
  const whole = await run('status')
  assert.equal(whole.status, 0, whole.stdout)
  assert.match(whole.stdout, new RegExp(`^Cluster ${settings.name}: whole\\.\\n\\nNODE`))
  assert.match(whole.stdout, /^n-00000000000a {2}serving {2}\d+ s +[\d.]+ s +2 +0 +1\.2\.3 +10\.0\.0\.1:8080$/m)
  assert.match(whole.stdout, /^n1 +2\.\d+\.\d+ +each +\d+ s +n2, n3$/m)
  assert.match(whole.stdout, new RegExp(`^${settings.name}-log-… \\(2\\)`, 'm'))
  assert.match(whole.stdout, /^Redis \d+\.\d+\.\d+ at unix:/m)
  const told = JSON.parse((await run('status', '--json')).stdout) as ClusterState & { status: string } // its own
  assert.equal(told.status, 'whole')
  assert.deepEqual(
    told.streams.map(({ name, holders }) => [name, holders.length]),
    [`${settings.name}-log-0`, `${settings.name}-log-1`, `KV_${settings.name}-nodes`].map(name => [name, 3]),
  )

  await two!.nats.close() // it dies
  await redis.signal('SIGKILL')
  const degraded = await run('status')
  assert.equal(degraded.status, 1, degraded.stdout)
  assert.match(degraded.stdout, /- n-00000000000b has lost its lease/)
  assert.match(degraded.stdout, /- Redis at unix:/)
  assert.match((await run('forget', 'n-00000000000a')).stderr, /NODE_ALIVE/)
  assert.match((await run('forget', 'n-0')).stderr, /UNKNOWN_NODE/)
  assert.equal((await run('forget', 'n-00000000000b')).status, 0)
  await redis.start()
  assert.equal((await run('status')).status, 0)

  await cluster.servers[2]!.signal('SIGKILL')
  let without = await run('status', '--streams')
  while (without.status === 2) without = await run('status', '--streams') // until others lead
  assert.equal(without.status, 1, without.stdout)
  assert.match(without.stdout, new RegExp(`- nobody answers at ${cluster.monitors[2]}`))
  assert.match(without.stdout, new RegExp(`^${settings.name}-log-1 +n[12] +n3 silent`, 'm'))
  await one!.nodes.close()
  await one!.nats.close()
  await cluster.servers[1]!.signal('SIGKILL')
  let down = await run('status')
  while (!/no leader or no quorum/.test(down.stdout)) down = await run('status') // until the last server has noticed
  assert.equal(down.status, 2)
  await cluster.servers[0]!.signal('SIGKILL')
  assert.match((await run('status')).stdout, /- no NATS server answers/)
})

test('status: no line is wider than 80 columns, whatever the names; nodes that differ are told', () => {
  const node = (name: string, changes: Partial<NodeState> = {}): NodeState => ({
    node: name,
    version: '0.1.0',
    url: `http://${'very-long-name.'.repeat(4)}example:8080`,
    state: 'serving',
    isAlive: true,
    startedAt: 0,
    renewedAt: 86_400_000 * 3,
    turns: 123,
    behind: 1,
    inForce: { 'ensemble of demo': 'a' },
    ...changes,
  })
  const state: ClusterState = {
    name: 'parley',
    at: 86_400_000 * 3 + 300,
    nodes: [node('n-1'), node('n-2', { inForce: { 'ensemble of demo': 'b', 'plugins of demo': 'c' } }), node('n-3', { state: 'leaving' })],
    servers: [
      {
        monitor: 'http://a:1',
        name: 'n1',
        version: '2.15.1',
        startedAt: 5,
        peers: [],
        unfit: 'it does not flush each append: set sync_interval: always in its jetstream block',
      },
      { monitor: 'http://b:1', name: null, version: null, startedAt: null, peers: [], unfit: null },
    ],
    streams: Array.from({ length: 12 }, (_, i) => ({
      name: `parley-log-${i}`,
      leader: i < 9 ? null : 'n1',
      messages: 1_234_567,
      bytes: 9_876_543_210,
      replicas: 3,
      holders: ['n1', 'n2', 'n3'].map((server, at) => ({
        server: server.repeat(9),
        behind: i === 10 && at === 2 ? 5_000 : at === 1 ? null : 0,
      })),
      isWhole: i >= 9,
      end: 0,
      owner: null,
    })),
    redis: {
      url: 'redis://redis:6379',
      unfit: 'maxmemory-policy is allkeys-lru: it would throw jobs away when it is full; set noeviction',
    },
  }
  const text = reportOf(state, false)
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
  const { status, reasons } = verdictOf(state)
  assert.equal(status, 'down')
  assert.match(reasons[0]!, /9 streams have no leader or no quorum: parley-log-0, parley-log-1, parley-log-2 and 6 more/)
  for (const said of [
    /does not flush/,
    /nobody answers at http:\/\/b:1/,
    /lacks 5000 messages of parley-log-10/,
    /n-3 is leaving/,
    /allkeys-lru/,
  ])
    assert.ok(
      reasons.some(reason => said.test(reason)),
      String(said),
    )
  assert.deepEqual(differencesOf(state.nodes!), [
    {
      what: 'ensemble of demo',
      values: [
        ['a', ['n-1', 'n-3']],
        ['b', ['n-2']],
      ],
    },
    {
      what: 'plugins of demo',
      values: [
        ['none', ['n-1', 'n-3']],
        ['c', ['n-2']],
      ],
    },
  ])
  assert.deepEqual([-5, 300, 61_000, 7_300_000, 90_000_000].map(spanOf), ['0.0 s', '0.3 s', '1 min', '2 h', '1 d'])
})
