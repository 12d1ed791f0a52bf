// Which Redis is trusted with jobs, and how it is signed in to.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { configFrom } from '@parley/server/config.ts'
import { examineRedis, whyUnfit } from '@parley/server/drivers/jobs-redis.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { noRedis, type RedisServer, startRedisServer } from './redis-server.ts'

const options = { skip: noRedis, timeout: 60_000 } as const

async function redisWith(t: TestContext, settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const redis = await startRedisServer(settings)
  t.after(redis.remove)
  return redis
}
const reasonFor = async (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', String)

test('[JOB12] a Redis that would lose jobs is refused, with what to set', options, async t => {
  const good = await redisWith(t)
  assert.equal((await examineRedis({ url: good.url, prefix: 'p' })).flush, 'everysec')
  for (const [settings, reason] of [
    [{ 'maxmemory-policy': 'allkeys-lru' }, /maxmemory-policy is allkeys-lru.*set noeviction/],
    [{ appendonly: 'no' }, /appendonly is off.*set appendonly yes/],
    [{ replicaof: '127.0.0.1 1' }, /it is a replica/],
  ] as const) {
    const { url } = await redisWith(t, settings)
    assert.equal(await faultCodeOf(examineRedis({ url, prefix: 'p' })), 'JOBS_REFUSED')
    assert.match(await reasonFor(examineRedis({ url, prefix: 'p' })), reason)
  }
})

test('[JOB12] one that is too old is refused', () => {
  const fit = { role: 'master', maxmemory_policy: 'noeviction', aof_enabled: '1' }
  const why = (redis_version: string): string | undefined => whyUnfit(new Map(Object.entries({ ...fit, redis_version })))
  assert.match(why('5.0.14') ?? '', /it is 5\.0\.14; 6\.2 or later/)
  assert.match(why('6.0.16') ?? '', /6\.2 or later/)
  assert.deepEqual(['6.2.14', '7.0.15', '8.2.1'].map(why), [undefined, undefined, undefined])
})

test('[JOB12] a password comes from a file or the environment, and is in no fault', options, async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const { url } = await redisWith(t, { requirepass: 'sesam-7' })
  assert.equal(await faultCodeOf(examineRedis({ url, prefix: 'p' })), 'JOBS_UNAVAILABLE')
  const wrong = examineRedis({ url, prefix: 'p', secret: 'sesam-8' })
  const reason = await reasonFor(wrong)
  assert.match(reason, /WRONGPASS/)
  assert.doesNotMatch(reason, /sesam/)
  const secretFile = join(folder.path, 'password')
  writeFileSync(secretFile, 'sesam-7\n')
  await examineRedis({ url, prefix: 'p', secretFile })
  const text = `jobs: { driver: bullmq, redis: { url: '${url}', secretEnv: JOBS_PASSWORD } }`
  await examineRedis(configFrom(text, { JOBS_PASSWORD: 'sesam-7' }).jobs.redis)
  assert.equal(await faultCodeOf(examineRedis(configFrom(text, {}).jobs.redis)), 'CONFIG_INVALID')
  assert.equal(await faultCodeOf((async () => configFrom(`jobs: { redis: { url: 'redis://u:sesam-7@host' } }`, {}))()), 'CONFIG_INVALID')
})

test('[JOB12] none that answers, and none that can be signed in to', options, async () => {
  assert.equal(await faultCodeOf(examineRedis({ url: 'redis://127.0.0.1:1', prefix: 'p' })), 'JOBS_UNAVAILABLE')
  assert.equal(await faultCodeOf(examineRedis({ url: 'unix:///nowhere/redis.sock', prefix: 'p' })), 'JOBS_UNAVAILABLE')
  assert.equal(await faultCodeOf(examineRedis({ url: 'redis://127.0.0.1:1', prefix: 'p', secretFile: '/nowhere' })), 'CONFIG_INVALID')
})

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'there is no openssl to make a certificate with'
test('[JOB12] with TLS, held against the certificates that are named', { ...options, skip: noRedis || noOpenssl }, async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const [key, certificate] = ['key.pem', 'certificate.pem'].map(name => join(folder.path, name)) as [string, string]
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate],
  ])
  assert.equal(made.status, 0, String(made.stderr))
  const probe = createServer()
  await once(probe.listen(0, '127.0.0.1'), 'listening')
  const { port } = probe.address() as AddressInfo // as above
  await new Promise(resolve => probe.close(resolve))
  await redisWith(t, {
    'tls-port': String(port),
    'tls-cert-file': certificate,
    'tls-key-file': key,
    'tls-ca-cert-file': certificate,
    'tls-auth-clients': 'no',
  })
  const url = `rediss://127.0.0.1:${port}`
  assert.match(await reasonFor(examineRedis({ url, prefix: 'p' })), /self-signed/)
  assert.match((await examineRedis({ url, prefix: 'p', caFile: certificate })).version, /^\d/)
})
