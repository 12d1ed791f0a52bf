// `parley migrate`: a data folder into a cluster and out of it again, with kills at any moment, is what it was; and what is refused.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { StreamPosition } from '@parley/core/protocol/client-message.ts'
import { streamOf } from '@parley/server/drivers/log-streams.ts'
import { vaultRowsIn } from '@parley/server/drivers/vault-rows.lmdb.ts'
import { sumOf } from '@parley/server/drivers/vault-rows.ts'
import { openLmdbWebhookStore } from '@parley/server/drivers/webhook-store.lmdb.ts'
import { othersOf } from '@parley/server/upkeep/move/move.ts'
import type { WebhookStore } from '@parley/server/webhooks/webhook-store.ts'
import { fetchVisitor, joinConversation, NODE_FLAGS, startServer, temporaryFolder } from '../e2e/running-server.ts'
import { createRandom } from '../random.ts'
import { harmLog } from '../server/stored-data.ts'
import { liveIn, saidBy } from './lived-in.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const SHARDS = 4
const KILLS = process.env.PARLEY_TEST_FULL ? 60 : 3
/** What a whole move changes in its folder, about. */
const CHANGES = 160
const SEED = Number(process.env.PARLEY_SEED) || 1
const SEEDS = process.env.PARLEY_TEST_FULL ? Array.from({ length: 10 }, (_, i) => SEED + i) : [SEED]

const cluster = noNats ? undefined : await startNatsCluster()
let made = 0

/** A data folder, and settings with streams of its own. */
function house(driver: 'nats' | 'embedded' = 'embedded') {
  const folder = temporaryFolder()
  const [data, config] = [join(folder.path, 'data'), join(folder.path, 'parley.yaml')]
  const name = `move${++made}`
  const settle = (to: 'nats' | 'embedded', streams = name): void => {
    const log = { driver: to, servers: cluster!.urls, monitors: cluster!.monitors, shards: SHARDS, name: streams }
    writeFileSync(config, JSON.stringify({ log, deadlines: { voters: 5_000, turn: 60_000 }, shops: [{ id: 'demo', plugins: [] }] }))
  }
  settle(driver)
  const env = { ...process.env, PARLEY_CONFIG: config, PARLEY_DATA: data }
  const args = (words: readonly string[]): readonly string[] => [...NODE_FLAGS, MAIN, ...words]
  return {
    data,
    name,
    settle,
    folder: folder.path,
    log: join(data, 'log'),
    env: { PARLEY_CONFIG: config, PARLEY_TURN_AWAY_MS: '0' },
    run: (...words: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, args(words), { encoding: 'utf8', env })
      return { status, stdout, stderr }
    },
    /** Kills it when so much has changed in the data folder, or sees it end. */
    async killed(changes: number, ...words: readonly string[]): Promise<boolean> {
      const child = spawn(process.execPath, args(words), { env, stdio: 'ignore' })
      const ended = once(child, 'exit')
      let seen = 0
      const watcher = watch(data, { recursive: true }, () => ++seen === changes && child.kill('SIGKILL'))
      const [, signal] = await ended
      watcher.close()
      return signal === 'SIGKILL'
    },
    /** Kills it as soon as something is there, under its own name, that begins so. */
    async killedWhen(folder: string, beginning: string, ...words: readonly string[]): Promise<void> {
      const child = spawn(process.execPath, args(words), { env, stdio: 'ignore' })
      const ended = once(child, 'exit')
      const isThere = (): boolean =>
        existsSync(folder) && readdirSync(folder).some(entry => entry.startsWith(beginning) && !entry.endsWith('.new'))
      const watcher = watch(data, { recursive: true }, () => isThere() && child.kill('SIGKILL'))
      await ended
      watcher.close()
    },
    async remove() {
      const connection = await connect({ servers: [...cluster!.urls] })
      const manager = await jetstreamManager(connection)
      for (let shard = 0; shard < SHARDS; shard++) await manager.streams.delete(streamOf(name, shard)).catch(() => {})
      for (const other of othersOf({ name })) await manager.streams.delete(other).catch(() => {})
      await connection.close()
      folder.remove()
    },
  }
}

async function withWebhooks<T>(data: string, work: (store: WebhookStore) => Promise<T>): Promise<T> {
  const store = await openLmdbWebhookStore(join(data, 'webhooks'))
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

const on = (title: string, work: (under: ReturnType<typeof house>) => Promise<unknown>): void => {
  test(title, { skip: noNats }, async () => {
    const under = house()
    try {
      await work(under)
    } finally {
      await under.remove()
    }
  })
}
after(() => cluster?.remove())

for (const seed of SEEDS)
  on(`[MOVE1] [MOVE2] into a cluster and out of it again a log is what it was: seed ${seed}`, async under => {
    const events = await liveIn(under.data, seed, 200)
    const before = await saidBy(under.log)
    assert.ok(
      before.some(line => line.includes('"isUnsettled":true')) && before.some(line => line.includes('"outgoingFrom"')),
      'there is something to lose',
    )
    const webhooks = await withWebhooks(under.data, async store => {
      const delivery = {
        hook: 'h1',
        shop: 'demo',
        conversation: 'c0',
        seq: 3,
        type: 'message',
        at: 5,
        attempt: 1,
        status: 200,
        error: null,
        ms: 7,
        outcome: 'delivered',
      } as const
      await store.keep(delivery, 3)
      await store.switchOff('h2', 9)
      return store.all()
    })
    assert.deepEqual([webhooks.cursors.length, webhooks.deliveries.length, webhooks.off.length], [1, 1, 1])
    const keys = await sumOf(vaultRowsIn(join(under.data, 'keys')))
    assert.deepEqual([keys.keys, keys.erased, keys.notes], [199, 1, 1])
    const plan = under.run('migrate', '--to', 'nats', '--dry-run')
    assert.equal(plan.status, 0, plan.stderr)
    assert.match(plan.stdout, new RegExp(`200 conversations with ${events} events.*Nothing was moved`, 's'))
    const into = under.run('migrate', '--to', 'nats')
    assert.equal(into.status, 0, into.stderr)
    assert.match(into.stdout, /Now set log\.driver to nats in parley\.yaml/)
    assert.deepEqual(await saidBy(under.log), before, 'the copy of the cluster')
    assert.equal(existsSync(join(under.data, 'keys')), false, 'no key is left in its place')
    const aside = readdirSync(under.data).find(entry => entry.startsWith('moved-'))!
    assert.deepEqual(await sumOf(vaultRowsIn(join(under.data, aside, 'keys'))), keys, 'what was there is kept')
    assert.match(under.run('serve', '--port', '0').stderr, /LOG_REFUSED/, 'the old log is not served any more')
    assert.match(under.run('migrate', '--to', 'nats').stderr, /its log is in a cluster already.*MOVE_REFUSED/)
    const again = { ...process.env, PARLEY_DATA: join(under.data, aside) }
    const old = (...words: readonly string[]) =>
      spawnSync(process.execPath, [...NODE_FLAGS, MAIN, ...words], { encoding: 'utf8', env: again })
    assert.match(old('serve', '--port', '0').stderr, /was moved away.*MOVE_REFUSED/)
    assert.match(old('backup', join(under.folder, 'backup')).stdout, /200 conversations.*all is as it was written/)
    const out = under.run('migrate', '--to', 'embedded')
    assert.equal(out.status, 0, out.stderr)
    await withWebhooks(under.data, async store => assert.deepEqual(await store.all(), webhooks))
    assert.deepEqual(await saidBy(under.log), before, 'the folder that was moved to')
    assert.deepEqual(await sumOf(vaultRowsIn(join(under.data, 'keys'))), keys)
    assert.match(under.run('doctor').stdout, /Of 1 the key is destroyed.*all is as it was written/s)
    assert.match(under.run('migrate', '--to', 'embedded').stderr, /MOVE_REFUSED/)
    // What is left is removed when it is said, and then the way is free again.
    assert.match(under.run('migrate', '--to', 'nats').stderr, /there are streams .* already.*MOVE_REFUSED/)
    const discarded = under.run('migrate', '--discard')
    assert.match(discarded.stdout, new RegExp(`Removed for good: .*${aside}.*${under.name}-keys.*${under.name}-log-0`), discarded.stderr)
    assert.deepEqual(
      readdirSync(under.data).filter(entry => entry.startsWith('moved-')),
      [],
    )
    assert.equal(under.run('migrate', '--discard').stdout, 'Ended moves have left nothing here.\n')
    assert.equal(under.run('migrate', '--to', 'nats').status, 0)
    assert.deepEqual(await saidBy(under.log), before, 'once more')
  })

on(
  '[MOVE1] [MOVE2] a customer goes on where they were: in the cluster, and in the folder again, with the position that they had',
  async under => {
    let server = await startServer(under.data, { env: under.env })
    const visitor = await fetchVisitor(server.url)
    /** Says it on a line of its own, behind what it has seen; gives where it then stands. */
    const ask = async (ref: string, after: StreamPosition | null): Promise<StreamPosition> => {
      const line = await joinConversation(server.url, await fetchVisitor(server.url, visitor.refresh), after)
      const { epoch, recovered } = await line.next('welcome')
      if (after) assert.deepEqual([epoch, recovered], [after.epoch, true], `${ref}: nothing is loaded anew`)
      line.send({ type: 'say', ref, text: '你好' })
      const acknowledged = (await line.next('ack', frame => frame.ref === ref)).seq
      const { events } = await line.next('events', frame => frame.events.some(event => event.type === 'reply' && event.seq > acknowledged))
      line.socket.terminate()
      return { epoch, seq: events.at(-1)!.seq }
    }
    let place = await ask('one', null)
    for (const [i, to] of (['nats', 'embedded'] as const).entries()) {
      await server.stop('SIGTERM')
      const { status, stderr } = under.run('migrate', '--to', to)
      assert.equal(status, 0, stderr)
      under.settle(to)
      server = await startServer(under.data, { env: under.env })
      place = await ask(`again-${i}`, place)
    }
    await server.stop('SIGTERM')
    under.settle('nats')
    await assert.rejects(startServer(under.data, { env: under.env }), /LOG_REFUSED/, 'no node serves what was moved away')
  },
)

on(`[MOVE3] killed at ${KILLS} moments each way a move goes on, and ends as one that nobody has killed: seed ${SEED}`, async under => {
  await liveIn(under.data, SEED + 1, 1_500, 6)
  const before = await saidBy(under.log)
  const random = createRandom(SEED)
  for (const to of ['nats', 'embedded'] as const) {
    let kills = 0
    for (let i = 0; i < KILLS; i++) if (await under.killed(1 + Math.floor(random() * CHANGES), 'migrate', '--to', to)) kills++
    console.log(`# to ${to}: ${kills} of ${KILLS} were killed`)
    // And once where one takes the other's place.
    if (to === 'nats') await under.killedWhen(under.data, 'moved-', 'migrate', '--to', to)
    if (existsSync(join(under.data, 'moving'))) {
      assert.match(under.run('serve', '--port', '0').stderr, /MOVE_UNFINISHED/)
      const { status, stderr } = under.run('migrate', '--to', to)
      assert.equal(status, 0, stderr)
    }
    assert.deepEqual(await saidBy(under.log), before, to)
    assert.deepEqual(
      readdirSync(under.data).filter(name => name === 'moving'),
      [],
    )
  }
})

on('[MOVE4] what is damaged is moved as what is damaged, names its conversation and no other, and the exit status says so', async under => {
  await liveIn(under.data, 7, 20)
  await harmLog(under.data, ({ events }) => events.remove(['demo', 'c3', 1]))
  const into = under.run('migrate', '--to', 'nats')
  assert.equal(into.status, 1, into.stderr)
  assert.match(`${into.stdout}${into.stderr}`, /damaged {2}demo\/c3 {2}seq 1: the event is missing.*1 of 20 conversations is damaged/s)
  under.settle('nats')
  assert.match(under.run('doctor').stdout, /damaged {2}demo\/c3 {2}seq 1: .*1 of 20 conversations is damaged/s)
  const out = under.run('migrate', '--to', 'embedded')
  assert.equal(out.status, 1, out.stderr)
  assert.match(out.stdout, /damaged {2}demo\/c3 {2}seq 1: .*1 of 20 conversations is damaged/s)
})

on('[MOVE5] a move is refused where a server is at work, where streams are there, and where another one has begun', async under => {
  await liveIn(under.data, 8, 5)
  const refused = (pattern: RegExp, ...words: readonly string[]): void => {
    const { status, stderr } = under.run('migrate', ...words)
    assert.equal(status, 1, stderr)
    assert.match(stderr, pattern)
    assert.deepEqual(
      readdirSync(under.data).filter(name => name === 'moving'),
      [],
      'nothing was begun',
    )
  }
  assert.equal(under.run('migrate').status, 2)
  assert.equal(under.run('migrate', '--to', 'mars').status, 2)
  refused(/holds a log of its own already.*MOVE_REFUSED/, '--to', 'embedded')
  refused(/no move is under way here.*MOVE_REFUSED/, '--to', 'nats', '--give-up')
  const server = await startServer(under.data, { env: under.env })
  refused(/DATA_IN_USE/, '--to', 'nats')
  await server.stop('SIGTERM')
  const other = house()
  await liveIn(other.data, 9, 5)
  assert.equal(other.run('migrate', '--to', 'nats').status, 0)
  under.settle('embedded', other.name)
  refused(/there are streams .* already: set another log\.name.*MOVE_REFUSED/, '--to', 'nats')
  refused(/there are streams .* already: set another log\.name.*MOVE_REFUSED/, '--to', 'nats', '--dry-run')
  under.settle('embedded')
  // Begun and given up: nothing of it is left, and what was there is as before.
  const before = await saidBy(under.log)
  await under.killedWhen(join(under.data, 'moving'), 'move.json', 'migrate', '--to', 'nats')
  assert.match(under.run('migrate', '--to', 'embedded').stderr, /MOVE_UNFINISHED/)
  assert.equal(under.run('migrate', '--to', 'nats', '--give-up').status, 0)
  assert.deepEqual(await saidBy(under.log), before)
  assert.equal(under.run('migrate', '--to', 'nats').status, 0, 'a later one has the streams for itself')
  await other.remove()
})
