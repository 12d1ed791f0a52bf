// The queue of a real server: listed, retried and cancelled by the real command, and derived again from the log when its folder is gone.
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { RECOVER } from '@parley/core/jobs/kinds.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { openLmdbJobs } from '@parley/server/drivers/jobs.lmdb.ts'
import { until } from '../contracts/jobs.ts'
import { commandFor, listed, say } from './jobs-house.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder, textOf } from './running-server.ts'

const demo = async (url: string): Promise<{ identity: string }> => {
  const answer = await fetch(`${url}/v1/demo/identity`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ customer: 'demo-lin' }),
  })
  return (await answer.json()) as { identity: string } // our own server's answer
}

test('[JOB4] [JOB5] [JOB7] parley jobs: listed, a failed one retried, a timer cancelled', { timeout: 120_000 }, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const id = 'recover/demo/gone'
  const before = await openLmdbJobs(join(data.path, 'jobs'), {
    clock: systemClock,
    random: Math.random,
    broke: error => assert.fail(String(error)),
  })
  const kind = { ...RECOVER, attempts: 1 }
  before.handle(kind, () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })))
  await before.add({ id, kind, payload: { shop: 'demo', conversation: 'gone' } })
  await until(async () => (await before.list({ state: 'failed', limit: 1 })).jobs.length === 1)
  await before.close()
  const server = await startServer(data.path)
  t.after(() => server.stop('SIGKILL'))
  const jobs = commandFor(server, data.path)

  const shown = await jobs('list')
  assert.match(shown.stdout, /^failed {3}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}recover\/demo\/gone {2}failed 1 time \(ENOSPC\)\n1 job\n$/)
  assert.deepEqual(
    (await listed(jobs, '--state', 'failed')).map(job => [job.id, job.kind, job.attempts]),
    [[id, 'recover', 1]],
  )
  assert.equal((await jobs('retry', id)).stdout, `Job ${id} begins anew.\n`)
  await until(async () => (await listed(jobs)).length === 0)
  const again = await jobs('retry', id)
  assert.equal(again.status, 1)
  assert.match(again.stderr, /UNKNOWN_JOB/)

  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  await line.next('state')
  await say(line, '转人工', /./)
  const [timer, ...others] = await listed(jobs, '--kind', 'sla')
  assert.deepEqual([timer?.state, others.length], ['waiting', 0])
  assert.match(timer?.id ?? '', new RegExp(`^sla/demo/${visitor.conversation}/\\d+$`))
  const early = await jobs('retry', timer?.id ?? '')
  assert.equal(early.status, 1)
  assert.match(early.stderr, /JOB_NOT_FAILED/)
  assert.equal((await jobs('cancel', timer?.id ?? '')).stdout, `Job ${timer?.id} is taken away.\n`)
  assert.equal((await jobs('list')).stdout, '0 jobs\n')
  assert.equal((await jobs('cancel', timer?.id ?? '')).status, 1)
  const stranger = await fetch(`${server.url}/v1/operator/jobs`, { headers: { authorization: 'Bearer 00' } })
  assert.equal(stranger.status, 401)
  line.socket.close()
})

test('[JOB8] data/jobs deleted between two starts: the effect is brought to its end, the timer is there', { timeout: 120_000 }, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  writeFileSync(
    join(data.path, 'parley.yaml'),
    // Voters are waited for, however busy the machine is: another answer would offer no effect.
    'deadlines: { voters: 20000, mesh: 20000, turn: 60000, effect: 300 }\nshops: [{ id: demo, mesh: demo-shop, name: Parley Fresh, plugins: [fresh-goods], slaMinutes: 60 }]\n',
  )
  const env = { PARLEY_CONFIG: join(data.path, 'parley.yaml') }
  let server = await startServer(data.path, { env })
  t.after(() => server.stop('SIGKILL'))
  const { identity } = await demo(server.url)
  const answer = await fetch(`${server.url}/v1/shops/demo/visitors`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identity }),
  })
  const visitor = (await answer.json()) as Awaited<ReturnType<typeof fetchVisitor>> // our own server's answer
  const line = await joinConversation(server.url, visitor)
  await line.next('state')
  await say(line, '2024-881 的螃蟹死了三只，怎么赔', /可以吗|登记赔付/)
  // The CRM's book is locked: the effect cannot be done, and is promised.
  const book = new DatabaseSync(join(data.path, 'demo-shop', 'services', 'crm.db'))
  book.exec('BEGIN IMMEDIATE')
  await say(line, '好的', /./)
  const jobs = commandFor(server, data.path)
  await until(async () => (await listed(jobs, '--kind', 'effect')).length === 1)
  const other = await joinConversation(server.url, await fetchVisitor(server.url))
  await other.next('state')
  await say(other, '转人工', /./)
  const [timer] = await listed(jobs, '--kind', 'sla')
  await server.stop('SIGKILL')
  rmSync(join(data.path, 'jobs'), { recursive: true })
  book.exec('ROLLBACK')
  book.close()

  server = await startServer(data.path, { env })
  const again = await joinConversation(server.url, await fetchVisitor(server.url, visitor.refresh))
  await again.next('events', frame => frame.events.some(event => event.type === 'notice' && /CP-\d+/.test(textOf(event))))
  const [found, ...others] = await listed(commandFor(server, data.path), '--kind', 'sla')
  assert.deepEqual([found?.id, others.length], [timer?.id, 0])
  // For what is left of the time, to the millisecond in which it was reckoned; from the restart on it would be seconds more.
  assert.ok(Math.abs((found?.dueAt ?? 0) - (timer?.dueAt ?? 0)) < 500, `${found?.dueAt} and ${timer?.dueAt}`)
})
