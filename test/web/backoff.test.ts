import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs } from '@parley/web/client/backoff.ts'
import { createRandom } from '../random.ts'

test('the first wait is 300 ms on average, and no wait is longer than 30 s', () => {
  const random = createRandom(7)
  const first = Array.from({ length: 2_000 }, () => backoffMs(0, random))
  const mean = first.reduce((sum, ms) => sum + ms, 0) / first.length
  assert.ok(mean > 270 && mean < 330, `mean ${mean}`)
  for (let attempt = 0; attempt < 2_000; attempt++) assert.ok(backoffMs(attempt, () => 0.999_999) <= 30_000)
})

test('the bound doubles, and the jitter reaches from nothing to the whole of it', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map(attempt => backoffMs(attempt, () => 0.5)),
    [300, 600, 1_200, 2_400],
  )
  assert.equal(
    backoffMs(5, () => 0),
    0,
  )
})
