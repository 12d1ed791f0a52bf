// kill -9 of the server in the midst of 1,000 turns from 50 clients that come back by themselves. What was acknowledged is there once, every turn
// has exactly one decision and at most one reply, and every client ends up with what the log says.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Logged } from '@parley/core/conversation/event.ts'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { PROTOCOL, type StreamPosition } from '@parley/core/protocol/client-message.ts'
import type { ServerMessage, VisibleEvent } from '@parley/core/protocol/server-message.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { WebSocket } from 'ws'
import { createRandom } from '../random.ts'
import { fetchVisitor, type RunningServer, startServer, temporaryFolder, textOf, type Visitor } from './running-server.ts'

const CLIENTS = 50
const TURNS_EACH = 20
const KILLS = process.env.PARLEY_TEST_FULL ? 12 : 3
const SENTENCES = [
  '螃蟹死了怎么赔',
  'where is my parcel',
  '退款怎么还没到',
  'hello',
  '螃蟹怎么蒸好吃',
  'half of the eggs are broken',
  '转人工',
  'asdf qwer',
]

/** A client that never gives up: it resends what is not acknowledged and resumes where it was. Checks ranges as it goes. */
function createClient(number: number, visitor: Visitor, where: () => string, onTurn: () => void) {
  const events = new Map<number, VisibleEvent>()
  const acknowledged = new Map<string, number>()
  const answered = new Set<number>()
  const unsent: { ref: string; text: string }[] = []
  let position: StreamPosition | null = null
  let socket: WebSocket | undefined
  let sent = 0
  let finish = (): void => {}
  const finished = new Promise<void>(resolve => {
    finish = resolve
  })
  const problems: string[] = []

  const say = (): void => {
    const text = `${SENTENCES[(number + sent) % SENTENCES.length]} ${sent}`
    unsent.push({ ref: `c${number}m${sent++}`, text })
    push()
  }
  const push = (): void => {
    const frame = unsent[0]
    if (frame && socket?.readyState === WebSocket.OPEN && position) socket.send(JSON.stringify({ type: 'say', ...frame }))
  }
  const next = (): void => {
    if (unsent.length > 0) return
    if (sent === TURNS_EACH) {
      if (answered.size > 0 && [...acknowledged.values()].every(seq => covered(seq))) finish()
    } else if ([...acknowledged.values()].every(seq => covered(seq))) {
      onTurn()
      say()
    }
  }
  // A reply names the turn's first message; messages here are sent one at a time, so each is a turn.
  const covered = (seq: number): boolean => answered.has(seq)

  const hear = (frame: ServerMessage): void => {
    if (frame.type === 'welcome') {
      if (position && !frame.recovered) problems.push(`client ${number} was told to reload`)
      position = position ?? { epoch: frame.epoch, seq: 0 }
      if (position.epoch !== frame.epoch) problems.push(`client ${number}: another epoch after a restart`)
      push()
    } else if (frame.type === 'events' && position) {
      if (frame.after !== position.seq) problems.push(`client ${number}: frame after ${frame.after}, known ${position.seq}`)
      position = { ...position, seq: frame.upTo }
      for (const event of frame.events) {
        if (events.has(event.seq)) problems.push(`client ${number}: seq ${event.seq} twice`)
        events.set(event.seq, event)
        if (event.type === 'reply') {
          if (answered.has(event.turn)) problems.push(`client ${number}: turn ${event.turn} answered twice`)
          answered.add(event.turn)
        }
      }
      next()
    } else if (frame.type === 'ack') {
      const known = acknowledged.get(frame.ref)
      if (known !== undefined && known !== frame.seq) problems.push(`client ${number}: ${frame.ref} at ${known} and ${frame.seq}`)
      acknowledged.set(frame.ref, frame.seq)
      if (unsent[0]?.ref === frame.ref) unsent.shift()
      next()
    } else if (frame.type === 'fault') {
      if (frame.retryAfterMs === undefined) problems.push(`client ${number}: ${frame.code} ${frame.message}`)
      else setTimeout(push, frame.retryAfterMs)
    }
  }
  const connect = (): void => {
    if (sent === TURNS_EACH && unsent.length === 0 && [...acknowledged.values()].every(covered)) return
    socket = new WebSocket(`${where().replace(/^http/, 'ws')}/v1/socket`)
    socket.on('open', () =>
      socket?.send(
        JSON.stringify({
          type: 'hello',
          protocol: PROTOCOL,
          token: visitor.token,
          conversation: visitor.conversation,
          resumeAfter: position,
        }),
      ),
    )
    socket.on('message', data => hear(JSON.parse(String(data)) as ServerMessage)) // the server's own frames
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => setTimeout(connect, 100)) // the client's own backoff, not the test's waiting
  }
  return {
    visitor,
    events,
    acknowledged,
    problems,
    finished,
    start() {
      connect()
      say()
    },
    close: () => socket?.terminate(),
  }
}

test(`[TURN1] [TURN3] [TURN6] [RT1] [RT2] kill -9 in the midst of ${CLIENTS * TURNS_EACH} turns from ${CLIENTS} clients, ${KILLS} times`, {
  timeout: 600_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const seed = Number(process.env.PARLEY_SEED ?? 20261124)
  const random = createRandom(seed)
  t.diagnostic(`seed ${seed}`)
  let server: RunningServer = await startServer(data.path)
  t.after(() => server.process.kill('SIGKILL'))
  const { port, url } = server
  const visitors = await Promise.all(Array.from({ length: CLIENTS }, () => fetchVisitor(url)))
  let turns = 0
  const marks = Array.from({ length: KILLS }, (_, k) => Math.floor(((k + 0.2 + 0.6 * random()) / KILLS) * CLIENTS * (TURNS_EACH - 1)))
  let restarting: Promise<void> = Promise.resolve()
  let kills = 0
  const onTurn = (): void => {
    turns++
    if (turns < (marks[kills] ?? Number.POSITIVE_INFINITY)) return
    kills++
    restarting = restarting.then(async () => {
      await server.stop('SIGKILL')
      server = await startServer(data.path, { port })
    })
  }
  const clients = visitors.map((visitor, i) => createClient(i, visitor, () => url, onTurn))
  for (const client of clients) client.start()
  await Promise.all(clients.map(client => client.finished))
  await restarting
  for (const client of clients) client.close()
  assert.equal(kills, KILLS)
  assert.deepEqual(
    clients.flatMap(client => client.problems),
    [],
  )
  await server.stop('SIGTERM')

  const log = await openLmdbLog(join(data.path, 'log'))
  const vault = await openLmdbVault(join(data.path, 'keys'))
  const conversations = createConversations(log, vault)
  for (const client of clients) {
    const { events } = await conversations.read({ shop: asShopId('demo'), conversation: asConversationId(client.visitor.conversation) }, 0)
    checkLog(events, client.acknowledged)
    const visible = events.filter(e => e.type === 'message' || e.type === 'reply')
    assert.deepEqual(
      [...client.events.values()].map(e => [e.seq, e.type, textOf(e)]),
      visible.map(e => [e.seq, e.type, e.parts.map(p => p.text).join('\n')]),
    )
  }
  let unsettled = 0
  for await (const _ of log.unsettled()) unsettled++
  assert.equal(unsettled, 0)
  await log.close()
  await vault.close()
})

function checkLog(events: readonly Logged[], acknowledged: ReadonlyMap<string, number>): void {
  const messages = events.filter(e => e.type === 'message')
  assert.equal(new Set(messages.map(m => m.ref)).size, messages.length, 'a message is there twice')
  assert.equal(acknowledged.size, TURNS_EACH)
  for (const [ref, seq] of acknowledged)
    assert.equal(messages.find(m => m.ref === ref)?.seq, seq, `${ref} is not where it was acknowledged`)
  const decided = events.filter(e => e.type === 'decided')
  for (const message of messages) assert.equal(decided.filter(d => d.turn <= message.seq && message.seq <= d.upTo).length, 1)
  assert.deepEqual(
    events.filter(e => e.type === 'reply').map(r => r.turn),
    decided.map(d => d.turn),
  )
}
