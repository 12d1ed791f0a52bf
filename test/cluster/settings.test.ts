// The settings of a log on NATS, and the compose file that sets one up: held to one another, to Parley's own reading and to the server's.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { configFrom, turnAwayMsOf } from '@parley/server/config.ts'
import { examineRedis } from '@parley/server/drivers/jobs-redis.ts'
import { loadOrMakeSecret, loadSecret } from '@parley/server/secret.ts'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { findNats, type Program } from '../../tools/programs.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { noNats } from './nats-cluster.ts'
import { noRedis, startRedisServer } from './redis-server.ts'

const SHARE_SECRET = fileURLToPath(new URL('../../server/upkeep/share-secret.ts', import.meta.url))
const read = (file: string): string => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8')

test('log: what is missing or no address is named', () => {
  const good = 'log: { driver: nats, servers: [a:4222], monitors: [http://a:8222] }'
  assert.deepEqual(
    { ...configFrom(good, {}).log },
    { ...configFrom('', {}).log, driver: 'nats', servers: ['a:4222'], monitors: ['http://a:8222'] },
  )
  assert.equal(configFrom('', {}).log.driver, 'embedded')
  assert.equal(configFrom(good.replace('}', ', user: p, secretEnv: PASS }'), { PASS: 'word' }).log.secret, 'word')
  for (const [text, said] of [
    ['log: { driver: nats }', /log\.servers: name the servers/],
    ['log: { driver: nats, servers: [a:4222] }', /log\.monitors: name each server's monitoring address/],
    ['log: { driver: nats, servers: [a], monitors: [http://a:8222] }', /log\.servers\.0: must be a host and a port/],
    ['log: { driver: nats, servers: [a:1], monitors: [a] }', /log\.monitors\.0/],
    ['log: { driver: raft }', /log\.driver/],
    ['log: { replicas: 2 }', /log\.replicas/],
  ] as const)
    assert.throws(() => configFrom(text, {}), said, text)
})

const Run = {
  restart: z.literal('unless-stopped'),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  mem_limit: z.string().regex(/^(\d+g|\$\{PARLEY_MEMORY:-2g\})$/),
  logging: z.strictObject({ driver: z.literal('json-file'), options: z.record(z.string(), z.string()) }),
}
const Health = z.strictObject({
  test: z.array(z.string()),
  interval: z.literal('10s'),
  timeout: z.literal('3s'),
  start_period: z.string().regex(/^\d+s$/),
  retries: z.literal(3),
})
const Image = z.string().regex(/^[a-z]+:\d+\.\d+\.\d+(-alpine)?$/, 'an image is named with its whole version')
const Passwords = z.strictObject({ PARLEY_NATS_PASSWORD: z.string(), PARLEY_REDIS_PASSWORD: z.string() }).partial()
const Nats = z.strictObject({
  ...Run,
  image: Image,
  environment: Passwords.required({ PARLEY_NATS_PASSWORD: true }),
  healthcheck: Health,
  command: z.array(z.string()),
  volumes: z.tuple([z.string(), z.literal('./deploy/cluster/nats.conf:/etc/nats/parley.conf:ro')]),
})
/** What it has in common with the only one of docker-compose.yml is held against that. */
const Parley = z.object({
  ...Run,
  environment: z.strictObject({
    ...Passwords.required().shape,
    PARLEY_LOG_LEVEL: z.string(),
    PARLEY_TRUST_PROXY: z.literal('uniquelocal'),
    PARLEY_DATA: z.string(),
  }),
  stop_grace_period: z.string().regex(/^\d+s$/),
  healthcheck: Health,
  volumes: z.tuple([z.literal('data:/data'), z.literal('./deploy/cluster/parley.yaml:/app/parley.yaml:ro')]),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })),
})
const Compose = z.strictObject({
  name: z.literal('parley-cluster'),
  'x-parley': z.unknown(),
  'x-environment': z.unknown(),
  'x-nats': z.unknown(),
  services: z.strictObject({
    'parley-1': Parley,
    'parley-2': Parley,
    'parley-3': Parley,
    secret: z.looseObject({ entrypoint: z.array(z.string()), command: z.array(z.string()), restart: z.literal('no') }),
    balancer: z.strictObject({
      ...Run,
      image: Image,
      ports: z.tuple([z.string()]),
      volumes: z.tuple([z.literal('./deploy/cluster/haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro')]),
      depends_on: z.array(z.string()),
    }),
    'nats-1': Nats,
    'nats-2': Nats,
    'nats-3': Nats,
    redis: z.strictObject({
      ...Run,
      image: Image,
      user: z.string(),
      environment: z.strictObject({ REDISCLI_AUTH: z.string() }),
      command: z.array(z.string()),
      volumes: z.tuple([z.literal('redis:/data')]),
      healthcheck: Health,
    }),
  }),
  volumes: z.record(z.string(), z.null()),
})

const composeFile = (): z.infer<typeof Compose> => {
  const document = parseDocument(read('docker-compose.cluster.yml'), { merge: true })
  assert.deepEqual(document.errors, [])
  return Compose.parse(document.toJS())
}
const PASSWORDS = { PARLEY_NATS_PASSWORD: 'secret', PARLEY_REDIS_PASSWORD: 'other' }
const NODES = ['parley-1', 'parley-2', 'parley-3'] as const
const SERVERS = ['nats-1', 'nats-2', 'nats-3'] as const

test('docker-compose.cluster.yml: three servers that Parley takes, each with a name, a volume and the settings that it is asked for', () => {
  const { services, volumes } = composeFile()
  const { log, jobs } = configFrom(read('deploy/cluster/parley.yaml'), PASSWORDS)
  assert.deepEqual([log.driver, jobs.driver, log.secret, jobs.redis.secret], ['nats', 'bullmq', 'secret', 'other'])
  assert.deepEqual(
    log.servers,
    SERVERS.map(name => `${name}:4222`),
  )
  assert.deepEqual(
    log.monitors,
    SERVERS.map(name => `http://${name}:8222`),
  )
  assert.equal(jobs.redis.url, 'redis://redis:6379')
  for (const name of SERVERS) {
    const { command, volumes } = services[name]
    assert.deepEqual(command, ['nats-server', '-c', '/etc/nats/parley.conf', '--name', name])
    assert.deepEqual(volumes[0], `${name}:/data`)
  }
  assert.deepEqual(Object.keys(volumes), ['data', ...SERVERS, 'redis'])
})

test('docker-compose.cluster.yml: three nodes as the only one of docker-compose.yml is, each with a folder of its own, behind one balancer', () => {
  const { services } = composeFile()
  const {
    ports,
    environment: _environment,
    volumes: _volumes,
    stop_grace_period: _alone,
    ...alone
  } = (parseDocument(read('docker-compose.yml')).toJS() as { services: { parley: Record<string, unknown> } }).services.parley // container.test.ts holds it to a schema
  const raw = parseDocument(read('docker-compose.cluster.yml'), { merge: true }).toJS() as { services: Record<string, unknown> } // held to a schema above
  const folders = NODES.map((name, i) => {
    const { environment, volumes, depends_on, stop_grace_period, ...node } = raw.services[name] as z.infer<typeof Parley> // as above
    assert.deepEqual(node, alone, name)
    assert.deepEqual(Object.keys(depends_on), ['secret', 'redis', ...SERVERS])
    assert.ok(Number.parseInt(stop_grace_period, 10) * 1_000 > turnAwayMsOf(configFrom(read('deploy/cluster/parley.yaml'), {})) + 5_000)
    assert.equal(environment.PARLEY_DATA, `/data/${i + 1}`)
    return environment.PARLEY_DATA
  })
  assert.deepEqual(services.secret.command, folders)
  assert.ok(existsSync(fileURLToPath(new URL(`../../${services.secret.entrypoint.at(-1)}`, import.meta.url))))
  assert.deepEqual(services.balancer.ports, ports)
  assert.deepEqual(services.balancer.depends_on, NODES)
  const balancer = read('deploy/cluster/haproxy.cfg')
  assert.deepEqual(
    [...balancer.matchAll(/^ {2}server (\S+) (\S+)/gm)].map(([, name, address]) => [name, address]),
    [...NODES, ...NODES].map(name => [name, `${name}:8080`]),
  )
  assert.match(balancer, /option httpchk GET \/readyz/)
})

test('docker-compose.cluster.yml: a real Redis that is started so may have the jobs', { skip: noRedis }, async () => {
  const [, ...words] = composeFile().services.redis.command
  const settings = Object.fromEntries(
    words.flatMap((word, i) => (word.startsWith('--') ? [[word.slice(2), words[i + 1]!.replace(/^\$\{.*\}$/, 'other')]] : [])),
  )
  const redis = await startRedisServer(settings)
  try {
    const { jobs } = configFrom(read('deploy/cluster/parley.yaml'), PASSWORDS)
    assert.equal((await examineRedis({ ...jobs.redis, url: redis.url })).flush, 'everysec')
  } finally {
    await redis.remove()
  }
})

test('share-secret: folders get the one that there is, or a new one; two different ones are refused', () => {
  const folder = temporaryFolder()
  const folders = ['1', '2', '3'].map(name => join(folder.path, name))
  const share = () => spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', SHARE_SECRET, ...folders], { encoding: 'utf8' })
  assert.equal(share().status, 0)
  const keys = () => folders.map(name => loadSecret(name).keyFor('log').toString('hex'))
  const before = keys()
  assert.equal(new Set(before).size, 1)
  assert.equal(statSync(join(folders[2]!, 'secret')).mode & 0o777, 0o600)
  rmSync(join(folders[0]!, 'secret'))
  assert.equal(share().status, 0)
  assert.deepEqual(keys(), before)
  rmSync(join(folders[1]!, 'secret'))
  loadOrMakeSecret(folders[1]!)
  const refused = share()
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /different ones/)
  folder.remove()
})

test('the settings of NATS in deploy/cluster and docs/cluster.md are read by a real server', { skip: noNats }, () => {
  const { command } = findNats() as Program // it is not missing
  const [, fromDocs = ''] = /```\n(server_name: nats-1\n[\s\S]*?)```/.exec(read('docs/cluster.md')) ?? []
  const folder = temporaryFolder()
  for (const settings of [read('deploy/cluster/nats.conf'), fromDocs]) {
    const file = join(folder.path, 'nats.conf')
    writeFileSync(file, settings)
    const done = spawnSync(command, ['-t', '-c', file, '--name', 'nats-1'], { encoding: 'utf8', env: { ...process.env, ...PASSWORDS } })
    assert.equal(done.status, 0, done.stderr)
    assert.match(settings, /sync_interval: always/)
    assert.match(settings, /max_payload: 8MB/)
  }
  folder.remove()
})
