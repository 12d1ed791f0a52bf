// Three whole Parley servers on three NATS servers: a customer at the first and an agent at the third are in one conversation, from the handover to the
// rating, and each of the three tells the same of it in the end.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROTOCOL } from '@parley/core/protocol/client-message.ts'
import type { DeskMessage } from '@parley/core/protocol/desk-message.ts'
import type { ServerMessage } from '@parley/core/protocol/server-message.ts'
import { fetchVisitor, joinConversation, type Line, openDeskLine, textOf } from '../e2e/running-server.ts'
import { noHouse, openHouse } from './house-of-nodes.ts'

type Events = Extract<ServerMessage, { type: 'events' }>
const has =
  (type: string, seq = 0) =>
  (frame: Events) =>
    frame.events.some(event => event.type === type && event.seq > seq)
const seqOf = (frame: Events, type: string): number => frame.events.findLast(event => event.type === type)?.seq ?? assert.fail(type)

/** Says it again and again until it is heard: the first may come before the servers know who listens. */
async function until<T>(heard: Promise<T>, say: () => void): Promise<T> {
  say()
  const again = setInterval(say, 200)
  return heard.finally(() => clearInterval(again))
}

test('[FAN8] a customer at one node and an agent at another are one conversation', { skip: noHouse, timeout: 180_000 }, async () => {
  const house = await openHouse({ nodes: 3, sockets: [1] }) // the customer's goes through a socket process
  const lines: { readonly socket: { terminate(): void } }[] = []
  const kept = <T extends { readonly socket: { terminate(): void } }>(line: T): T => {
    lines.push(line)
    return line
  }
  try {
    const [cookie = ''] = await house.makeAgents(['Chen'])
    for (const node of house.nodes) await node.start()
    const [one = '', two = '', three = ''] = house.urls()
    const visitor = await fetchVisitor(one)
    const { conversation } = visitor
    const customer = kept(await joinConversation(one, visitor))
    const { epoch } = await customer.next('welcome')
    const agent = kept(await openDeskLine(three, cookie))
    agent.send({ type: 'hello', protocol: PROTOCOL })
    assert.equal((await agent.next('welcome')).epoch, epoch, 'a position counts at every node')

    customer.send({ type: 'say', ref: 'm1', text: '你好' })
    const reply = seqOf(await customer.next('events', has('reply')), 'reply')
    customer.send({ type: 'say', ref: 'm2', text: '转人工' })
    await customer.next('events', has('reply', reply))
    assert.equal((await customer.next('state', ({ with: who }) => who === 'queue')).position, 1)

    // Handed over at one, seen at three.
    await agent.next('queue', ({ items }) => items.some(item => item.conversation === conversation && item.with === 'queue'))
    agent.send({ type: 'watch', conversation, resumeAfter: null })
    assert.deepEqual(
      (await agent.next('events')).events.flatMap(event => (event.type === 'message' ? textOf(event) : [])),
      ['你好', '转人工'],
    )
    agent.send({ type: 'claim', conversation })
    await agent.next('done', ({ what }) => what === 'claim')
    assert.equal((await customer.next('state', ({ with: who }) => who === 'agent')).agent, 'Chen')
    await customer.next('events', has('notice'))

    await until(
      agent.next('typing', ({ who }) => who === 'customer'),
      () => customer.send({ type: 'typing' }),
    )
    await until(
      customer.next('typing', ({ who, name }) => who === 'agent' && name === 'Chen'),
      () => agent.send({ type: 'typing', conversation }),
    )

    agent.send({ type: 'say', conversation, ref: 'a1', text: '我来看看' })
    const said = seqOf(await customer.next('events', has('agent_message')), 'agent_message')
    customer.send({ type: 'seen', state: 'read', seq: said })
    await agent.next('state', ({ shop }) => shop.read === said)
    customer.send({ type: 'say', ref: 'm3', text: '谢谢' })
    const { seq: thanks } = await customer.next('ack', ({ ref }) => ref === 'm3')
    await agent.next('events', ({ events }) => events.some(event => event.seq === thanks))
    agent.send({ type: 'seen', conversation, state: 'read', seq: thanks })
    await customer.next('state', marks => marks.customer.read === thanks)

    // The customer's other page, at the node that has heard of nothing: it finds all, and what is sent again there is there once.
    const other = kept(await joinConversation(two, await fetchVisitor(two, visitor.refresh), { epoch, seq: reply }))
    assert.equal((await other.next('welcome')).recovered, true)
    const missed = await other.next('events', ({ upTo }) => upTo >= thanks)
    assert.equal(missed.after, reply)
    await other.next('state', ({ shop, customer: marks }) => shop.read === said && marks.read === thanks)
    other.send({ type: 'say', ref: 'm3', text: '谢谢' })
    assert.equal((await other.next('ack', ({ ref }) => ref === 'm3')).seq, thanks)

    agent.send({ type: 'rollback', conversation, toSeq: said, reason: 'for the test' })
    await agent.next('done', ({ what }) => what === 'rollback')
    for (const page of [customer, other]) {
      const whole = await page.next('events', frame => frame.whole === true)
      assert.ok(whole.after <= said && !whole.events.some(event => event.seq === thanks))
    }

    agent.send({ type: 'release', conversation, to: 'bot', note: 'done' })
    await agent.next('done', ({ what }) => what === 'release')
    await customer.next('state', ({ with: who }) => who === 'bot')
    await agent.next('queue', ({ items }) => items.every(item => item.conversation !== conversation))
    other.send({ type: 'say', ref: 'm4', text: '你好' }) // now at two
    const { seq: again } = await other.next('ack', ({ ref }) => ref === 'm4')
    const last = seqOf(await customer.next('events', has('reply', again)), 'reply')
    customer.send({ type: 'rate', ref: 'r1', reply: last, thumb: 'up' })
    const { seq: rated } = await customer.next('ack', ({ ref }) => ref === 'r1')
    for (const page of [other, agent] as readonly Line<ServerMessage | DeskMessage>[])
      await page.next('events', ({ thumbs = [] }) => thumbs.some(({ reply: of, thumb }) => of === last && thumb === 'up'))

    const shown = await Promise.all(
      house.urls().map(async url => {
        const page = kept(await joinConversation(url, await fetchVisitor(url, visitor.refresh)))
        const { events, thumbs, upTo } = await page.next('events')
        const state = await page.next('state', ({ shop }) => shop.read === said)
        const desk = kept(await openDeskLine(url, cookie))
        desk.send({ type: 'hello', protocol: PROTOCOL })
        desk.send({ type: 'watch', conversation, resumeAfter: null })
        const seen = await desk.next('events')
        const { items } = await desk.next('queue')
        return { events, thumbs, upTo, state, seen, items }
      }),
    )
    assert.equal(shown[0]?.upTo, rated)
    for (const each of shown.slice(1)) assert.deepEqual(each, shown[0])
    for (const node of house.nodes) assert.doesNotMatch(node.said(), /"a bug"/, node.name)
  } finally {
    for (const { socket } of lines) socket.terminate()
    await house.remove()
  }
})
