// The client core against a shop in memory, over lines that a test moves by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { type Client, createClient } from '@parley/web/client/client.ts'
import { rowsOf } from '@parley/web/client/rows.ts'
import type { Shelf } from '@parley/web/client/world.ts'
import { settle } from './fake-clock.ts'
import { createFakeShop, createShelf, type FakeShop } from './fake-shop.ts'

const startClient = (shop: FakeShop): Client => {
  const client = createClient(shop.world, 'demo', 'zh-CN', () => {})
  client.start()
  return client
}

/** A client that is connected to a shop, with `log` said and answered. */
async function connected(shelf?: Shelf): Promise<{ shop: FakeShop; client: Client }> {
  const shop = createFakeShop(undefined, shelf)
  const client = startClient(shop)
  await shop.deliver()
  assert.equal(client.view.connection.name, 'connected')
  return { shop, client }
}

const lines = (client: Client): string[] =>
  rowsOf(client.view.timeline).map(row => {
    if (row.who === 'customer') return `${row.text} (${row.state})`
    return row.who === 'person' ? `${row.name}> ${row.text}` : row.who === 'notice' ? `* ${row.text}` : `> ${row.text}`
  })
const saysOf = (shop: FakeShop): string[] => shop.received.flatMap(frame => (frame.type === 'say' ? [frame.text] : []))
const hellosOf = (shop: FakeShop) => shop.received.flatMap(frame => (frame.type === 'hello' ? [frame] : []))

/** Lets time pass in small steps with the wire moving, as it does in the world. */
async function live(shop: FakeShop, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    await shop.clock.advance(500)
    await shop.deliver()
  }
}

test('says, is acknowledged and answered', async () => {
  const { shop, client } = await connected()
  client.say('螃蟹死了怎么赔')
  assert.deepEqual(lines(client), ['螃蟹死了怎么赔 (sending)'])
  await shop.deliver()
  assert.equal(client.view.isReplyAwaited, true)
  shop.reply('非常抱歉')
  await shop.deliver()
  assert.deepEqual(lines(client), ['螃蟹死了怎么赔 (read)', '> 非常抱歉'])
  assert.equal(client.view.isReplyAwaited, false)
  assert.deepEqual(shop.world.shelf.keys(), ['parley.demo.visitor'], 'nothing acknowledged stays in the outbox')
})

test('[ERA4] an erased conversation goes from the page at once, and a new one begins by itself, with what had not been sent', async () => {
  const { shop, client } = await connected()
  client.say('one')
  await shop.deliver()
  shop.reply('answered')
  await shop.deliver()
  client.say('acknowledged')
  const line = shop.lines[0]
  assert.ok(line && shop.moveToServer(line))
  while (shop.moveToClient(line)) {} // both its event and its acknowledgement
  await shop.erase()
  client.say('not sent yet')
  assert.deepEqual(lines(client), ['not sent yet (sending)'])
  await live(shop, 2_000)
  assert.equal(client.view.connection.name, 'connected')
  assert.equal(client.view.timeline.conversation, 'c2')
  assert.deepEqual(lines(client), ['not sent yet (delivered)'])
  assert.deepEqual(hellosOf(shop).at(-1)?.resumeAfter, null)
  assert.deepEqual(shop.fetches.at(-1), { refresh: 'refresh-c1' }, 'it is the same visitor still')
  shop.reply('welcome back')
  await shop.deliver()
  assert.deepEqual(lines(client), ['not sent yet (read)', '> welcome back'])
})

test('[RT1] comes back by itself and asks for exactly what it missed', async () => {
  const { shop, client } = await connected()
  client.say('one')
  await shop.deliver()
  shop.kill()
  shop.reply('missed')
  assert.equal(client.view.connection.name, 'waiting')
  await live(shop, 2_000)
  assert.deepEqual(lines(client), ['one (read)', '> missed'])
  assert.deepEqual(hellosOf(shop).at(-1)?.resumeAfter, { epoch: 'epoch1', seq: 1 })
  assert.equal(shop.fetches.length, 1, 'the token is still good: no other is fetched')
})

test('[RT2] a message whose acknowledgement was lost is sent again under the same id and is there once', async () => {
  const { shop, client } = await connected()
  client.say('one')
  const line = shop.lines[0]
  assert.ok(line && shop.moveToServer(line))
  shop.kill() // event and acknowledgement are lost with the line
  assert.equal(shop.visible().length, 1)
  await live(shop, 2_000)
  const refs = shop.received.flatMap(frame => (frame.type === 'say' ? [frame.ref] : []))
  assert.equal(new Set(refs).size, 1)
  assert.equal(shop.visible().length, 1)
  assert.deepEqual(lines(client), ['one (delivered)'])
})

test('[RT3] an unknown epoch means to throw the history away and show the one there is', async () => {
  const { shop, client } = await connected()
  for (const text of ['one', 'two', 'three']) client.say(text)
  await shop.deliver()
  shop.restore(2)
  await live(shop, 2_000)
  assert.deepEqual(lines(client), ['one (delivered)', 'two (delivered)'])
  client.say('four')
  await shop.deliver()
  assert.deepEqual(lines(client), ['one (delivered)', 'two (delivered)', 'four (delivered)'])
})

test('[RT1] a gap in the events is not shown: the client reconnects and resumes', async () => {
  const { shop, client } = await connected()
  client.say('one')
  await shop.deliver()
  shop.push({
    type: 'events',
    after: 4,
    upTo: 5,
    events: [{ type: 'reply', seq: 5, at: 1, turn: 4, locale: 'en', parts: [{ kind: 'text', text: 'from nowhere' }] }],
  })
  await shop.deliver()
  assert.equal(client.view.connection.name, 'waiting')
  await live(shop, 2_000)
  assert.deepEqual(lines(client), ['one (delivered)'])
  assert.deepEqual(hellosOf(shop).at(-1)?.resumeAfter, { epoch: 'epoch1', seq: 1 })
})

test('what is written while the shop is away is sent in order when it is back, also after a reload', async () => {
  const shelf = createShelf()
  const { shop, client } = await connected(shelf)
  shop.goDown()
  client.say('one')
  client.say('two')
  await live(shop, 60_000)
  assert.deepEqual(lines(client), ['one (sending)', 'two (sending)'])
  for (const line of [...shop.lines]) line.close(1001) // the page is closed
  const reloaded = startClient(shop)
  reloaded.say('three')
  assert.deepEqual(lines(reloaded), ['one (sending)', 'two (sending)', 'three (sending)'])
  shop.goUp()
  await live(shop, 40_000)
  assert.deepEqual(lines(reloaded), ['one (delivered)', 'two (delivered)', 'three (delivered)'])
  assert.deepEqual([...shelf.kept.keys()], ['parley.demo.visitor'])
})

test('waits as long as a busy shop says, sends the same message again, and keeps the order', async () => {
  const { shop, client } = await connected()
  const busy = { code: 'RATE_LIMITED', message: 'busy', retryAfterMs: 2_000 }
  shop.faults.push(busy, busy)
  client.say('one')
  client.say('two')
  await shop.deliver()
  assert.deepEqual(saysOf(shop), ['one'])
  await shop.clock.advance(1_999)
  await shop.deliver()
  assert.deepEqual(saysOf(shop), ['one'], 'not before the time')
  assert.deepEqual(lines(client), ['one (sending)', 'two (sending)'])
  await live(shop, 10_000)
  assert.deepEqual(saysOf(shop), ['one', 'one', 'one', 'two'])
  assert.deepEqual(lines(client), ['one (delivered)', 'two (delivered)'])
})

test('[RT2] a refused message is marked and lets the next pass; trying again uses its id, changing it gives its text back', async () => {
  const { shop, client } = await connected()
  shop.faults.push({ code: 'SOMETHING_NEW', message: 'no' }, undefined, { code: 'TEXT_TOO_LONG', message: 'no' })
  for (const text of ['one', 'two', 'three']) client.say(text)
  await shop.deliver()
  assert.deepEqual(lines(client), ['two (delivered)', 'one (failed)', 'three (failed)'])
  const [one, three] = client.view.timeline.outbox
  assert.ok(one && three)
  client.retry(one.ref)
  await shop.deliver()
  const refs = shop.received.flatMap(frame => (frame.type === 'say' && frame.text === 'one' ? [frame.ref] : []))
  assert.deepEqual(refs, [one.ref, one.ref])
  assert.equal(client.discard(three.ref), 'three')
  assert.deepEqual(lines(client), ['two (delivered)', 'one (delivered)'])
  assert.deepEqual(shop.world.shelf.keys(), ['parley.demo.visitor'])
})

test('a frame that the shop could not read, answered without an id, fails the message under way', async () => {
  const { shop, client } = await connected()
  client.say('one')
  await settle()
  shop.push({ type: 'fault', code: 'FRAME_INVALID', message: 'no' })
  const line = shop.lines[0]
  assert.ok(line && shop.moveToClient(line))
  assert.deepEqual(lines(client), ['one (failed)'])
})

test('asks a silent line for a sign of life, and gives it up when none comes', async () => {
  const { shop, client } = await connected()
  await shop.clock.advance(24_999)
  await shop.deliver()
  assert.equal(shop.received.filter(({ type }) => type === 'ping').length, 0)
  await live(shop, 100_000)
  assert.equal(client.view.connection.name, 'connected', 'pongs keep it alive')
  assert.ok(shop.received.filter(({ type }) => type === 'ping').length >= 3)
  const dead = shop.lines[0]
  assert.ok(dead)
  dead.die()
  await shop.clock.advance(50_000)
  assert.notEqual(shop.lines[0], dead)
  await live(shop, 2_000)
  assert.equal(client.view.connection.name, 'connected')
})

test("answers the shop's ping", async () => {
  const { shop } = await connected()
  shop.push({ type: 'ping' })
  await shop.deliver()
  assert.equal(shop.received.at(-1)?.type, 'pong')
})

test('a device that wakes up tries at once, and finds a dead line within seconds', async () => {
  const { shop, client } = await connected()
  shop.goDown()
  await live(shop, 120_000)
  shop.goUp()
  if (client.view.connection.name === 'connecting') await shop.deliver()
  client.wake()
  await shop.deliver()
  assert.equal(client.view.connection.name, 'connected')
  const dead = shop.lines[0]
  assert.ok(dead)
  dead.die()
  client.wake()
  client.wake()
  await shop.clock.advance(5_000)
  assert.notEqual(client.view.connection.name, 'connected')
  await live(shop, 2_000)
  assert.equal(client.view.connection.name, 'connected')
})

test('a token that has run out is fetched anew with the refresh token; the conversation goes on', async () => {
  const { shop, client } = await connected()
  client.say('one')
  await shop.deliver()
  shop.tokens.clear()
  shop.kill()
  await live(shop, 5_000)
  assert.equal(client.view.connection.name, 'connected')
  assert.deepEqual(shop.fetches, [{}, { refresh: 'refresh-c1' }])
  assert.deepEqual(lines(client), ['one (delivered)'])
})

test('a token near its end is fetched anew before it is used', async () => {
  const { shop } = await connected()
  await live(shop, 290_000)
  shop.kill()
  await live(shop, 2_000)
  assert.equal(shop.fetches.length, 2)
  assert.equal(hellosOf(shop).length, 2, 'no hello was spent on the old one')
})

test('a refresh token that is not taken any more means a new conversation, with what was unsent', async () => {
  const { shop, client } = await connected()
  client.say('one')
  await shop.deliver()
  shop.forgetVisitors()
  shop.kill()
  client.say('two')
  await live(shop, 5_000)
  assert.deepEqual(shop.fetches, [{}, { refresh: 'refresh-c1' }, {}])
  assert.equal(hellosOf(shop).at(-1)?.resumeAfter, null, 'the new conversation has no history to resume')
  assert.deepEqual(lines(client), ['two (delivered)'])
})

test('beginning anew forgets conversation, visitor and what is unsent', async () => {
  const { shop, client } = await connected()
  client.say('one')
  await shop.deliver()
  shop.goDown()
  client.say('never')
  shop.goUp()
  client.startAnew()
  await shop.deliver()
  assert.equal(client.view.timeline.conversation, 'c2')
  assert.deepEqual(lines(client), [])
  await live(shop, 5_000)
  assert.equal(saysOf(shop).includes('never'), false)
})

test('codes of 4500 and above end the attempts; those below and lost lines do not', async () => {
  for (const [code, expected] of [
    [CLOSE.GOING_AWAY, 'connected'],
    [CLOSE.SLOW_CONSUMER, 'connected'],
    [CLOSE.GO_ELSEWHERE, 'connected'],
    [1006, 'connected'],
    [4_321, 'connected'],
    [CLOSE.PROTOCOL_VERSION, 'outdated'],
    [CLOSE.UNKNOWN_CONVERSATION, 'unknown-conversation'],
    [CLOSE.PROTOCOL_ERROR, 'refused'],
    [4_777, 'refused'],
  ] as const) {
    const { shop, client } = await connected()
    shop.lines[0]?.close(code)
    await live(shop, 5_000)
    const { connection } = client.view
    assert.equal(connection.name === 'stopped' ? connection.reason : connection.name, expected, String(code))
  }
})

test('a forged token is replaced once; a second refusal in a row ends the attempts', async () => {
  const { shop, client } = await connected()
  shop.lines[0]?.close(CLOSE.TOKEN_INVALID)
  await live(shop, 5_000)
  assert.equal(client.view.connection.name, 'connected')
  assert.equal(shop.fetches.length, 2)
  shop.lines[0]?.close(CLOSE.TOKEN_INVALID)
  while (shop.lines.length === 0) await shop.clock.advance(100)
  shop.lines[0]?.close(CLOSE.TOKEN_INVALID)
  assert.equal(client.view.connection.name, 'stopped')
})

test('a shop that closes at once after every welcome is not stormed', async () => {
  const { shop } = await connected()
  for (let passed = 0; passed < 60_000; passed += 100) {
    await shop.clock.advance(100)
    await shop.deliver()
    for (const line of [...shop.lines]) if (line.isJoined) line.close(CLOSE.GOING_AWAY)
  }
  assert.ok(hellosOf(shop).length < 12, `${hellosOf(shop).length} in a minute`)
})

test('[RT15] a node that leaves is left for another within a second, without a word of a lost line, and what was not acknowledged is sent there', async () => {
  const { shop, client } = await connected()
  for (const text of ['one', 'two', 'three']) {
    client.say(text)
    const line = shop.lines[0]
    assert.ok(line && shop.moveToServer(line)) // its acknowledgement is lost
    line.close(CLOSE.GO_ELSEWHERE)
    assert.equal(client.view.connection.name, 'connecting')
    client.say(`${text}, and again`)
    await live(shop, 1_000)
    assert.equal(client.view.connection.name, 'connected')
  }
  assert.deepEqual(
    lines(client),
    ['one', 'two', 'three'].flatMap(text => [`${text} (delivered)`, `${text}, and again (delivered)`]),
  )
  assert.equal(shop.visible().length, 6)
})

test('[RT15] a shop whose nodes all send away after every welcome is not stormed', async () => {
  const { shop } = await connected()
  for (let passed = 0; passed < 60_000; passed += 100) {
    await shop.clock.advance(100)
    await shop.deliver()
    for (const line of [...shop.lines]) if (line.isJoined) line.close(CLOSE.GO_ELSEWHERE)
  }
  assert.ok(hellosOf(shop).length < 17, `${hellosOf(shop).length} in a minute`)
})

test('two tabs that write at once do not lose each other’s messages', async () => {
  const shelf = createShelf()
  const { shop, client } = await connected(shelf)
  const other = startClient(shop)
  await shop.deliver()
  client.say('from one tab')
  other.say('from the other')
  assert.equal([...shelf.kept.keys()].filter(key => key.includes('unsent')).length, 2)
  await shop.deliver()
  assert.deepEqual(lines(client), lines(other))
  assert.equal(lines(client).length, 2)
})

test('no more than 50 messages wait; what does not fit is not taken', async () => {
  const { shop, client } = await connected()
  shop.goDown()
  assert.deepEqual(
    Array.from({ length: 51 }, (_, i) => client.say(`m${i}`)).filter(isTaken => !isTaken),
    [false],
  )
  shop.goUp()
  await live(shop, 20_000)
  assert.equal(shop.visible().length, 50)
})

test('typing is told at most every three seconds', async () => {
  const { shop, client } = await connected()
  for (let i = 0; i < 40; i++) {
    client.typing()
    await shop.clock.advance(100)
  }
  await shop.deliver()
  assert.equal(shop.received.filter(({ type }) => type === 'typing').length, 2)
})

const seensOf = (shop: FakeShop): string[] => shop.received.flatMap(frame => (frame.type === 'seen' ? [`${frame.state} ${frame.seq}`] : []))

test('[WEB3] tells the shop what has arrived and what was in sight, each once, and again only where the shop does not know', async () => {
  const { shop, client } = await connected()
  shop.reply('one')
  await live(shop, 1_000)
  assert.deepEqual(seensOf(shop), ['delivered 2'])
  assert.equal(client.view.unread, 1)
  client.setInSight(true)
  shop.reply('two')
  shop.reply('three')
  await live(shop, 1_000)
  assert.deepEqual(seensOf(shop), ['delivered 2', 'read 2', 'delivered 6', 'read 6'])
  assert.equal(client.view.unread, 0)
  shop.kill()
  await live(shop, 2_000)
  assert.equal(seensOf(shop).length, 4, 'the shop has said that it knows')
  client.setInSight(false)
  shop.reply('four')
  await shop.deliver()
  shop.kill() // before it was told
  await live(shop, 2_000)
  assert.deepEqual(seensOf(shop).slice(4), ['delivered 8'])
})

test('a second tab reads for both', async () => {
  const shelf = createShelf()
  const { shop, client } = await connected(shelf)
  const other = startClient(shop)
  shop.reply('one')
  await live(shop, 1_000)
  assert.deepEqual([client.view.unread, other.view.unread], [1, 1])
  other.setInSight(true)
  await live(shop, 1_000)
  assert.deepEqual([client.view.unread, other.view.unread], [0, 0])
})

test('shows who types, by name, until it is over; and is told who has the conversation also after a reconnect', async () => {
  const { shop, client } = await connected()
  shop.setState({ with: 'agent', agent: 'Chen' })
  shop.notice('Chen 已加入')
  shop.push({ type: 'typing', who: 'agent', name: 'Chen' })
  await shop.deliver()
  assert.deepEqual(client.view.typist, { name: 'Chen' })
  await shop.clock.advance(5_000)
  assert.equal(client.view.typist, undefined)
  client.say('hello')
  await shop.deliver()
  assert.equal(client.view.isReplyAwaited, false)
  shop.kill()
  shop.agentMessage('Chen', 'hello')
  shop.setState({ customer: { delivered: 2, read: 2 } })
  await live(shop, 2_000)
  assert.deepEqual(lines(client), ['* Chen 已加入', 'hello (read)', 'Chen> hello'])
  assert.equal(client.view.timeline.state?.agent, 'Chen')
})

test('a named customer is found by the identity token once, then by the refresh token; apart from the nameless visitor of the same browser', async () => {
  const shelf = createShelf()
  shelf.write('parley.demo.visitor', JSON.stringify({ refresh: 'refresh-c1', conversation: 'c1' }))
  const shop = createFakeShop(undefined, shelf)
  shop.identities.set('identity1', 'lins')
  const lin = createClient(shop.world, 'demo.@lin', 'zh-CN', () => {}, 'identity1')
  lin.start()
  await shop.deliver()
  assert.equal(lin.view.timeline.conversation, 'lins')
  shop.tokens.clear()
  shop.kill()
  await live(shop, 5_000)
  assert.equal(lin.view.connection.name, 'connected')
  assert.deepEqual(shop.fetches, [{ identity: 'identity1' }, { refresh: 'refresh-lins' }])
  assert.deepEqual([...shelf.kept.keys()].sort(), ['parley.demo.@lin.visitor', 'parley.demo.visitor'])
})

test('an identity token that is refused gives way to the refresh token, and that to a new visitor', async () => {
  const { shop, client } = await connected()
  const late = createClient(shop.world, 'demo', 'zh-CN', () => {}, 'too old')
  late.start()
  await shop.deliver()
  assert.equal(late.view.connection.name, 'connected')
  assert.equal(late.view.timeline.conversation, client.view.timeline.conversation)
  assert.deepEqual(shop.fetches, [{}, { identity: 'too old' }, { refresh: 'refresh-c1' }])
})

test('[RB6] a message that the shop does not take back is told of, until something else is written', async () => {
  const { shop, client } = await connected()
  client.say('one')
  await shop.deliver()
  const ref = rowsOf(client.view.timeline).flatMap(row => (row.who === 'customer' ? [row.ref] : []))[0] ?? ''
  shop.push({ type: 'fault', code: 'ROLLBACK_INVALID', message: 'somebody else asked', ref })
  await shop.deliver()
  assert.equal(client.view.isRecallRefused, false, 'nothing was asked for')
  client.recall(ref)
  shop.push({ type: 'fault', code: 'ROLLBACK_INVALID', message: 'a person has answered since', ref })
  await shop.deliver()
  assert.equal(client.view.isRecallRefused, true)
  assert.equal(rowsOf(client.view.timeline).length, 1)
  client.say('two')
  assert.equal(client.view.isRecallRefused, false)
})

test('[RB6] asks for the last message to be taken back, and for no other', async () => {
  const { shop, client } = await connected()
  const recalls = () => shop.received.flatMap(frame => (frame.type === 'recall' ? [frame.ref] : []))
  client.say('one')
  await shop.deliver()
  shop.reply('two')
  await shop.deliver()
  const ref = rowsOf(client.view.timeline).flatMap(row => (row.who === 'customer' ? [row.ref] : []))[0] ?? ''
  assert.equal(client.recall('another'), false)
  assert.equal(client.recall(ref), true)
  await shop.deliver()
  assert.deepEqual(recalls(), [ref])
  shop.kill()
  await settle()
  assert.equal(client.recall(ref), false, 'without a connection there is nobody to ask')
})

/** Seqs of the replies with what the customer has said of each. */
const thumbsOf = (client: Client): unknown[] =>
  rowsOf(client.view.timeline).flatMap(row => (row.who === 'shop' ? [[row.reply, row.thumb, row.isNewest]] : []))
const ratesOf = (shop: FakeShop): unknown[] => shop.received.flatMap(frame => (frame.type === 'rate' ? [[frame.reply, frame.thumb]] : []))

test('[THUMB1] what is said of a reply shows at once, is sent when there is a line, again where it was not answered, and is there after a reload', async () => {
  const shelf = createShelf()
  const { shop, client } = await connected(shelf)
  shop.reply('one')
  shop.reply('two')
  await shop.deliver()
  shop.goDown()
  client.rate(2, 'up')
  client.rate(2, 'down')
  client.rate(4, 'up')
  assert.deepEqual(thumbsOf(client), [
    [2, 'down', false],
    [4, 'up', true],
  ])
  shop.goUp()
  await live(shop, 5_000)
  assert.deepEqual(ratesOf(shop), [
    [2, 'down'],
    [4, 'up'],
  ])
  assert.deepEqual([client.view.timeline.ratings, client.view.timeline.thumbs], [[], { 2: 'down', 4: 'up' }])

  client.rate(4, null)
  shop.moveToServer(shop.lines[0]!) // there is one
  shop.kill() // its answer is lost
  await live(shop, 5_000)
  assert.deepEqual(ratesOf(shop).slice(2), [
    [4, null],
    [4, null],
  ])
  const other = startClient({ ...shop, world: { ...shop.world, shelf } })
  await shop.deliver()
  for (const each of [client, other])
    assert.deepEqual(thumbsOf(each), [
      [2, 'down', false],
      [4, null, true],
    ])
  assert.deepEqual(other.view.timeline.ratings, [])
})

test('[THUMB2] a rating that is refused goes from the page; one that came too fast is sent again after as long as the shop says', async () => {
  const { shop, client } = await connected()
  shop.reply('one')
  await shop.deliver()
  shop.faults.push({ code: 'RATE_LIMITED', message: 'too fast', retryAfterMs: 2_000 }, undefined)
  client.rate(2, 'up')
  await shop.deliver()
  assert.deepEqual([ratesOf(shop).length, thumbsOf(client)], [1, [[2, 'up', true]]])
  await live(shop, 2_500)
  assert.deepEqual([ratesOf(shop).length, client.view.timeline.thumbs], [2, { 2: 'up' }])
  shop.faults.push({ code: 'RATING_INVALID', message: 'it was taken back' })
  client.rate(2, 'down')
  await shop.deliver()
  assert.deepEqual(thumbsOf(client), [[2, 'up', true]])
  assert.deepEqual(client.view.timeline.outbox, [])
})

test('[THUMB3] a thumb changes nothing else of the page: no unread message, no answer that is not awaited any more, the same quick replies', async () => {
  const { shop, client } = await connected()
  shop.reply('which?', [{ label: 'A', text: 'a' }])
  await shop.deliver()
  client.setInSight(true)
  const { unread, quickReplies, isReplyAwaited } = client.view
  client.rate(2, 'down')
  await shop.deliver()
  assert.deepEqual([client.view.unread, client.view.quickReplies, client.view.isReplyAwaited], [unread, quickReplies, isReplyAwaited])
  // The seqs are another store's after a restore: what was said of them means nothing.
  shop.restore(0)
  await live(shop, 5_000)
  assert.deepEqual([client.view.timeline.thumbs, client.view.timeline.ratings], [{}, []])
})
