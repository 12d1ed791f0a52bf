// The settings of a log on NATS, and the compose file that sets one up: held to one another, to Parley's own reading and to the server's.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { configFrom } from '@parley/server/config.ts'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { findNats, type Program } from '../../tools/programs.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { noNats } from './nats-cluster.ts'

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

const Nats = z.strictObject({
  image: z.string().regex(/^nats:\d+\.\d+\.\d+$/),
  restart: z.literal('unless-stopped'),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  mem_limit: z.string().regex(/^\d+g$/),
  environment: z.strictObject({ PARLEY_NATS_PASSWORD: z.string() }),
  configs: z.tuple([z.strictObject({ source: z.literal('nats'), target: z.string() })]),
  command: z.tuple([z.literal('-c'), z.string(), z.literal('--name'), z.string()]),
  volumes: z.tuple([z.string()]),
})
const Compose = z.strictObject({
  name: z.literal('parley'),
  'x-nats': z.unknown(),
  services: z.strictObject({
    parley: z.strictObject({
      extends: z.strictObject({ file: z.literal('docker-compose.yml'), service: z.literal('parley') }),
      environment: z.strictObject({ PARLEY_NATS_PASSWORD: z.string() }),
      configs: z.tuple([z.strictObject({ source: z.literal('parley'), target: z.literal('/app/parley.yaml') })]),
      depends_on: z.array(z.string()),
    }),
    'nats-1': Nats,
    'nats-2': Nats,
    'nats-3': Nats,
  }),
  configs: z.record(z.enum(['parley', 'nats']), z.strictObject({ content: z.string() })),
  volumes: z.record(z.string(), z.null()),
})

test('docker-compose.cluster.yml: three servers that Parley takes, each with a name, a volume and the settings that it is asked for', () => {
  const document = parseDocument(read('docker-compose.cluster.yml'), { merge: true })
  assert.deepEqual(document.errors, [])
  const { services, configs, volumes } = Compose.parse(document.toJS())
  const { parley, ...servers } = services
  const names = Object.keys(servers)
  assert.deepEqual(parley.depends_on, names)
  const { log } = configFrom(configs.parley.content, { PARLEY_NATS_PASSWORD: 'secret' })
  assert.deepEqual(
    log.servers,
    names.map(name => `${name}:4222`),
  )
  assert.deepEqual(
    log.monitors,
    names.map(name => `http://${name}:8222`),
  )
  assert.equal(log.secret, 'secret')
  for (const [name, { command, volumes: mounted, configs: given }] of Object.entries(servers)) {
    assert.deepEqual(command, ['-c', given[0].target, '--name', name])
    assert.deepEqual(mounted, [`${name}:/data`])
  }
  assert.deepEqual(Object.keys(volumes), ['data', ...names])
})

test('the settings of NATS in docker-compose.cluster.yml and docs/cluster.md are read by a real server', { skip: noNats }, () => {
  const { command } = findNats() as Program // it is not missing
  const compose = Compose.parse(parseDocument(read('docker-compose.cluster.yml'), { merge: true }).toJS())
  const [, fromDocs = ''] = /```\n(server_name: nats-1\n[\s\S]*?)```/.exec(read('docs/cluster.md')) ?? []
  const folder = temporaryFolder()
  for (const settings of [compose.configs.nats.content.replaceAll('$$', '$'), fromDocs]) {
    const file = join(folder.path, 'nats.conf')
    writeFileSync(file, settings)
    const done = spawnSync(command, ['-t', '-c', file], { encoding: 'utf8', env: { ...process.env, PARLEY_NATS_PASSWORD: 'secret' } })
    assert.equal(done.status, 0, done.stderr)
    assert.match(settings, /sync_interval: always/)
    assert.match(settings, /max_payload: 8MB/)
  }
  folder.remove()
})
