// The fold of frames and the customer's doings, without wire and time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConversationState, ServerMessage, VisibleEvent } from '@parley/core/protocol/server-message.ts'
import { rowsOf } from '@parley/web/client/rows.ts'
import {
  type Change,
  change,
  emptyTimeline,
  leavesGap,
  quickRepliesOf,
  recallableOf,
  type Timeline,
  unreadOf,
} from '@parley/web/client/timeline.ts'

const welcome = (epoch = 'e1', recovered = true, conversation = 'c1'): ServerMessage => ({
  type: 'welcome',
  protocol: 1,
  conversation,
  epoch,
  recovered,
  heartbeatMs: 25_000,
  limits: { frameBytes: 1, textCharacters: 1, textBytes: 1, messagesPerSecond: 1, messageBurst: 1 },
})
const message = (seq: number, ref = `r${seq}`): VisibleEvent => ({
  type: 'message',
  seq,
  at: seq,
  ref,
  parts: [{ kind: 'text', text: `t${seq}` }],
})
const reply = (seq: number): VisibleEvent => ({
  type: 'reply',
  seq,
  at: seq,
  turn: seq - 2,
  locale: 'en',
  parts: [{ kind: 'text', text: `a${seq}` }],
})
const events = (after: number, upTo: number, ...list: VisibleEvent[]): ServerMessage => ({ type: 'events', after, upTo, events: list })
const wrote = (ref: string): Change => ({ type: 'wrote', ref, text: ref, at: 5 })

const fold = (start: Timeline, ...steps: (ServerMessage | Change)[]): Timeline =>
  steps.reduce<Timeline>((timeline, step) => {
    const isFrame = !['wrote', 'retried', 'discarded', 'heard', 'shown'].includes(step.type)
    // The two unions share no type, as the line above tells them apart.
    return change(timeline, isFrame ? { type: 'heard', message: step as ServerMessage, at: 100 } : (step as Change))
  }, start)

const keys = (timeline: Timeline): string[] => rowsOf(timeline).map(row => (row.who === 'customer' ? `${row.key}:${row.state}` : row.key))
const known = fold(emptyTimeline, welcome(), events(0, 3, message(1), reply(3)))

test('what is written shows at once, and keeps its key from sending to the log', () => {
  let timeline = fold(known, wrote('x'))
  assert.deepEqual(keys(timeline), ['mr1:read', 'r3', 'mx:sending'])
  timeline = fold(timeline, { type: 'ack', ref: 'x', seq: 4 })
  assert.deepEqual(keys(timeline), ['mr1:read', 'r3', 'mx:sent'])
  timeline = fold(timeline, events(3, 4, message(4, 'x')))
  assert.deepEqual(keys(timeline), ['mr1:read', 'r3', 'mx:sent'])
  assert.deepEqual(timeline.outbox, [])
})

test('[RT2] the event may come before its acknowledgement, and an acknowledgement twice', () => {
  const ack: ServerMessage = { type: 'ack', ref: 'x', seq: 4 }
  const timeline = fold(known, wrote('x'), events(3, 4, message(4, 'x')), ack, ack)
  assert.deepEqual(keys(timeline), ['mr1:read', 'r3', 'mx:sent'])
})

test('[RT1] a frame that overlaps what is known adds only what is new; one that is known adds nothing', () => {
  const timeline = fold(
    known,
    events(1, 5, reply(3), message(4), reply(5)),
    events(3, 5, message(4), reply(5)),
    events(0, 3, message(1), reply(3)),
  )
  assert.deepEqual(keys(timeline), ['mr1:read', 'r3', 'mr4:read', 'r5'])
  assert.deepEqual(timeline.position, { epoch: 'e1', seq: 5 })
})

test('[RT1] a frame behind a gap is not folded in', () => {
  assert.equal(leavesGap(known, events(4, 5, message(5))), true)
  assert.equal(leavesGap(known, events(3, 5, message(5))), false)
  assert.deepEqual(fold(known, events(4, 5, message(5))), known)
})

test('events that the customer does not see move the position', () => {
  assert.deepEqual(fold(known, events(3, 9)).position, { epoch: 'e1', seq: 9 })
})

test('[RT3] a history of another life is thrown away; what is not in the new one is sent again', () => {
  const before = fold(known, wrote('x'), wrote('y'), { type: 'ack', ref: 'x', seq: 4 })
  for (const greeting of [welcome('e2', false), welcome('e1', false), welcome('e2', true), welcome('e1', true, 'c2')]) {
    const timeline = fold(before, greeting)
    assert.deepEqual(keys(timeline), ['mx:sending', 'my:sending'])
    assert.equal(timeline.position?.seq, 0)
  }
})

test('a refusal for good fails its message alone, and says whether sending it again may help', () => {
  const fault = (code: string, more: object = {}): ServerMessage => ({ type: 'fault', code, message: code, ref: 'x', ...more })
  const timeline = fold(known, wrote('x'), wrote('y'))
  const rows = rowsOf(fold(timeline, fault('TEXT_TOO_LONG'))).slice(2)
  assert.deepEqual(
    rows.map(row => row.who === 'customer' && [row.state, row.canRetry]),
    [
      ['failed', false],
      ['sending', false],
    ],
  )
  const retryable = fold(timeline, fault('SOMETHING_NEW'))
  assert.deepEqual(keys(retryable).slice(2), ['mx:failed', 'my:sending'])
  assert.deepEqual(keys(fold(retryable, { type: 'retried', ref: 'x' })).slice(2), ['mx:sending', 'my:sending'])
  assert.deepEqual(keys(fold(retryable, { type: 'discarded', ref: 'x' })).slice(2), ['my:sending'])
  assert.deepEqual(fold(timeline, fault('RATE_LIMITED', { retryAfterMs: 10 })), timeline, 'a refusal for now changes nothing')
})

test('a reply is awaited from the acknowledgement until it comes', () => {
  const asked = fold(known, wrote('x'), { type: 'ack', ref: 'x', seq: 4 }, events(3, 4, message(4, 'x')))
  assert.ok(asked.replyAwaitedUntil > 100)
  assert.equal(fold(asked, events(4, 6, reply(6))).replyAwaitedUntil, 0)
  const another = fold(asked, wrote('y'), { type: 'ack', ref: 'y', seq: 7 }, events(4, 6, reply(6)))
  assert.ok(another.replyAwaitedUntil > 100, 'a second message is still unanswered')
})

test('what this page does not know yet is passed over', () => {
  const later = { type: 'picture', seq: 4, at: 1 } as unknown as VisibleEvent // of a newer server
  assert.deepEqual(keys(fold(known, events(3, 4, later))), ['mr1:read', 'r3'])
})

const agentMessage = (seq: number, name = 'Chen'): VisibleEvent => ({
  type: 'agent_message',
  seq,
  at: seq,
  ref: `a${seq}`,
  name,
  parts: [{ kind: 'text', text: `p${seq}` }],
})
const notice = (seq: number): VisibleEvent => ({
  type: 'notice',
  seq,
  at: seq,
  about: 'claimed',
  locale: 'en',
  parts: [{ kind: 'text', text: `n${seq}` }],
})
const offer = (seq: number): VisibleEvent => ({ ...reply(seq), quickReplies: [{ label: 'Yes, please', text: 'yes' }] }) as VisibleEvent // a reply
const state = (more: Partial<ConversationState> = {}): ServerMessage => ({
  type: 'state',
  with: 'bot',
  customer: { delivered: 0, read: 0 },
  shop: { delivered: 0, read: 0 },
  ...more,
})
const whole = (upTo: number, ...list: VisibleEvent[]): ServerMessage => ({ type: 'events', after: 0, upTo, events: list, whole: true })

test('[WEB2] what was taken back goes, with what was acknowledged and not yet shown; what the shop has not taken stays', () => {
  const before = fold(known, wrote('x'), { type: 'ack', ref: 'x', seq: 4 }, wrote('y'))
  const after = fold(before, whole(6, message(1), reply(6)))
  assert.deepEqual(keys(after), ['mr1:read', 'r6', 'my:sending'])
  assert.deepEqual(after.position, { epoch: 'e1', seq: 6 })
  assert.deepEqual(keys(fold(after, { type: 'ack', ref: 'y', seq: 5 })), ['mr1:read', 'r6'], 'said before, and taken back since')
  assert.deepEqual(keys(fold(after, whole(6, message(1), reply(6)))), keys(after))
  assert.deepEqual(keys(fold(after, whole(6, message(1)))), ['mr1:sent', 'my:sending'], 'the whole as of now counts')
  assert.deepEqual(keys(fold(after, whole(5, message(1)))), keys(after), 'an older whole changes nothing')
})

test("a message's state follows the shop's marks", () => {
  const said = fold(known, events(3, 5, message(4), message(5)))
  assert.deepEqual(keys(fold(said, state({ customer: { delivered: 5, read: 4 } }))), ['mr1:read', 'r3', 'mr4:read', 'mr5:delivered'])
  const sent = fold(said, wrote('x'), { type: 'ack', ref: 'x', seq: 6 }, state({ customer: { delivered: 6, read: 4 } }))
  assert.equal(keys(sent).at(-1), 'mx:delivered')
})

test('who has the conversation is forgotten with the life it was of', () => {
  const queued = fold(known, state({ with: 'queue', position: 2 }))
  assert.equal(queued.state?.position, 2)
  assert.equal(fold(queued, welcome()).state?.position, 2)
  for (const greeting of [welcome('e2'), welcome('e1', false), welcome('e1', true, 'c2')]) assert.equal(fold(queued, greeting).state, null)
})

test('no reply of the bot is awaited while a person has the conversation; the person is seen typing', () => {
  const asked = fold(known, wrote('x'), { type: 'ack', ref: 'x', seq: 4 })
  assert.ok(asked.replyAwaitedUntil > 0)
  const withPerson = fold(asked, state({ with: 'agent', agent: 'Chen' }))
  assert.equal(withPerson.replyAwaitedUntil, 0)
  const again = fold(
    withPerson,
    events(3, 4, message(4, 'x')),
    wrote('y'),
    { type: 'ack', ref: 'y', seq: 5 },
    { type: 'typing', who: 'bot' },
  )
  assert.equal(again.replyAwaitedUntil, 0)
  const typing = fold(again, { type: 'typing', who: 'agent', name: 'Chen' })
  assert.deepEqual(typing.typing, { name: 'Chen', until: 5_100 })
  assert.equal(fold(typing, events(4, 6, message(5, 'y'), agentMessage(6))).typing, null)
  assert.equal(fold(typing, state({ with: 'bot' })).typing, null)
})

test('quick replies are those of the newest message, and go when the customer has said anything', () => {
  const offered = fold(known, events(3, 4, offer(4)))
  assert.deepEqual(quickRepliesOf(offered), [{ label: 'Yes, please', text: 'yes' }])
  assert.deepEqual(quickRepliesOf(fold(offered, wrote('x'))), [])
  assert.deepEqual(quickRepliesOf(fold(offered, events(4, 5, message(5)))), [])
  assert.deepEqual(quickRepliesOf(fold(offered, events(4, 5, notice(5)))), [])
  assert.deepEqual(quickRepliesOf(fold(offered, events(4, 5, reply(5)))), [])
  const refused = fold(offered, wrote('x'), { type: 'fault', code: 'TEXT_TOO_LONG', message: '', ref: 'x' })
  assert.equal(quickRepliesOf(refused).length, 1, 'what could not be said was not said')
})

test('unread is what this page has not shown and no other has', () => {
  const three = fold(known, events(3, 6, reply(4), notice(5), agentMessage(6)))
  assert.equal(unreadOf(three), 4)
  assert.equal(unreadOf(fold(three, state({ shop: { delivered: 6, read: 4 } }))), 2)
  assert.equal(unreadOf(fold(three, { type: 'shown' })), 0)
  assert.equal(unreadOf(fold(three, { type: 'shown' }, events(6, 7, agentMessage(7)))), 1)
})

test('people and notices have rows of their own, and only the first of a run is named', () => {
  const rows = rowsOf(fold(known, events(3, 8, reply(4), notice(5), agentMessage(6), agentMessage(7), agentMessage(8, 'Wu'))))
  assert.deepEqual(
    rows.map(row => [row.who, 'isFirst' in row && row.isFirst]),
    [
      ['customer', false],
      ['shop', true],
      ['shop', false],
      ['notice', false],
      ['person', true],
      ['person', false],
      ['person', true],
    ],
  )
})

test('[RB6] the last message may be taken back, until another is on its way or a person has answered', () => {
  assert.equal(recallableOf(emptyTimeline), undefined)
  assert.equal(recallableOf(known), 'r1')
  assert.equal(recallableOf(fold(known, wrote('x'))), undefined)
  const failed = fold(known, wrote('x'), { type: 'fault', code: 'TEXT_TOO_LONG', message: '', ref: 'x' })
  assert.equal(recallableOf(failed), 'r1', 'what the shop has refused is no message of its')
  const two = fold(known, events(3, 4, message(4)), events(4, 6, reply(5), notice(6)))
  assert.deepEqual(
    rowsOf(two).map(row => row.who === 'customer' && row.canRecall),
    [false, false, true, false, false],
  )
  assert.equal(recallableOf(fold(two, events(6, 7, agentMessage(7)))), undefined)
})
