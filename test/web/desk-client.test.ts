// The console's client against a shop in memory, over lines that a test moves by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import type { DeskRequest } from '@parley/core/protocol/desk-message.ts'
import { type Noted, newsBetween, note } from '@parley/web/desk/alerts.ts'
import { createDesk, type Desk, type DeskView } from '@parley/web/desk/desk-client.ts'
import { rowsOf } from '@parley/web/desk/rows.ts'
import { bot, CARD, CHEN, COMPENSATE, customer, fillHouse, LIU } from './desk-people.ts'
import type { FakeAgent } from './fake-desk.ts'
import { createFakeDeskHouse, type FakeDeskHouse } from './fake-desk-lines.ts'

function openHouse(): FakeDeskHouse {
  const house = createFakeDeskHouse()
  fillHouse(house.desk)
  return house
}

async function signIn(house: FakeDeskHouse, { name, password }: FakeAgent, world = house.browser()): Promise<Desk> {
  const desk = createDesk(world, () => {})
  desk.start()
  await house.deliver()
  const answer = await desk.signIn({ shop: 'demo', name, password })
  assert.equal(answer.result, 'signed-in')
  await house.deliver()
  assert.equal(desk.view.connection.name, 'connected')
  return desk
}

async function claimed(): Promise<{ house: FakeDeskHouse; chen: Desk }> {
  const house = openHouse()
  const chen = await signIn(house, CHEN)
  chen.open('crab')
  await house.deliver()
  assert.ok(chen.claim('crab'))
  await house.deliver()
  return { house, chen }
}

async function live(house: FakeDeskHouse, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    await house.clock.advance(500)
    await house.deliver()
  }
}

const asksOf = <T extends DeskRequest['type']>(house: FakeDeskHouse, type: T): Extract<DeskRequest, { type: T }>[] =>
  house.desk.received.flatMap(({ request }) => (request.type === type ? [request as Extract<DeskRequest, { type: T }>] : [])) // its type was just seen

const words = (desk: Desk, conversation: string): string[] => {
  const watched = desk.view.watched.get(conversation)
  return watched
    ? rowsOf(watched, desk.view.session?.agent.name ?? '').map(row =>
        row.who === 'agent' ? `${row.name}: ${row.text} (${row.state})` : row.who === 'mark' ? `[${row.about}]` : `${row.who}: ${row.text}`,
      )
    : []
}

test('nobody is signed in: the console says so; a wrong password is refused; the right one opens the queue', async () => {
  const house = openHouse()
  const desk = createDesk(house.browser(), () => {})
  desk.start()
  await house.deliver()
  assert.equal(desk.view.isSignedOut, true)
  assert.deepEqual(await desk.signIn({ shop: 'demo', name: 'Chen', password: 'wrong' }), { result: 'refused' })
  assert.equal(desk.view.isSignedOut, true)
  await desk.signIn({ shop: 'demo', name: 'Chen', password: CHEN.password })
  await house.deliver()
  assert.equal(desk.view.isSignedOut, false)
  assert.deepEqual(
    desk.view.groups.waiting.map(item => item.conversation),
    ['crab', 'refund'],
  )
})

test('a session that has ended asks to sign in again, whichever way the shop tells it', async () => {
  for (const code of [CLOSE.TOKEN_EXPIRED, CLOSE.TOKEN_INVALID, 1006]) {
    const house = openHouse()
    const desk = await signIn(house, CHEN)
    house.endSessions()
    house.lines[0]?.close(code)
    await live(house, 2_000)
    assert.equal(desk.view.isSignedOut, true, `close code ${code}`)
  }
})

test('[RT15] a node that leaves costs an agent neither place nor words: the conversation stays open and theirs, and what was said is said once', async () => {
  const { house, chen } = await claimed()
  chen.say('crab', '您好，我是小陈')
  const line = house.lines[0]!
  house.moveToServer(line) // its acknowledgement is lost
  line.close(CLOSE.GO_ELSEWHERE)
  assert.equal(chen.view.connection.name, 'connecting')
  assert.equal(chen.view.opened, 'crab')
  await live(house, 1_000)
  assert.equal(chen.view.connection.name, 'connected')
  assert.equal(chen.view.opened, 'crab')
  assert.deepEqual(chen.view.owner('crab'), { who: 'me' })
  assert.equal(words(chen, 'crab').filter(said => said === 'Chen: 您好，我是小陈 (sent)').length, 1)
})

test('signing out lets the line go and forgets what is unsent', async () => {
  const { house, chen } = await claimed()
  house.desk.faults.push({ code: 'RATE_LIMITED', retryAfterMs: 60_000 })
  chen.say('crab', 'one moment')
  await house.deliver()
  await chen.signOut()
  await house.deliver()
  assert.equal(chen.view.isSignedOut, true)
  assert.equal(house.lines.length, 0)
  const again = await signIn(house, CHEN)
  await live(house, 1_000)
  assert.equal(again.view.watched.get('crab')?.outbox.length, 0)
})

test('opens a conversation: history with marks, card, orders and state', async () => {
  const house = openHouse()
  const chen = await signIn(house, CHEN)
  chen.open('crab')
  await house.deliver()
  const watched = chen.view.watched.get('crab')
  assert.equal(watched?.stage, 'synced')
  assert.equal(watched?.card?.ranking[0]?.action, 'COMPENSATE')
  assert.equal(watched?.orders?.length, 2)
  assert.deepEqual(words(chen, 'crab').slice(-2), ['customer: 你们到底管不管！三只都死了', '[queued]'])
  assert.deepEqual(chen.view.owner('crab'), { who: 'queue', position: 1 })
  assert.equal(chen.say('crab', 'hello'), false, 'it is not mine')
})

test('claims, writes, sees delivered and read, and returns it to the bot with a note', async () => {
  const { house, chen } = await claimed()
  assert.deepEqual(chen.view.owner('crab'), { who: 'me' })
  assert.deepEqual(
    chen.view.groups.mine.map(item => item.conversation),
    ['crab'],
  )
  assert.ok(chen.say('crab', '您好，我是小陈'))
  assert.equal(words(chen, 'crab').at(-1), 'Chen: 您好，我是小陈 (sending)')
  await house.deliver()
  assert.equal(words(chen, 'crab').at(-1), 'Chen: 您好，我是小陈 (sent)')
  const { end } = house.desk.conversations.get('crab')!
  house.desk.customerSaw('crab', 'delivered', end)
  await house.deliver()
  assert.equal(words(chen, 'crab').at(-1), 'Chen: 您好，我是小陈 (delivered)')
  house.desk.customerSaw('crab', 'read', end)
  await house.deliver()
  assert.equal(words(chen, 'crab').at(-1), 'Chen: 您好，我是小陈 (read)')
  assert.ok(chen.release('crab', 'bot', '  refunded by hand '))
  await house.deliver()
  assert.deepEqual(chen.view.outcomes.get('crab'), { name: 'released', to: 'bot' })
  assert.deepEqual(chen.view.owner('crab'), { who: 'bot' })
  assert.equal(asksOf(house, 'release')[0]?.note, 'refunded by hand')
  assert.equal(chen.view.maySay('crab'), false)
})

test('of a hundred who claim at once one has it, and every other is told who', async () => {
  const house = openHouse()
  const agents = Array.from({ length: 100 }, (_, i): FakeAgent => ({ id: `a${i}`, name: `Agent ${i}`, password: `p${i}` }))
  for (const agent of agents) house.desk.agents.set(agent.name, agent)
  const desks: Desk[] = []
  for (const agent of agents) desks.push(await signIn(house, agent))
  for (const desk of desks) desk.open('crab')
  await house.deliver()
  for (const desk of desks) assert.ok(desk.claim('crab'))
  await house.deliver()
  const winners = desks.filter(desk => desk.view.owner('crab').who === 'me')
  assert.equal(winners.length, 1)
  const winner = winners[0]?.view.session?.agent.name
  for (const desk of desks.filter(other => other !== winners[0])) {
    assert.deepEqual(desk.view.outcomes.get('crab'), { name: 'taken' })
    assert.deepEqual(desk.view.owner('crab'), { who: 'colleague', name: winner })
    assert.equal(desk.claim('crab'), false, 'what a colleague has cannot be taken over')
  }
})

test('two agents of one name: only the one who claimed may write', async () => {
  const house = openHouse()
  const twin: FakeAgent = { id: 'a-chen-2', name: 'Chen', password: 'other' }
  const chen = await signIn(house, CHEN)
  house.desk.agents.set('Chen', twin)
  const other = await signIn(house, twin)
  for (const desk of [chen, other]) desk.open('crab')
  await house.deliver()
  chen.claim('crab')
  await house.deliver()
  assert.deepEqual(chen.view.owner('crab'), { who: 'me' })
  assert.deepEqual(other.view.owner('crab'), { who: 'colleague', name: 'Chen' })
  assert.equal(other.say('crab', 'me too'), false)
})

test('[RT1] a view that may be old refuses to send until it has caught up; what colleagues and customer wrote meanwhile comes first', async () => {
  const { house, chen } = await claimed()
  house.lines[0]?.close(1006)
  assert.equal(chen.say('crab', 'too early'), false)
  house.desk.append('crab', customer('还在吗？'))
  await house.clock.advance(31_000)
  await house.deliver()
  assert.equal(words(chen, 'crab').at(-1), 'customer: 还在吗？')
  assert.ok(chen.say('crab', '在的'))
  const resumed = asksOf(house, 'watch').at(-1)
  assert.equal(resumed?.resumeAfter?.epoch, 'epoch1')
  assert.ok((resumed?.resumeAfter?.seq ?? 0) > 0, 'it resumes, and does not begin anew')
})

test('[RT1] connected, but not yet caught up, is not enough to send', async () => {
  const { house, chen } = await claimed()
  house.lines[0]?.close(1006)
  await house.clock.advance(31_000)
  const line = house.lines[0]!
  house.moveToServer(line) // opens
  house.moveToServer(line) // hello
  house.moveToConsole(line) // welcome
  assert.equal(chen.view.connection.name, 'connected')
  assert.equal(chen.say('crab', 'too early'), false)
  await house.deliver()
  assert.ok(chen.say('crab', 'now'))
})

test('[RT2] a message whose answer was lost stands once; one that never arrived is sent again under the same ref', async () => {
  const { house, chen } = await claimed()
  chen.say('crab', 'arrived')
  house.moveToServer(house.lines[0]!)
  house.lines[0]?.close(1006)
  await live(house, 31_000)
  assert.equal(asksOf(house, 'say').length, 1, 'the history shows it: there is nothing to send again')
  chen.say('crab', 'never arrived')
  const ref = chen.view.watched.get('crab')?.outbox[0]?.ref
  house.lines[0]?.close(1006)
  await live(house, 31_000)
  assert.deepEqual(
    words(chen, 'crab').filter(line => line.startsWith('Chen')),
    ['Chen: arrived (sent)', 'Chen: never arrived (sent)'],
  )
  assert.equal(asksOf(house, 'say').at(-1)?.ref, ref)
})

test('what is unsent survives a reload of the tab, for the same agent alone', async () => {
  const { house, chen } = await claimed()
  const shelf = house.browser().shelf
  const first = await signIn(house, CHEN, house.browser(shelf))
  first.open('crab')
  await house.deliver()
  house.desk.faults.push({ code: 'RATE_LIMITED', retryAfterMs: 600_000 })
  assert.ok(first.say('crab', 'kept'))
  await house.deliver()
  const stranger = await signIn(house, LIU, house.browser(shelf))
  await live(house, 1_000)
  assert.equal(stranger.view.watched.size, 0)
  await signIn(house, CHEN, house.browser(shelf))
  await live(house, 1_000)
  assert.equal(words(chen, 'crab').at(-1), 'Chen: kept (sent)')
})

test('a message that was refused because it is no longer mine says so and can be taken back as text', async () => {
  const { house, chen } = await claimed()
  house.desk.faults.push({ code: 'NOT_OWNER' })
  chen.say('crab', 'too late')
  await house.deliver()
  const failed = chen.view.watched.get('crab')?.outbox[0]
  assert.deepEqual(failed?.delivery, { state: 'failed', code: 'NOT_OWNER', canRetry: true })
  assert.equal(chen.discard('crab', failed?.ref ?? ''), 'too late')
  assert.equal(chen.view.watched.get('crab')?.outbox.length, 0)
  await live(house, 1_000)
  assert.equal(asksOf(house, 'say').length, 1)
})

test('a busy shop is asked again after the pause it names', async () => {
  const { house, chen } = await claimed()
  house.desk.faults.push({ code: 'RATE_LIMITED', retryAfterMs: 1_000 })
  chen.say('crab', 'first')
  chen.say('crab', 'second')
  await live(house, 3_000)
  assert.deepEqual(
    words(chen, 'crab').filter(line => line.startsWith('Chen')),
    ['Chen: first (sent)', 'Chen: second (sent)'],
  )
})

test('a gap in the frames is never shown over: the line is given up and resumed', async () => {
  const { house, chen } = await claimed()
  house.desk.append('crab', customer('eins'))
  house.lines[0]?.toConsole.pop() // a frame that never comes
  house.desk.append('crab', customer('zwei!'))
  await live(house, 31_000)
  assert.deepEqual(words(chen, 'crab').slice(-2), ['customer: eins', 'customer: zwei!'])
})

test('what the customer takes back disappears and leaves an audit line', async () => {
  const { house, chen } = await claimed()
  const before = house.desk.conversations.get('crab')!.end
  house.desk.append('crab', customer('wrong chat, sorry'))
  await house.deliver()
  house.desk.recall('crab', before)
  await house.deliver()
  assert.ok(!words(chen, 'crab').includes('customer: wrong chat, sorry'))
  assert.equal(words(chen, 'crab').at(-1), '[recalled]')
})

test('another life of the store: the history is fetched whole, and what it forgot is sent again', async () => {
  const { house, chen } = await claimed()
  chen.say('crab', 'before the restore')
  await house.deliver()
  house.desk.epoch = 'epoch2'
  house.lines[0]?.close(1006)
  await live(house, 31_000)
  assert.equal(words(chen, 'crab').at(-1), 'Chen: before the restore (sent)')
  assert.equal(chen.view.watched.get('crab')?.position?.epoch, 'epoch2')
})

test('typing of the customer shows, ends after five seconds, and ends at once when the message comes', async () => {
  const { house, chen } = await claimed()
  house.desk.customerTypes('crab')
  await house.deliver()
  assert.equal(chen.view.watched.get('crab')?.typing[0]?.who, 'customer')
  await live(house, 5_500)
  assert.deepEqual(chen.view.watched.get('crab')?.typing, [])
  house.desk.customerTypes('crab')
  house.desk.append('crab', customer('done'))
  await house.deliver()
  assert.deepEqual(chen.view.watched.get('crab')?.typing, [])
})

test('my typing is told at most every three seconds, and only where I may write', async () => {
  const { house, chen } = await claimed()
  for (let i = 0; i < 10; i++) chen.typing('crab')
  chen.typing('refund')
  await house.deliver()
  assert.equal(asksOf(house, 'typing').length, 1)
})

test('`read` is told only for what is open, in sight and mine; `delivered` for what else is mine', async () => {
  const house = openHouse()
  const chen = await signIn(house, CHEN)
  chen.open('crab')
  await house.deliver()
  assert.deepEqual(asksOf(house, 'seen'), [], 'whoever only looks in tells the customer nothing')
  chen.claim('crab')
  await house.deliver()
  assert.equal(asksOf(house, 'seen').at(-1)?.state, 'read')
  chen.setVisible(false)
  house.desk.append('crab', customer('hello?'))
  await house.deliver()
  const { end } = house.desk.conversations.get('crab')!
  assert.deepEqual(asksOf(house, 'seen').at(-1), { type: 'seen', conversation: 'crab', state: 'delivered', seq: end })
  chen.setVisible(true)
  await house.deliver()
  assert.deepEqual(asksOf(house, 'seen').at(-1), { type: 'seen', conversation: 'crab', state: 'read', seq: end })
  const count = asksOf(house, 'seen').length
  house.desk.append('crab', bot('a reply'))
  await house.deliver()
  assert.equal(asksOf(house, 'seen').length, count, 'once is enough')
})

test('mine are followed while something else is open, and what is neither is let go', async () => {
  const { house, chen } = await claimed()
  chen.open('refund')
  await house.deliver()
  assert.deepEqual([...chen.view.watched.keys()].sort(), ['crab', 'refund'])
  chen.open(null)
  await house.deliver()
  assert.deepEqual([...chen.view.watched.keys()], ['crab'])
  assert.equal(asksOf(house, 'unwatch')[0]?.conversation, 'refund')
})

test('news: a message that came while the line was away is told once; catching up with an old history is no news', async () => {
  const house = openHouse()
  const heard: string[] = []
  let noted: Noted | undefined
  const listen = (view: DeskView): void => {
    if (!view.isQueueKnown) return
    const now = note(view, noted)
    const news = noted && newsBetween(noted, now)
    noted = now
    if (news) heard.push(news)
  }
  const chen = createDesk(house.browser(), listen)
  chen.start()
  await house.deliver()
  await chen.signIn({ shop: 'demo', name: 'Chen', password: CHEN.password })
  await house.deliver()
  chen.setVisible(false)
  chen.claim('crab')
  await live(house, 1_000)
  assert.deepEqual(heard, [], 'what was there when it was claimed is no news')
  house.desk.append('crab', customer('and now?'))
  await house.deliver()
  assert.deepEqual(heard, ['message'])
  house.lines[0]?.close(1006)
  house.desk.append('crab', customer('hello?'))
  await live(house, 31_000)
  assert.deepEqual(heard, ['message', 'message'])
  house.lines[0]?.close(1006)
  await live(house, 31_000)
  assert.deepEqual(heard, ['message', 'message'], 'the same ones are not told again')
})

test('handed over anew while it is followed: the new card is shown, and following goes on', async () => {
  const { house, chen } = await claimed()
  const liu = await signIn(house, LIU)
  liu.open('crab')
  await house.deliver()
  house.desk.conversations.get('crab')!.card = { ...CARD, reason: 'transferred' }
  chen.release('crab', 'queue', '')
  await house.deliver()
  assert.equal(liu.view.watched.get('crab')?.card?.reason, 'transferred')
  assert.equal(liu.view.watched.get('crab')?.stage, 'synced')
  liu.claim('crab')
  await house.deliver()
  assert.ok(liu.say('crab', 'my turn'))
})

test('a shop that is too busy to open a conversation is asked again', async () => {
  const house = openHouse()
  const chen = await signIn(house, CHEN)
  house.desk.busyWatches = 2
  chen.open('crab')
  await live(house, 5_000)
  assert.equal(chen.view.watched.get('crab')?.stage, 'synced')
})

test('an old queue is passed over; after a restart of the server its first one counts', async () => {
  const house = openHouse()
  const chen = await signIn(house, CHEN)
  house.desk.tellQueue()
  house.desk.tellQueue()
  const [newer, older] = [house.lines[0]?.toConsole.pop(), house.lines[0]?.toConsole.pop()]
  house.lines[0]?.toConsole.push(newer!, older!.replace(/"items":\[.*\]/, '"items":[]'))
  await house.deliver()
  assert.equal(chen.view.groups.waiting.length, 2)
})

test('an unanswered claim does not hang: the line is given up, and the state tells who has it', async () => {
  const house = openHouse()
  const chen = await signIn(house, CHEN)
  chen.open('crab')
  await house.deliver()
  chen.claim('crab')
  house.lines[0]?.die()
  await live(house, 60_000)
  assert.equal(chen.view.connection.name, 'connected')
  assert.equal(chen.view.pending.size, 0)
  assert.deepEqual(chen.view.owner('crab'), { who: 'queue', position: 1 })
})

test('[RB5] [RB7] takes a conversation back after a look at what goes; what comes meanwhile is on the list; a late answer opens nothing', async () => {
  const { house, chen } = await claimed()
  chen.say('crab', 'the wrong customer')
  await house.deliver()
  const [first] = chen.view.watched.get('crab')?.log ?? []
  assert.ok(first)
  assert.ok(chen.considerRollback('crab', first.seq))
  await house.deliver()
  const goes = chen.view.preview?.goes.length ?? 0
  assert.ok(goes > 1)
  house.desk.append('crab', customer('and another'))
  await house.deliver()
  assert.equal(chen.view.preview?.goes.length, goes + 1, 'asked anew')
  house.desk.append('crab', customer('one more'))
  chen.leaveRollback()
  await house.deliver()
  assert.equal(chen.view.preview, undefined)
  assert.ok(chen.considerRollback('crab', first.seq))
  await house.deliver()
  assert.ok(chen.rollback('crab', first.seq, ' a mix-up '))
  assert.equal(chen.view.preview, undefined)
  await house.deliver()
  assert.equal(chen.view.pending.size, 0)
  assert.deepEqual(words(chen, 'crab').slice(-1), ['[rollback]'])
  assert.equal(words(chen, 'crab').filter(line => !line.startsWith('[')).length, 1)
  assert.equal(asksOf(house, 'rollback')[0]?.reason, 'a mix-up')
  assert.ok(chen.considerRollback('crab', first.seq))
  await house.deliver()
  assert.deepEqual(chen.view.outcomes.get('crab'), { name: 'refused', code: 'ROLLBACK_INVALID' })
  const liu = await signIn(house, LIU)
  liu.open('crab')
  await house.deliver()
  assert.equal(liu.considerRollback('crab', first.seq), false, 'not theirs')
})

test('[RB5] a supervisor takes back what a colleague has in hand, and writes nothing into it', async () => {
  const { house, chen } = await claimed()
  const wu = { id: 'a-wu', name: 'Wu', password: 'a long password of Wu', isSupervisor: true }
  house.desk.agents.set(wu.name, wu)
  chen.say('crab', 'the wrong customer')
  await house.deliver()
  const boss = await signIn(house, wu)
  boss.open('crab')
  await house.deliver()
  const [first] = boss.view.watched.get('crab')?.log ?? []
  assert.ok(first)
  assert.equal(boss.say('crab', 'mine'), false)
  assert.ok(boss.considerRollback('crab', first.seq))
  await house.deliver()
  assert.ok(boss.rollback('crab', first.seq, 'a mix-up'))
  await house.deliver()
  assert.deepEqual(words(boss, 'crab').slice(-1), ['[rollback]'])
  assert.equal(words(chen, 'crab').filter(line => !line.startsWith('[')).length, 1)
})

test('[ERA4] [ERA7] a customer who asked for it is erased, and nothing of it stays in any console; others cannot be', async () => {
  const { house, chen } = await claimed()
  assert.equal(chen.view.mayErase('crab'), false)
  assert.equal(chen.erase('crab'), false, 'the customer has not asked')
  const about = { ...COMPENSATE, action: 'DELETE_ACCOUNT' }
  house.desk.add('leaves', about, { ...CARD, action: 'DELETE_ACCOUNT' })
  house.desk.append('leaves', customer('删除我的全部数据'))
  house.desk.queue('leaves')
  await house.deliver()
  const liu = await signIn(house, LIU)
  for (const desk of [chen, liu]) desk.open('leaves')
  await house.deliver()
  assert.equal(chen.erase('leaves'), false, 'it is not theirs yet')
  assert.ok(chen.claim('leaves'))
  await house.deliver()
  assert.deepEqual([chen.view.mayErase('leaves'), liu.view.mayErase('leaves')], [true, false])
  assert.ok(chen.erase('leaves'))
  assert.equal(chen.view.pending.get('leaves'), 'erase')
  await house.deliver()
  for (const desk of [chen, liu]) {
    assert.deepEqual(words(desk, 'leaves'), [])
    assert.deepEqual(desk.view.outcomes.get('leaves'), { name: 'erased' })
    assert.equal(desk.view.watched.get('leaves')?.card, null)
    assert.equal(desk.view.pending.size, 0)
    assert.equal(desk.view.item('leaves'), undefined)
  }
  assert.equal(chen.say('leaves', 'still there?'), false)
  assert.ok(words(chen, 'crab').length > 0, 'others are followed on')
})
