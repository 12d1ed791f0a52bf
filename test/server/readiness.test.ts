// What a process says at /readyz, by a clock that the test turns.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReadiness } from '@parley/server/readiness.ts'

test('[RT14] ready when the plugins are loaded; not when leaving, without a lease for longer than an election takes, or far behind the log', () => {
  let now = 0
  const readiness = createReadiness({ monotonic: () => now })
  assert.equal(readiness.missing(0), 'plugins')
  readiness.loaded()
  assert.equal(readiness.missing(5_000), undefined)
  assert.equal(readiness.missing(5_001), 'log')
  readiness.changed({ type: 'fenced' })
  now = 14_999
  readiness.changed({ type: 'fenced' })
  assert.equal(readiness.missing(0), undefined)
  now = 15_000
  assert.equal(readiness.missing(0), 'lease')
  readiness.changed({ type: 'held' })
  assert.equal(readiness.missing(0), undefined)
  readiness.leaving()
  assert.equal(readiness.missing(0), 'leaving')
})
