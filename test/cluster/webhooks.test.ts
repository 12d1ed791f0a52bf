// Three nodes under load tell a receiver of everything, while one of them is killed and started again: each event comes, of each conversation in order, and
// a repetition is rare and of what was under way.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { until } from '../contracts/jobs.ts'
import { createRandom } from '../random.ts'
import { startReceiver } from '../webhook-receiver.ts'
import { noHouse, openHouse } from './house-of-nodes.ts'
import { createLoad } from './load.ts'

const SEED = Number(process.env.SEED ?? 4711)
const ROUNDS = process.env.PARLEY_TEST_FULL ? 6 : 1
const CUSTOMERS = 6
/** Deliveries of a webhook that are under way together: these come again when the receiver falls silent and a node is killed. */
const AT_ONCE = 16

test('[HOOK1] [HOOK3] [HOOK8] while nodes are killed every event is told, in order, and few twice', {
  skip: noHouse,
  timeout: 120_000 + ROUNDS * 60_000,
}, async t => {
  const receiver = await startReceiver()
  const shop = { id: 'demo', plugins: [], mesh: 'none', webhooks: [{ url: receiver.url, secretEnv: 'HOOK_SECRET' }] }
  const house = await openHouse({
    nodes: 3,
    config: { shops: [shop], webhookHosts: ['127.0.0.1'], deadlines: { voters: 5_000, turn: 60_000, webhook: 2_000 } },
    env: { HOOK_SECRET: `whsec_${randomBytes(32).toString('base64')}` },
  })
  t.after(async () => {
    await house.remove()
    receiver.close()
  })
  await Promise.all(house.nodes.map(node => node.start()))
  const load = createLoad({ customers: CUSTOMERS, agents: [], urls: house.urls, secret: house.secret, random: createRandom(SEED) })
  t.after(() => load.leave())
  load.start()
  await load.everybodyIsServed()
  for (let round = 0; round < ROUNDS; round++) {
    const node = house.nodes[round % house.nodes.length]!
    // In the midst of deliveries: the receiver has been asked and has not answered.
    receiver.answer = 'never'
    const asked = receiver.received.length
    await receiver.has(asked + 3)
    await node.signal('SIGKILL')
    receiver.answer = 200
    await load.everybodyIsServed()
    await node.start()
    await load.everybodyIsServed()
  }
  await load.rest()
  const ends = await house.withStores(undefined, async (_, { log }) => {
    const found = new Map<string, number>()
    for await (const key of log.conversations()) found.set(key.conversation, (await log.head(key)).seq)
    return found
  })
  const wanted = [...ends.values()].reduce((sum, seq) => sum + seq, 0)
  const told = (): number => new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size
  await until(() => told() >= wanted)
  const times = new Map<unknown, number>()
  const order = new Map<string, number[]>()
  for (const { headers, event } of receiver.received) {
    const id = headers['webhook-id']
    const before = times.get(id) ?? 0
    times.set(id, before + 1)
    if (before === 0) order.set(event.conversation, [...(order.get(event.conversation) ?? []), event.seq])
  }
  for (const [conversation, end] of ends)
    assert.deepEqual(
      order.get(conversation),
      Array.from({ length: end }, (_, i) => i + 1),
      `seed ${SEED}, ${conversation}`,
    )
  const repeated = [...times.values()].filter(count => count > 1)
  assert.ok(repeated.every(count => count <= 1 + ROUNDS) && repeated.length <= AT_ONCE * ROUNDS, `seed ${SEED}: ${repeated}`)
  t.diagnostic(`seed ${SEED}: ${wanted} events of ${ends.size} conversations, ${repeated.length} came again`)
})
