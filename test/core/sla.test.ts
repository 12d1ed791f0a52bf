// How long a customer may wait for a person: marked when it is too long, and by nobody's doing when it is not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asAgentId } from '@parley/core/ids.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { until } from '../contracts/jobs.ts'
import { ANNA, createTestClock, createTestHouse, keyOf, refOf, SHOP, type TestHouse } from './house.ts'

const key = keyOf('c1')
const CHEN = { id: asAgentId('chen'), name: 'Chen' }
const PROMISED = 600_000

async function ask(house: TestHouse, text: string): Promise<void> {
  await house.engine.say(key, ANNA, { ref: refOf(text.replaceAll(' ', '-')), text, locale: 'en' })
  await house.settled()
}
const waits = async (house: TestHouse): Promise<number> => (await house.jobs.list({ kind: 'sla', limit: 10 })).jobs.length
const kinds = async (house: TestHouse): Promise<string[]> => (await house.events('c1')).map(event => event.type)
const overdueIn = async (house: TestHouse): Promise<number> => (await kinds(house)).filter(kind => kind === 'overdue').length

test('[HND7] who waits longer than is promised is marked once, in the queue and beside the dialogue, and stays in line', async () => {
  const house = createTestHouse()
  await ask(house, 'human please')
  await until(async () => (await waits(house)) === 1)
  house.clock.pass(PROMISED - 1)
  assert.equal(house.engine.queue.view(SHOP).items[0]?.overdue, undefined)
  house.clock.pass(1)
  await until(async () => (await overdueIn(house)) === 1 && (await waits(house)) === 0)
  const [row] = house.engine.queue.view(SHOP).items
  assert.deepEqual([row?.with, row?.position, row?.overdue], ['queue', 1, true])
  const { events } = await house.engine.desk.watch(key, null)
  assert.deepEqual(
    events.flatMap(event => (event.type === 'mark' ? [event.about] : [])),
    ['queued', 'overdue'],
  )
  assert.ok((await house.engine.since(key, ANNA, null)).events.every(event => event.type === 'message' || event.type === 'reply'))
  await house.engine.desk.claim(key, CHEN)
  assert.equal(house.engine.queue.view(SHOP).items[0]?.overdue, undefined)
  assert.deepEqual(house.bugs, [])
})

test('[JOB11] [HND7] a timer that the queue has lost is set again while the engine serves, and one that it has stays as it is', async () => {
  const house = createTestHouse()
  await ask(house, 'human please')
  await until(async () => (await waits(house)) === 1)
  const timer = async () => (await house.jobs.list({ kind: 'sla', limit: 1 })).jobs[0]
  const before = await timer()
  house.clock.pass(PROMISED / 2)
  await house.engine.findJobsAgain()
  assert.deepEqual(await timer(), before)
  await house.jobs.cancel(before?.id ?? '')
  await house.engine.findJobsAgain()
  await until(async () => (await waits(house)) === 1)
  assert.equal((await timer())?.dueAt, before?.dueAt)
  assert.deepEqual(house.bugs, [])
})

test('[HND7] [JOB5] a claim ends the timer; given back to the queue, it begins anew', async () => {
  const house = createTestHouse()
  await ask(house, 'human please')
  await until(async () => (await waits(house)) === 1)
  house.clock.pass(PROMISED / 2)
  await house.engine.desk.claim(key, CHEN)
  await until(async () => (await waits(house)) === 0)
  house.clock.pass(PROMISED)
  await house.engine.desk.release(key, CHEN, 'queue', '')
  await until(async () => (await waits(house)) === 1)
  house.clock.pass(PROMISED - 1)
  assert.equal(await overdueIn(house), 0)
  house.clock.pass(1)
  await until(async () => (await overdueIn(house)) === 1)
})

test('[HND7] [JOB8] timers that were lost are set again at the start, for what is left of the time; one that ran out marks at once', async () => {
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const clock = createTestClock()
  const before = createTestHouse({ log, vault, clock })
  await ask(before, 'human please')
  await before.jobs.close()
  clock.pass(PROMISED / 2)
  const half = createTestHouse({ log, vault, clock })
  await half.engine.finishUnsettled()
  await until(async () => (await waits(half)) === 1)
  const [timer] = (await half.jobs.list({ kind: 'sla', limit: 1 })).jobs
  const [row] = half.engine.queue.view(SHOP).items
  assert.equal(timer?.dueAt, (row?.since ?? 0) + PROMISED)
  await half.jobs.close()
  clock.pass(PROMISED)
  const late = createTestHouse({ log, vault, clock })
  await late.engine.finishUnsettled()
  await until(async () => (await overdueIn(late)) === 1)
  const after = createTestHouse({ log, vault, clock })
  await after.engine.finishUnsettled()
  assert.equal(await waits(after), 0, 'it is marked already')
  assert.equal(after.engine.queue.view(SHOP).items[0]?.overdue, true)
})
