// Deadline, second attempts, breaker and limit of one source, on a clock that the test moves.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createGuard, GUARD } from '@parley/mesh/upstream/guard.ts'
import { SourceError } from '@parley/mesh/upstream/source-error.ts'

const down = () => new SourceError('SOURCE_DOWN', 'crm')
const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

/** Moves the clock, and lets everything happen that does by then. */
function clock(t: TestContext): (ms: number) => Promise<void> {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  return async ms => {
    for (let passed = 0; passed < ms; passed += 10) {
      for (let i = 0; i < 20; i++) await Promise.resolve()
      t.mock.timers.tick(Math.min(10, ms - passed))
    }
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }
}

test('[MESH11] the deadline is over all attempts, and a caller may leave before it', async t => {
  const pass = clock(t)
  const guard = createGuard('crm', { ...GUARD, deadlineMs: 300, retries: 3 })
  let attempts = 0
  const late = guard.call(signal => {
    attempts++
    return attempts === 1 ? Promise.reject(down()) : never(signal)
  }, true)
  const ended = assert.rejects(late, { code: 'SOURCE_TIMEOUT', source: 'crm' })
  await pass(300)
  await ended
  assert.equal(attempts, 2)
  const caller = new AbortController()
  const left = assert.rejects(guard.call(never, true, caller.signal), /left/)
  caller.abort(new Error('left'))
  await left
})

test('[MESH11] what changes nothing is tried again, after a wait that is drawn; what changes something never is', async t => {
  const pass = clock(t)
  const guard = createGuard('crm', { ...GUARD, failures: 100 })
  for (const [isSafe, expected] of [
    [true, 2],
    [false, 1],
  ] as const) {
    let attempts = 0
    const call = guard.call(async () => {
      attempts++
      throw down()
    }, isSafe)
    const ended = assert.rejects(call, { code: 'SOURCE_DOWN' })
    await pass(500)
    await ended
    assert.equal(attempts, expected)
  }
  let refusals = 0
  const refused = guard.call(async () => {
    refusals++
    throw new SourceError('SOURCE_REFUSED', 'crm', { reason: 'too-late' })
  }, true)
  await assert.rejects(refused, { code: 'SOURCE_REFUSED' })
  assert.equal(refusals, 1, 'a refusal is an answer')
  let busy = 0
  const later = guard.call(async () => {
    busy++
    throw new SourceError('SOURCE_BUSY', 'crm', { retryAfterMs: 1_000 })
  }, true)
  await assert.rejects(later, { code: 'SOURCE_BUSY' })
  assert.equal(busy, 1, 'it has said when to come again')
})

test('[MESH11] after failures in a row it is left alone, then one call tries; refusals and callers who left count for nothing', async t => {
  const pass = clock(t)
  const guard = createGuard('crm', { ...GUARD, retries: 0, failures: 3, pauseMs: 1_000 })
  let asked = 0
  const ask = (answer: () => Promise<unknown>) =>
    guard.call(() => {
      asked++
      return answer()
    }, true)
  for (let i = 0; i < 5; i++) await assert.rejects(ask(() => Promise.reject(new SourceError('SOURCE_REFUSED', 'crm'))))
  for (let i = 0; i < 5; i++) {
    const caller = new AbortController()
    const left = assert.rejects(guard.call(never, true, caller.signal), /left/)
    caller.abort(new Error('left'))
    await left
  }
  assert.equal(await ask(async () => 'well'), 'well')
  for (let i = 0; i < 3; i++) await assert.rejects(ask(() => Promise.reject(down())))
  const before = asked
  await assert.rejects(
    ask(async () => 'unasked'),
    { code: 'SOURCE_DOWN', details: { retryAfterMs: 1_000 } },
  )
  assert.equal(asked, before)
  await pass(1_000)
  await assert.rejects(ask(() => Promise.reject(down())))
  await assert.rejects(ask(async () => 'unasked'))
  assert.equal(asked, before + 1)
  await pass(1_000)
  assert.deepEqual(await Promise.all([ask(async () => 'back'), ask(async () => 'back too')]), ['back', 'back too'])
})

test('[MESH11] no more calls are under way than may be; those in line have their deadline, and beyond the line is refused', async t => {
  const pass = clock(t)
  const guard = createGuard('crm', { ...GUARD, atOnce: 2, waiting: 2, deadlineMs: 100 })
  let [underWay, most] = [0, 0]
  const hold = async (signal: AbortSignal): Promise<void> => {
    most = Math.max(most, ++underWay)
    await never(signal).catch(() => {})
    underWay--
    throw new Error('ended')
  }
  const calls = Array.from({ length: 5 }, () => guard.call(hold, true))
  const ends = Promise.allSettled(calls)
  await pass(100)
  const codes = (await ends).map(end => (end.status === 'rejected' ? end.reason.code : 'answered'))
  assert.deepEqual(codes, ['SOURCE_TIMEOUT', 'SOURCE_TIMEOUT', 'SOURCE_TIMEOUT', 'SOURCE_TIMEOUT', 'SOURCE_BUSY'])
  assert.equal(most, 2)
})
