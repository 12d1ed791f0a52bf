import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLag } from '@parley/core/lag.ts'
import { isRefusedAt, isShadowShedAt, isShed, shedAt } from '@parley/core/pipeline/shed.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { ANNA, createTestHouse, keyOf, literalVoter, poolOf, refOf } from './house.ts'

const TIERS = ['second', 'plugin', 'model', 'keyword'] as const

test('[TURN11] the second stage is given up before plugins, plugins before models, keyword never, by count and by lag alike', () => {
  const shedTiers = (underWay: number, lagMs: number) => TIERS.filter(tier => isShed(tier, shedAt({ underWay, most: 400, lagMs })))
  for (const lagMs of [0, 10, 30, 100, 1_000]) {
    let before = 0
    for (let underWay = 0; underWay <= 400; underWay++) {
      const shed = shedTiers(underWay, lagMs)
      assert.deepEqual(shed, TIERS.slice(0, shed.length), `${underWay} under way, ${lagMs} ms behind`)
      assert.ok(shed.length >= before && shed.length < TIERS.length)
      before = shed.length
    }
  }
  assert.deepEqual(
    [49, 50, 99, 100, 199, 200].map(underWay => shedTiers(underWay, 0).length),
    [0, 1, 1, 2, 2, 3],
  )
  assert.deepEqual(shedTiers(40, 30), ['second', 'plugin'], 'a thread that is behind sheds before the count does')
  assert.deepEqual(shedTiers(70, 80), ['second', 'plugin', 'model'])
  assert.deepEqual(shedTiers(8, 5_000), [], 'a few turns are no overload')
})

test('[TURN11] what no turn waits for is given up before anything that a turn has', () => {
  for (const lagMs of [0, 9, 10, 30, 1_000])
    for (let underWay = 0; underWay <= 400; underWay++) {
      const strain = { underWay, most: 400, lagMs }
      assert.equal(isShadowShedAt(strain), underWay >= 50 || (lagMs >= 10 && underWay >= 16))
      if (shedAt(strain) !== 'none') assert.ok(isShadowShedAt(strain))
    }
})

test('[TURN8] [TURN11] messages are refused last: at the limit, or when the thread is far behind with all else given up', () => {
  for (const lagMs of [0, 100, 249, 250, 1_000]) {
    for (let underWay = 0; underWay <= 400; underWay++) {
      const strain = { underWay, most: 400, lagMs }
      const isRefused = isRefusedAt(strain)
      assert.equal(isRefused, underWay === 400 || (lagMs >= 250 && underWay >= 128))
      if (isRefused) assert.equal(shedAt(strain), 'models')
    }
  }
})

test('[TURN11] lag is measured while there are turns, forgets a single stall, and begins anew after a pause', () => {
  let now = 0
  let due: { readonly at: number; readonly callback: () => void } | undefined
  let isNeeded = true
  const clock = {
    now: () => now,
    monotonic: () => now,
    after(ms: number, callback: () => void) {
      due = { at: now + ms, callback }
      return () => {}
    },
  }
  const fire = (lateMs: number): void => {
    const { at, callback } = due!
    due = undefined
    now = at + lateMs
    callback()
  }
  const lag = createLag(clock, () => isNeeded)
  assert.equal(due, undefined)
  lag.watch()
  lag.watch()
  fire(100)
  assert.ok(lag.ms > 25 && lag.ms < 35)
  for (let i = 0; i < 10; i++) fire(0)
  assert.ok(lag.ms < 1)
  for (let i = 0; i < 20; i++) fire(80)
  assert.ok(lag.ms > 75 && lag.ms <= 80)
  isNeeded = false
  fire(80)
  assert.equal(due, undefined, 'an idle engine measures nothing')
  isNeeded = true
  lag.watch()
  assert.equal(lag.ms, 0)
})

test('[TURN8] messages that come all at once are counted before they are durable', async () => {
  const house = createTestHouse({ limits: { turns: 20 } })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 100 }, (_, i) => house.engine.say(keyOf(`c${i}`), ANNA, { ref: refOf('m'), text: 'track', locale: null })),
  )
  const taken = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))
  assert.equal(taken.length, 20)
  await house.settled()
  for (const [i] of outcomes.entries()) assert.equal((await house.events(`c${i}`)).length > 0, taken.includes(i))
})

test('[TURN8] [TURN11] as turns pile up plugins, then models, then new messages are given up; all that was acknowledged is decided', async () => {
  let letGo = (): void => {}
  const held = new Promise<void>(resolve => {
    letGo = resolve
  })
  const slow: VoterPool = { ...poolOf('plugin:slow', () => held.then(() => [])), tier: 'plugin' }
  const keyword: VoterPool = { ...literalVoter(), tier: 'keyword' }
  // What holds the turns is a source that does not answer, not a voter: a shed voter must not end the overload.
  const house = createTestHouse({
    pools: [keyword, poolOf('other', () => []), slow],
    limits: { turns: 20 },
    mesh: { facts: () => held.then(() => ({})) },
  })
  const say = (i: number) => house.engine.say(keyOf(`c${i}`), ANNA, { ref: refOf('m'), text: 'track', locale: null })
  for (let i = 0; i < 20; i++) {
    await say(i)
    assert.equal(house.engine.turnsUnderWay, i + 1)
  }
  await assert.rejects(say(20), { code: 'OVERLOADED' })
  assert.equal((await house.events('c20')).length, 0, 'what was refused is nowhere')
  const settled = house.settled()
  letGo()
  await settled
  const shed: string[] = []
  for (let i = 0; i < 20; i++) {
    const decided = (await house.events(`c${i}`)).filter(event => event.type === 'decided')
    assert.equal(decided.length, 1)
    const reasons = new Map(decided[0]!.decision.votes.map(({ voter, reason }) => [voter, reason]))
    assert.notEqual(reasons.get('literal'), 'shed')
    shed.push(reasons.get('other') === 'shed' ? 'models' : reasons.get('plugin:slow') === 'shed' ? 'plugins' : 'none')
    if (shed.at(-1) === 'models') assert.equal(reasons.get('plugin:slow'), 'shed')
  }
  assert.deepEqual(shed, [...Array(4).fill('none'), ...Array(5).fill('plugins'), ...Array(11).fill('models')])
  assert.deepEqual(house.bugs, [])
})
