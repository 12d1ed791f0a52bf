import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createBreaker } from './breaker.ts'

const setUp = () => {
  const time = { now: 0 }
  const off: string[] = []
  const breaker = createBreaker({ monotonic: () => time.now }, (reason, forMs) => off.push(`${reason} ${forMs}`))
  return { time, off, breaker }
}

describe('a breaker', () => {
  test('[PLG4] three hosts within a minute: off for a minute, then one try', () => {
    const { time, off, breaker } = setUp()
    for (let death = 0; death < 3; death++) {
      assert.equal(breaker.admits(), true)
      breaker.hostDied()
    }
    assert.deepEqual(off, ['host-deaths 60000'])
    assert.equal(breaker.admits(), false)
    time.now = 59_999
    assert.equal(breaker.admits(), false)
    time.now = 60_000
    assert.equal(breaker.admits(), true, 'the try')
    assert.equal(breaker.admits(), false, 'and no second one beside it')
    breaker.answered()
    assert.equal(breaker.admits(), true)
  })

  test('a try that fails switches off for as long again', () => {
    const { time, off, breaker } = setUp()
    for (let death = 0; death < 3; death++) breaker.hostDied()
    time.now = 60_000
    assert.equal(breaker.admits(), true)
    breaker.hostDied()
    assert.deepEqual(off, ['host-deaths 60000', 'host-deaths 60000'])
    time.now = 119_999
    assert.equal(breaker.admits(), false)
    time.now = 120_000
    assert.equal(breaker.admits(), true)
  })

  test('a try that was not made is still to be had', () => {
    const { time, breaker } = setUp()
    for (let death = 0; death < 3; death++) breaker.hostDied()
    time.now = 60_000
    assert.equal(breaker.admits(), true)
    breaker.notAsked()
    assert.equal(breaker.admits(), true)
  })

  test('hosts lost more than a minute apart do not add up', () => {
    const { time, off, breaker } = setUp()
    for (const at of [0, 30_000, 61_000, 92_000]) {
      time.now = at
      breaker.hostDied()
    }
    assert.deepEqual(off, [])
    assert.equal(breaker.hasKilled(), true)
    time.now = 152_000
    assert.equal(breaker.hasKilled(), false)
  })

  test('five timeouts in a row: off for five seconds; an answer between them starts the count anew', () => {
    const { time, off, breaker } = setUp()
    for (let i = 0; i < 4; i++) breaker.timedOut()
    breaker.answered()
    for (let i = 0; i < 4; i++) breaker.timedOut()
    assert.deepEqual(off, [])
    breaker.timedOut()
    assert.deepEqual(off, ['timeouts 5000'])
    assert.equal(breaker.admits(), false)
    time.now = 5_000
    assert.equal(breaker.admits(), true)
    breaker.timedOut()
    assert.deepEqual(off, ['timeouts 5000', 'timeouts 5000'])
  })
})
