// The small pure pieces of the console: what numbers are called, what keys mean, what is news, whose a conversation is, which strings there are.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { HandoffReason } from '@parley/core/protocol/desk-message.ts'
import { type Noted, newsBetween } from '@parley/web/desk/alerts.ts'
import { moodWord, percent, readable, signed, span, trendWord, urgencyWord } from '@parley/web/desk/describe.ts'
import { keyAction } from '@parley/web/desk/keys.ts'
import { ownerOf } from '@parley/web/desk/owner.ts'
import { emptyQueue, groupsOf, hearQueue, onNewLine } from '@parley/web/desk/queue.ts'
import { STRINGS } from '@parley/web/desk/strings.ts'
import { unwatched } from '@parley/web/desk/watched.ts'
import { CHEN, COMPENSATE, LIU } from './desk-people.ts'

test('mood and urgency in words: each end, each border', () => {
  assert.deepEqual([-1, -0.6, -0.59, -0.2, -0.19, 0.24, 0.25, 0.69, 0.7, 1].map(moodWord), [
    'furious',
    'furious',
    'unhappy',
    'unhappy',
    'neutral',
    'neutral',
    'pleased',
    'pleased',
    'delighted',
    'delighted',
  ])
  assert.deepEqual([-1, -0.3, -0.29, 0, 0.29, 0.3, 1].map(trendWord), [
    'falling',
    'falling',
    undefined,
    undefined,
    undefined,
    'rising',
    'rising',
  ])
  assert.deepEqual([0, 0.69, 0.7, 0.94, 0.95, 1].map(urgencyWord), [undefined, undefined, 'soon', 'soon', 'urgent', 'urgent'])
})

test('spans: seconds, minutes, hours, days, and nothing negative', () => {
  const say = (seconds: number): string => span(seconds * 1_000, STRINGS.en)
  assert.deepEqual([-5, 0, 59, 60, 3_599, 3_600, 7_500, 172_799, 172_800].map(say), [
    '0 s',
    '0 s',
    '59 s',
    '1 min',
    '59 min',
    '1 h 0 min',
    '2 h 5 min',
    '47 h 59 min',
    '2 d',
  ])
})

test('ids and numbers as they are read', () => {
  assert.equal(readable('REFUND_STATUS'), 'Refund status')
  assert.equal(readable('mood-falling'), 'Mood falling')
  assert.equal(percent(0.576), '58 %')
  assert.deepEqual([signed(1.416), signed(-0.18)], ['+1.42', '−0.18'])
})

const press = (key: string, more: object = {}) => ({
  key,
  keyCode: 0,
  isComposing: false,
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...more,
})

test('[WEB1] keys: letters act outside of texts and dialogs, arrows in the list, nothing while composing or with a modifier', () => {
  assert.deepEqual(
    ['j', 'k', 'c', 'r', '?', 'x', 'Enter'].map(key => keyAction(press(key), 'elsewhere', true)),
    ['next', 'previous', 'claim', 'reply', 'help', undefined, undefined],
  )
  assert.deepEqual(
    (['text', 'list', 'dialog', 'elsewhere'] as const).map(place => keyAction(press('ArrowDown'), place, true)),
    [undefined, 'next', undefined, undefined],
  )
  assert.deepEqual(
    (['text', 'list', 'dialog', 'elsewhere'] as const).map(place => keyAction(press('Escape'), place, true)),
    ['leave-text', 'leave', undefined, 'leave'],
  )
  assert.equal(keyAction(press('j'), 'text', true), undefined)
  assert.equal(keyAction(press('j'), 'list', false), undefined, 'turned off')
  assert.equal(keyAction(press('ArrowUp'), 'list', false), 'previous', 'arrows are no letters')
  for (const more of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { isComposing: true }, { keyCode: 229 }])
    assert.equal(keyAction(press('c', more), 'list', true), undefined, JSON.stringify(more))
  assert.equal(keyAction(press('Escape', { isComposing: true }), 'text', true), undefined, 'the input method closes its list with it')
})

test('news: a new one who waits, a message in what is mine; not what was there, nor what one has just claimed', () => {
  const noted = (waiting: readonly string[], unread: Readonly<Record<string, number>>): Noted => ({
    waiting: new Set(waiting),
    unread: new Map(Object.entries(unread)),
  })
  assert.equal(newsBetween(noted(['a'], {}), noted(['a', 'b'], {})), 'waiting')
  assert.equal(newsBetween(noted(['a'], {}), noted([], { a: 2 })), undefined)
  assert.equal(newsBetween(noted([], { a: 0 }), noted([], { a: 1 })), 'message')
  assert.equal(newsBetween(noted(['a'], { b: 1 }), noted(['a'], { b: 0 })), undefined)
})

const item = (conversation: string, agent?: { readonly id: string; readonly name: string }) => ({
  conversation,
  since: 0,
  with: agent ? ('agent' as const) : ('queue' as const),
  ...(agent && { agent: { id: agent.id, name: agent.name } }),
  ...COMPENSATE,
  preview: '',
})

test('the queue: a frame of an older version is passed over, every item is in one group, a new line starts anew', () => {
  const first = hearQueue(emptyQueue, { type: 'queue', version: 7, items: [item('a'), item('b', CHEN), item('c', LIU)] })
  assert.equal(hearQueue(first, { type: 'queue', version: 6, items: [] }), first)
  assert.equal(hearQueue(onNewLine(first), { type: 'queue', version: 1, items: [] }).items.length, 0)
  assert.equal(onNewLine(first).items.length, 3, 'what was shown stays until then')
  const groups = groupsOf(first, ({ agent }) => agent?.id === CHEN.id)
  const names = [groups.waiting, groups.mine, groups.colleagues].map(group => group.map(({ conversation }) => conversation))
  assert.deepEqual(names, [['a'], ['b'], ['c']])
})

test('whose it is: the state before the queue, the id before the name, one’s own claim before both', () => {
  const base = { agent: CHEN, item: undefined, watched: undefined, isClaimed: false, isClaiming: false }
  const marks = { delivered: 0, read: 0 }
  const held = (agent: string) => ({ ...unwatched('a'), state: { with: 'agent' as const, agent, customer: marks, shop: marks } })
  assert.deepEqual(ownerOf(base), { who: 'unknown' })
  assert.deepEqual(ownerOf({ ...base, item: item('a', CHEN) }), { who: 'me' })
  assert.deepEqual(ownerOf({ ...base, item: item('a', LIU) }), { who: 'colleague', name: 'Liu' })
  assert.deepEqual(ownerOf({ ...base, item: item('a'), watched: held('Liu') }), { who: 'colleague', name: 'Liu' })
  assert.deepEqual(ownerOf({ ...base, item: item('a', { id: 'other', name: 'Chen' }) }), { who: 'colleague', name: 'Chen' })
  assert.deepEqual(ownerOf({ ...base, watched: held('Chen') }), { who: 'colleague', name: 'Chen' })
  assert.deepEqual(ownerOf({ ...base, watched: held('Chen'), isClaiming: true }), { who: 'queue', position: undefined })
  assert.deepEqual(ownerOf({ ...base, watched: held('Chen'), isClaimed: true }), { who: 'me' })
})

test('every word that index.html names is in both tables, and every reason has its words', () => {
  const html = readFileSync(new URL('../../web/desk/index.html', import.meta.url), 'utf8')
  const named = [...html.matchAll(/data-(?:word|label)="(\w+)"/g)].map(match => match[1] ?? '')
  assert.ok(named.length > 20, 'the search is broken')
  for (const strings of Object.values(STRINGS)) {
    for (const name of named) assert.equal(typeof (strings as Readonly<Record<string, unknown>>)[name], 'string', name)
    for (const reason of HandoffReason.options) assert.ok(strings.reasons[reason] && strings.reasonsLong[reason], reason)
  }
})
