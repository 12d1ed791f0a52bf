import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '@parley/core/faults.ts'
import { asConversationId } from '@parley/core/ids.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { LIMITS } from '@parley/core/protocol/limits.ts'
import { ServerMessage } from '@parley/core/protocol/server-message.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { createCustomerSocket, type SocketParts } from '@parley/server/realtime/customer-socket.ts'
import type { Connection, Wire } from '@parley/server/realtime/session.ts'
import { createTokens, type Visitor } from '@parley/server/tokens.ts'
import { createTestHouse, poolOf, SHOP, type TestHouse } from './house.ts'

const tokens = createTokens(new Uint8Array(32).fill(1), { visitorMinutes: 5, refreshDays: 1, identityKey: () => 'a key' })

interface TestLine {
  readonly socket: Connection
  readonly frames: ServerMessage[]
  readonly closes: number[]
  /** Resolves with the next frame of that type that has not been looked at. */
  next<T extends ServerMessage['type']>(type: T): Promise<Extract<ServerMessage, { type: T }>>
  bufferedBytes: number
}

/** `changed`: what is otherwise than in the house. */
type Changed = Partial<Pick<SocketParts, 'engine' | 'fanOut' | 'farewell'>>

function connect(house: TestHouse, changed: Changed = {}): TestLine {
  const frames: ServerMessage[] = []
  const closes: number[] = []
  const waiting = new Set<() => void>()
  let looked = 0
  const wire: Wire = {
    send(text) {
      frames.push(ServerMessage.parse(JSON.parse(text)))
      for (const wake of waiting) wake()
    },
    close: code => void closes.push(code),
    get bufferedBytes() {
      return connection.bufferedBytes
    },
  }
  const connection: TestLine = {
    frames,
    closes,
    bufferedBytes: 0,
    socket: createCustomerSocket(wire, {
      engine: house.engine,
      fanOut: house.fanOut,
      tokens,
      clock: house.clock,
      onFault: () => {},
      onBug: error => house.bugs.push(error),
      ...changed,
    }),
    next: type =>
      new Promise(resolve => {
        const look = (): void => {
          const at = frames.findIndex((frame, i) => i >= looked && frame.type === type)
          if (at < 0) return
          looked = at + 1
          waiting.delete(look)
          resolve(frames[at] as never) // its type was compared
        }
        waiting.add(look)
        look()
      }),
  }
  return connection
}

async function join(
  house: TestHouse,
  visitor: Visitor,
  resumeAfter: { epoch: string; seq: number } | null = null,
  changed?: Changed,
): Promise<TestLine> {
  const connection = connect(house, changed)
  const { token } = await tokens.issue(visitor)
  connection.socket.frame(JSON.stringify({ type: 'hello', protocol: 1, token, conversation: visitor.conversation, resumeAfter }))
  await connection.next('welcome')
  return connection
}

const say = (connection: TestLine, ref: string, text: string): void => connection.socket.frame(JSON.stringify({ type: 'say', ref, text }))

test('[RT1] two tabs see the same conversation, and one that was away gets exactly what it missed', async () => {
  const house = createTestHouse()
  const visitor = tokens.newVisitor(SHOP)
  const one = await join(house, visitor)
  const two = await join(house, visitor)
  say(one, 'm1', 'hello')
  await house.settled()
  const seen = (c: TestLine): number[] => c.frames.flatMap(f => (f.type === 'events' ? f.events.map(e => e.seq) : []))
  assert.deepEqual(seen(one), [2, 4])
  assert.deepEqual(seen(two), [2, 4])
  two.socket.gone()
  say(one, 'm2', 'track')
  await house.settled()
  const back = await join(house, visitor, { epoch: house.log.epoch, seq: 4 })
  await back.next('events')
  assert.deepEqual(seen(back), [5, 7])
  const ranges = back.frames.flatMap(f => (f.type === 'events' ? [[f.after, f.upTo]] : []))
  assert.deepEqual(ranges, [[4, 7]])
})

test('[RT1] what is appended while a client joins comes once', async () => {
  const house = createTestHouse()
  const visitor = tokens.newVisitor(SHOP)
  const one = await join(house, visitor)
  const joining = connect(house)
  const { token } = await tokens.issue(visitor)
  joining.socket.frame(JSON.stringify({ type: 'hello', protocol: 1, token, conversation: visitor.conversation, resumeAfter: null }))
  say(one, 'm1', 'hello')
  await joining.next('welcome')
  await house.settled()
  const frames = joining.frames.flatMap(f => (f.type === 'events' ? [f] : []))
  assert.deepEqual(
    frames.flatMap(f => f.events.map(e => e.seq)),
    [2, 4],
  )
  for (const [i, frame] of frames.entries()) assert.equal(frame.after, frames[i - 1]?.upTo ?? 0)
})

test('[LOG8] a page of the store that cannot be read is as final to the customer as a damaged event, and is not tried again and again', async () => {
  const [log, vault] = [createMemoryLog(), createMemoryVault()]
  const before = createTestHouse({ log, vault, pools: [poolOf('mute', () => new Promise(() => {}))] })
  const visitor = tokens.newVisitor(SHOP)
  const page = await join(before, visitor)
  page.socket.frame('{"type":"say","ref":"m1","text":"hello"}')
  await page.next('ack') // and its turn stays undecided
  const house = createTestHouse({
    log: {
      ...log,
      async read() {
        throw new Fault('STORE_DAMAGED', { file: 'data.mdb', reason: 'MDB_CORRUPTED' })
      },
    },
    vault,
  })
  await house.engine.finishUnsettled()
  house.clock.pass(60_000)
  await house.settled()
  assert.deepEqual(
    house.bugs.map(bug => bug instanceof Fault && bug.code),
    ['STORE_DAMAGED'],
  )
  const again = connect(house)
  const { token } = await tokens.issue(visitor)
  again.socket.frame(JSON.stringify({ type: 'hello', protocol: 1, token, conversation: visitor.conversation, resumeAfter: null }))
  assert.equal((await again.next('fault')).code, 'STORE_DAMAGED')
  assert.deepEqual(again.closes, [CLOSE.CONVERSATION_DAMAGED])
})

test('[RT7] a client that does not read is let go', async () => {
  const house = createTestHouse()
  const connection = await join(house, tokens.newVisitor(SHOP))
  connection.bufferedBytes = LIMITS.sendBufferBytes + 1
  connection.socket.frame('{"type":"ping"}')
  assert.deepEqual(connection.closes, [CLOSE.SLOW_CONSUMER])
})

test('silence is answered with a ping and then with the end; a client whose hello does not come is let go, and may come again', async () => {
  const house = createTestHouse()
  const connection = await join(house, tokens.newVisitor(SHOP))
  const mute = connect(house)
  house.clock.pass(LIMITS.helloMs)
  assert.deepEqual(mute.closes, [CLOSE.SILENT])
  house.clock.pass(LIMITS.heartbeatMs)
  assert.equal(connection.frames.at(-1)?.type, 'ping')
  connection.socket.frame('{"type":"pong"}')
  house.clock.pass(LIMITS.heartbeatMs)
  assert.deepEqual(connection.closes, [])
  house.clock.pass(3 * LIMITS.heartbeatMs)
  assert.deepEqual(connection.closes, [CLOSE.SILENT])
})

test('[RT6] frames without end are cut off', async () => {
  const house = createTestHouse()
  const connection = await join(house, tokens.newVisitor(SHOP))
  for (let i = 0; i < LIMITS.frameBurst + 1; i++) connection.socket.frame('{"type":"ping"}')
  assert.deepEqual(connection.closes, [CLOSE.TOO_FAST])
  const frames = connection.frames.length
  connection.socket.frame('{"type":"ping"}')
  assert.equal(connection.frames.length, frames, 'nothing is answered after the end')
})

test('frames before the welcome are refused', async () => {
  const house = createTestHouse()
  const connection = connect(house)
  const visitor = tokens.newVisitor(SHOP)
  const { token } = await tokens.issue(visitor)
  connection.socket.frame(JSON.stringify({ type: 'hello', protocol: 1, token, conversation: visitor.conversation, resumeAfter: null }))
  say(connection, 'm1', 'too early')
  assert.deepEqual(connection.closes, [CLOSE.PROTOCOL_ERROR])
})

test('a client whose welcome takes long is not taken for one that never said hello; one that cannot be welcomed now is told to come again', async () => {
  const house = createTestHouse()
  const visitor = tokens.newVisitor(SHOP)
  const { token } = await tokens.issue(visitor)
  const hello = JSON.stringify({ type: 'hello', protocol: 1, token, conversation: visitor.conversation, resumeAfter: null })
  let answer = (): void => {}
  const asked = new Promise<void>(resolve => {
    answer = resolve
  })
  const slow = connect(house, { engine: { ...house.engine, since: (...args) => asked.then(() => house.engine.since(...args)) } })
  slow.socket.frame(hello)
  house.clock.pass(LIMITS.helloMs)
  answer()
  await slow.next('welcome')
  assert.deepEqual(slow.closes, [])

  const away = new Fault('OVERLOADED', { what: 'the shop', retryAfterMs: 1_000 })
  const refused = connect(house, { engine: { ...house.engine, since: () => Promise.reject(away) } })
  refused.socket.frame(hello)
  const fault = await refused.next('fault')
  assert.deepEqual([fault.code, fault.retryAfterMs, refused.closes], ['OVERLOADED', 1_000, [CLOSE.GOING_AWAY]])
})

test('[RT1] what is lost while a client catches up is asked for once more, and nothing comes twice', async () => {
  const house = createTestHouse()
  const visitor = tokens.newVisitor(SHOP)
  const key = { shop: SHOP, conversation: asConversationId(visitor.conversation) }
  const answers: (() => void)[] = []
  let isHeld = false
  let isDeaf = false
  const client = await join(house, visitor, null, {
    engine: {
      ...house.engine,
      async since(...args) {
        const caught = await house.engine.since(...args)
        if (isHeld) await new Promise<void>(resolve => answers.push(resolve))
        return caught
      },
    },
    fanOut: {
      ...house.fanOut,
      subscribe: (of, listener) => house.fanOut.subscribe(of, sign => isDeaf || listener(sign)),
    },
  })
  isHeld = true
  isDeaf = true
  say(client, 'm1', 'hello')
  await house.settled()
  isDeaf = false
  house.fanOut.publish(key, { type: 'resync' })
  while (answers.length === 0) await new Promise(resolve => setImmediate(resolve))
  say(client, 'm2', 'hello') // comes behind what is lost
  await house.settled()
  assert.equal(answers.length, 1, 'one question at a time')
  isHeld = false
  answers[0]?.()
  await house.settled()
  const frames = client.frames.flatMap(frame => (frame.type === 'events' ? [frame] : []))
  for (const [i, frame] of frames.entries()) assert.equal(frame.after, frames[i - 1]?.upTo ?? 0)
  const seqs = frames.flatMap(frame => frame.events.map(event => event.seq))
  assert.deepEqual(
    seqs,
    (await house.engine.since(key, visitor.customer, null)).events.map(event => event.seq),
  )
  assert.equal(seqs.length, 4)
})

test('[RT14] what a client is told when the server stops: to come again, or to go to another node, also where it wrote too late', async () => {
  const house = createTestHouse()
  for (const [changed, code] of [
    [{}, CLOSE.GOING_AWAY],
    [{ farewell: CLOSE.GO_ELSEWHERE }, CLOSE.GO_ELSEWHERE],
  ] as const) {
    const clients = await Promise.all([1, 2].map(() => join(house, tokens.newVisitor(SHOP), null, changed)))
    await house.engine.drain()
    clients[0]!.socket.frame('{"type":"say","ref":"late","text":"hello"}')
    assert.equal((await clients[0]!.next('fault')).code, 'SHUTTING_DOWN')
    clients[1]!.socket.leave()
    assert.deepEqual(
      clients.map(({ closes }) => closes),
      [[code], [code]],
    )
  }
})

test('[RT1] a client that cannot be told what it lacks is told to come again', async () => {
  const house = createTestHouse()
  const visitor = tokens.newVisitor(SHOP)
  let isAway = false
  const away = new Fault('OVERLOADED', { what: 'the shop', retryAfterMs: 1_000 })
  const client = await join(house, visitor, null, {
    engine: { ...house.engine, since: (...args) => (isAway ? Promise.reject(away) : house.engine.since(...args)) },
  })
  isAway = true
  house.fanOut.publish({ shop: SHOP, conversation: asConversationId(visitor.conversation) }, { type: 'resync' })
  await house.settled()
  assert.deepEqual(client.closes, [CLOSE.GOING_AWAY])
})
