// A conversation is damaged on the disk, and the real server runs on: its customer is told for good, everybody else is served,
// also who waits for a person beside it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOSE, mayReconnect } from '@parley/core/protocol/close-codes.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from '../e2e/running-server.ts'
import { harmLog } from './stored-data.ts'

test('[LOG8] [LOG3] a damaged conversation is refused for good and named, and the others go on', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const server = await startServer(folder.path)
  t.after(() => server.process.kill('SIGKILL'))
  const [harmed, waiting, sound] = await Promise.all([fetchVisitor(server.url), fetchVisitor(server.url), fetchVisitor(server.url)])
  // One after another: the damaged one was first in line.
  for (const [visitor, text] of [
    [harmed, '转人工'],
    [waiting, '转人工'],
    [sound, '螃蟹死了怎么赔'],
  ] as const) {
    const line = await joinConversation(server.url, visitor)
    await line.next('welcome')
    line.send({ type: 'say', ref: 'm1', text })
    await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
    if (visitor !== sound) await line.next('state', state => state.with === 'queue')
  }
  await server.stop('SIGTERM')
  await harmLog(folder.path, ({ events }) => events.remove(['demo', harmed.conversation, 2]))

  const next = await startServer(folder.path)
  t.after(() => next.process.kill('SIGKILL'))
  await next.logged(/LOG_DAMAGED/)
  const refused = await joinConversation(next.url, await fetchVisitor(next.url, harmed.refresh))
  const fault = await refused.next('fault')
  assert.equal(fault.code, 'LOG_DAMAGED')
  assert.ok(fault.message.includes(`${harmed.conversation} is damaged at seq 2: the event is missing`), fault.message)
  const code = await refused.closed
  assert.deepEqual([code, mayReconnect(code)], [CLOSE.CONVERSATION_DAMAGED, false])

  const queued = await joinConversation(next.url, await fetchVisitor(next.url, waiting.refresh))
  const { position } = await queued.next('state', state => state.with === 'queue' && state.position !== undefined)
  assert.equal(position, 1, 'it has moved up to the place of the one that is damaged')

  const line = await joinConversation(next.url, await fetchVisitor(next.url, sound.refresh))
  await line.next('welcome')
  const { events } = await line.next('events')
  assert.deepEqual(
    events.map(event => event.type),
    ['message', 'reply'],
  )
  line.send({ type: 'say', ref: 'm2', text: '你好' })
  await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
  const newcomer = await joinConversation(next.url, await fetchVisitor(next.url))
  await newcomer.next('welcome')
  newcomer.send({ type: 'say', ref: 'm1', text: '你好' })
  await newcomer.next('events', frame => frame.events.some(event => event.type === 'reply'))
  const metrics = await (await fetch(`${next.url}/metrics`)).text()
  assert.match(metrics, /^parley_faults_total\{code="LOG_DAMAGED"\} 2$/m)
  assert.match(metrics, /^parley_bugs_total 0$/m)
})
