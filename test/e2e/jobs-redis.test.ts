// A real server whose jobs are in a real Redis: the same command, Redis lost while it serves, and a Redis that it does not trust.
import assert from 'node:assert/strict'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { noRedis, startRedisServer } from '../cluster/redis-server.ts'
import { until } from '../contracts/jobs.ts'
import { commandFor, listed, say } from './jobs-house.ts'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from './running-server.ts'

test('[JOB5] [JOB8] [JOB11] jobs in Redis: listed and cancelled; all of them lost while the server serves, and there again', {
  skip: noRedis,
  timeout: 120_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const redis = await startRedisServer()
  t.after(redis.remove)
  const file = join(data.path, 'parley.yaml')
  writeFileSync(file, `jobs: { driver: bullmq, redis: { url: '${redis.url}' } }\n`)
  const env = { PARLEY_CONFIG: file }
  const server = await startServer(data.path, { env })
  t.after(() => server.process.kill('SIGKILL'))
  const jobs = commandFor(server, data.path)
  assert.equal((await jobs('list')).stdout, '0 jobs\n')
  assert.equal(existsSync(join(data.path, 'jobs')), false)

  const waits = async (): Promise<string> => {
    const visitor = await fetchVisitor(server.url)
    const line = await joinConversation(server.url, visitor)
    await line.next('state')
    await say(line, '转人工', /./)
    await until(async () => (await listed(jobs, '--kind', 'sla')).some(({ id }) => id.includes(visitor.conversation)))
    return visitor.conversation
  }
  await waits()
  const [timer] = await listed(jobs, '--kind', 'sla')
  assert.equal((await jobs('cancel', timer?.id ?? '')).stdout, `Job ${timer?.id} is taken away.\n`)
  assert.equal((await jobs('cancel', timer?.id ?? '')).status, 1)

  const conversation = await waits()
  const before = (await listed(jobs)).find(({ id }) => id.includes(conversation))
  await redis.signal('SIGKILL')
  // Nobody who writes waits for the queue.
  const line = await joinConversation(server.url, await fetchVisitor(server.url))
  await line.next('state')
  await say(line, '你好', /./)
  const away = await jobs('list')
  assert.equal(away.status, 1)
  assert.match(away.stderr, /JOBS_UNAVAILABLE/)
  rmSync(join(redis.folder, 'appendonlydir'), { recursive: true })
  await redis.start()
  await until(async () => {
    const { status, stdout } = await jobs('list', '--json')
    return status === 0 && stdout.includes(`sla/demo/${conversation}/`)
  })
  const after = (await listed(jobs)).find(({ id }) => id.includes(conversation))
  assert.deepEqual([after?.id, after?.state], [before?.id, 'waiting'])
  assert.ok(Math.abs((after?.dueAt ?? 0) - (before?.dueAt ?? 0)) < 500, 'it is due when it was')

  await redis.signal('SIGKILL')
  assert.deepEqual(await server.stop('SIGTERM'), [0, null], 'a server ends also while Redis is away')
})

test('[JOB12] a server does not start on a Redis that would lose jobs, and parley doctor says why', {
  skip: noRedis,
  timeout: 60_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const redis = await startRedisServer({ 'maxmemory-policy': 'allkeys-lru' })
  t.after(redis.remove)
  const file = join(data.path, 'parley.yaml')
  writeFileSync(file, `jobs: { driver: bullmq, redis: { url: '${redis.url}' } }\n`)
  const env = { PARLEY_CONFIG: file, PARLEY_DATA: data.path, PORT: '0' }
  assert.equal((await parley(['config', 'check'], { env })).status, 0)
  const started = await parley(['serve'], { env })
  assert.equal(started.status, 1)
  assert.match(started.stderr, /maxmemory-policy is allkeys-lru.*noeviction \(JOBS_REFUSED\)/)
  const doctor = await parley(['doctor'], { env })
  assert.equal(doctor.status, 1)
  assert.match(doctor.stdout, /JOBS_REFUSED.*maxmemory-policy/)
  await redis.signal('SIGTERM')
  await redis.start({ 'maxmemory-policy': 'noeviction' })
  const again = await parley(['doctor'], { env })
  assert.match(again.stdout, /The jobs are in Redis \d[\d.]* at unix:.*flushes once a second/)
  assert.equal(again.status, 0)
})
