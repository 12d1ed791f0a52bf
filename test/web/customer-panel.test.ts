// The customer's panel without a page: how values read, and when it is asked.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PanelField } from '@parley/core/protocol/customer-panel.ts'
import { type CustomerAnswer, createLookups } from '@parley/web/desk/customer/lookups.ts'
import { agoWords, currencyOf, dateWords, isDate, moneyWords, stepOf } from '@parley/web/desk/customer/values.ts'

const NOON = new Date(2026, 10, 30, 12).getTime()

test('days read as days, with their distance where they are near', () => {
  assert.equal(dateWords('2026-12-03', 'en', NOON), 'Dec 3 · in 3 days')
  assert.equal(dateWords('2026-11-30', 'en', NOON), 'Nov 30 · today')
  assert.equal(dateWords('2026-11-29', 'zh-CN', NOON), '11月29日 · 昨天')
  assert.equal(dateWords('2026-09-01', 'en', NOON), 'Sep 1')
  assert.equal(dateWords('2025-12-31', 'en', NOON), 'Dec 31, 2025')
  assert.ok(isDate('2026-12-03') && isDate('2026-12-03T10:00:00Z'))
  assert.ok(!isDate('2026-123') && !isDate('2026-13-45') && !isDate('SF20261203') && !isDate(20261203))
})

test('amounts read in their currency, and what is none stays as it is', () => {
  assert.equal(moneyWords('324.00', 'CNY', 'zh-CN'), '¥324.00')
  assert.equal(moneyWords('1234.5', 'USD', 'en'), '$1,234.50')
  assert.equal(moneyWords(12, undefined, 'en'), '12.00')
  assert.equal(moneyWords('on request', 'CNY', 'en'), 'on request')
  assert.equal(moneyWords('5.00', 'gold', 'en'), '5.00')
  const field = (key: string, kind: PanelField['kind']): PanelField => ({ key, title: key, kind, isList: false })
  assert.equal(currencyOf({ currency: 'USD' }, [field('currency', 'currency')], 'CNY'), 'USD')
  assert.equal(currencyOf({}, [field('price', 'money')], 'CNY'), 'CNY', 'that of the order, for its items')
})

test('ages and steps', () => {
  assert.deepEqual(
    [300, 42_000, 180_000, 7_200_000].map(ms => agoWords(ms, 'en')),
    ['1 second ago', '42 seconds ago', '3 minutes ago', '2 hours ago'],
  )
  const progress: PanelField = {
    key: 'p',
    title: 'P',
    kind: 'progress',
    isList: false,
    words: { REQUESTED: 'a', APPROVED: 'b', PAID: 'c' },
  }
  assert.deepEqual(stepOf(progress, 'APPROVED'), { step: 2, of: 3 })
  assert.equal(stepOf(progress, 'LOST'), undefined)
})

function house() {
  let now = 0
  const asked: { readonly conversation: string; answer(answer: CustomerAnswer): Promise<void>; fail(): Promise<void> }[] = []
  const learned: boolean[] = []
  const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  const lookups = createLookups({
    now: () => now,
    changed: () => {},
    hasPanel: false,
    learned: has => learned.push(has),
    ask: conversation =>
      new Promise((resolve, reject) =>
        asked.push({
          conversation,
          answer(answer) {
            resolve(answer)
            return settled()
          },
          fail() {
            reject(new Error('no answer'))
            return settled()
          },
        }),
      ),
  })
  return { lookups, asked, learned, pass: (ms: number) => (now += ms) }
}

const PANEL: CustomerAnswer = { result: 'panel', panel: { fields: [], data: {}, gaps: [], stale: [] } }

test('a conversation is asked about when it is opened, once at a time, and again when something was done or it is old', async () => {
  const { lookups, asked, pass } = house()
  lookups.want('a', 'en', '0')
  lookups.want('a', 'en', '0')
  lookups.refresh('a', 'en')
  assert.equal(asked.length, 1, 'one question at a time')
  assert.deepEqual([lookups.of('a', 'en')?.isAsking, lookups.hasPanel], [true, false])
  await asked[0]?.answer(PANEL)
  lookups.want('a', 'en', '0')
  assert.deepEqual([asked.length, lookups.of('a', 'en')?.isAsking, lookups.hasPanel], [1, false, true])
  lookups.want('a', 'en', '1')
  assert.equal(asked.length, 2, 'an effect has changed something')
  await asked[1]?.answer(PANEL)
  lookups.want('b', 'en', '0')
  await asked[2]?.answer(PANEL)
  lookups.want('a', 'en', '1')
  assert.equal(asked.length, 3, 'it is known well enough')
  pass(31_000)
  lookups.want('a', 'en', '1')
  assert.equal(asked.length, 3, 'what is being looked at does not change by itself')
  lookups.want('b', 'en', '0')
  lookups.want('a', 'zh-CN', '1')
  assert.deepEqual(
    asked.map(({ conversation }) => conversation),
    ['a', 'a', 'b', 'b', 'a'],
  )
})

test('a question without an answer leaves what was known; opening it again asks again', async () => {
  const { lookups, asked } = house()
  lookups.want('a', 'en', '')
  await asked[0]?.answer(PANEL)
  lookups.refresh('a', 'en')
  await asked[1]?.fail()
  assert.equal(lookups.of('a', 'en')?.failed, '')
  assert.ok(lookups.of('a', 'en')?.panel)
  lookups.want('a', 'en', '')
  assert.equal(asked.length, 2, 'not by itself: the agent has a button')
  lookups.want('b', 'en', '')
  lookups.want('a', 'en', '')
  assert.equal(asked.length, 4)
  await asked[3]?.answer(PANEL)
  assert.equal(lookups.of('a', 'en')?.failed, undefined)
})

test('a shop without a mesh is asked once; who signs in next is asked for anew, and what comes late is nobody’s', async () => {
  const { lookups, asked, learned } = house()
  lookups.want('a', 'en', '')
  await asked[0]?.answer({ result: 'none' })
  lookups.want('b', 'en', '')
  assert.deepEqual([asked.length, lookups.hasPanel, learned], [1, false, [false]])
  lookups.forget()
  lookups.want('b', 'en', '')
  lookups.forget()
  await asked[1]?.answer(PANEL)
  assert.equal(lookups.of('b', 'en'), undefined)
})
