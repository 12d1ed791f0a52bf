// What a long queue costs that many agents watch at several nodes: counted on the servers' wire and on the agents' and customers' sockets. Time stands still
// unless the test moves it, so that what is told "at most once a second" is a number.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { connect } from '@nats-io/transport-node'
import type { Agent } from '@parley/core/handoff/owner.ts'
import { type AgentId, asConversationId, type ConversationKey } from '@parley/core/ids.ts'
import type { DeskMessage } from '@parley/core/protocol/desk-message.ts'
import type { ServerMessage } from '@parley/core/protocol/server-message.ts'
import { createAgentSocket } from '@parley/server/realtime/agent-socket.ts'
import { createCustomerSocket } from '@parley/server/realtime/customer-socket.ts'
import type { Connection, Wire } from '@parley/server/realtime/session.ts'
import { createTokens } from '@parley/server/tokens.ts'
import { createTestClock, refOf, SHOP } from '../core/house.ts'
import { type EngineNode, openEngines } from './engines.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'

const QUEUE = 1_000
const AGENTS = 20
const CLAIMS = 200
/** Customers of the queue who have their page open. */
const PAGES = 60
const AT_ONCE = 50

const cluster = noNats ? undefined : await startNatsCluster()
after(() => cluster?.remove())
const tokens = createTokens(new Uint8Array(32).fill(1), { visitorMinutes: 60, refreshDays: 1, identityKey: () => 'a key' })
const agentOf = (n: number): Agent => ({ id: `a${n}` as AgentId, name: `Agent ${n}` }) // a test's id

/** A socket that counts what it is told. */
function count<M extends { readonly type: string }>(open: (wire: Wire) => Connection) {
  const counts = new Map<string, number>()
  let last: M | undefined
  let wake = (): void => {}
  const socket = open({
    send(text) {
      last = JSON.parse(text) as M // the server's own frames
      counts.set(last.type, (counts.get(last.type) ?? 0) + 1)
      wake()
    },
    close: code => assert.fail(`closed with ${code}`),
    bufferedBytes: 0,
  })
  return {
    send: (frame: object) => socket.frame(JSON.stringify(frame)),
    told: (type: M['type']) => counts.get(type) ?? 0,
    forget: () => counts.clear(),
    last: () => last,
    async until(type: M['type']): Promise<void> {
      while (!counts.has(type)) await new Promise<void>(resolve => (wake = resolve))
    },
  }
}

test('[FAN7] twenty agents at three nodes watch a thousand conversations: no message between nodes, a frame a second an agent', {
  skip: noNats,
  timeout: 180_000,
}, async t => {
  const clock = createTestClock()
  const opened = await openEngines(cluster!, { clock, limits: { conversations: 2 * QUEUE, turns: 2 * QUEUE } }) // there is one where it is not skipped
  const { nodes } = opened
  const nodeOf = (n: number): EngineNode => nodes[n % nodes.length]! // one of them
  const onWire = new Map<string, number>()
  const tap = await connect({ servers: [...cluster!.urls] })
  tap.subscribe(`${opened.subjects}.>`, {
    callback: (_error, { subject }) => {
      const [, what = ''] = subject.split('.')
      onWire.set(what, (onWire.get(what) ?? 0) + 1)
    },
  })
  await tap.flush()
  try {
    const common = { clock, onFault: assert.fail, onBug: (error: unknown) => assert.fail(String(error)) }
    const agents = Array.from({ length: AGENTS }, (_, n) => {
      const { engine, fanOut, log } = nodeOf(n)
      const line = count<DeskMessage>(wire =>
        createAgentSocket(
          wire,
          { ...agentOf(n), shop: SHOP, isSupervisor: false },
          {
            ...common,
            engine,
            fanOut,
            epoch: log.epoch,
            aboutShop: () => ({ name: 'Demo', locale: 'en' }),
            pluginsOff: () => [],
            corrections: { actionsOf: () => [], of: () => [], say: async () => {} },
            isAdmitted: async () => true,
          },
        ),
      )
      line.send({ type: 'hello', protocol: 1 })
      return line
    })
    const visitors = Array.from({ length: QUEUE }, () => tokens.newVisitor(SHOP))
    const keys = visitors.map(({ conversation }): ConversationKey => ({ shop: SHOP, conversation: asConversationId(conversation) }))
    const atOnce = async (many: number, work: (n: number) => Promise<unknown>): Promise<void> => {
      let next = 0
      const worker = async (): Promise<void> => {
        for (let n = next++; n < many; n = next++) await work(n)
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
    }
    const caughtUp = async (): Promise<void> => {
      for (const node of nodes) await node.settled()
      // A stream is heard in its order: behind the last of each node's shards nothing is left.
      for (const { log } of nodes) for (const key of keys.slice(0, 20)) await log.caughtUp(key, 60_000)
      for (const { engine } of nodes) for (const key of keys) await engine.state(key)
    }

    await atOnce(QUEUE, n =>
      nodeOf(n).engine.say(keys[n]!, visitors[n]!.customer, { ref: refOf(`m${n}`), text: 'human please', locale: 'en' }),
    )
    await caughtUp()
    clock.pass(1_000)
    for (const { engine } of nodes) assert.equal(engine.queue.waiting(SHOP), QUEUE)
    const joining = visitors.slice(0, PAGES).map(async (visitor, n) => {
      const { engine, fanOut } = nodeOf(n + 1) // not where it was written
      const page = count<ServerMessage>(wire => createCustomerSocket(wire, { ...common, engine, fanOut, tokens }))
      const { token } = await tokens.issue(visitor)
      page.send({ type: 'hello', protocol: 1, token, conversation: visitor.conversation, resumeAfter: null })
      await page.until('state')
      return page
    })
    const pages = await Promise.all(joining)
    await caughtUp()
    for (const page of [...agents, ...pages]) page.forget()
    onWire.clear()

    // The last in line are claimed and their customers have no page: nobody's place moves but that of whoever stands behind.
    await atOnce(CLAIMS, n => nodeOf(n).engine.desk.claim(keys[QUEUE - 1 - n]!, agentOf(n % AGENTS)))
    await caughtUp()
    const appends = onWire.get('log') ?? 0
    assert.ok(appends <= CLAIMS, `${appends} messages for ${CLAIMS} claims`) // several appends may go in one
    assert.equal(onWire.get('sign') ?? 0, 0, 'a queue is told nobody over the wire')
    assert.deepEqual(
      agents.map(agent => agent.told('queue')),
      agents.map(() => 0),
      'nothing is told before the second is over',
    )
    clock.pass(1_000)
    assert.deepEqual(
      agents.map(agent => agent.told('queue')),
      agents.map(() => 1),
      'and then once',
    )
    for (const agent of agents) {
      const frame = agent.last()
      assert.equal(frame?.type === 'queue' && frame.items.filter(item => item.with === 'queue').length, QUEUE - CLAIMS)
    }
    await caughtUp()
    const places = pages.reduce((sum, page) => sum + page.told('state'), 0)
    assert.ok(places <= PAGES, `${places} frames to ${PAGES} customers`)
    assert.equal(onWire.get('sign') ?? 0, 0)
    t.diagnostic(`${CLAIMS} claims: ${appends} messages on the wire, ${AGENTS} frames to ${AGENTS} agents, ${places} to ${PAGES} customers`)
    assert.deepEqual(
      nodes.flatMap(({ bugs }) => bugs),
      [],
    )
  } finally {
    await tap.close()
    await opened.remove()
  }
})
