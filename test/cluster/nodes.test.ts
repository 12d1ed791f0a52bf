// Leases of nodes on real NATS servers: who is seen to live and to die, and who is refused.
import assert from 'node:assert/strict'
import { after, describe, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { NodeChange } from '@parley/core/nodes/judge.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { type Nats, openNats } from '@parley/server/drivers/nats.ts'
import { openBucket, streamOfBucket } from '@parley/server/drivers/nats-buckets.ts'
import { LEASE_MS, watchNodes } from '@parley/server/drivers/node-rows.ts'
import { type NodesParts, type OpenNodes, openNatsNodes } from '@parley/server/drivers/nodes.nats.ts'
import { faultCodeOf } from '../fault-code.ts'
import { type Line, openLine } from './line.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'

const cluster = noNats ? undefined : await startNatsCluster()
after(() => cluster?.remove())
const options = { skip: noNats, timeout: 60_000 } as const

interface Node {
  readonly nodes: OpenNodes
  readonly nats: Nats
  readonly told: NodeChange[]
  readonly ousted: unknown[]
  /** Resolves when it has been told of this. */
  hears(type: NodeChange['type'], node?: string): Promise<void>
}

let made = 0
const GENEROUS_MS = 40_000

async function until(isThere: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + GENEROUS_MS
  while (!(await isThere())) {
    if (performance.now() > end) throw new Error(`it is not so after ${GENEROUS_MS} ms: ${isThere}`)
    await delay(5)
  }
}

function house(t: TestContext) {
  const name = `house${++made}`
  const ends: (() => unknown)[] = []
  t.after(async () => {
    for (const end of ends.reverse()) await end()
  })
  const settings = { name, replicas: 3, owner: 'test' }
  return {
    settings,
    ends,
    async node(node: string, parts: Partial<NodesParts> = {}, servers: readonly string[] = cluster!.urls): Promise<Node> {
      const nats = await openNats({ servers, monitors: cluster!.monitors })
      ends.push(() => nats.close())
      const told: NodeChange[] = []
      const ousted: unknown[] = []
      const nodes = await openNatsNodes(nats, {
        ...settings,
        node,
        about: { version: '1', jobs: 'bullmq', shops: ['demo'] },
        changed: change => told.push(change),
        ousted: fault => ousted.push(fault),
        ...parts,
      })
      ends.push(() => nodes.close())
      return {
        nodes,
        nats,
        told,
        ousted,
        hears: (type, which) => until(() => told.some(change => change.type === type && (!('node' in change) || change.node === which))),
      }
    },
  }
}

// Each has a bucket of its own, and waits for leases most of the time.
describe('leases of nodes', { concurrency: true }, () => {
  test('[NODE1] nodes see one another; one that leaves is gone at once, one that dies within its lease', options, async t => {
    const { node, settings } = house(t)
    const a = await node('a')
    a.nodes.tell({ state: 'serving', url: 'http://a' })
    const b = await node('b')
    const c = await node('c')
    assert.ok(!c.nodes.takers().includes('c'), 'one that only starts takes nothing')
    for (const { nodes } of [b, c]) nodes.tell({ state: 'serving' })
    await Promise.all([a.hears('joined', 'c'), b.hears('joined', 'a'), c.hears('joined', 'b'), a.hears('judging'), c.hears('judging')])
    await until(() => a.nodes.takers().length === 3 && c.nodes.takers().length === 3)
    assert.deepEqual([a.nodes.isDead('b'), a.nodes.isDead('a'), a.nodes.isDead('stranger')], [false, false, true])
    const rows = await watchNodes(a.nats, settings)
    assert.deepEqual(
      rows.map(({ node, state, url, isAlive }) => ({ node, state, url, isAlive })).sort((x, y) => (x.node < y.node ? -1 : 1)),
      [
        { node: 'a', state: 'serving', url: 'http://a', isAlive: true },
        { node: 'b', state: 'serving', url: null, isAlive: true },
        { node: 'c', state: 'serving', url: null, isAlive: true },
      ],
    )
    b.nodes.tell({ state: 'leaving' })
    await until(() => !a.nodes.takers().includes('b'))
    assert.equal(a.nodes.isDead('b'), false, 'it finishes what it has')
    const leavesAt = performance.now()
    await b.nodes.close()
    await a.hears('left', 'b')
    t.diagnostic(`a node that left was known to be gone after ${Math.round(performance.now() - leavesAt)} ms`)
    assert.deepEqual([a.nodes.isDead('b'), b.nodes.isFenced], [true, true])
    const diesAt = performance.now()
    await c.nats.close()
    await a.hears('died', 'c')
    t.diagnostic(`a node that died was known to be dead after ${Math.round(performance.now() - diesAt)} ms`)
    assert.deepEqual(a.nodes.takers(), ['a'])
    await until(() => c.nodes.isFenced)
  })

  test(
    '[NODE2] what the wall clock says changes nothing: it jumps an hour forth and back, at one node and then at the other',
    options,
    async t => {
      const { node, settings } = house(t)
      const bucket = `${settings.name}-nodes`
      const jumps = { a: 0, b: 0 }
      const clockOf = (which: 'a' | 'b') => ({ ...systemClock, now: () => Date.now() + jumps[which] })
      const a = await node('a', { clock: clockOf('a') })
      const b = await node('b', { clock: clockOf('b') })
      await Promise.all([a.hears('judging'), b.hears('judging'), a.hears('joined', 'b'), b.hears('joined', 'a')])
      const before = [a.told.length, b.told.length]
      for (const [which, ms] of [
        ['a', 3_600_000],
        ['b', 3_600_000],
        ['a', -3_600_000],
        ['b', -3_600_000],
      ] as const) {
        jumps[which] = ms
        const { revision: from } = await row(a.nats, which)
        await until(async () => (await row(a.nats, which)).revision >= from + 2) // renewed under the other hour
      }
      assert.deepEqual([a.told.length, b.told.length], before, 'nobody was told of anything')
      assert.deepEqual([a.nodes.isFenced, b.nodes.isFenced, a.nodes.isDead('b'), b.nodes.isDead('a')], [false, false, false, false])

      async function row(nats: Nats, which: string): Promise<{ readonly revision: number }> {
        const found = await nats.manager.streams.getMessage(streamOfBucket(bucket), { last_by_subj: `$KV.${bucket}.${which}` })
        return { revision: found?.seq ?? 0 }
      }
    },
  )

  test('[NODE3] a node that is cut off from the servers is fenced, is dead to the others, and returns', options, async t => {
    const { node, ends } = house(t)
    const lines: Line[] = []
    for (const url of cluster!.urls) lines.push(await openLine(url))
    ends.push(() => Promise.all(lines.map(line => line.close())))
    const a = await node('a')
    const b = await node(
      'b',
      {},
      lines.map(({ url }) => url),
    )
    await Promise.all([a.hears('judging'), b.hears('judging'), a.hears('joined', 'b'), b.hears('joined', 'a')])
    for (const line of lines) line.deafen()
    await b.hears('fenced')
    assert.equal(b.nodes.isFenced, true)
    const waits = b.nodes.held(new AbortController().signal)
    await assert.rejects(b.nodes.held(AbortSignal.abort(new Error('not any more'))), /not any more/)
    for (const line of lines) line.cut()
    await waits
    assert.equal(b.nodes.isFenced, false)
    await until(() => a.nodes.alive().includes('b'))
    assert.deepEqual(
      b.told.filter(({ type }) => type === 'died'),
      [],
      'it blamed nobody',
    )
  })

  test(
    '[NODE4] of two processes under one name the second is refused while the first lives, and takes the row when it is dead',
    options,
    async t => {
      const { node } = house(t)
      const first = await node('a')
      assert.equal(await faultCodeOf(node('a')), 'NODE_NAME_TAKEN')
      assert.equal(first.nodes.isFenced, false)
      await first.nats.close() // as if it were killed
      const second = await node('a')
      assert.equal(second.nodes.isFenced, false)
      await second.nodes.close()
      const startsAt = performance.now()
      await node('a')
      t.diagnostic(`a row that was given up is taken within ${Math.round(performance.now() - startsAt)} ms`)
    },
  )

  test(
    '[NODE4] one that stood still for longer than its lease, and whose name was taken meanwhile, finds that out and stays fenced',
    options,
    async t => {
      const { node, ends } = house(t)
      const lines: Line[] = []
      for (const url of cluster!.urls) lines.push(await openLine(url))
      ends.push(() => Promise.all(lines.map(line => line.close())))
      const first = await node(
        'a',
        {},
        lines.map(({ url }) => url),
      )
      for (const line of lines) line.deafen()
      await first.hears('fenced')
      const second = await node('a')
      for (const line of lines) line.cut()
      await until(() => first.ousted.length > 0)
      assert.match(String(first.ousted[0]), /another process serves as node a/)
      await assert.rejects(first.nodes.held(AbortSignal.timeout(100)), { name: 'TimeoutError' })
      await delay(LEASE_MS) // what it would renew until then
      assert.deepEqual([first.nodes.isFenced, second.nodes.isFenced], [true, false])
    },
  )

  test('[NODE5] a node with jobs of its own is refused beside another, whichever of them has these; alone it serves', options, async t => {
    const { node } = house(t)
    const about = { version: '1', jobs: 'embedded', shops: [] } as const
    const alone = await node('a', { about })
    assert.equal(await faultCodeOf(node('b', { about })), 'JOBS_NOT_SHARED')
    assert.equal(await faultCodeOf(node('b')), 'JOBS_NOT_SHARED')
    assert.equal(alone.nodes.isFenced, false)
    await alone.nodes.close()
    const shared = await node('b')
    assert.equal(await faultCodeOf(node('a', { about })), 'JOBS_NOT_SHARED')
    await shared.nats.close() // as if it were killed
    await node('a', { about })
  })

  test('[NODE5] of two that come at once with jobs of their own one serves', options, async t => {
    const { node } = house(t)
    const about = { version: '1', jobs: 'embedded', shops: [] } as const
    const came = await Promise.allSettled([node('a', { about }), node('b', { about })])
    assert.deepEqual(came.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    for (const each of came) if (each.status === 'rejected') assert.equal(each.reason.code, 'JOBS_NOT_SHARED')
  })

  test('[NODE4] a bucket of another secret, or with other settings, is refused', options, async t => {
    const { node, settings } = house(t)
    const { nats } = await node('a')
    assert.equal(await faultCodeOf(openBucket(nats, { bucket: `${settings.name}-nodes`, replicas: 3, owner: 'other' })), 'LOG_REFUSED')
    assert.equal(await faultCodeOf(node('b', { owner: 'other' })), 'LOG_REFUSED')
    assert.equal(await faultCodeOf(node('b', { replicas: 1 })), 'LOG_REFUSED')
  })
})

test('[NODE2] an election of the servers kills nobody: all are fenced until there is a leader, and go on', {
  ...options,
  skip: noNats || (!process.env.PARLEY_TEST_FULL && 'it takes some ten seconds: with the long counts alone'),
}, async t => {
  const { node, settings } = house(t)
  const [a, b] = [await node('a'), await node('b')]
  await Promise.all([a.hears('judging'), b.hears('judging'), a.hears('joined', 'b'), b.hears('joined', 'a')])
  const info = await a.nats.manager.streams.info(streamOfBucket(`${settings.name}-nodes`))
  const leader = cluster!.servers.find(({ name }) => name === info.cluster?.leader)!
  const [seenA, seenB] = [a.told.length, b.told.length]
  const killedAt = performance.now()
  await leader.signal('SIGKILL')
  const goesOn = ({ told, nodes }: Node, seen: number) =>
    until(() => told.slice(seen).some(({ type }) => type === 'held') && !nodes.isFenced)
  await Promise.all([goesOn(a, seenA), goesOn(b, seenB)])
  t.diagnostic(`fenced until ${Math.round(performance.now() - killedAt)} ms after the leader of the rows was killed`)
  const isJudging = ({ told }: Node, seen: number) => until(() => told.slice(seen).some(({ type }) => type === 'judging'))
  await Promise.all([isJudging(a, seenA), isJudging(b, seenB)])
  await leader.start()
  for (const { told } of [a, b])
    assert.deepEqual(
      told.filter(({ type }) => type === 'died'),
      [],
    )
})
