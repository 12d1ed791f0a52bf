// How the plots of reports write figures and place their axes, without a page.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { around, difference, exactDifference, signedTickOf, told } from '@parley/web/report/numbers.ts'
import { stringsOf } from '@parley/web/report/strings.ts'
import { axisOf, frameOf, roundTicks } from '@parley/web/report/svg.ts'

const [en, zh] = [stringsOf('en'), stringsOf('zh-CN')]

test('a figure has its interval, and what was not measured says so', () => {
  assert.equal(around({ value: 0.7333, low: 0.7099, high: 0.756 }, 'share', en), '73.3 % (71.0 % to 75.6 %)')
  assert.equal(around({ value: 3253.4, low: 2978, high: 3537 }, 'cost', zh), '3253 (2978 至 3537)')
  assert.equal(around({ value: 0.5, low: null, high: null }, 'score', en), '0.500')
  assert.equal(told(null, 'share'), '–')
})

test('[EVAL4] a difference that is not shown is told in words; its numbers are one step away', () => {
  const shown = { value: -0.022, low: -0.032, high: -0.012, isShown: true }
  assert.equal(difference(shown, 'share', en), '−2.2 (−3.2 to −1.2)')
  assert.equal(exactDifference(shown, 'share', en), '−2.2 (−3.2 to −1.2)')
  const hidden = { value: 12, low: -3, high: 20, isShown: false }
  assert.equal(difference(hidden, 'cost', en), 'no difference shown')
  assert.equal(difference(hidden, 'cost', zh), '未显示差异')
  assert.equal(exactDifference(hidden, 'cost', en), '+12 (−3 to +20): no difference shown')
  assert.equal(difference({ value: null, low: null, high: null, isShown: false }, 'share', en), 'not measured')
})

test('an axis has round numbers around what is on it, and a value outside stays within the frame', () => {
  assert.deepEqual(roundTicks(0.03, 0.28, 5), [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3])
  assert.deepEqual(roundTicks(-359, 0, 4), [-400, -300, -200, -100, 0])
  for (const [from, to] of [
    [0.2, 0.2],
    [-1e-4, 3e-4],
    [0, 12_345],
  ] as const) {
    const ticks = roundTicks(from, to, 5)
    assert.ok(ticks.length >= 2 && ticks.length <= 12 && ticks[0]! <= from && ticks.at(-1)! >= to, JSON.stringify([from, to, ticks]))
  }
  assert.deepEqual(roundTicks(Math.min(...[]), Math.max(...[]), 5), [0, 1])
  const frame = frameOf(50, 250, 10, 110, axisOf([0, 0.5, 1], '', String), axisOf([0, 10], '', String))
  assert.deepEqual([frame.x(0.5), frame.x(7), frame.y(0), frame.y(10), frame.y(-3)], [150, 250, 110, 10, 110])
  assert.equal(signedTickOf('share')(-0.05), '−5')
})
