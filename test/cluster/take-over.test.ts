// Real nodes, killed and halted with undecided turns in hand: another decides each, once. A service that votes, asked at every turn, keeps them undecided: it
// never answers the first question about a text unless the test says so, and every later one at once.
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { fetchVisitor, joinConversation, type Line, startServer, type Visitor } from '../e2e/running-server.ts'
import { createRandom } from '../random.ts'
import { type RemoteService, startRemoteService, votes } from '../remote-service.ts'
import { type HouseOfNodes, noHouse, openHouse, type ParleyNode } from './house-of-nodes.ts'

const isFull = Boolean(process.env.PARLEY_TEST_FULL)
const ROUNDS = isFull ? 20 : 2
const TURNS = 6
const SEED = Number(process.env.PARLEY_SEED ?? Date.now() % 1_000_000)
const options = { skip: noHouse, timeout: isFull ? 1_800_000 : 240_000 } as const

interface Held {
  readonly service: RemoteService
  /** Resolves when so many are held now. */
  holds(count: number): Promise<void>
  /** Answers what is held. */
  release(): void
}

async function holdingService(): Promise<Held> {
  const seen = new Set<string>()
  const held = new Set<() => void>()
  let look = (): void => {}
  const service = await startRemoteService((asked, response: ServerResponse) => {
    const text = String(asked.body.text)
    if (!text.startsWith('hold') || seen.has(text)) return votes([])(asked, response)
    seen.add(text)
    const answer = (): void => votes([])(asked, response)
    held.add(answer)
    response.once('close', () => held.delete(answer))
    look()
  })
  return {
    service,
    holds: count =>
      new Promise(resolve => {
        look = () => {
          if (held.size >= count) resolve()
        }
        look()
      }),
    release() {
      for (const answer of held) answer()
      held.clear()
    },
  }
}

interface Customer {
  readonly visitor: Visitor
  readonly texts: string[]
}

const hold = noHouse ? undefined : await holdingService()
const house = noHouse
  ? undefined
  : await openHouse({
      nodes: 3,
      env: { PARLEY_LOG_LEVEL: 'info' },
      config: {
        voterHosts: ['127.0.0.1'],
        deadlines: { voters: 5_000, turn: 120_000 },
        shops: [
          {
            id: 'demo',
            plugins: [],
            mesh: 'none',
            remoteVoters: [
              {
                id: 'hold',
                url: `${hold!.service.url}/votes`,
                askBelow: 1,
                deadlineMs: 60_000,
                requestsPerMinute: 100_000,
                concurrent: 1_000,
              },
            ],
          },
        ],
      },
    })
after(async () => {
  await house?.remove()
  hold?.service.close()
})

/** Resolves with the time at which the reply to this seq is shown there. */
async function replied(line: Line, seq: number): Promise<number> {
  for (;;) {
    const { events } = await line.next('events')
    if (events.some(event => event.type === 'reply' && event.seq > seq)) return performance.now()
  }
}

/** Says it at one node, watching at another; resolves when it is acknowledged. */
async function say(at: ParleyNode, watchedAt: ParleyNode, customer: Customer, text: string) {
  const watching = await joinConversation(watchedAt.url, customer.visitor)
  await watching.next('welcome')
  const line = await joinConversation(at.url, customer.visitor)
  await line.next('welcome')
  line.send({ type: 'say', ref: `m${customer.texts.length}`, text })
  const { seq } = await line.next('ack')
  customer.texts.push(text)
  const reply = replied(watching, seq).finally(() => watching.socket.terminate())
  return { reply, leave: () => line.socket.terminate() }
}

/** Every message has one decision and one reply, in what the streams hold. */
async function checkAll(opened: HouseOfNodes, customers: readonly Customer[]): Promise<void> {
  await opened.withStores(undefined, async conversations => {
    for (const { visitor, texts } of customers) {
      const { events } = await conversations.read({ shop: asShopId('demo'), conversation: asConversationId(visitor.conversation) }, 0)
      const said = events.flatMap(event => (event.type === 'message' ? event.parts.map(({ text }) => text) : []))
      assert.deepEqual(said, texts)
      const turns = events.flatMap(event => (event.type === 'message' ? [event.seq] : []))
      for (const type of ['decided', 'reply'] as const)
        assert.deepEqual(
          events.flatMap(event => (event.type === type ? [event.turn] : [])),
          turns,
          `one ${type} a turn`,
        )
    }
  })
}

/** Also on a busy machine, where a node may lose its lease for a moment. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 60_000; !(await isSo()); await delay(20))
    if (performance.now() > end) throw new Error(`it never came to be: ${isSo}`)
}

const metric = async ({ url }: ParleyNode, name: string): Promise<number> =>
  Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await fetch(`${url}/metrics`)).text())?.[1])

const timesOf = (times: readonly number[]): string => {
  const sorted = times.map(Math.round).sort((a, b) => a - b)
  return `${sorted[0]} at least, ${sorted[sorted.length >> 1]} at the median, ${sorted.at(-1)} ms at most`
}

test('[NODE6] kill -9 of a node with undecided turns: others decide each of them, once', options, async t => {
  t.diagnostic(`seed ${SEED}`)
  const random = createRandom(SEED)
  const { nodes } = house!
  await Promise.all(nodes.map(node => node.start()))
  const customers: Customer[] = []
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const victim = nodes[Math.floor(random() * nodes.length)]!
    const others = nodes.filter(node => node !== victim)
    const said = await Promise.all(
      Array.from({ length: TURNS }, async (_, i) => {
        const customer = { visitor: await fetchVisitor(victim.url), texts: [] }
        customers.push(customer)
        return say(victim, others[i % others.length]!, customer, `hold ${round} ${i}`)
      }),
    )
    await hold!.holds(TURNS)
    const killedAt = performance.now()
    await victim.signal('SIGKILL')
    for (const at of await Promise.all(said.map(({ reply }) => reply))) times.push(at - killedAt)
    for (const node of others) await until(async () => (await metric(node, 'parley_nodes_alive')) === 2)
    await victim.start()
  }
  await until(async () => {
    const taken = await Promise.all(nodes.map(node => metric(node, 'parley_taken_over_total')))
    return taken.some(count => count > 0)
  })
  await until(() => nodes.some(node => node.said().includes('a node is dead')))
  await checkAll(house!, customers)
  t.diagnostic(`${ROUNDS} rounds, ${times.length} turns; from the kill to the reply at another node ${timesOf(times)}`)
})

test(
  '[NODE3] [NODE7] SIGSTOP of a node with undecided turns, and SIGCONT behind those who took them over: one decision, one reply',
  options,
  async t => {
    const { nodes } = house!
    const [victim, ...others] = nodes as [ParleyNode, ParleyNode, ParleyNode]
    const customers: Customer[] = []
    const times: number[] = []
    for (let round = 0; round < (isFull ? 20 : 1); round++) {
      const said = await Promise.all(
        Array.from({ length: TURNS }, async (_, i) => {
          const customer = { visitor: await fetchVisitor(victim.url), texts: [] }
          customers.push(customer)
          return say(victim, others[i % 2]!, customer, `hold halted ${round} ${i}`)
        }),
      )
      await hold!.holds(TURNS)
      const haltedAt = performance.now()
      await victim.signal('SIGSTOP')
      for (const at of await Promise.all(said.map(({ reply }) => reply))) times.push(at - haltedAt)
      await victim.signal('SIGCONT')
      hold!.release() // it has all its votes now, and decides what is decided
      for (const { leave } of said) leave()
      const next = await say(victim, others[0], customers.at(-1)!, `and on ${round}`)
      await next.reply
      next.leave()
    }
    await checkAll(house!, customers)
    await until(() => victim.said().includes('this node has no lease'))
    t.diagnostic(`${times.length} turns; from the halt to the reply at another node ${timesOf(times)}`)
  },
)

test('[NODE8] a node that stops decides what it has in hand, and is gone for the others at once', options, async t => {
  const { nodes } = house!
  const [leaving, other] = nodes as [ParleyNode, ParleyNode, ParleyNode]
  await until(async () => (await metric(other, 'parley_nodes_alive')) === 3)
  const customer = { visitor: await fetchVisitor(leaving.url), texts: [] }
  const { reply } = await say(leaving, other, customer, 'hold leaving')
  await hold!.holds(1)
  const stoppedAt = performance.now()
  const stopped = leaving.signal('SIGTERM')
  hold!.release()
  await reply
  await stopped
  t.diagnostic(`stopped within ${Math.round(performance.now() - stoppedAt)} ms`)
  await until(() => other.said().includes('a node has left'))
  await until(async () => (await metric(other, 'parley_nodes_alive')) === 2)
  await checkAll(house!, [customer])
})

test(
  "[NODE4] a copy of a node's data folder is refused beside it; a node that stood still while the copy took its name ends itself",
  options,
  async () => {
    const node = house!.nodes[1]!
    const copy = `${node.data}-copy`
    cpSync(node.data, copy, { recursive: true, filter: file => !/\.(lock|sock)$/.test(file) })
    const env = { PARLEY_CONFIG: join(dirname(node.data), 'parley.yaml'), PARLEY_TURN_AWAY_MS: '0' }
    await assert.rejects(startServer(copy, { env }), /another process serves as node .*NODE_NAME_TAKEN/)
    const { pid } = node
    await node.signal('SIGSTOP')
    const second = await startServer(copy, { env })
    await node.signal('SIGCONT')
    await until(() => !isRunning(pid!))
    assert.match(node.said(), /"code":"NODE_NAME_TAKEN"/)
    await second.stop('SIGTERM')
  },
)

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
