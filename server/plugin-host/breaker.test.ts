import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createBreaker } from './breaker.ts'

const setUp = () => {
  const time = { now: 0 }
  const off: string[] = []
  const breaker = createBreaker(
    { monotonic: () => time.now },
    { off: (reason, forMs) => off.push(`${reason} ${forMs}`), back: () => off.push('back') },
  )
  return { time, off, breaker }
}

describe('a breaker', () => {
  test('[PLG4] three hosts within an hour: off for ten minutes, then one try', () => {
    const { time, off, breaker } = setUp()
    for (let death = 0; death < 3; death++) {
      assert.equal(breaker.admits(), true)
      breaker.hostDied()
    }
    assert.deepEqual(off, ['host-deaths 600000'])
    assert.equal(breaker.off(), 'host-deaths')
    assert.equal(breaker.admits(), false)
    time.now = 599_999
    assert.equal(breaker.admits(), false)
    time.now = 600_000
    assert.equal(breaker.admits(), true, 'the try')
    assert.equal(breaker.admits(), false, 'and no second one beside it')
    breaker.answered()
    assert.equal(breaker.admits(), true)
    assert.deepEqual(off, ['host-deaths 600000', 'back'])
    assert.equal(breaker.off(), undefined)
  })

  test('a try that fails switches off for as long again', () => {
    const { time, off, breaker } = setUp()
    for (let death = 0; death < 3; death++) breaker.hostDied()
    time.now = 600_000
    assert.equal(breaker.admits(), true)
    breaker.hostDied()
    assert.deepEqual(off, ['host-deaths 600000', 'host-deaths 600000'])
    time.now = 1_199_999
    assert.equal(breaker.admits(), false)
    time.now = 1_200_000
    assert.equal(breaker.admits(), true)
  })

  test('a try that was not made is still to be had', () => {
    const { time, breaker } = setUp()
    for (let death = 0; death < 3; death++) breaker.hostDied()
    time.now = 600_000
    assert.equal(breaker.admits(), true)
    breaker.notAsked()
    assert.equal(breaker.admits(), true)
  })

  test('of hosts lost no three count that lie more than an hour apart; it is a suspect for a minute after each', () => {
    const { time, off, breaker } = setUp()
    for (const at of [0, 1_800_000, 3_601_000, 5_402_000]) {
      time.now = at
      breaker.hostDied()
    }
    assert.deepEqual(off, [])
    assert.equal(breaker.hasKilled(), true)
    time.now = 5_462_000
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
