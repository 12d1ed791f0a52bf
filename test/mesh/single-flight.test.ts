// Single flight, batches and kept answers, over sources that the test answers for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asShopId, type CustomerId } from '@parley/core/ids.ts'
import { type Args, createReader, type Reading } from '@parley/mesh/upstream/reader.ts'
import { type Scope, scopeName } from '@parley/mesh/upstream/scope.ts'
import { createSingleFlight } from '@parley/mesh/upstream/single-flight.ts'
import { SourceError } from '@parley/mesh/upstream/source-error.ts'
import { createRandom } from '../random.ts'
import { FOR_SHOP, forCustomer } from './mesh-scope.ts'

/** Readings of the fuzz. */
const READS = process.env.PARLEY_TEST_FULL ? 10_000_000 : 100_000

const ORDER: Omit<Reading, 'call'> = { source: 'orders', name: 'orders.getOrder', types: ['Order'], keepMs: 0, staleMs: 0 }

test('[MESH8] a hundred that ask for the same at once make one call; the next one makes another', async () => {
  const reader = createReader()
  let calls = 0
  const reading: Reading = { ...ORDER, call: async () => ({ call: ++calls }) }
  const all = await Promise.all(Array.from({ length: 100 }, () => reader.read(reading, { number: '1' }, FOR_SHOP)))
  assert.deepEqual(new Set(all.map(({ value }) => JSON.stringify(value))), new Set(['{"call":1}']))
  await reader.read(reading, { number: '1' }, FOR_SHOP)
  assert.equal(calls, 2)
  assert.deepEqual(reader.counts, { kept: 0, joined: 99, fetched: 2, calls: 2 })
})

test('[MESH8] one who leaves ends it for nobody else; when all have left, the fetch is ended, and who comes then is not let into it', async () => {
  const flights = createSingleFlight<number>()
  const seen: AbortSignal[] = []
  const start = (signal: AbortSignal): Promise<number> => {
    seen.push(signal)
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  const [one, two] = [new AbortController(), new AbortController()]
  const [first, second] = [flights.run('k', start, one.signal), flights.run('k', start, two.signal)]
  one.abort(new Error('one left'))
  await assert.rejects(first, /one left/)
  assert.deepEqual([seen.length, seen[0]?.aborted], [1, false])
  two.abort(new Error('two left'))
  assert.equal(await flights.run('k', async () => 7), 7)
  await assert.rejects(second, /two left/)
  assert.deepEqual([seen[0]?.aborted, flights.size], [true, 0])
  await assert.rejects(flights.run('k', start, AbortSignal.abort(new Error('gone'))), /gone/)
  assert.equal(seen.length, 1, 'who has left before the start starts nothing')
})

test('[MESH8] a failure goes to all who waited, and is kept by nobody', async () => {
  const reader = createReader()
  let calls = 0
  const reading: Reading = {
    ...ORDER,
    keepMs: 1_000,
    async call() {
      if (++calls === 1) throw new SourceError('SOURCE_BROKEN', 'orders')
      return calls
    },
  }
  const all = await Promise.allSettled(Array.from({ length: 5 }, () => reader.read(reading, {}, FOR_SHOP)))
  assert.ok(all.every(({ status }) => status === 'rejected'))
  assert.deepEqual(await reader.read(reading, {}, FOR_SHOP), { value: 2 })
})

test('[MESH8] the ids of one tick are one batch, each once and in parts of the size that the source takes; what is not there is null', async () => {
  const reader = createReader()
  const asked: unknown[] = []
  const reading: Reading = {
    ...ORDER,
    batch: { by: 'numbers', key: 'number', most: 3 },
    async call({ numbers }: Args) {
      asked.push(numbers)
      return (numbers as readonly string[]).filter(number => number !== '4').map(number => ({ number })) // of the batch
    },
  }
  const numbers = ['1', '2', '3', '4', '1', '5']
  const all = await Promise.all(numbers.map(number => reader.read(reading, { numbers: number }, FOR_SHOP)))
  assert.deepEqual(asked, [
    ['1', '2', '3'],
    ['4', '5'],
  ])
  assert.deepEqual(
    all.map(({ value }) => value),
    [{ number: '1' }, { number: '2' }, { number: '3' }, null, { number: '1' }, { number: '5' }],
  )
  assert.throws(() => {
    ;(all[0]?.value as { number: string }).number = 'x' // what is shared cannot be changed by one of its readers
  }, TypeError)
})

test('[MESH10] answers are kept for their time, for their types, and no longer than until they are called out of date', async () => {
  let now = 0
  const reader = createReader({ now: () => now, most: 100 })
  let calls = 0
  const reading: Reading = { ...ORDER, keepMs: 1_000, call: async () => ++calls }
  const read = async (scope = forCustomer('a')) => (await reader.read(reading, {}, scope)).value
  assert.deepEqual([await read(), await read()], [1, 1])
  now = 1_000
  assert.equal(await read(), 2)
  reader.outdate('Refund')
  assert.equal(await read(), 2)
  reader.outdate('Order', 'b')
  assert.equal(await read(), 2, "another customer's")
  assert.equal(await read(FOR_SHOP), 3)
  reader.outdate('Order', 'a')
  assert.deepEqual([await read(), await read(FOR_SHOP)], [4, 5])
  reader.outdate('Order')
  assert.equal(await read(), 6)
})

test('[MESH10] what was under way when it was called out of date is neither kept nor joined', async () => {
  const reader = createReader()
  const gates: ((value: string) => void)[] = []
  const reading: Reading = { ...ORDER, keepMs: 60_000, call: () => new Promise(resolve => gates.push(resolve)) }
  const before = reader.read(reading, {}, FOR_SHOP)
  reader.outdate('Order')
  const after = reader.read(reading, {}, FOR_SHOP)
  assert.equal(gates.length, 2)
  gates[0]?.('old')
  gates[1]?.('new')
  assert.deepEqual([(await before).value, (await after).value], ['old', 'new'])
  assert.equal((await reader.read(reading, {}, FOR_SHOP)).value, 'new')
})

test('[MESH10] an old answer stands in for one that did not come, with its age; not for a refusal, and not for too long', async () => {
  let now = 0
  const reader = createReader({ now: () => now })
  let answer: () => unknown = () => 'first'
  const reading: Reading = { ...ORDER, keepMs: 1_000, staleMs: 10_000, call: async () => answer() }
  const failing = (code: 'SOURCE_DOWN' | 'SOURCE_REFUSED') => () => {
    throw new SourceError(code, 'orders')
  }
  await reader.read(reading, {}, FOR_SHOP)
  now = 5_000
  answer = failing('SOURCE_DOWN')
  assert.deepEqual(await reader.read(reading, {}, FOR_SHOP), { value: 'first', staleMs: 5_000 })
  answer = failing('SOURCE_REFUSED')
  await assert.rejects(async () => reader.read(reading, {}, FOR_SHOP), { code: 'SOURCE_REFUSED' })
  answer = failing('SOURCE_DOWN')
  now = 10_000
  await assert.rejects(async () => reader.read(reading, {}, FOR_SHOP), { code: 'SOURCE_DOWN' })
})

test('[MESH10] no more answers are kept than may be, and the last used ones are', async () => {
  const reader = createReader({ most: 3 })
  let calls = 0
  const reading: Reading = { ...ORDER, keepMs: 60_000, call: async () => ++calls }
  const read = async (id: number) => (await reader.read(reading, { id }, FOR_SHOP)).value
  for (const id of [1, 2, 3]) await read(id)
  await read(1)
  await read(4)
  assert.deepEqual([await read(1), await read(2)], [1, 5])
})

test('[MESH9] nothing is ever shared between two scopes: kept, under way or in a batch', async () => {
  const random = createRandom(7)
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]! // of a list that is not empty
  // Ids that a careless joining of parts would confuse; no customer's has all of these letters, so each is cast.
  const ids = ['a', 'b', 'a b', 'a"', '"a', 'null', '', ',', 'a,b', '["a"]', '\\', '1']
  const scopes: Scope[] = []
  for (const shop of ['s', 's2'])
    for (const customer of [null, ...ids])
      for (const locale of ['en', 'zh-CN'] as const)
        for (const sources of [null, ['x'], ['x', 'y'], ['x,y']])
          scopes.push({ shop: asShopId(shop), customer: customer as CustomerId | null, locale, sources })
  assert.equal(new Set(scopes.map(scopeName)).size, scopes.length)
  let round = 0
  const reader = createReader({ most: 500, now: () => round })
  const owned = (scope: Scope, args: Args) => ({ scope: scopeName(scope), args: JSON.stringify(args) })
  const single: Reading = { ...ORDER, source: 'x', keepMs: 2, call: async (args, scope) => owned(scope, args) }
  const batch: Reading = {
    ...single,
    name: 'orders.findOrders',
    batch: { by: 'id', key: 'id', most: 5 },
    call: async ({ id, ...others }, scope) =>
      (id as readonly string[]).map(each => ({ ...owned(scope, { ...others, id: each }), id: each })), // of a batch
  }
  let wrong = 0
  const one = async (near: readonly Scope[], few: readonly string[]): Promise<void> => {
    const scope = random() < 0.5 ? pick(near) : { ...pick(near) }
    const args = { id: pick(few), other: pick(few) }
    if (scope.sources && !scope.sources.includes('x')) return
    const { value } = await reader.read(random() < 0.5 ? single : batch, args, scope)
    const got = value as { readonly scope: string; readonly args: string }
    const { id, other } = JSON.parse(got.args) as typeof args
    if (got.scope !== scopeName(scope) || id !== args.id || other !== args.other) wrong++
    if (random() < 0.001) reader.outdate('Order', pick(ids))
  }
  let [near, few]: [Scope[], string[]] = [[], []]
  for (; round < READS / 1_000; round++) {
    // Few enough of each that most are asked for at once, and the same again in the round after.
    if (round % 2 === 0) [near, few] = [Array.from({ length: 12 }, () => pick(scopes)), Array.from({ length: 4 }, () => pick(ids))]
    await Promise.all(Array.from({ length: 1_000 }, () => one(near, few)))
  }
  assert.equal(wrong, 0)
  assert.ok(reader.counts.joined > READS / 20, `${reader.counts.joined} joined: the test would see nothing shared if nothing were`)
  assert.ok(reader.counts.kept > 1_000, `${reader.counts.kept} kept`)
})

test('[MESH9] a source that the scope does not name is not asked', async () => {
  const reader = createReader()
  const reading: Reading = { ...ORDER, call: () => assert.fail('it was asked') }
  await assert.rejects(async () => reader.read(reading, {}, { ...FOR_SHOP, sources: ['crm'] }), {
    code: 'SOURCE_NOT_GRANTED',
    source: 'orders',
  })
})
