// What customers say of replies: once in force, durable, and gone from sight with the reply.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fold, unwritten } from '@parley/core/conversation/conversation.ts'
import type { Logged } from '@parley/core/conversation/event.ts'
import { MOST_RATINGS, thumbsAfter } from '@parley/core/conversation/thumbs.ts'
import { asConversationId, asCustomerId } from '@parley/core/ids.ts'
import { ServerMessage } from '@parley/core/protocol/server-message.ts'
import { webhookEvent } from '@parley/core/webhooks/webhook-event.ts'
import { createCustomerSocket } from '@parley/server/realtime/customer-socket.ts'
import { createTokens } from '@parley/server/tokens.ts'
import { faultCodeOf } from '../fault-code.ts'
import { ANNA, createTestHouse, keyOf, refOf, SHOP } from './house.ts'
import { nowhere } from './random-history.ts'

const key = keyOf('c1')

/** A house in which the bot has answered `hello` at seq 4 and `hours` at seq 7. */
async function open(rated: (shop: string, thumb: string | null) => void = () => {}) {
  const house = createTestHouse({ rated: ({ shop }, thumb) => rated(shop, thumb) })
  for (const [i, text] of ['hello', 'hours'].entries()) {
    await house.engine.say(key, ANNA, { ref: refOf(`m${i}`), text, locale: 'en' })
    await house.settled()
  }
  const { engine } = house
  const thumbs = async () => (await engine.since(key, ANNA, null)).thumbs
  return { house, engine, thumbs }
}

test('[THUMB1] the last word counts, once; taking it back is a word too, and a cold fold knows it all', async () => {
  const said: unknown[] = []
  const { house, engine, thumbs } = await open((...each) => said.push(each))
  const rate = (reply: number, thumb: 'up' | 'down' | null) => engine.rate(key, ANNA, { reply, thumb })
  assert.equal(await rate(4, null), 4, 'nothing was said of it, and nothing is stored')
  assert.equal(await rate(4, 'up'), 8)
  assert.equal(await rate(4, 'up'), 8)
  assert.equal(await rate(7, 'down'), 9)
  assert.equal(await rate(4, 'down'), 10)
  assert.equal(await rate(4, null), 11)
  assert.equal(await rate(4, null), 11)
  const stands = [
    { reply: 4, thumb: null },
    { reply: 7, thumb: 'down' },
  ]
  assert.deepEqual(await thumbs(), stands)
  const events = await house.events('c1')
  assert.deepEqual(thumbsAfter(fold(unwritten, events, nowhere).custody.thumbs, 0), stands)
  assert.deepEqual(
    events.slice(7).map(event => event.type === 'rated' && [event.reply, event.turn, event.thumb]),
    [
      [4, 2, 'up'],
      [7, 5, 'down'],
      [4, 2, 'down'],
      [4, 2, null],
    ],
  )
  assert.deepEqual(said, [
    ['demo', 'up'],
    ['demo', 'down'],
    ['demo', 'down'],
    ['demo', null],
  ])
  assert.deepEqual(house.bugs, [])
})

test('[THUMB2] what is no reply of the bot, is taken back, is somebody else’s or was changed too often is refused, and nothing is stored', async () => {
  const { house, engine } = await open()
  const refused = async (reply: number, who = ANNA) => faultCodeOf(engine.rate(key, who, { reply, thumb: 'up' }))
  for (const reply of [1, 2, 3, 5, 6, 8, 99]) assert.equal(await refused(reply), 'RATING_INVALID', String(reply))
  assert.equal(await refused(4, asCustomerId('bert')), 'UNKNOWN_CONVERSATION')
  assert.equal(await faultCodeOf(engine.rate(keyOf('empty'), ANNA, { reply: 4, thumb: 'up' })), 'RATING_INVALID')
  await engine.recall(key, ANNA, refOf('m1'))
  assert.equal(await refused(7), 'RATING_INVALID')
  for (let i = 0; i < MOST_RATINGS; i++) await engine.rate(key, ANNA, { reply: 4, thumb: i % 2 ? 'up' : 'down' })
  const { length } = await house.events('c1')
  assert.equal(await faultCodeOf(engine.rate(key, ANNA, { reply: 4, thumb: 'down' })), 'RATING_INVALID')
  assert.equal((await house.events('c1')).length, length)
  assert.deepEqual(house.bugs, [])
})

test('[THUMB3] a rollback takes no thumb back, and a thumb leaves the rest of the conversation as it is', async () => {
  const { house, engine, thumbs } = await open()
  const before = await house.engine.since(key, ANNA, null)
  await engine.rate(key, ANNA, { reply: 7, thumb: 'down' })
  await engine.rate(key, ANNA, { reply: 4, thumb: 'up' })
  const after = await engine.since(key, ANNA, null)
  assert.deepEqual([after.events, after.state.with, after.typing], [before.events, before.state.with, before.typing])
  // The customer takes back what was said last: the thumb of the reply before it was given after it, and stands.
  await engine.recall(key, ANNA, refOf('m1'))
  const shown = await engine.since(key, ANNA, null)
  assert.deepEqual(
    shown.events.map(({ seq }) => seq),
    [2, 4],
  )
  await engine.rollback(key, { toSeq: 9, by: { kind: 'operator' }, reason: '' })
  assert.deepEqual(
    (await engine.since(key, ANNA, null)).events.map(({ seq }) => seq),
    [2, 4, 5, 7],
  )
  assert.deepEqual(await thumbs(), [
    { reply: 4, thumb: 'up' },
    { reply: 7, thumb: 'down' },
  ])
  assert.deepEqual(house.bugs, [])
})

test('[THUMB4] over a socket: acknowledged by its ref, told to the other page, told again to nobody who knows it, and counted as a message', async () => {
  const tokens = createTokens(new Uint8Array(32).fill(1), { visitorMinutes: 5, refreshDays: 1, identityKey: () => 'a key' })
  const house = createTestHouse()
  const visitor = tokens.newVisitor(SHOP)
  const here = { shop: SHOP, conversation: asConversationId(visitor.conversation) }
  await house.engine.say(here, visitor.customer, { ref: refOf('m1'), text: 'hello', locale: 'en' })
  await house.settled()
  const page = async (seq: number | null) => {
    const frames: ServerMessage[] = []
    let wake = (): void => {}
    const socket = createCustomerSocket(
      {
        send(text) {
          frames.push(ServerMessage.parse(JSON.parse(text)))
          wake()
        },
        close: () => {},
        bufferedBytes: 0,
      },
      { engine: house.engine, fanOut: house.fanOut, tokens, clock: house.clock, onFault: () => {}, onBug: error => house.bugs.push(error) },
    )
    const { token } = await tokens.issue(visitor)
    const resumeAfter = seq === null ? null : { epoch: house.log.epoch, seq }
    const until = (wanted: (frame: ServerMessage) => boolean) =>
      new Promise<ServerMessage>(resolve => {
        wake = () => {
          const found = frames.findLast(wanted)
          if (found) resolve(found)
        }
        wake()
      })
    socket.frame(JSON.stringify({ type: 'hello', protocol: 1, token, conversation: visitor.conversation, resumeAfter }))
    await until(frame => frame.type === 'state')
    const rate = (ref: string, reply: number, thumb: string | null) => socket.frame(JSON.stringify({ type: 'rate', ref, reply, thumb }))
    return { frames, until, rate, said: () => frames.flatMap(frame => (frame.type === 'events' ? [frame.thumbs ?? 'none'] : [])) }
  }
  const [one, two] = [await page(null), await page(null)]
  one.rate('r1', 4, 'down')
  assert.deepEqual(await one.until(frame => frame.type === 'ack'), { type: 'ack', ref: 'r1', seq: 5 })
  const told = await two.until(frame => frame.type === 'events' && frame.upTo === 5)
  assert.deepEqual(told, { type: 'events', after: 4, upTo: 5, events: [], thumbs: [{ reply: 4, thumb: 'down' }] })
  assert.deepEqual((await page(4)).said(), [[{ reply: 4, thumb: 'down' }]])
  assert.deepEqual((await page(5)).said(), ['none'])
  one.rate('r2', 2, 'up')
  const fault = await one.until(frame => frame.type === 'fault')
  assert.deepEqual(fault.type === 'fault' && [fault.code, fault.ref], ['RATING_INVALID', 'r2'])
  one.rate('r3', 4, 'sideways')
  const odd = await one.until(frame => frame.type === 'fault' && frame.code === 'FRAME_INVALID')
  assert.equal(odd.type === 'fault' && odd.path, 'thumb')
  for (let i = 0; i < 30; i++) one.rate(`f${i}`, 4, 'down')
  const limited = await one.until(frame => frame.type === 'fault' && frame.code === 'RATE_LIMITED')
  assert.ok(limited.type === 'fault' && (limited.retryAfterMs ?? 0) > 0 && limited.ref?.startsWith('f'))
  assert.deepEqual(house.bugs, [])
})

test('[HOOK2] a webhook is told of a thumb', () => {
  const rated: Logged = { type: 'rated', at: 1_000, seq: 5, reply: 4, turn: 2, thumb: 'down' }
  const { type, data } = webhookEvent(key, rated, false)
  assert.deepEqual([type, data], ['reply.rated', { reply: 4, turn: 2, thumb: 'down' }])
})
