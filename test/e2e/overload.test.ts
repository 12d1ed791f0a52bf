// Twice what the server can do, for some seconds: it gives things up in their order, refuses what it cannot take before it has taken it, loses
// nothing that it took, and is whole again when the load is gone. Its limit of turns is set low, so that it is met on a machine of any speed.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Logged } from '@parley/core/conversation/event.ts'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import type { BallotView, Decision } from '@parley/core/pipeline/decision.ts'
import { PROTOCOL } from '@parley/core/protocol/client-message.ts'
import type { ServerMessage } from '@parley/core/protocol/server-message.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { WebSocket } from 'ws'
import { fetchVisitor, joinConversation, startServer, temporaryFolder, type Visitor } from './running-server.ts'

/** Undecided turns that the server admits: plugins are given up from a quarter on, models from a half on. */
const MOST = 40
const FEW = 6
const CUSTOMERS = 400
const SECONDS = 4
/** The bound that the rule names. */
const RECOVERED_WITHIN_MS = 10_000
const TEXTS = ['螃蟹死了怎么赔', '订单到哪了', 'where is my parcel', '退款怎么还没到', 'half of the eggs are broken', '几点开门']

interface Customer {
  readonly visitor: Visitor
  readonly acknowledged: ReadonlyMap<string, number>
  readonly refused: ReadonlyMap<string, Extract<ServerMessage, { type: 'fault' }>>
  /** Resolves when the message is answered or refused. */
  say(ref: string, text: string): Promise<'replied' | 'refused'>
  close(): void
}

async function openCustomer(url: string): Promise<Customer> {
  const visitor = await fetchVisitor(url)
  const acknowledged = new Map<string, number>()
  const refused = new Map<string, Extract<ServerMessage, { type: 'fault' }>>()
  let settle: ((outcome: 'replied' | 'refused') => void) | undefined
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/socket`)
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('open', () =>
      socket.send(
        JSON.stringify({ type: 'hello', protocol: PROTOCOL, token: visitor.token, conversation: visitor.conversation, resumeAfter: null }),
      ),
    )
    socket.on('message', data => {
      const frame = JSON.parse(String(data)) as ServerMessage // the server's own frames
      if (frame.type === 'welcome') resolve()
      else if (frame.type === 'ack') acknowledged.set(frame.ref, frame.seq)
      else if (frame.type === 'events' && frame.events.some(({ type }) => type === 'reply')) settle?.('replied')
      else if (frame.type === 'fault' && frame.ref !== undefined) {
        refused.set(frame.ref, frame)
        settle?.('refused')
      }
    })
  })
  return {
    visitor,
    acknowledged,
    refused,
    say: (ref, text) =>
      new Promise(resolve => {
        settle = resolve
        socket.send(JSON.stringify({ type: 'say', ref, text }))
      }),
    close: () => socket.terminate(),
  }
}

const isShed = ({ reason }: BallotView): boolean => reason === 'shed'
const shedOf = ({ votes }: Decision): 'none' | 'plugins' | 'models' | 'out of order' => {
  const plugins = votes.filter(({ voter }) => voter.startsWith('plugin:'))
  const models = votes.filter(({ voter }) => ['intent', 'sentiment'].includes(voter))
  const keyword = votes.filter(({ voter }) => voter === 'keyword')
  assert.deepEqual([plugins.length, models.length, keyword.length], [2, 2, 1])
  if (keyword.some(isShed)) return 'out of order'
  if (models.some(isShed)) return models.every(isShed) && plugins.every(isShed) ? 'models' : 'out of order'
  return plugins.some(isShed) ? (plugins.every(isShed) ? 'plugins' : 'out of order') : 'none'
}

test('[TURN8] [TURN11] at twice its capacity the server sheds in order, refuses before the acknowledgement, loses nothing, and recovers', {
  timeout: 240_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, `limits: { turns: ${MOST}, visitorsPerMinute: 1000000 }\n`)
  const server = await startServer(data.path, { env: { PARLEY_CONFIG: config } })
  t.after(() => server.process.kill('SIGKILL'))
  const untilReady = async (): Promise<void> => {
    while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
  }
  await untilReady()
  const customers: Customer[] = []
  while (customers.length < CUSTOMERS) customers.push(...(await Promise.all(Array.from({ length: 40 }, () => openCustomer(server.url)))))
  const said = new Map(customers.map(customer => [customer, 0]))
  let turns = 0
  const sayNext = (customer: Customer): Promise<'replied' | 'refused'> => {
    const number = said.get(customer)! // every customer has an entry
    said.set(customer, number + 1)
    return customer.say(`m${number}`, TEXTS[turns++ % TEXTS.length]!) // never empty
  }

  // A few at a time: nothing is given up. Then as many at a time as could be refused: what the server can do at most.
  const inTurn = async (crowd: readonly Customer[], rounds: number): Promise<number> => {
    let replied = 0
    await Promise.all(
      crowd.map(async customer => {
        for (let i = 0; i < rounds; i++) if ((await sayNext(customer)) === 'replied') replied++
      }),
    )
    return replied
  }
  const few = customers.slice(0, FEW)
  assert.equal(await inTurn(few, 5), FEW * 5)
  const crowd = customers.slice(FEW, FEW + 2 * MOST)
  await inTurn(crowd, 3)
  const began = performance.now()
  const replied = await inTurn(crowd, 8)
  const capacity = (replied * 1_000) / (performance.now() - began)

  // Open loop: messages go when they are due, to whoever waits for nothing.
  const offered = Math.ceil(2 * capacity)
  const free = customers.slice(FEW + 2 * MOST)
  const underWay = new Set<Promise<unknown>>()
  const start = performance.now()
  let sent = 0
  await new Promise<void>(resolve => {
    const send = (): void => {
      const elapsed = performance.now() - start
      while (sent < (elapsed * offered) / 1_000 && free.length > 0) {
        sent++
        const customer = free.shift()! // not empty
        const answer = sayNext(customer).then(() => free.push(customer))
        underWay.add(answer)
        answer.finally(() => underWay.delete(answer))
      }
      if (elapsed > SECONDS * 1_000) resolve()
      else setTimeout(send, 1)
    }
    send()
  })
  const ended = performance.now()
  await Promise.all(underWay)

  // Whole again: a fresh conversation hears every voter.
  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  await line.next('welcome')
  const key = loadSecret(data.path).keyFor('operator').toString('hex')
  let heard: Decision | undefined
  for (let i = 0; !heard && performance.now() - ended < RECOVERED_WITHIN_MS; i++) {
    line.send({ type: 'say', ref: `fresh${i}`, text: '收到的螃蟹死了怎么赔' })
    await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
    const answer = await fetch(`${server.url}/v1/operator/shops/demo/conversations/${visitor.conversation}/decisions`, {
      headers: { authorization: `Bearer ${key}` },
    })
    const { decisions } = (await answer.json()) as { decisions: Decision[] } // our own server's answer
    heard = decisions.at(-1)?.votes.every(vote => !vote.abstained || vote.reason === 'silent') ? decisions.at(-1) : undefined
  }
  const recoveredMs = performance.now() - ended
  line.socket.terminate()
  for (const customer of customers) customer.close()
  const [code] = await server.stop('SIGTERM')
  assert.equal(code, 0, server.stderr())
  assert.ok(heard, `not every voter was heard within ${RECOVERED_WITHIN_MS} ms: ${server.stderr()}`)

  const log = await openLmdbLog(join(data.path, 'log'))
  const vault = await openLmdbVault(join(data.path, 'keys'))
  t.after(async () => {
    await log.close()
    await vault.close()
  })
  const conversations = createConversations(log, vault)
  const counts = { none: 0, plugins: 0, models: 0, 'out of order': 0, refused: 0, limited: 0 }
  for (const [i, customer] of customers.entries()) {
    const { events } = await conversations.read(
      { shop: asShopId('demo'), conversation: asConversationId(customer.visitor.conversation) },
      0,
    )
    checkLog(events, customer)
    for (const fault of customer.refused.values()) {
      assert.ok(fault.code === 'OVERLOADED' || fault.code === 'RATE_LIMITED', fault.code)
      assert.ok(fault.retryAfterMs !== undefined && fault.retryAfterMs > 0)
      counts[fault.code === 'OVERLOADED' ? 'refused' : 'limited']++
    }
    for (const event of events) {
      if (event.type !== 'decided') continue
      const shed = shedOf(event.decision)
      if (i < FEW) assert.equal(shed, 'none', 'a few turns at a time are no overload')
      counts[shed]++
    }
  }
  t.diagnostic(
    `${Math.round(capacity)} turns a second at most, ${offered} offered: ${JSON.stringify(counts)}; whole again after ${Math.round(recoveredMs)} ms`,
  )
  assert.equal(counts['out of order'], 0, 'models are given up only with the plugins, keyword never')
  assert.ok(counts.plugins > 0 && counts.models > 0 && counts.refused > 0, JSON.stringify(counts))
})

/** What was acknowledged is there once, where it was said to be, and decided once; what was refused is not there. */
function checkLog(events: readonly Logged[], { acknowledged, refused }: Customer): void {
  const messages = events.filter(event => event.type === 'message')
  const decided = events.filter(event => event.type === 'decided')
  assert.deepEqual(new Map(messages.map(({ ref, seq }) => [ref as string, seq])), acknowledged) // as strings: the client's own ids
  assert.equal(messages.length, acknowledged.size, 'a message is there twice')
  for (const ref of refused.keys()) assert.ok(!acknowledged.has(ref), `${ref} was acknowledged and refused`)
  for (const { seq } of messages) assert.equal(decided.filter(({ turn, upTo }) => turn <= seq && seq <= upTo).length, 1)
  assert.equal(events.filter(event => event.type === 'reply').length, decided.length)
}
