// What a shop does not want to keep any longer goes by itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRetention } from '@parley/core/erasure/retention.ts'
import { asShopId, type ConversationKey } from '@parley/core/ids.ts'
import { faultCodeOf } from '../fault-code.ts'
import { ANNA, createTestClock, createTestHouse, keyOf, refOf } from './house.ts'

const DAY = 86_400_000
/** Every promise that can settle without time has. */
const calm = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await new Promise(resolve => setImmediate(resolve))
}

test('[ERA9] at the start and every day; what is younger, or of a shop that keeps for ever, stands', async () => {
  const house = createTestHouse()
  const say = async (id: string): Promise<void> => {
    await house.engine.say(keyOf(id), ANNA, { ref: refOf(id), text: 'hello', locale: 'en' })
    await house.settled()
  }
  const isErased = (id: string): Promise<boolean> => house.engine.isErased(keyOf(id))
  await say('first')
  house.clock.pass(30 * DAY + 1)
  await say('second')
  const broke: unknown[] = []
  const parts = {
    erasures: house.erasures,
    eraseOld: house.engine.eraseOld,
    clock: house.clock,
    broke: (error: unknown) => broke.push(error),
  }
  const keeper = startRetention({ ...parts, daysOf: () => 0, isOurs: () => true })
  await calm()
  await keeper.stop()
  assert.deepEqual(house.ended, [], 'a shop that keeps for ever')
  const retention = startRetention({ ...parts, daysOf: () => 30, isOurs: () => true })
  await calm()
  assert.deepEqual([await isErased('first'), await isErased('second')], [true, false], 'at the start')
  house.clock.pass(30 * DAY)
  await calm()
  assert.equal(await isErased('second'), false, 'thirty days to the millisecond')
  house.clock.pass(DAY)
  await calm()
  assert.equal(await isErased('second'), true, 'a day later')
  assert.deepEqual(
    house.ended.map(({ by }) => by),
    Array(2).fill({ kind: 'retention', days: 30 }),
  )
  await retention.stop()
  await say('third')
  house.clock.pass(40 * DAY)
  await calm()
  assert.equal(await faultCodeOf(house.events('third')), 'none', 'none after its end')
  assert.deepEqual([...broke, ...house.bugs], [])
})

test('[ERA9] of several nodes one does it, and the next one when that is gone', async () => {
  const clock = createTestClock()
  let isOurs = false
  let sweeps = 0
  const retention = startRetention({
    clock,
    isOurs: () => isOurs,
    daysOf: () => 30,
    eraseOld: async () => {},
    erasures: {
      ages() {
        sweeps++
        return createTestHouse().erasures.ages() // of nothing
      },
    },
    broke: error => assert.fail(String(error)),
  })
  clock.pass(DAY)
  await calm()
  assert.equal(sweeps, 0)
  isOurs = true
  clock.pass(DAY / 24)
  await calm()
  assert.equal(sweeps, 1)
  await retention.stop()
})

test('[ERA9] many go in batches of their shop, and what fails today is tried again tomorrow', async () => {
  const clock = createTestClock()
  const shops = ['a', 'b'].map(asShopId)
  const keys = Array.from({ length: 900 }, (_, i): ConversationKey => ({ ...keyOf(`c${i}`), shop: shops[i % 2]! }))
  const batches: (readonly ConversationKey[])[] = []
  const broke: unknown[] = []
  let isFull = true
  const retention = startRetention({
    erasures: {
      async *ages() {
        for (const key of keys) yield { key, lastAt: clock.now() - 10 * DAY }
      },
    },
    async eraseOld(_shop, batch) {
      if (isFull) throw new Error('the disk is full')
      batches.push(batch)
    },
    clock,
    isOurs: () => true,
    daysOf: shop => (shop === 'a' ? 5 : 0),
    broke: error => broke.push(error),
  })
  const breathe = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      await calm()
      clock.pass(0)
    }
  }
  await breathe()
  assert.equal(broke.length, 1)
  isFull = false
  clock.pass(DAY)
  await breathe()
  assert.deepEqual(
    batches.map(batch => batch.length),
    [200, 200, 50],
  )
  assert.ok(batches.flat().every(({ shop }) => shop === 'a'))
  await retention.stop()
})
