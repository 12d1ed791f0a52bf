// Several nodes on one queue in a real Redis, and what befalls them: each job has its one effect, whoever is killed, halted, blocked or cut off.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Jobs } from '@parley/core/ports/jobs.ts'
import { type BullmqJobsParts, openBullmqJobs } from '@parley/server/drivers/jobs.bullmq.ts'
import { Redis } from 'ioredis'
import { until } from '../contracts/jobs.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { BLOCK, HOLD, LOCK_MS, MARK, nodeParts } from './job-node.ts'
import { noRedis, type RedisServer, startRedisServer } from './redis-server.ts'

const NODE = fileURLToPath(new URL('./job-node.ts', import.meta.url))
const options = { skip: noRedis, timeout: process.env.PARLEY_TEST_FULL ? 900_000 : 120_000 } as const

interface Node {
  readonly process: ChildProcess
  /** Resolves when it has told this. */
  said(line: string): Promise<void>
  say(line: string): void
}
interface House {
  readonly redis: RedisServer
  readonly url: string
  node(name: string): Promise<Node>
  /** A queue in this process, which runs nothing unless it is told to. */
  open(parts?: Partial<BullmqJobsParts>): Promise<Jobs>
  orders(): Redis
  marks(): string[]
  runsOf(id: string): number
}

async function house(t: TestContext, settings: Readonly<Record<string, string>> = {}): Promise<House> {
  const redis = await startRedisServer(settings)
  const folder = temporaryFolder()
  mkdirSync(join(folder.path, 'marks'))
  const ends: (() => unknown)[] = []
  t.after(async () => {
    for (const end of ends.reverse()) await end()
    await redis.remove()
    folder.remove()
  })
  const { url } = redis
  return {
    redis,
    url,
    async node(name) {
      const process_ = spawn(process.execPath, [...NODE_FLAGS, NODE, url, folder.path, name], { stdio: ['pipe', 'pipe', 'inherit'] })
      ends.push(() => process_.kill('SIGKILL'))
      const lines = new Set<string>()
      let told = Promise.withResolvers<void>()
      createInterface({ input: process_.stdout }).on('line', line => {
        lines.add(line)
        told.resolve()
        told = Promise.withResolvers()
      })
      const node: Node = {
        process: process_,
        async said(line) {
          while (!lines.has(line)) await told.promise
        },
        say: line => void process_.stdin.write(`${line}\n`),
      }
      await node.said('ready')
      return node
    },
    async open(parts = {}) {
      const jobs = await openBullmqJobs({ ...nodeParts(url, 'test'), broke: error => assert.fail(String(error)), ...parts })
      ends.push(() => jobs.close())
      return jobs
    },
    orders() {
      const client = new Redis(url.slice('unix://'.length))
      client.on('error', () => {})
      ends.push(() => client.disconnect())
      return client
    },
    marks: () => readdirSync(join(folder.path, 'marks')),
    runsOf(id) {
      const file = join(folder.path, 'runs')
      return existsSync(file)
        ? readFileSync(file, 'utf8')
            .split('\n')
            .filter(line => line === id).length
        : 0
    },
  }
}

const isGone = (jobs: Jobs, id: string) => async (): Promise<boolean> => (await jobs.list({ id, limit: 1 })).jobs.length === 0

test('[JOB10] kill -9 of a node in the midst of a job: another takes it, and it is no failure', options, async t => {
  const { node, open, marks } = await house(t)
  const jobs = await open()
  const a = await node('a')
  await jobs.add({ id: 'hold/1', kind: HOLD, payload: { n: 1 } })
  await a.said('begun hold/1 1')
  assert.equal((await jobs.list({ id: 'hold/1', limit: 1 })).jobs[0]?.state, 'running')
  const b = await node('b')
  b.say('go')
  a.process.kill('SIGKILL')
  await b.said('begun hold/1 1') // the first attempt still
  await until(isGone(jobs, 'hold/1'))
  assert.deepEqual(marks(), ['hold-1'])
})

test(
  '[JOB10] SIGSTOP of a node beyond its lock, and SIGCONT: another has done the job, and how the first ends counts for nothing',
  options,
  async t => {
    const { node, open, marks, runsOf } = await house(t)
    const jobs = await open()
    const a = await node('a')
    await jobs.add({ id: 'hold/1', kind: HOLD, payload: { n: 1 } })
    await a.said('begun hold/1 1')
    const b = await node('b')
    b.say('go')
    a.process.kill('SIGSTOP')
    await b.said('ended hold/1')
    await until(isGone(jobs, 'hold/1'))
    a.process.kill('SIGCONT')
    await a.said('aborted hold/1')
    await a.said('overtaken hold/1')
    a.say('go')
    await a.said('ended hold/1')
    assert.equal(runsOf('hold/1'), 2)
    assert.deepEqual(marks(), ['hold-1'])
    // Its end did nothing to the queue, and it works on.
    assert.deepEqual((await jobs.list({ limit: 10 })).jobs, [])
    b.process.kill('SIGKILL')
    await jobs.add({ id: 'hold/1', kind: HOLD, payload: { n: 2 } })
    await until(() => runsOf('hold/1') === 3)
    await until(isGone(jobs, 'hold/1'))
  },
)

test('[JOB10] a handler that blocks the loop for longer than its lock loses the job; the effect is one', options, async t => {
  const { node, open, marks, runsOf } = await house(t)
  const jobs = await open()
  const a = await node('a')
  await jobs.add({ id: 'block/1', kind: BLOCK, payload: { n: 4 * LOCK_MS } })
  await a.said('begun block/1')
  const b = await node('b')
  await b.said('ended block/1')
  await until(isGone(jobs, 'block/1'))
  await a.said('ended block/1')
  assert.deepEqual([marks(), runsOf('block/1')], [['block-1'], 2])
  assert.deepEqual((await jobs.list({ limit: 10 })).jobs, [])
})

test('[JOB2] [JOB10] alone, a node that stood still takes its own job up again, when the first run has ended', options, async t => {
  const { open } = await house(t)
  const overtaken: string[] = []
  const jobs = await open({ overtaken: id => overtaken.push(id) })
  const gate = Promise.withResolvers<void>()
  let runs = 0
  jobs.handle(HOLD, async () => {
    if (++runs > 1) return
    await new Promise(resolve => setImmediate(resolve))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * LOCK_MS)
    await gate.promise
  })
  await jobs.add({ id: 'hold/1', kind: HOLD, payload: { n: 1 } })
  await until(() => overtaken.length === 1)
  await until(async () => (await jobs.list({ id: 'hold/1', limit: 1 })).jobs[0]?.state === 'running') // it is fetched again
  for (let turn = 0; turn < 200; turn++) await new Promise(resolve => setImmediate(resolve))
  assert.equal(runs, 1)
  gate.resolve()
  await until(isGone(jobs, 'hold/1'))
  assert.equal(runs, 2)
})

test(
  '[JOB10] two nodes on one queue: each job once, no more of a kind at a time than it allows, and what is of a node is run there',
  options,
  async t => {
    const { open } = await house(t)
    const [first, second] = [await open({ node: 'a' }), await open({ node: 'b' })]
    const kind = { ...MARK, name: 'shared', atOnce: 3 }
    const own = { ...MARK, name: 'own', isOfNode: true } as const
    const ran = { a: new Map<string, number>(), b: new Map<string, number>() }
    let [under, most] = [0, 0]
    for (const [jobs, mine] of [
      [first, ran.a],
      [second, ran.b],
    ] as const) {
      jobs.handle(kind, async ({ id }) => {
        most = Math.max(most, ++under)
        mine.set(id, (mine.get(id) ?? 0) + 1)
        for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
        under--
      })
      jobs.handle(own, async ({ id }) => void mine.set(id, (mine.get(id) ?? 0) + 1))
    }
    const COUNT = 300
    await Promise.all(Array.from({ length: COUNT }, (_, n) => first.add({ id: `shared/${n}/x`, kind, payload: { round: 0, n } })))
    await Promise.all(Array.from({ length: 20 }, (_, n) => second.add({ id: `own/${n}/x`, kind: own, payload: { round: 0, n } })))
    await until(async () => (await first.list({ limit: 1 })).jobs.length === 0)
    const shared = [...ran.a, ...ran.b].filter(([id]) => id.startsWith('shared/'))
    assert.deepEqual([new Set(shared.map(([id]) => id)).size, shared.length], [COUNT, COUNT])
    assert.ok(shared.every(([, times]) => times === 1))
    assert.ok(most <= 3, `${most} at a time`)
    assert.equal([...ran.a.keys()].filter(id => id.startsWith('own/')).length, 0)
    assert.equal([...ran.b.keys()].filter(id => id.startsWith('own/')).length, 20)
  },
)

test('[JOB5] a job that runs on another node is called off there; added again it waits for the end of that run', options, async t => {
  const { node, open, runsOf } = await house(t)
  const jobs = await open()
  const a = await node('a')
  await jobs.add({ id: 'hold/1', kind: HOLD, payload: { n: 1 } })
  await a.said('begun hold/1 1')
  assert.equal(await jobs.cancel('hold/1'), true)
  assert.equal(await jobs.cancel('hold/1'), false)
  await a.said('aborted hold/1')
  const begun: number[] = []
  jobs.handle(HOLD, async ({ payload: { n } }) => {
    assert.equal(runsOf('hold/1'), 1, 'the run that was called off has ended')
    begun.push(n)
  })
  await jobs.add({ id: 'hold/1', kind: HOLD, payload: { n: 2 } })
  // For longer than the lock that it had: the node keeps the mark alive.
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, 2 * LOCK_MS)
  await promise
  assert.deepEqual(begun, [])
  a.say('go')
  await until(() => begun.length === 1 || runsOf('hold/1') === 2) // it is a's or ours
  await until(isGone(jobs, 'hold/1'))
})

test('[JOB10] a node that ends gives back what it runs, to be taken up at once', options, async t => {
  const { node, open } = await house(t)
  const jobs = await open()
  const a = await node('a')
  await jobs.add({ id: 'hold/1', kind: HOLD, payload: { n: 1 } })
  await a.said('begun hold/1 1')
  a.say('close')
  await a.said('aborted hold/1')
  const b = await node('b')
  b.say('go')
  a.process.kill('SIGKILL') // the handler heeds no signal; one that does ends with it
  await b.said('ended hold/1')
})

const ROUNDS = process.env.PARLEY_TEST_FULL ? 30 : 3

test(
  `[JOB9] [JOB11] kill -9 of Redis with jobs in flight, and back (${ROUNDS} times): nothing that was added is lost, one effect each`,
  options,
  async t => {
    const { redis, node, open, marks } = await house(t)
    const added = new Set<string>()
    let losses = 0
    // What the log does for Parley: it knows what is to be done.
    const jobs: Jobs = await open({
      lost() {
        losses++
        const done = new Set(marks())
        for (const id of added) if (!done.has(id.replaceAll('/', '-'))) void add(id).catch(() => {})
      },
    })
    const add = (id: string): Promise<void> => jobs.add({ id, kind: MARK, payload: { round: 0, n: 0 } })
    const nodes = [await node('a'), await node('b')]
    for (let round = 0; round < ROUNDS; round++) {
      const adding = Promise.all(
        Array.from({ length: 8 }, async (_, lane) => {
          for (let n = 0; n < 60; n++) {
            const id = `mark/${round}/${lane}-${n}`
            if (n === 20 && lane === 0) void redis.signal('SIGKILL').then(() => redis.start())
            await add(id).then(
              () => added.add(id),
              error => assert.equal(error.code, 'JOBS_UNAVAILABLE'),
            )
          }
        }),
      )
      await adding
      await until(() => losses > round)
      await until(async () => (await jobs.list({ limit: 1 })).jobs.length === 0)
      const done = new Set(marks())
      const lost = [...added].filter(id => !done.has(id.replaceAll('/', '-')))
      assert.deepEqual(lost, [], `round ${round}`)
    }
    assert.ok(added.size > 200)
    assert.ok(nodes.every(({ process }) => process.exitCode === null))
  },
)

test('[JOB11] Redis away for longer than a blocking read: an order says so, and the nodes work on when it is back', options, async t => {
  const { redis, node, open } = await house(t)
  const told: (string | null)[] = []
  const jobs = await open({ reached: reason => told.push(reason) })
  const a = await node('a')
  await jobs.add({ id: 'mark/1', kind: MARK, payload: { round: 0, n: 0 } })
  await a.said('marked mark/1')
  await redis.signal('SIGTERM')
  await until(() => told.length === 1)
  assert.equal(await faultCodeOf(jobs.add({ id: 'mark/2', kind: MARK, payload: { round: 0, n: 0 } })), 'JOBS_UNAVAILABLE')
  await redis.start() // in the 5 s that the order waited, BullMQ has given up its blocking read more than once
  await a.said('lost')
  await until(() => told.at(-1) === null)
  await jobs.add({ id: 'mark/3', kind: MARK, payload: { round: 0, n: 0 } })
  await a.said('marked mark/3')
})

test('[JOB11] connections that are cut are made anew, and no job is lost or done twice', options, async t => {
  const { orders, node, open, marks, runsOf } = await house(t)
  const jobs = await open()
  const a = await node('a')
  const redis = orders()
  const ids = Array.from({ length: 200 }, (_, n) => `mark/${n}/x`)
  await jobs.add({ id: 'hold/1', kind: HOLD, payload: { n: 1 } })
  await a.said('begun hold/1 1')
  await Promise.all(
    ids.map(async (id, n) => {
      if (n % 50 === 0) await redis.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await jobs.add({ id, kind: MARK, payload: { round: 0, n } })
    }),
  )
  a.say('go')
  await until(async () => (await jobs.list({ limit: 1 })).jobs.length === 0)
  assert.equal(marks().length, 201)
  assert.equal(runsOf('hold/1'), 1)
})

test('[JOB9] Redis full: adding is refused and nothing begins; with room again all that was added is done', options, async t => {
  const { orders, node, open, marks } = await house(t)
  let losses = 0
  const jobs = await open({ lost: () => losses++ })
  const redis = orders()
  const a = await node('a')
  await jobs.add({ id: 'hold/1', kind: HOLD, payload: { n: 1 } })
  await jobs.add({ id: 'hold/later', kind: HOLD, payload: { n: 2 }, delayMs: 100 })
  await a.said('begun hold/1 1')
  await redis.config('SET', 'maxmemory', '1mb')
  const refused = { id: 'hold/refused', kind: HOLD, payload: { n: 3 } }
  assert.equal(await faultCodeOf(jobs.add(refused)), 'STORAGE_FULL')
  assert.deepEqual((await jobs.list({ id: 'hold/refused', limit: 1 })).jobs, [])
  a.say('go')
  await a.said('ended hold/1')
  assert.equal((await jobs.list({ id: 'hold/later', limit: 1 })).jobs.length, 1)
  await redis.config('SET', 'maxmemory', '0')
  await until(() => losses === 1) // whoever was refused and does not ask again is thought of
  await jobs.add(refused)
  await until(async () => (await jobs.list({ limit: 1 })).jobs.length === 0)
  assert.deepEqual(marks().sort(), ['hold-1', 'hold-later', 'hold-refused'])
})
