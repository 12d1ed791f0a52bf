// Erasing where several nodes serve one log: what one erases is closed, forgotten and cleared away at all, also at one that was down, and whoever writes into it at
// another node meanwhile leaves nothing that anybody can read.
import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, asCustomerId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { ConversationLog } from '@parley/core/ports/conversation-log.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { createErasures } from '@parley/server/erasures.ts'
import { fetchVisitor, joinConversation, type Line, type Visitor } from '../e2e/running-server.ts'
import { erasureOf } from '../erasure-of.ts'
import { createRandom } from '../random.ts'
import { type HouseOfNodes, noHouse, openHouse, type ParleyNode } from './house-of-nodes.ts'
import { replicatedLog } from './log-under-test.ts'
import { replicatedVault } from './vault-under-test.ts'

const ROUNDS = process.env.PARLEY_TEST_FULL ? 30 : 4
const shop = asShopId('demo')
const keyOf = (visitor: Visitor): ConversationKey => ({ shop, conversation: asConversationId(visitor.conversation) })

let house: HouseOfNodes
if (!noHouse) {
  house = await openHouse({ nodes: 2 })
  after(() => house.remove())
  for (const node of house.nodes) await node.start()
}

const erase = async ({ url }: ParleyNode, conversation: string): Promise<number> => {
  const authorization = `Bearer ${house.secret.keyFor('operator').toString('hex')}`
  const response = await fetch(`${url}/v1/operator/shops/demo/conversations/${conversation}`, {
    method: 'DELETE',
    headers: { authorization },
  })
  return response.status
}

async function open({ url }: ParleyNode, visitor: Visitor): Promise<Line> {
  const line = await joinConversation(url, visitor)
  await line.next('state')
  return line
}

let refs = 0
async function tell(line: Line, text: string): Promise<void> {
  line.send({ type: 'say', ref: `r${refs++}`, text })
  await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
}

/** Snapshots of the conversation on this node's disk. */
const snapshotsOf = ({ data }: ParleyNode, { conversation }: Visitor): readonly string[] =>
  globSync(`snapshots/*/demo/${conversation}/*`, { cwd: data })

/** So long that a node which opens it keeps a snapshot. */
async function longConversation(): Promise<Visitor> {
  const visitor = await fetchVisitor(house.nodes[0]!.url)
  const customer = asCustomerId((visitor as Visitor & { readonly customer: string }).customer)
  await house.withStores(undefined, async conversations => {
    const key = keyOf(visitor)
    const opened = { type: 'opened', at: Date.now(), customer, locale: 'en' } as const
    const messages = Array.from(
      { length: 40 },
      (_, i) => ({ type: 'message', at: Date.now(), ref: `m${i}`, parts: [{ kind: 'text', text: 'where is my parcel' }] }) as const,
    )
    const { position } = await conversations.open(key)
    await conversations.append(key, customer, [opened, ...messages] as never, position, { isUnsettled: false, isWithPeople: false })
  })
  return visitor
}

test('[ERA4] [ERA10] what one node erases is closed and cleared away at another, and at one that was down when it is back', {
  skip: noHouse,
}, async () => {
  const [one, two] = house.nodes as [ParleyNode, ParleyNode]
  const [first, second] = [await longConversation(), await longConversation()]
  for (const visitor of [first, second])
    for (const node of [one, two]) {
      const line = await open(node, visitor)
      while (snapshotsOf(node, visitor).length === 0) await delay(20) // it is written behind
      line.socket.terminate()
    }
  const lines = [await open(one, first), await open(two, first)]
  assert.equal(await erase(one, first.conversation), 200)
  for (const line of lines) assert.equal(await line.closed, CLOSE.CONVERSATION_ERASED)
  for (const node of [one, two]) {
    assert.equal(await (await joinConversation(node.url, first)).closed, CLOSE.CONVERSATION_ERASED)
    while (snapshotsOf(node, first).length > 0) await delay(20)
    assert.equal(await erase(node, first.conversation), 410)
  }
  await two.signal('SIGTERM')
  assert.equal(await erase(one, second.conversation), 200)
  assert.ok(snapshotsOf(two, second).length > 0)
  await two.start()
  while (snapshotsOf(two, second).length > 0) await delay(20)
  assert.equal(await (await joinConversation(two.url, second)).closed, CLOSE.CONVERSATION_ERASED)
  for (const node of [one, two]) {
    assert.ok(!existsSync(join(node.data, 'keys')), 'no key is on a node’s disk')
    assert.ok(!/LOG_DAMAGED|a bug/.test(node.said()), node.said())
  }
})

test('[ERA2] [ERA10] what a node appends after another has erased leaves neither a mark nor anything to read', {
  skip: noHouse,
}, async () => {
  const [logs, vaults] = [replicatedLog(house.nats), replicatedVault(house.nats)]
  try {
    const [a, b] = [await logs.open(), await logs.open()]
    const [keysA, keysB] = [await vaults.open(), await vaults.open()]
    const key = { shop, conversation: asConversationId('late') }
    const cipher = await keysB.cipher(key, asCustomerId('anna')) // what is under way has it
    await keysA.destroy(erasureOf('e1', ['late']))
    await createErasures(a, keysA, async () => {}).clear(erasureOf('e1', ['late']))
    const body = cipher.seal(Buffer.from('hello'), 'c')
    await b.append(key, [{ v: 1, type: 'message', at: 1, body }], (await b.head(key)).position, { isUnsettled: true, isWithPeople: true })
    keysB.follow(createErasures(b, keysB, async () => {}).clearHere)
    const marked = async (log: ConversationLog): Promise<boolean> => {
      for await (const _ of log.unsettled()) return true
      for await (const _ of log.withPeople()) return true
      return false
    }
    while ((await marked(a)) || (await marked(b))) await delay(20)
    assert.equal((await a.head(key)).seq, 1)
    for (const vault of [keysA, keysB]) await assert.rejects(vault.opened(key), error => isFault(error, 'CONVERSATION_ERASED'))
  } finally {
    await vaults.remove()
    await logs.remove()
  }
})

test('[ERA2] [ERA10] a conversation that is written into at one node while another erases it is erased, and nothing of it is left half', {
  skip: noHouse,
}, async () => {
  const seed = Number(process.env.SEED ?? Math.trunc(Math.random() * 1e9))
  console.log(`seed ${seed}`)
  const random = createRandom(seed)
  const [one, two] = house.nodes as [ParleyNode, ParleyNode]
  const visitors: Visitor[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const visitor = await fetchVisitor(two.url)
    visitors.push(visitor)
    const line = await open(two, visitor)
    await tell(line, '你好')
    const from = refs
    const writing = setInterval(() => line.send({ type: 'say', ref: `r${refs++}`, text: 'hello' }), 3)
    line.socket.once('close', () => clearInterval(writing))
    await delay(random() * 200)
    assert.equal(await erase(one, visitor.conversation), 200)
    assert.equal(await line.closed, CLOSE.CONVERSATION_ERASED)
    assert.ok(refs > from)
    for (const node of [one, two]) assert.equal(await (await joinConversation(node.url, visitor)).closed, CLOSE.CONVERSATION_ERASED)
  }
  const unsettled = (): Promise<readonly string[]> =>
    house.withStores(undefined, async (conversations, { log }) => {
      for (const visitor of visitors) {
        await assert.rejects(conversations.read(keyOf(visitor), 0), error => isFault(error, 'CONVERSATION_ERASED'))
        assert.ok((await log.head(keyOf(visitor))).seq > 0, 'what was written stands there, and nobody can read it')
      }
      const found: string[] = []
      for await (const key of log.unsettled()) found.push(key.conversation)
      return found.filter(conversation => visitors.some(visitor => visitor.conversation === conversation))
    })
  while ((await unsettled()).length > 0) await delay(200) // each node clears what it wrote itself
  for (const node of [one, two]) assert.ok(!/LOG_DAMAGED|a bug/.test(node.said()), node.said())
})
