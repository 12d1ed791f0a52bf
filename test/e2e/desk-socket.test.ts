// Agents at the real server, over real sockets: the queue, the race for a conversation, the chat, the way back, and what a restart leaves.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { PROTOCOL } from '@parley/core/protocol/client-message.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { DeskMessage, type QueueItem } from '@parley/core/protocol/desk-message.ts'
import {
  fetchVisitor,
  joinConversation,
  type Line,
  makeAgents,
  openDeskLine,
  type RunningServer,
  startServer,
  temporaryFolder,
  type Visitor,
} from './running-server.ts'

const data = temporaryFolder()
const config = join(data.path, 'parley.yaml')
const start = (port = 0): Promise<RunningServer> => startServer(data.path, { port, env: { PARLEY_CONFIG: config } })
let server: RunningServer

before(async () => {
  writeFileSync(
    config,
    `shops:\n  - { id: demo, name: Demo, plugins: [fresh-goods] }\n  - { id: other, name: Other, plugins: [${JSON.stringify(join(data.path, 'no-such-plugin'))}] }\n`,
  )
  server = await start()
})
after(async () => {
  await server.stop('SIGKILL')
  data.remove()
})

async function signedIn(name: string, shop = 'demo'): Promise<Line<DeskMessage>> {
  const [cookie = ''] = await makeAgents(data.path, [name], shop)
  return hello(await openDeskLine(server.url, cookie))
}
async function hello(line: Line<DeskMessage>): Promise<Line<DeskMessage>> {
  line.socket.on('message', frame => DeskMessage.parse(JSON.parse(String(frame)))) // a frame that is not of the schema ends the test
  line.send({ type: 'hello', protocol: PROTOCOL })
  await line.next('welcome')
  return line
}
async function customer(): Promise<{ readonly line: Line; readonly visitor: Visitor }> {
  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  await line.next('state')
  return { line, visitor }
}
let refs = 0
async function say(line: Line, text: string): Promise<void> {
  const ref = `m${refs++}`
  line.send({ type: 'say', ref, text })
  await line.next('ack', frame => frame.ref === ref)
}
const replied = (line: Line) => line.next('events', frame => frame.events.some(event => event.type === 'reply'))

async function waiting(): Promise<{ readonly line: Line; readonly conversation: string; readonly visitor: Visitor }> {
  const { line, visitor } = await customer()
  await say(line, '转人工')
  await replied(line)
  await line.next('state', state => state.with === 'queue')
  return { line, conversation: visitor.conversation, visitor }
}

test('[HND2] a hundred agents claim at once: one has it, 99 are told who, and the customer is told once', async () => {
  const cookies = await makeAgents(
    data.path,
    Array.from({ length: 100 }, (_, i) => `Racer ${i}`),
  )
  const lines = await Promise.all(cookies.map(async cookie => hello(await openDeskLine(server.url, cookie))))
  const { line, conversation } = await waiting()
  const outcomes = await Promise.all(
    lines.map((agent, i) => {
      agent.send({ type: 'claim', conversation })
      return Promise.race([
        agent.next('done', frame => frame.conversation === conversation).then(() => `Racer ${i}`),
        agent.next('fault', frame => frame.conversation === conversation),
      ])
    }),
  )
  const winners = outcomes.filter(outcome => typeof outcome === 'string')
  assert.equal(winners.length, 1)
  const faults = outcomes.filter(outcome => typeof outcome !== 'string')
  assert.equal(faults.length, 99)
  for (const fault of faults) {
    assert.equal(fault.code, 'ALREADY_CLAIMED')
    assert.equal(fault.message, `${winners[0]} has taken it`)
  }
  const notice = await line.next('events', frame => frame.events.some(event => event.type === 'notice'))
  assert.match(JSON.stringify(notice), new RegExp(winners[0] ?? ''))
  assert.equal((await line.next('state', state => state.with === 'agent')).agent, winners[0])
  for (const agent of lines) agent.socket.terminate()
})

test('[HND1] [HND3] [HND4] [HND5] from question to person and back, with the card that says why', async () => {
  const chen = await signedIn('Chen')
  const li = await signedIn('Li')
  const { line, conversation } = await waiting()
  const { items } = await chen.next('queue', frame => frame.items.some(item => item.conversation === conversation))
  const item = items.find(each => each.conversation === conversation)
  assert.deepEqual([item?.with, item?.reason, item?.action, item?.preview], ['queue', 'asked', 'HUMAN_AGENT', '转人工'])
  chen.send({ type: 'watch', conversation, resumeAfter: null })
  const { card } = await chen.next('conversation')
  assert.equal(card?.action, 'HUMAN_AGENT')
  assert.ok(card?.votes.some(({ voter, share }) => voter === 'keyword' && (share ?? 0) > 0))
  const history = await chen.next('events')
  assert.deepEqual(
    history.events.map(event => event.type),
    ['message', 'reply', 'mark'],
  )

  chen.send({ type: 'say', conversation, ref: 'early', text: 'too early' })
  assert.equal((await chen.next('fault')).code, 'NOT_OWNER')
  chen.send({ type: 'claim', conversation })
  await chen.next('done')
  await line.next('state', state => state.with === 'agent' && state.agent === 'Chen')
  chen.send({ type: 'typing', conversation })
  assert.deepEqual(await line.next('typing', frame => frame.who === 'agent'), { type: 'typing', who: 'agent', name: 'Chen' })
  chen.send({ type: 'say', conversation, ref: 'c1', text: '您好，我是小陈' })
  await chen.next('ack', frame => frame.ref === 'c1')
  await line.next('events', frame => frame.events.some(event => event.type === 'agent_message' && event.name === 'Chen'))
  li.send({ type: 'say', conversation, ref: 'l1', text: 'me too' })
  assert.match((await li.next('fault')).message, /Chen/)

  // The bot says nothing to what it would have answered at once.
  await say(line, '螃蟹死了怎么赔')
  const heard = await chen.next('events', frame => frame.events.some(event => event.type === 'message' && event.seq > history.upTo))
  const message = heard.events.find(event => event.type === 'message')
  chen.send({ type: 'seen', conversation, state: 'read', seq: message?.seq })
  await line.next('state', state => state.customer.read === message?.seq)
  line.send({ type: 'typing' })
  await chen.next('typing', frame => frame.who === 'customer')

  chen.send({ type: 'release', conversation, to: 'bot', note: 'told about crabs' })
  await chen.next('done', frame => frame.what === 'release')
  await line.next('state', state => state.with === 'bot')
  await say(line, '谢谢')
  const last = await replied(line)
  assert.equal(last.events.filter(event => event.type === 'reply').length, 1)
  for (const agent of [chen, li]) agent.socket.terminate()
})

test('[PLG5] a supervisor is told which plugins of the shop are off, an agent is not', async () => {
  const [cookie = ''] = await makeAgents(data.path, ['Qian'], 'other', true)
  const line = await hello(await openDeskLine(server.url, cookie))
  assert.deepEqual(await line.next('plugins'), { type: 'plugins', off: [{ plugin: 'no-such-plugin', why: 'unusable' }] })
  const [other = ''] = await makeAgents(data.path, ['Zhao'], 'other')
  const agent = await openDeskLine(server.url, other)
  const heard: string[] = []
  agent.socket.on('message', frame => heard.push((JSON.parse(String(frame)) as DeskMessage).type))
  await hello(agent)
  agent.send({ type: 'ping' })
  await agent.next('pong')
  assert.deepEqual(heard, ['welcome', 'queue', 'pong'])
  for (const each of [line, agent]) each.socket.close()
})

test('an agent of another shop sees nothing of this one', async () => {
  const { conversation } = await waiting()
  const stranger = await signedIn('Stranger', 'other')
  assert.deepEqual((await stranger.next('queue')).items, [])
  for (const frame of [
    { type: 'watch', conversation, resumeAfter: null },
    { type: 'claim', conversation },
    { type: 'say', conversation, ref: 'x', text: 'x' },
    { type: 'release', conversation, to: 'bot' },
    { type: 'seen', conversation, state: 'read', seq: 1 },
  ]) {
    stranger.send(frame)
    if (frame.type !== 'seen') assert.equal((await stranger.next('fault')).code, 'UNKNOWN_CONVERSATION', frame.type)
  }
  stranger.socket.terminate()
})

test('nobody who has not signed in gets a socket; a broken frame is answered; who signs out is let go', async () => {
  await assert.rejects(openDeskLine(server.url, 'parley_desk=forged'), /401/)
  await assert.rejects(openDeskLine(server.url, ''), /401/)
  const chen = await signedIn('Broken')
  chen.send('{"type":"claim"}')
  const fault = await chen.next('fault')
  assert.deepEqual([fault.code, fault.path], ['FRAME_INVALID', 'conversation'])
  chen.send({ type: 'hello', protocol: PROTOCOL })
  assert.equal((await chen.next('fault')).code, 'HELLO_TWICE')
  chen.socket.terminate()
  const [cookie = ''] = await makeAgents(data.path, ['Leaver'])
  const leaver = await hello(await openDeskLine(server.url, cookie))
  await fetch(`${server.url}/v1/desk/session`, { method: 'DELETE', headers: { cookie } })
  assert.equal(await leaver.closed, CLOSE.TOKEN_EXPIRED)
})

test('[HND6] kill -9: the queue and who has what are there again, and a console goes on where it was', async () => {
  const [cookie = ''] = await makeAgents(data.path, ['Keeper'])
  const keeper = await hello(await openDeskLine(server.url, cookie))
  const first = await waiting()
  const second = await waiting()
  keeper.send({ type: 'watch', conversation: first.conversation, resumeAfter: null })
  const known = await keeper.next('events', frame => frame.conversation === first.conversation)
  keeper.send({ type: 'claim', conversation: first.conversation })
  await keeper.next('done')
  const { port } = server
  await server.stop('SIGKILL')
  server = await start(port)
  const again = await openDeskLine(server.url, cookie)
  again.send({ type: 'hello', protocol: PROTOCOL })
  const welcome = await again.next('welcome')
  // The queue fills as the log is read, so the first told of may hold one of the two.
  const isThere = (items: readonly QueueItem[], { conversation }: { conversation: string }) =>
    items.some(item => item.conversation === conversation)
  const { items } = await again.next('queue', frame => isThere(frame.items, first) && isThere(frame.items, second))
  const rows = new Map(items.map(item => [item.conversation, item]))
  assert.deepEqual([rows.get(first.conversation)?.with, rows.get(first.conversation)?.agent?.name], ['agent', 'Keeper'])
  assert.equal(rows.get(second.conversation)?.with, 'queue')
  again.send({ type: 'watch', conversation: first.conversation, resumeAfter: { epoch: welcome.epoch, seq: known.upTo } })
  assert.equal((await again.next('conversation')).recovered, true)
  const missed = await again.next('events')
  assert.equal(missed.after, known.upTo)
  assert.deepEqual(
    missed.events.map(event => event.type),
    ['mark', 'notice'],
  )
  again.send({ type: 'say', conversation: first.conversation, ref: 'k1', text: 'still here' })
  await again.next('ack')
  again.socket.terminate()
})
