// Backup of a cluster beside its nodes, and restore: into empty servers, into the folder of one machine, and where that is refused.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { asConversationId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { openLogReader } from '@parley/server/drivers/log-reader.lmdb.ts'
import { fetchVisitor, joinConversation, NODE_FLAGS, startServer, temporaryFolder } from '../e2e/running-server.ts'
import { createRandom } from '../random.ts'
import { noHouse, openHouse } from './house-of-nodes.ts'
import { saidBy } from './lived-in.ts'
import { createLoad } from './load.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const SEED = Number(process.env.PARLEY_SEED) || 1
const keyOf = (conversation: string): ConversationKey => ({ shop: asShopId('demo'), conversation: asConversationId(conversation) })

test(`[BACK1] [BACK2] [BACK3] [MOVE5] a cluster is backed up beside its nodes under load, and restored into both kinds of house: seed ${SEED}`, {
  skip: noHouse,
}, async () => {
  const house = await openHouse({ nodes: 2, shards: 3 })
  const folder = temporaryFolder()
  const settings = (name: string, log: object): string => {
    const file = join(folder.path, `${name}.yaml`)
    const shop = { id: 'demo', plugins: [], mesh: 'none' }
    writeFileSync(file, JSON.stringify({ log, deadlines: { voters: 5_000, turn: 60_000 }, shops: [shop] }))
    return file
  }
  const cluster = { driver: 'nats', servers: house.nats.urls, monitors: house.nats.monitors, shards: house.shards }
  const run = async (config: string, data: string, ...words: readonly string[]) => {
    const env = { ...process.env, PARLEY_CONFIG: config, PARLEY_DATA: data }
    const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, ...words], { env })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', chunk => (stdout += chunk))
    child.stderr.on('data', chunk => (stderr += chunk))
    const [status] = (await once(child, 'close')) as [number | null] // the event's first argument
    return { status, stdout, stderr }
  }
  /** Not a node's: nothing but the secret. */
  const bare = (name: string): string => {
    const data = join(folder.path, name)
    mkdirSync(data)
    cpSync(join(house.nodes[0]!.data, 'secret'), join(data, 'secret'))
    return data
  }
  try {
    const agents = await house.makeAgents(['Chen'])
    await Promise.all(house.nodes.map(node => node.start()))
    const gone = await fetchVisitor(house.nodes[0]!.url)
    const line = await joinConversation(house.nodes[0]!.url, gone)
    await line.next('welcome')
    line.send({ type: 'say', ref: 'one', text: 'forget me' })
    await line.next('events', ({ events }) => events.some(({ type }) => type === 'reply'))
    const operator = { authorization: `Bearer ${house.secret.keyFor('operator').toString('hex')}` }
    const erased = await fetch(`${house.nodes[0]!.url}/v1/operator/shops/demo/conversations/${gone.conversation}`, {
      method: 'DELETE',
      headers: operator,
    })
    assert.equal(erased.status, 200, await erased.text())
    const load = createLoad({ customers: 4, agents, urls: house.urls, secret: house.secret, random: createRandom(SEED) })
    load.start()
    await load.everybodyIsServed()
    const before = load.customers.flatMap(({ told }) =>
      told.map(({ conversation, acknowledged }) => ({ conversation, seqs: [...acknowledged.values()] })),
    )
    const backup = join(folder.path, 'backup')
    const made = await run(settings('cluster', cluster), bare('bare'), 'backup', backup)
    assert.equal(made.status, 0, made.stderr)
    assert.match(made.stdout, /Of 1 the key is destroyed.*all is as it was written.*Backed up the cluster/s)
    const busy = await run(settings('cluster', cluster), bare('busy'), 'migrate', '--to', 'embedded')
    assert.match(busy.stderr, /nothing was done: node .* is at work at http.*: stop all nodes first \(MOVE_REFUSED\)/)
    await load.everybodyIsServed() // it goes on
    await load.rest()
    load.leave()
    assert.deepEqual(load.problems(), [])
    for (const node of house.nodes) await node.signal('SIGTERM')

    // Each conversation of the backup is the beginning of what it came to, and has all that was acknowledged before.
    const log = openLogReader(join(backup, 'log'))
    await house.withStores(undefined, async (_, stores) => {
      for (const key of log.conversations()) {
        const [events, now] = [log.read(key), await stores.log.read(key, 0)]
        const hex = (hash: Uint8Array | undefined): string => Buffer.from(hash ?? []).toString('hex')
        assert.equal(hex(events.at(-1)?.hash), hex(now[events.length - 1]?.hash), key.conversation)
      }
    })
    for (const { conversation, seqs } of before) {
      const { length } = seqs.length === 0 ? [] : log.read(keyOf(conversation))
      for (const seq of seqs) assert.ok(seq <= length, `${conversation} has lost ${seq}`)
    }
    await log.close()
    assert.match((await run(settings('one', {}), backup, 'doctor', backup)).stdout, /all is as it was written/)

    const [epoch, ...said] = await saidBy(join(backup, 'log'))
    const one = join(folder.path, 'one')
    assert.equal((await run(settings('one', {}), one, 'restore', backup)).status, 0)
    const [epochOfOne, ...saidByOne] = await saidBy(join(one, 'log'))
    assert.notEqual(epochOfOne, epoch)
    assert.deepEqual(saidByOne, said)
    const accounts = openLmdbAccounts(join(one, 'accounts'))
    assert.deepEqual(
      accounts.list().map(({ name }) => name),
      ['Chen'],
    )
    await accounts.close()

    const refused = await run(settings('cluster', cluster), join(folder.path, 'again'), 'restore', backup)
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /there are streams parley-… already: set another log\.name, or remove them.*MOVE_REFUSED/)
    assert.equal(existsSync(join(folder.path, 'again')), false)

    const again = join(folder.path, 'again')
    const second = settings('second', { ...cluster, name: 'second' })
    const restored = await run(second, again, 'restore', backup)
    assert.equal(restored.status, 0, restored.stderr)
    assert.deepEqual(
      readdirSync(again).filter(name => /^(moving|moved|keys|accounts)/.test(name)),
      [],
      'nothing of it is left beside',
    )
    const [epochAgain, ...saidAgain] = await saidBy(join(again, 'log'))
    assert.notEqual(epochAgain, epoch)
    assert.deepEqual(saidAgain, said)
    const server = await startServer(again, { env: { PARLEY_CONFIG: second, PARLEY_TURN_AWAY_MS: '0' } })
    const told = load.customers[0]!.told.at(-1)!
    const back = await joinConversation(server.url, { ...told, refresh: '' }, { epoch: epoch!.slice('epoch '.length), seq: 1 })
    const welcome = await back.next('welcome')
    assert.deepEqual(
      [welcome.recovered, `epoch ${welcome.epoch}`],
      [false, epochAgain],
      'who comes with a position of the old life loads everything anew',
    )
    await server.stop('SIGTERM')
  } finally {
    await house.remove()
    folder.remove()
  }
})
